/**
 * Formulas in one form: sums and products are flat, like terms and like bases are collected, numbers are one coefficient;
 * a − b is a + (−1)·b, a/b is a·b⁻¹, √a is a^½ (Cohen, Computer Algebra and Symbolic Computation: Mathematical Methods,
 * 2003, chapter 3). The value stays, but for rounding and where a part is infinite or not real: 0·x is 0, x/x is 1,
 * (√x)² is x.
 */
import { Builder, constants, type Formula, isCall } from "./formula.ts";
import { functionOf } from "./functions.ts";
import { fractionOf, plus, times, toPower } from "./rational.ts";

/** What may stand for a formula whose arguments are in that form already. */
export type Rewrite = (f: Formula, algebra: Algebra) => Formula | undefined;

/** The exponent 1 apart from powers: x is x¹, eᵘ is e to the u. */
interface Factor {
  readonly base: Formula;
  readonly exponent: Formula;
}

export const numberIn = (f: Formula | undefined): number | undefined => (f?.kind === "number" ? f.value : undefined);

/** Numbers come before names, these before functions, functions before sums: how a product is written. */
function rank(f: Formula): number {
  if (isCall(f, "pow")) return rank(f.args[0] as Formula);
  if (f.kind === "number") return 0;
  if (f.kind === "name") return constants.has(f.name) ? 1 : 2;
  return f.name === "add" ? 4 : 3;
}

export class Algebra {
  readonly #build: Builder;
  readonly #rewrite: Rewrite;

  constructor(rewrite: Rewrite, build = new Builder()) {
    this.#build = build;
    this.#rewrite = rewrite;
  }

  number(value: number): Formula {
    return this.#build.number(value === 0 ? 0 : value);
  }

