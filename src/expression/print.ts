/** Formulas in the form of `algebra.ts` as text that `parse` reads back, and as TeX: one traversal, two notations. */
import { NablaError } from "../base/error.ts";
import { argumentsOf, type Formula, fold } from "./formula.ts";
import { functionOf } from "./functions.ts";
import { fractionOf } from "./rational.ts";
import { texFunction, texName, texNumber } from "./tex.ts";

/** How tight a piece holds together: what holds less than its place demands is put into brackets. */
export const level = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, power: 8, atom: 9 } as const;

export interface Printed {
  readonly text: string;
  readonly level: number;
  /** bⁿ of b⁻ⁿ: what stands below the line of a fraction. */
  readonly inverse?: Printed;
  /** TeX writes sin²(x): what stands before the exponent, and after it. */
  readonly split?: readonly [head: string, tail: string];
}

interface Notation {
  name(name: string): string;
  number(digits: string): string;
  bracket(inside: string): string;
  times(factors: readonly string[]): string;
  fraction(above: Printed, below: Printed): Printed;
  power(base: Printed, exponent: Printed): Printed;
  root(of: Printed, degree: number): Printed | undefined;
  readonly infix: Readonly<Record<string, readonly [symbol: string, level: number]>>;
  readonly not: string;
  call(name: string, args: readonly Printed[]): Printed;
}

const atom = (text: string): Printed => ({ text, level: level.atom });
const within = (p: Printed, least: number, { bracket }: Notation): string =>
  p.level < least ? bracket(p.text) : p.text;

const textNotation: Notation = {
  name: (name) => name,
  number: (digits) => digits,
  bracket: (inside) => `(${inside})`,
  times: (factors) => factors.join("*"),
  fraction: (above, below) => ({
    text: `${within(above, level.product, textNotation)}/${within(below, level.power, textNotation)}`,
    level: level.product,
  }),
  power: (base, exponent) => ({
    text: `${within(base, level.atom, textNotation)}^${within(exponent, level.atom, textNotation)}`,
    level: level.power,
  }),
  root: (of, degree) => (degree === 2 ? atom(`sqrt(${of.text})`) : undefined),
  infix: {
    logicalOr: [" or ", level.or],
    logicalAnd: [" and ", level.and],
    equal: [" == ", level.comparison],
    notEqual: [" != ", level.comparison],
    less: [" < ", level.comparison],
    lessEqual: [" <= ", level.comparison],
    greater: [" > ", level.comparison],
    greaterEqual: [" >= ", level.comparison],
  },
  not: "not ",
  call: (name, args) => atom(`${name}(${args.map((a) => a.text).join(", ")})`),
};

const bracketTeX = (inside: string): string => `\\left(${inside}\\right)`;

const texNotation: Notation = {
  name: texName,
  number: texNumber,
  bracket: bracketTeX,
  times: (factors) => factors.reduce((all, f) => `${all}${/^\d/.test(f) ? " \\cdot " : " \\, "}${f}`),
  fraction: (above, below) => ({ text: `\\frac{${above.text}}{${below.text}}`, level: level.product }),
  power: (base, exponent) => ({
    text: base.split
      ? `${base.split[0]}^{${exponent.text}}${base.split[1]}`
      : `${within(base, level.atom, texNotation)}^{${exponent.text}}`,
    level: level.power,
  }),
  root: (of, degree) => ({ text: `\\sqrt${degree === 2 ? "" : `[${degree}]`}{${of.text}}`, level: level.atom }),
  infix: {
    logicalOr: [" \\lor ", level.or],
    logicalAnd: [" \\land ", level.and],
    equal: [" = ", level.comparison],
    notEqual: [" \\ne ", level.comparison],
    less: [" < ", level.comparison],
    lessEqual: [" \\le ", level.comparison],
    greater: [" > ", level.comparison],
    greaterEqual: [" \\ge ", level.comparison],
  },
  not: "\\lnot ",
  call: (name, args) => texFunction(name, functionOf(name)?.[1].tex, args),
};

/** A fraction where it reads better than decimals: 1/3, 1/2, but 2.5 and 0.1. */
function asFraction(v: number): readonly [number, number] | undefined {
  const found = fractionOf(v);
  if (found === undefined || found[1] === 1) return undefined;
  let rest = found[1];
  for (const prime of [2, 5]) while (rest % prime === 0) rest /= prime;
  const decimal = rest === 1;
  return decimal && !(Math.abs(v) < 1 && [2, 4, 8].includes(found[1])) ? undefined : found;
}

