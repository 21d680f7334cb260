/** A formula as data: numbers, names and functions applied to formulas. Sums and products are functions too. */

interface Common {
  /** One number for each formula of a builder. */
  readonly id: number;
  /** The same number for formulas that differ only in the order of terms and factors. */
  readonly like: number;
}

export interface NumberFormula extends Common {
  readonly kind: "number";
  readonly value: number;
}

export interface NameFormula extends Common {
  readonly kind: "name";
  readonly name: string;
}

/** `add` and `mul` take any number of arguments; all others what `functions.ts` says. */
export interface CallFormula extends Common {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Formula[];
}

export type Formula = NumberFormula | NameFormula | CallFormula;

const commutative = new Set(["add", "mul"]);

/** Makes formulas, the same object for the same formula: equality is identity, and shared parts are one. */
export class Builder {
  readonly #known = new Map<string, Formula>();
  readonly #like = new Map<string, number>();

  number(value: number): NumberFormula {
    const key = `#${Object.is(value, -0) ? "-0" : value}`;
    return this.#intern(key, key, (common) => ({ kind: "number", value, ...common })) as NumberFormula;
  }

  name(name: string): NameFormula {
    return this.#intern(name, name, (common) => ({ kind: "name", name, ...common })) as NameFormula;
  }

  call(name: string, ...args: readonly Formula[]): CallFormula {
    const likes = args.map((arg) => arg.like);
    if (commutative.has(name)) likes.sort((a, b) => a - b);
    const make = (common: Common): Formula => ({ kind: "call", name, args, ...common });
    return this.#intern(`${name}(${args.map((arg) => arg.id)})`, `${name}(${likes})`, make) as CallFormula;
  }

  #intern(key: string, likeKey: string, make: (common: Common) => Formula): Formula {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const like = this.#like.get(likeKey) ?? this.#like.size;
    this.#like.set(likeKey, like);
    const made = make({ id: this.#known.size, like });
    this.#known.set(key, made);
    return made;
  }
}

/** Whether a formula is this function applied to something. */
export const isCall = <N extends string>(f: Formula | undefined, name: N): f is CallFormula & { readonly name: N } =>
  f?.kind === "call" && f.name === name;

/** The arguments of a call, none of anything else. */
export const argumentsOf = (f: Formula): readonly Formula[] => (f.kind === "call" ? f.args : []);

/** Every part of a formula once, arguments before what they are arguments of; without recursion. */
export function parts(root: Formula): Formula[] {
  const order: Formula[] = [];
  const seen = new Set<Formula>();
  const stack: { readonly f: Formula; readonly ready: boolean }[] = [{ f: root, ready: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.ready) order.push(top.f);
    else if (!seen.has(top.f)) {
      seen.add(top.f);
      stack.push({ f: top.f, ready: true });
      for (const arg of [...argumentsOf(top.f)].reverse()) stack.push({ f: arg, ready: false });
    }
  }
  return order;
}

/** The value of a formula from those of its parts. */
export function fold<R>(root: Formula, value: (f: Formula, args: readonly R[]) => R): R {
  const known = new Map<Formula, R>();
  for (const part of parts(root)) {
    known.set(
      part,
      value(
        part,
        argumentsOf(part).map((arg) => known.get(arg) as R),
      ),
    );
  }
  return known.get(root) as R;
}

/** The names in order of appearance, without those of constants. */
export const namesOf = (root: Formula): string[] =>
  parts(root).flatMap((f) => (f.kind === "name" && !constants.has(f.name) ? [f.name] : []));

/** Names that stand for a number. */
export const constants: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
  ["tau", 2 * Math.PI],
  ["inf", Infinity],
]);