  name(name: string): Formula {
    return name === "tau"
      ? this.product([this.number(2), this.#build.name("pi")])
      : name === "inf"
        ? this.number(Infinity)
        : this.#build.name(name);
  }

  /** The coefficient of a term and the rest of it. */
  split(term: Formula): readonly [number, Formula] {
    if (term.kind === "number") return [term.value, this.number(1)];
    const [first, ...others] = isCall(term, "mul") ? term.args : [];
    if (first?.kind !== "number") return [1, term];
    return [first.value, others.length === 1 ? (others[0] as Formula) : this.#build.call("mul", ...others)];
  }

  sum(terms: readonly Formula[]): Formula {
    const collected = new Map<number, { coefficient: number; readonly rest: Formula }>();
    for (const term of terms) {
      const [coefficient, rest] = this.split(term);
      const known = collected.get(rest.like);
      if (known === undefined) collected.set(rest.like, { coefficient, rest });
      else known.coefficient = plus(known.coefficient, coefficient);
    }
    const kept = [...collected.values()].filter(({ coefficient }) => coefficient !== 0);
    const made = kept.map(({ coefficient, rest }) => this.product([this.number(coefficient), rest]));
    // Sums within the sum; after collecting, for (1 − x) + (1 − x) is 2·(1 − x).
    const flat = made.flatMap((t) => this.#terms(t));
    if (flat.length > made.length) return this.sum(flat);
    const [only] = made;
    if (only === undefined) return this.number(0);
    if (made.length === 1) return only;
    // A minus sign in front only where there is no term without.
    if (kept.some(({ coefficient }) => coefficient > 0) && (kept[0] as { coefficient: number }).coefficient < 0) {
      const positive = kept.findIndex(({ coefficient }) => coefficient > 0);
      made.unshift(...made.splice(positive, 1));
    }
    return this.#finish(this.#build.call("add", ...made));
  }

  /** −(a − b) as b − a, unless it is a term or a factor: there the sign is one of the coefficient. */
  settled(f: Formula): Formula {
    const terms = isCall(f, "mul") ? this.#terms(f) : [];
    return terms.length > 1 ? this.sum(terms) : f;
  }

  /** The terms of a sum, also of −(a − b); one term otherwise. */
  #terms(f: Formula): readonly Formula[] {
    if (isCall(f, "add")) return f.args;
    const [coefficient, rest] = this.split(f);
    if (coefficient !== -1 || !isCall(rest, "add")) return [f];
    return rest.args.map((t) => this.product([this.number(-1), t]));
  }

  product(factors: readonly Formula[]): Formula {
    const flat = factors.flatMap((f) => (isCall(f, "mul") ? f.args : [f]));
    let coefficient = 1;
    const collected = new Map<
      number,
      { readonly base: Formula; readonly exponents: Formula[]; readonly first: Formula }
    >();
    for (const factor of flat) {
      if (factor.kind === "number") {
        coefficient = times(coefficient, factor.value);
        continue;
      }
      const { base, exponent } = this.factor(factor);
      const known = collected.get(base.like);
      if (known === undefined) collected.set(base.like, { base, exponents: [exponent], first: factor });
      else known.exponents.push(exponent);
    }
    if (coefficient === 0) return this.number(0);
    const kept = [...collected.values()].map(({ base, exponents, first }) =>
      exponents.length === 1 ? first : this.power(base, this.sum(exponents)),
    );
    // What was collected may have become a number, or a product.
    if (kept.some((f) => f.kind === "number" || isCall(f, "mul")))
      return this.product([this.number(coefficient), ...kept]);
    const ordered = [0, 1, 2, 3, 4].flatMap((r) => kept.filter((f) => rank(f) === r));
    const [only] = ordered;
    if (only === undefined) return this.number(coefficient);
    if (ordered.length === 1 && coefficient === 1) return only;
    const all = coefficient === 1 ? ordered : [this.number(coefficient), ...ordered];
    return this.#finish(this.#build.call("mul", ...all));
  }

  factor(f: Formula): Factor {
    if (isCall(f, "pow")) return { base: f.args[0] as Formula, exponent: f.args[1] as Formula };
    if (isCall(f, "exp")) return { base: this.#build.name("e"), exponent: f.args[0] as Formula };
    return { base: f, exponent: this.number(1) };
  }

  power(of: Formula, to: Formula): Formula {
    const [base, exponent] = [this.settled(of), this.settled(to)];
    const [b, e] = [numberIn(base), numberIn(exponent)];
    if (e === 0 || b === 1) return this.number(1);
    if (e === 1) return base;
    if (base.kind === "name" && base.name === "e") return this.call("exp", [exponent]);
    if (isCall(base, "exp")) return this.call("exp", [this.product([base.args[0] as Formula, exponent])]);
    const whole = e !== undefined && Number.isInteger(e);
    if (b !== undefined && e !== undefined) {
      const value = whole ? toPower(b, e) : b ** e;
      if (whole || fractionOf(value) !== undefined) return this.number(value);
    }
    if (isCall(base, "pow")) {
      const [inner, m] = base.args as readonly [Formula, Formula];
      const known = numberIn(m);
      const times = (by: Formula): Formula => this.power(by, this.product([m, exponent]));
      if (whole || (known !== undefined && !Number.isInteger(known))) return times(inner);
      if (e !== undefined && known !== undefined && known % 2 === 0) return times(this.call("abs", [inner]));
    }
    if (isCall(base, "mul")) {
      if (whole) return this.product(base.args.map((f) => this.power(f, exponent)));
      const [coefficient, rest] = this.split(base);
      const root = e === undefined ? undefined : coefficient ** e;
      if (coefficient > 0 && coefficient !== 1 && root !== undefined && fractionOf(root) !== undefined)
        return this.product([this.number(root), this.power(rest, exponent)]);
    }
    if (isCall(base, "abs") && whole && e % 2 === 0) return this.power(base.args[0] as Formula, exponent);
    if (isCall(base, "cbrt") && whole && e % 3 === 0) return this.power(base.args[0] as Formula, this.number(e / 3));
    return this.#finish(this.#build.call("pow", base, exponent));
  }

  call(name: string, args: readonly Formula[]): Formula {
    const [x, y] = args as readonly [Formula, Formula];
    switch (name) {
      case "add":
        return this.sum(args);
      case "mul":
        return this.product(args);
      case "sub":
        return this.sum([x, this.product([this.number(-1), y])]);
      case "neg":
        return this.product([this.number(-1), x]);
      case "div":
        return this.product([x, this.power(y, this.number(-1))]);
      case "pow":
        return this.power(x, y);
      case "sqrt":
        return this.power(x, this.number(0.5));
      case "rsqrt":
        return this.power(x, this.number(-0.5));
      case "square":
        return this.power(x, this.number(2));
      case "hypot":
        return this.power(this.sum([this.power(x, this.number(2)), this.power(y, this.number(2))]), this.number(0.5));
      case "exp2":
        return this.power(this.number(2), x);
    }
    const settled = args.map((arg) => this.settled(arg));
    const numbers = settled.flatMap((arg) => (arg.kind === "number" ? [arg.value] : []));
    if (numbers.length === args.length) {
      const value = functionOf(name)?.[1]
        .compute(...numbers)
        .item();
      if (value !== undefined && fractionOf(value) !== undefined) return this.number(value);
    }
    return this.#finish(this.#build.call(name, ...settled));
  }

  #finish(f: Formula): Formula {
    return this.#rewrite(f, this) ?? f;
  }
}