function positiveNumber(v: number, notation: Notation): Printed {
  if (Number.isNaN(v)) return atom(notation.bracket(`${notation.name("inf")} - ${notation.name("inf")}`));
  if (v === Infinity) return atom(notation.name("inf"));
  const ratio = asFraction(v);
  if (ratio === undefined) return atom(notation.number(String(v)));
  return notation.fraction(atom(String(ratio[0])), atom(String(ratio[1])));
}

const negative = (p: Printed): Printed => ({ text: `-${p.text}`, level: level.sum });

const number = (v: number, notation: Notation): Printed =>
  v < 0 ? negative(positiveNumber(-v, notation)) : positiveNumber(v, notation);

function power(base: Printed, exponent: Formula, printed: Printed, notation: Notation): Printed {
  if (exponent.kind !== "number") return notation.power(base, printed);
  const e = exponent.value;
  if (e < 0) {
    const inverse = positivePower(base, -e, notation);
    return { ...notation.fraction(atom("1"), inverse), inverse };
  }
  return positivePower(base, e, notation);
}

function positivePower(base: Printed, e: number, notation: Notation): Printed {
  if (e === 1) return base;
  const [p, q] = fractionOf(e) ?? [e, 1];
  const root = p === 1 && q <= 9 ? notation.root(base, q) : undefined;
  if (root !== undefined) return root;
  // As an exponent a fraction is the usual way.
  const exponent = q === 1 ? number(e, notation) : notation.fraction(atom(String(p)), atom(String(q)));
  return notation.power(base, q > 12 ? atom(notation.number(String(e))) : exponent);
}

function product(factors: readonly Formula[], printed: readonly Printed[], notation: Notation): Printed {
  const above: Printed[] = [];
  const below: Printed[] = [];
  let minus = false;
  factors.forEach((f, i) => {
    const p = printed[i] as Printed;
    if (f.kind === "number") {
      minus = f.value < 0;
      const size = Math.abs(f.value);
      const ratio = asFraction(size);
      if (ratio === undefined) above.push(...(size === 1 ? [] : [positiveNumber(size, notation)]));
      else {
        if (ratio[0] !== 1) above.push(atom(notation.number(String(ratio[0]))));
        below.push(atom(notation.number(String(ratio[1]))));
      }
    } else if (p.inverse === undefined) above.push(p);
    else below.push(p.inverse);
  });
  const join = (list: readonly Printed[]): Printed => {
    const [only] = list;
    if (only === undefined) return atom("1");
    if (list.length === 1) return only;
    return { text: notation.times(list.map((p) => within(p, level.power, notation))), level: level.product };
  };
  const all = below.length === 0 ? join(above) : notation.fraction(join(above), join(below));
  return minus ? { text: `-${within(all, level.product, notation)}`, level: level.sum } : all;
}

function sum(terms: readonly Printed[]): Printed {
  const [head, ...others] = terms.map((p) => p.text) as [string, ...string[]];
  const rest = others.map((t) => (t.startsWith("-") ? ` - ${t.slice(1)}` : ` + ${t}`));
  return { text: head + rest.join(""), level: level.sum };
}

/** Longer formulas are of no use to anyone; shared parts can make them exponentially long. */
const longest = 100_000;

function print(root: Formula, notation: Notation): string {
  return fold<Printed>(root, (f, printed) => {
    const p = printPart(f, printed, notation);
    if (p.text.length > longest)
      throw new NablaError(
        "E-LIMIT",
        `formulaOf: the formula is longer than ${longest} characters`,
        "the graph itself, whose shared parts are written once: String(graphOf(f, …))",
      );
    return p;
  }).text;
}

function printPart(f: Formula, printed: readonly Printed[], notation: Notation): Printed {
  if (f.kind === "number") return number(f.value, notation);
  if (f.kind === "name") return atom(notation.name(f.name));
  const [a, b] = printed as readonly [Printed, Printed];
  if (f.name === "add") return sum(printed.map((p) => (p.level < level.sum ? atom(notation.bracket(p.text)) : p)));
  if (f.name === "mul") return product(f.args, printed, notation);
  if (f.name === "pow") return power(a, argumentsOf(f)[1] as Formula, b, notation);
  if (f.name === "logicalNot") return { text: notation.not + within(a, level.not, notation), level: level.not };
  const infix = notation.infix[f.name];
  if (infix === undefined) return notation.call(f.name, printed);
  const [symbol, of] = infix;
  const least = of === level.comparison ? of + 1 : of;
  return { text: `${within(a, least, notation)}${symbol}${within(b, of + 1, notation)}`, level: of };
}

/** The text of a formula in the form of `algebra.ts`. */
export const toText = (f: Formula): string => print(f, textNotation);

/** The same for TeX. */
export const toTeX = (f: Formula): string => print(f, texNotation);
