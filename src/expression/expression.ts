/** Formulas as functions of named arguments. */
import { NablaError } from "../base/error.ts";
import { describe, toTensor } from "../graph/convert.ts";
import { filled, Tensor, type TensorLike } from "../graph/tensor.ts";
import { argumentsOf, constants, type Formula, namesOf, parts } from "./formula.ts";
import { type FormulaFunction, functionOf } from "./functions.ts";
import { nearest } from "./message.ts";
import { parse } from "./parse.ts";
import { toTeX } from "./print.ts";
import { simplified } from "./simplify.ts";

/** A formula as a function of its named arguments: `f({ x, y })`. It can be given to grad, hessian, compile, vmap, … */
export interface Expression {
  (args: Readonly<Record<string, TensorLike>>): Tensor;
  // What grad and the others see: tensors go in, so gradients are tensors.
  (args: Readonly<Record<string, Tensor>>): Tensor;
  /** The names it needs, in order of appearance. */
  readonly names: readonly string[];
  /** The formula. */
  readonly text: string;
  /** The formula for TeX, simplified. */
  readonly tex: string;
  /** The formula. */
  toString(): string;
}

const formulas = new WeakMap<object, Formula>();

/** The formula of what `expression`, `simplify`, `derive` and `formulaOf` return. */
export const formulaIn = (f: object): Formula | undefined => formulas.get(f);

/**
 * A function from a formula in ordinary notation: `^` before a sign (−x² is −(x²)) and to the right, products without
 * sign (2x, 2(x + 1)), comparisons, `and`, `or`, `not`, where(condition, x, y), |x|, the constants pi, e, tau, inf,
 * and nabla's functions of numbers under their usual names; sum, mean, prod, max and min over the elements of an array. Whole
 * powers are products. Arguments broadcast.
 *
 * Throws E-FORMULA with the column where the text is no formula; the function throws it where names are missing.
 *
 * @example
 * const f = expression("100*(y - x^2)^2 + (1 - x)^2");
 * f.names // ["y", "x"]
 * f({ x: -1.2, y: 1 }).item() // 24.2, up to rounding
 * grad(f)({ x: 1, y: 1 }).y.item() // 0
 */
export function expression(text: string): Expression {
  return fromFormula(parse(text), text);
}

/** The function of a formula; `names` also lists arguments without influence. */
export function fromFormula(formula: Formula, text: string, names?: readonly string[]): Expression {
  const needed = names ?? namesOf(formula);
  const run = program(formula);
  const call = (args: Readonly<Record<string, TensorLike>>): Tensor => run(checked(text, needed, args));
  let tex: string | undefined;
  const f = Object.defineProperties(call, {
    names: { value: Object.freeze([...needed]), enumerable: true },
    text: { value: text, enumerable: true },
    tex: { get: () => (tex ??= toTeX(simplified(formula))), enumerable: true },
    toString: { value: () => text },
  }) as Expression;
  formulas.set(f, formula);
  return f;
}

function checked(text: string, names: readonly string[], args: unknown): ReadonlyMap<string, TensorLike> {
  const call = `{ ${names.join(", ")} }`;
  if (
    typeof args !== "object" ||
    args === null ||
    args instanceof Tensor ||
    Array.isArray(args) ||
    ArrayBuffer.isView(args)
  )
    throw new NablaError(
      "E-TREE",
      `expression: ${shortened(text)} is called with ${args instanceof Tensor ? "a tensor" : describe(args)}`,
      `f(${call})`,
    );
  const given = args as Readonly<Record<string, TensorLike>>;
  const missing = names.filter((name) => !Object.hasOwn(given, name) || given[name] === undefined);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  const [first] = missing;
  if (first !== undefined) {
    const near = nearest(first, unknown);
    throw new NablaError(
      "E-FORMULA",
      `expression: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not given to ${shortened(text)}`,
      near === undefined ? `f(${call})` : `${first} instead of ${near}`,
    );
  }
  const [other] = unknown;
  if (other !== undefined) {
    throw new NablaError("E-FORMULA", `expression: ${shortened(text)} has no ${other}`, `f(${call})`);
  }
  // A plain number takes the floats' dtype, as everywhere.
  const floats = new Set(
    Object.values(given).flatMap((v) =>
      v instanceof Tensor && v.dtype.startsWith("float")
        ? [v.dtype]
        : v instanceof Float32Array
          ? ["float32" as const]
          : [],
    ),
  );
  const dtype = floats.size === 1 && floats.has("float32") ? "float32" : "float64";
  return new Map(
    names.map((name) => {
      const value = given[name] as TensorLike;
      return [name, typeof value === "number" ? filled(value, [], dtype) : toTensor(`expression: ${name}`, value)];
    }),
  );
}

const shortened = (text: string): string => `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;

interface Step {
  readonly formula: Formula;
  readonly compute?: FormulaFunction["compute"];
  readonly args: readonly number[];
}

/** What a formula computes, part by part; what depends on no name is a number, so that it takes any dtype. */
export function program(root: Formula): (args: ReadonlyMap<string, TensorLike>) => Tensor {
  const order = parts(root);
  const place = new Map(order.map((f, i) => [f, i]));
  const steps = order.map((formula): Step => {
    const args = argumentsOf(formula).map((arg) => place.get(arg) as number);
    if (formula.kind !== "call") return { formula, args };
    const [, entry] = functionOf(formula.name) as NonNullable<ReturnType<typeof functionOf>>;
    return { formula, args, compute: entry.compute };
  });
  return (given) => {
    const values: TensorLike[] = [];
    for (const { formula, compute, args } of steps) {
      if (formula.kind === "number") values.push(formula.value);
      else if (formula.kind === "name") values.push(given.get(formula.name) ?? (constants.get(formula.name) as number));
      else {
        const inputs = args.map((i) => values[i] as TensorLike);
        const value = (compute as FormulaFunction["compute"])(...inputs);
        values.push(inputs.every((v) => typeof v === "number") ? value.item() : value);
      }
    }
    return toTensor("expression", values.at(-1) as TensorLike);
  };
}
