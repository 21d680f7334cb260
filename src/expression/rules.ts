/** Identities, as a table: what may stand for a formula whose arguments are in the form of `algebra.ts` already. */
import { type Algebra, numberIn, type Rewrite } from "./algebra.ts";
import { argumentsOf, type CallFormula, type Formula, isCall, parts } from "./formula.ts";

export interface Rule {
  readonly of: readonly string[];
  readonly why: string;
  /** Where the value is another one. */
  readonly but?: string;
  rewrite(f: CallFormula, algebra: Algebra): Formula | undefined;
}

const first = (f: Formula): Formula => argumentsOf(f)[0] as Formula;
const second = (f: Formula): Formula => argumentsOf(f)[1] as Formula;

/** u and n of function(u)ⁿ. */
function powerOf(f: Formula, name: string): readonly [u: Formula, n: number] | undefined {
  const [base, n] = isCall(f, "pow") ? [first(f), numberIn(second(f))] : [f, 1];
  return isCall(base, name) && n !== undefined ? [first(base), n] : undefined;
}

/** The product without one of its factors. */
const without = (factors: readonly Formula[], i: number, algebra: Algebra): Formula =>
  algebra.product(factors.filter((_, k) => k !== i));

const factorsOf = (f: Formula): readonly Formula[] => (isCall(f, "mul") ? f.args : [f]);

/** Terms c·g(u)²·R, as [u, c·R]. */
const squares = (term: Formula, name: string, algebra: Algebra): (readonly [u: Formula, rest: Formula])[] =>
  factorsOf(term).flatMap((factor, i, all) => {
    const found = powerOf(factor, name);
    return found?.[1] === 2 ? [[found[0], without(all, i, algebra)] as const] : [];
  });

/** a·g(u)² + b·h(u)² → what `instead` says, where b = sign·a. */
function pythagoras(
  f: CallFormula,
  algebra: Algebra,
  [g, h, sign]: readonly [string, string, 1 | -1],
): Formula | undefined {
  const terms = f.args;
  for (const [i, term] of terms.entries())
    for (const [u, a] of squares(term, g, algebra))
      for (const [k, other] of terms.entries()) {
        if (k === i) continue;
        const match = squares(other, h, algebra).find(
          ([v, b]) => v.like === u.like && algebra.product([algebra.number(sign), b]).like === a.like,
        );
        if (match !== undefined) return algebra.sum(terms.flatMap((t, m) => (m === i ? [a] : m === k ? [] : [t])));
      }
  return undefined;
}

/** R − R·g(u)² → R·h(u)² for sin and cos. */
function complement(f: CallFormula, algebra: Algebra, g: string, h: string): Formula | undefined {
  const terms = f.args;
  for (const [i, term] of terms.entries())
    for (const [u, a] of squares(term, g, algebra)) {
      const wanted = algebra.product([algebra.number(-1), a]);
      const k = terms.findIndex((t, m) => m !== i && t.like === wanted.like);
      if (k < 0) continue;
      const instead = algebra.product([wanted, algebra.power(algebra.call(h, [u]), algebra.number(2))]);
      return algebra.sum(terms.flatMap((t, m) => (m === k ? [instead] : m === i ? [] : [t])));
    }
  return undefined;
}

/** A formula with `where(condition, x, y)` decided inside it. */
function assuming(f: Formula, condition: Formula, holds: boolean, algebra: Algebra): Formula {
  if (!parts(f).some((part) => isCall(part, "where") && first(part).like === condition.like)) return f;
  const known = new Map<Formula, Formula>();
  for (const part of parts(f)) {
    const args = argumentsOf(part).map((arg) => known.get(arg) as Formula);
    const decided = isCall(part, "where") && first(part).like === condition.like;
    known.set(
      part,
      decided ? (args[holds ? 1 : 2] as Formula) : part.kind === "call" ? algebra.call(part.name, args) : part,
    );
  }
  return known.get(f) as Formula;
}

/** u of u = 0, also where it is one of several conditions. */
function zeroIn(condition: Formula): Formula | undefined {
  if (isCall(condition, "logicalAnd")) return condition.args.map(zeroIn).find((u) => u !== undefined);
  if (!isCall(condition, "equal")) return undefined;
  return numberIn(second(condition)) === 0 ? first(condition) : undefined;
}

