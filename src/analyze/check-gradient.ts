/** Is the gradient the derivative of the function? */

import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { flattenArguments, type Input, type Inputs } from "../graph/trees.ts";
import { random, type UndefinedDerivatives, undefinedDerivatives } from "../index.ts";
import { along, dot } from "../optimize/vector.ts";
import { type AnyFunction, evaluator, type Point, pointOf, valueAndGradientAt } from "./point.ts";
import { type Differences, differences, steps } from "./richardson.ts";
import { show } from "./words.ts";

/**
 * `right`: equal within the tolerance; `wrong`: different by more than the differences can be off; `unknown`: the
 * differences are too inexact to tell; `undefined`: there is no derivative at the point.
 */
export type GradientVerdict = "right" | "wrong" | "unknown" | "undefined";

/** One component of the gradient, or the slope along a random direction. */
export interface CheckedSlope {
  readonly name: string;
  readonly gradient: number;
  /** From values alone, extrapolated to step 0. */
  readonly numerical: number;
  /** How far `numerical` may be off. */
  readonly uncertainty: number;
  /** |gradient − numerical| relative to the larger of them. */
  readonly error: number;
  readonly verdict: Exclude<GradientVerdict, "undefined">;
}

/** What `checkGradient` allows, and how much it looks at. */
export interface CheckGradientOptions<G = unknown> {
  /** The relative difference that is allowed. Default 1e-6. */
  readonly tolerance?: number;
  /** How many components are looked at, drawn by lot if there are more. Default 200. */
  readonly mostComponents?: number;
  readonly seed?: number;
  /** A gradient of your own to be checked instead of nabla's: of the same arguments, a tree like the point. */
  readonly gradient?: G;
}

/** What `checkGradient` found; prints as a few lines. */
export class GradientCheck {
  readonly verdict!: GradientVerdict;
  readonly message!: string;
  /** The steps of the central differences, relative to max(1, |xᵢ|) … */
  readonly steps!: readonly number[];
  /**
   * … and for each the largest relative error of all components: it falls as h², then rises as ε/h. NaN where f is not
   * finite; relative to the largest component, or to f, for components that are 0.
   */
  readonly errors!: readonly number[];
  readonly slopes!: readonly CheckedSlope[];
  /** The one with the largest error. */
  readonly worst!: CheckedSlope;
  readonly undefinedDerivatives!: UndefinedDerivatives;

  constructor(fields: Omit<GradientCheck, "toString">) {
    Object.assign(this, fields);
  }

  toString(): string {
    const table = this.steps.flatMap((h, k) =>
      k % 3 === 0 ? [`${show(h, 1)}: ${show(this.errors[k] as number, 2)}`] : [],
    );
    const gaps = this.undefinedDerivatives.length > 0 ? [String(this.undefinedDerivatives)] : [];
    return [this.message, `error of central differences by step: ${table.join(", ")}`, ...gaps].join("\n");
  }
}

/**
 * Compares the gradient at x with differences of values: central ones over steps from 1/4 to 10⁻¹¹, and their
 * extrapolation to step 0 with an estimate of its own error. Made for functions with `customDerivative` or
 * `stopGradient`, for gradients written by hand, and for kinks, which are reported as such.
 *
 * @param f a scalar function; of several arguments, if it declares several
 * @param x a number, a vector, a tree of parameters; for several arguments a list with one for each
 * @throws E-TREE, E-VALUE if x does not fit f, or a gradient of your own does not fit x
 * @example
 * checkGradient((x) => x.mul(x).mul(x).sum(), [1, 2]).verdict // "right"
 */
export function checkGradient(
  f: (...args: Tensor[]) => TensorLike,
  x: TensorLike | readonly TensorLike[],
  options?: CheckGradientOptions<(...args: Tensor[]) => unknown>,
): GradientCheck;
export function checkGradient<X>(
  f: (x: X) => TensorLike,
  x: Input<X>,
  options?: CheckGradientOptions<(x: X) => unknown>,
): GradientCheck;
export function checkGradient<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  x: Inputs<A>,
  options?: CheckGradientOptions<(...args: A) => unknown>,
): GradientCheck;
export function checkGradient(
  f: AnyFunction,
  x: unknown,
  options: CheckGradientOptions<AnyFunction> = {},
): GradientCheck {
  const { tolerance = 1e-6, mostComponents = 200, seed = 0 } = options;
  if (!(tolerance > 0))
    throw new NablaError("E-OPTION", `checkGradient: the tolerance is ${tolerance}`, "a positive number");
  if (!(mostComponents >= 1))
    throw new NablaError("E-OPTION", `checkGradient: mostComponents is ${mostComponents}`, "a whole number from 1");
  const point = pointOf("checkGradient", f, x);
  const found = valueAndGradientAt(point, point.x);
  const value = found.value;
  const gradient = options.gradient ? given(point, options.gradient) : found.gradient;
  const gaps = undefinedDerivatives<object[]>(f as (...args: object[]) => unknown, ...point.rebuild(point.x));

  const run = evaluator(point);
  const largest = gradient.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0);
  const measured = directions(point, mostComponents, seed).map(({ name, vector, unit }) => {
    const slope = dot(gradient, vector);
    const numerical = differences((t) => run(along(point.x, t, vector)), unit);
    // Below this a difference between the two is rounding of f.
    const floor = 1e-9 * (largest + Math.abs(value) / unit);
    return { numerical, floor, checked: judge(name, slope, numerical, floor, tolerance) };
  });
  const slopes = measured.map(({ checked }) => checked);
  const worst = slopes.reduce((a, b) => (rank(b) > rank(a) ? b : a));
  const errors = steps.map((_, k) =>
    measured.reduce((m, { numerical: { central, size }, floor, checked: { gradient: g } }) => {
      const scale = Math.abs(g) > floor ? Math.abs(g) : largest || Math.abs(value) || size || 1;
      return Math.max(m, Math.abs((central[k] as number) - g) / scale);
    }, 0),
  );
  const best = steps[errors.indexOf(Math.min(...errors.filter(Number.isFinite)))];
  const verdict = gaps.length > 0 || !Number.isFinite(value) ? "undefined" : worst.verdict;
  return new GradientCheck({
    verdict,
    message: sentence(verdict, value, worst, slopes, best, gaps),
    steps,
    errors,
    slopes,
    worst,
    undefinedDerivatives: gaps,
  });
}