/** a and b of where(|a| > |b|, a, b), the one that is larger. */
function largerOf(f: Formula): readonly [a: Formula, b: Formula] | undefined {
  if (!isCall(f, "where")) return undefined;
  const [condition, a, b] = f.args as readonly [Formula, Formula, Formula];
  const sizes = isCall(condition, "greater")
    ? condition.args.map((arg) => (isCall(arg, "abs") ? first(arg) : arg))
    : [];
  return sizes[0]?.like === a.like && sizes[1]?.like === b.like ? [a, b] : undefined;
}

/** 1 + (b/a)² as `hypot` computes it, with a the larger one. */
function scaledLength(larger: Formula, [a, b]: readonly [Formula, Formula], algebra: Algebra): Formula {
  const [one, two] = [algebra.number(1), algebra.number(2)];
  const length = algebra.call("abs", [larger]);
  const special = algebra.call("logicalOr", [
    algebra.call("lessEqual", [length, algebra.number(0)]),
    algebra.call("equal", [length, algebra.number(Infinity)]),
  ]);
  const smaller = algebra.call("where", [first(larger), b, a]);
  const ratio = algebra.call("div", [smaller, algebra.call("where", [special, one, larger])]);
  return algebra.sum([one, algebra.power(ratio, two)]);
}

/** −1 where Γ(u) < 0, as functions.ts computes it. */
const signOfGamma = (u: Formula, algebra: Algebra): Formula => {
  const [zero, one, two, minus] = [0, 1, 2, -1].map((v) => algebra.number(v)) as [Formula, Formula, Formula, Formula];
  const oddFloor = algebra.call("equal", [algebra.call("mod", [algebra.call("floor", [u]), two]), one]);
  return algebra.call("where", [algebra.call("logicalAnd", [algebra.call("less", [u, zero]), oddFloor]), minus, one]);
};

const size = (f: Formula): number => parts(f).length;

const odd = ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt", "sign", "softsign"];
const even = ["cos", "cosh", "abs"];