/** The worst first: by the verdict, then by the error. */
const rank = ({ verdict, error }: CheckedSlope): number =>
  ({ right: 0, unknown: 1, wrong: 2 })[verdict] * 1e30 + Math.min(error, 1e29);

/** The components, some of them and random mixtures of all if there are many. */
function directions(
  { x, names }: Point,
  most: number,
  seed: number,
): { readonly name: string; readonly vector: Float64Array; readonly unit: number }[] {
  const n = x.length;
  const chosen =
    n <= most ? [...x.keys()] : [...random.permutation(random.key(seed), n).data].slice(0, most).sort((a, b) => a - b);
  const units = chosen.map((i) => ({
    name: names[i] as string,
    vector: x.map((_, j) => (i === j ? 1 : 0)),
    unit: Math.max(1, Math.abs(x[i] as number)),
  }));
  if (n <= most) return units;
  const mixtures = [1, 2, 3].map((k) => {
    const signs = random.uniform(random.key(seed + k), [n]).data;
    return {
      name: `random direction ${k}`,
      vector: x.map((v, j) => ((signs[j] as number) < 0.5 ? -1 : 1) * Math.max(1, Math.abs(v))),
      unit: 1,
    };
  });
  return [...units, ...mixtures];
}

function judge(
  name: string,
  gradient: number,
  { derivative, uncertainty, size }: Differences,
  floor: number,
  tolerance: number,
): CheckedSlope {
  const difference = Math.abs(gradient - derivative);
  const error = difference === 0 ? 0 : difference / Math.max(Math.abs(gradient), Math.abs(derivative));
  const agrees = difference <= 10 * uncertainty;
  const right = error <= tolerance || difference <= floor || (agrees && uncertainty <= 1e-8 * size);
  const verdict = right ? "right" : agrees || Number.isNaN(derivative) ? "unknown" : "wrong";
  return { name, gradient, numerical: derivative, uncertainty, error, verdict };
}

function sentence(
  verdict: GradientVerdict,
  value: number,
  { name, gradient, numerical, uncertainty, error }: CheckedSlope,
  slopes: readonly CheckedSlope[],
  best: number | undefined,
  gaps: UndefinedDerivatives,
): string {
  const values = `by ${name} it is ${show(gradient, 8)}, by differences ${show(numerical, 8)} ± ${show(uncertainty, 1)}`;
  if (verdict === "right")
    return `the gradient is right: largest relative error ${show(error, 2)} by ${name}, of ${slopes.length} slopes${best === undefined ? "" : `; best step ${show(best, 2)}`}`;
  if (verdict === "wrong") {
    const wrong = slopes.filter((s) => s.verdict === "wrong").length;
    return `the gradient is wrong in ${wrong} of ${slopes.length} slopes: ${values}`;
  }
  if (verdict === "unknown") return `differences are too inexact to judge the gradient: ${values}`;
  return gaps.length > 0
    ? `there is no derivative at this point: ${gaps[0]?.why}; grad uses ${gaps[0]?.convention}`
    : `there is no derivative at this point: f is ${value}`;
}

/** The gradient that the caller's function states, as a vector. */
function given({ x, rebuild, several }: Point, gradient: AnyFunction): Float64Array {
  const result = (gradient as (...args: object[]) => unknown)(...rebuild(x));
  const { tensors } = flattenArguments(
    "checkGradient: the gradient",
    several ? Object.values(result as object) : result,
  );
  const all = tensors.filter((t) => isFloat(t.dtype)).flatMap((t) => [...t.data]);
  if (all.length !== x.length)
    throw new NablaError(
      "E-TREE",
      `checkGradient: the gradient has ${all.length} components, the point ${x.length}`,
      "a gradient of the same tree as the point (of several arguments: a list)",
    );
  return Float64Array.from(all);
}