export const rules: readonly Rule[] = [
  {
    of: odd,
    why: "f(−u) = −f(u)",
    rewrite: (f, algebra) => {
      const [c] = algebra.split(first(f));
      if (!(c < 0) || first(f).kind === "number") return undefined; // NaN has no sign to take out
      const positive = algebra.product([algebra.number(-1), first(f)]);
      return algebra.product([algebra.number(-1), algebra.call(f.name, [positive])]);
    },
  },
  {
    of: even,
    why: "f(−u) = f(u)",
    rewrite: (f, algebra) => {
      const [c] = algebra.split(first(f));
      return c < 0 ? algebra.call(f.name, [algebra.product([algebra.number(-1), first(f)])]) : undefined;
    },
  },
  {
    of: ["abs"],
    why: "|c·u| = c·|u|, |u²| = u², |eᵘ| = eᵘ, ||u|| = |u|",
    rewrite: (f, algebra) => {
      const u = first(f);
      const [c, rest] = algebra.split(u);
      if (c > 0 && c !== 1 && u.kind !== "number")
        return algebra.product([algebra.number(c), algebra.call("abs", [rest])]);
      const n = isCall(u, "pow") ? numberIn(second(u)) : undefined;
      return isCall(u, "exp") || isCall(u, "abs") || (n !== undefined && n % 2 === 0) ? u : undefined;
    },
  },
  {
    of: ["exp"],
    why: "e^(y·log u) = uʸ",
    but: "u ≤ 0",
    rewrite: (f, algebra) => {
      const factors = factorsOf(first(f));
      const i = factors.findIndex((factor) => isCall(factor, "log"));
      return i < 0 ? undefined : algebra.power(first(factors[i] as Formula), without(factors, i, algebra));
    },
  },
  {
    of: ["exp"],
    why: "e¹ = e",
    rewrite: (f, algebra) => (numberIn(first(f)) === 1 ? algebra.name("e") : undefined),
  },
  {
    of: ["log"],
    why: "log eᵘ = u, log uⁿ = n·log u",
    rewrite: (f, algebra) => {
      const u = first(f);
      if (u.kind === "name") return u.name === "e" ? algebra.number(1) : undefined;
      if (isCall(u, "exp")) return first(u);
      const n = isCall(u, "pow") ? numberIn(second(u)) : undefined;
      if (n === undefined || n % 2 === 0) return undefined;
      return algebra.product([algebra.number(n), algebra.call("log", [first(u)])]);
    },
  },
  { of: ["add"], why: "sin² + cos² = 1", rewrite: (f, algebra) => pythagoras(f, algebra, ["sin", "cos", 1]) },
  { of: ["add"], why: "cosh² − sinh² = 1", rewrite: (f, algebra) => pythagoras(f, algebra, ["cosh", "sinh", -1]) },
  { of: ["add"], why: "1 − sin² = cos²", rewrite: (f, algebra) => complement(f, algebra, "sin", "cos") },
  { of: ["add"], why: "1 − cos² = sin²", rewrite: (f, algebra) => complement(f, algebra, "cos", "sin") },
  {
    of: ["add"],
    why: "expm1 u + 1 = eᵘ",
    rewrite: (f, algebra) => {
      for (const [i, term] of f.args.entries())
        for (const [m, factor] of factorsOf(term).entries()) {
          if (!isCall(factor, "expm1")) continue;
          const rest = without(factorsOf(term), m, algebra);
          const k = f.args.findIndex((other) => other.like === rest.like);
          if (k < 0) continue;
          const whole = algebra.product([rest, algebra.call("exp", [first(factor)])]);
          return algebra.sum([...f.args.filter((_, n) => n !== i && n !== k), whole]);
        }
      return undefined;
    },
  },
  {
    of: ["add"],
    why: "c·(a + b) = c·a + c·b, where it becomes shorter",
    rewrite: (f, algebra) => {
      for (const [i, term] of f.args.entries()) {
        const [c, rest] = algebra.split(term);
        if (!isCall(rest, "add")) continue;
        const spread = rest.args.map((t) => algebra.product([algebra.number(c), t]));
        const others = new Set(f.args.map((t) => algebra.split(t)[1].like));
        if (!spread.some((t) => others.has(algebra.split(t)[1].like))) continue;
        const sum = algebra.sum([...f.args.slice(0, i), ...spread, ...f.args.slice(i + 1)]);
        if (size(sum) < size(f)) return sum;
      }
      return undefined;
    },
  },
  {
    of: ["mul"],
    why: "(a − b)·(a + b) = a² − b²",
    rewrite: (f, algebra) => {
      const sums = f.args.flatMap((t, i) => (isCall(t, "add") && t.args.length === 2 ? [{ t, i }] : []));
      for (const { t, i } of sums)
        for (const { t: other, i: k } of sums) {
          const [a, b] = t.args as readonly [Formula, Formula];
          const minus = algebra.product([algebra.number(-1), b]);
          if (k === i || other.like !== algebra.sum([a, minus]).like) continue;
          const two = algebra.number(2);
          const squared = algebra.sum([
            algebra.power(a, two),
            algebra.product([algebra.number(-1), algebra.power(b, two)]),
          ]);
          return algebra.product([...f.args.filter((_, m) => m !== i && m !== k), squared]);
        }
      return undefined;
    },
  },
  {
    of: ["mul"],
    why: "sin u / cos u = tan u",
    rewrite: (f, algebra) => {
      for (const [i, factor] of f.args.entries()) {
        const sine = powerOf(factor, "sin");
        if (sine === undefined) continue;
        const [u, n] = sine;
        const k = f.args.findIndex((other) => {
          const cosine = powerOf(other, "cos");
          return cosine !== undefined && cosine[0].like === u.like && cosine[1] === -n;
        });
        if (k < 0 || !Number.isInteger(n)) continue;
        const tangent = algebra.power(algebra.call("tan", [u]), algebra.number(n));
        return algebra.product([...f.args.filter((_, m) => m !== i && m !== k), tangent]);
      }
      return undefined;
    },
  },
  {
    of: ["mul"],
    why: "|a|·√(1 + (b/a)²) = √(a² + b²)",
    but: "where the squares overflow",
    rewrite: (f, algebra) => {
      for (const [i, factor] of f.args.entries()) {
        const { base, exponent } = algebra.factor(factor);
        const larger = isCall(base, "abs") ? first(base) : base;
        const [pair, n] = [largerOf(larger), numberIn(exponent)];
        if (pair === undefined || n === undefined || !(isCall(base, "abs") || n % 2 === 0)) continue;
        const [half, length] = [algebra.number(n / 2), scaledLength(larger, pair, algebra)];
        const k = f.args.findIndex((other) => other.like === algebra.power(length, half).like);
        if (k < 0) continue;
        const squared = algebra.sum(pair.map((x) => algebra.power(x, algebra.number(2))));
        return algebra.product([...f.args.filter((_, m) => m !== i && m !== k), algebra.power(squared, half)]);
      }
      return undefined;
    },
  },
  {
    of: ["mul"],
    why: "±exp(log |Γ(u)|) = Γ(u)",
    rewrite: (f, algebra) => {
      for (const [i, factor] of f.args.entries()) {
        if (!isCall(factor, "exp")) continue;
        const terms = isCall(first(factor), "add") ? argumentsOf(first(factor)) : [first(factor)];
        for (const term of terms) {
          if (!isCall(term, "lgamma")) continue;
          const k = f.args.findIndex((other) => other.like === signOfGamma(first(term), algebra).like);
          if (k < 0) continue;
          const others = algebra.call("exp", [algebra.sum(terms.filter((t) => t !== term))]);
          const rest = f.args.filter((_, m) => m !== i && m !== k);
          return algebra.product([...rest, others, algebra.call("gamma", [first(term)])]);
        }
      }
      return undefined;
    },
  },
  {
    of: ["sum"],
    why: "Σ c·u = c·Σ u",
    rewrite: (f, algebra) => {
      const [c, rest] = algebra.split(first(f));
      return c === 1 || rest.kind === "number"
        ? undefined
        : algebra.product([algebra.number(c), algebra.call("sum", [rest])]);
    },
  },
  {
    of: ["logicalAnd"],
    why: "true and c = c",
    rewrite: (f, algebra) => {
      const [a, b] = [numberIn(first(f)), numberIn(second(f))];
      if (a === 0 || b === 0) return algebra.number(0);
      return a !== undefined ? second(f) : b !== undefined || first(f).like === second(f).like ? first(f) : undefined;
    },
  },
  {
    of: ["logicalOr"],
    why: "false or c = c",
    rewrite: (f, algebra) => {
      const [a, b] = [numberIn(first(f)), numberIn(second(f))];
      if ((a !== undefined && a !== 0) || (b !== undefined && b !== 0)) return algebra.number(1);
      return a !== undefined ? second(f) : b !== undefined || first(f).like === second(f).like ? first(f) : undefined;
    },
  },
  {
    of: ["where"],
    why: "the condition is known, or the branches are the same",
    rewrite: ({ args: [condition, x, y] }) => {
      const known = numberIn(condition);
      if (known !== undefined) return known !== 0 ? x : y;
      return x?.like === y?.like ? x : undefined;
    },
  },
  {
    of: ["where"],
    why: "inside its branches the condition is known",
    rewrite: (f, algebra) => {
      const [condition, x, y] = f.args as readonly [Formula, Formula, Formula];
      const [yes, no] = [assuming(x, condition, true, algebra), assuming(y, condition, false, algebra)];
      return yes === x && no === y ? undefined : algebra.call("where", [condition, yes, no]);
    },
  },
  {
    of: ["where"],
    why: "where u = 0 the product with u, or with uʸ·log u, is 0 by itself",
    but: "u = 0, where the product is not finite",
    rewrite: (f) => {
      const [condition, x, y] = f.args as readonly [Formula, Formula, Formula];
      const u = zeroIn(condition);
      if (u === undefined || numberIn(x) !== 0) return undefined;
      const factors = factorsOf(y);
      const vanishes = factors.some((factor) => factor.like === u.like);
      const limit = factors.some((factor) => isCall(factor, "log") && first(factor).like === u.like);
      return vanishes || limit ? y : undefined;
    },
  },
  {
    of: ["where"],
    why: "|u| = √(1 + u²) to rounding for large u",
    rewrite: (f) => {
      const [condition, x, y] = f.args as readonly [Formula, Formula, Formula];
      const large =
        isCall(condition, "greater") && (numberIn(second(condition)) ?? 0) >= 1e8 && isCall(first(condition), "abs");
      if (!large || x.like !== first(condition).like || !isCall(y, "pow") || numberIn(second(y)) !== 0.5)
        return undefined;
      const terms = isCall(first(y), "add") ? argumentsOf(first(y)) : [];
      const square = terms.find(
        (t) => isCall(t, "pow") && numberIn(second(t)) === 2 && first(t).like === first(x).like,
      );
      return terms.length === 2 && square !== undefined && terms.some((t) => numberIn(t) === 1) ? y : undefined;
    },
  },
  {
    of: ["max", "min"],
    why: "max(u, u) = u",
    rewrite: ({ args }) => (args.length === 2 && args[0]?.like === args[1]?.like ? args[0] : undefined),
  },
];

const byFunction = new Map<string, Rule[]>();
for (const rule of rules) for (const name of rule.of) byFunction.set(name, [...(byFunction.get(name) ?? []), rule]);

/** The first rule that says something. Its answer is made by the algebra, so that it has been through here as well. */
export const rewrite: Rewrite = (f, algebra) => {
  if (f.kind !== "call") return undefined;
  for (const rule of byFunction.get(f.name) ?? []) {
    const better = rule.rewrite(f, algebra);
    if (better !== undefined && better !== f) return better;
  }
  return undefined;
};
