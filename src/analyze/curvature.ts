/** f along a direction: derivatives of any order, the curvature, what a step brings. */
import { NablaError } from "../base/error.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import type { Input, Inputs } from "../graph/trees.ts";
import { type AnyFunction, derivativesAlong, evaluator, type Point, pointOf } from "./point.ts";

/** What a step brings: the change of f that Taylor's formula promises, and the true one. */
export interface StepForecast {
  /** ∇f·s */
  readonly firstOrder: number;
  /** ∇f·s + ½ sᵀ∇²f s */
  readonly secondOrder: number;
  /** f(x + s) − f(x) */
  readonly actual: number;
}

/** A direction or a step in the parameters of f: a tree like the point. */
export function vectorOf(what: string, point: Point, f: AnyFunction, direction: unknown): Float64Array {
  const other = pointOf(what, f, direction);
  if (other.names.join() !== point.names.join()) {
    throw new NablaError(
      "E-TREE",
      `${what}: it has the components ${other.names.slice(0, 6).join(", ")}, the point ${point.names.slice(0, 6).join(", ")}`,
      "a direction of the same tree and shapes as the point",
    );
  }
  return other.x;
}

export function forecast(point: Point, step: Float64Array): StepForecast {
  const [value = 0, slope = 0, bend = 0] = derivativesAlong(point, point.x, step, 2);
  const there = evaluator(point)(point.x.map((v, i) => v + (step[i] as number)));
  return { firstOrder: slope, secondOrder: slope + bend / 2, actual: there - value };
}

/**
 * f and its derivatives along a direction d that is not normalised: dᵏ/dtᵏ f(x + t·d) at t = 0 for k = 0 … order,
 * exactly, by forward mode nested `order` times (at a cost of about 2^order values).
 *
 * @param x one value, or for a function of several arguments a list of one for each
 * @throws E-TREE if the direction has another tree or other shapes than x
 * @example
 * derivativesAlongDirection((x) => x.pow(4).sum(), [1, 0], [1, 0], 4) // [1, 4, 12, 24, 24]
 */
export function derivativesAlongDirection(
  f: (...args: Tensor[]) => TensorLike,
  x: TensorLike | readonly TensorLike[],
  direction: TensorLike | readonly TensorLike[],
  order: number,
): number[];
export function derivativesAlongDirection<X>(
  f: (x: X) => TensorLike,
  x: Input<X>,
  direction: Input<X>,
  order: number,
): number[];
export function derivativesAlongDirection<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  x: Inputs<A>,
  direction: Inputs<A>,
  order: number,
): number[];
export function derivativesAlongDirection(f: AnyFunction, x: unknown, direction: unknown, order: number): number[] {
  const what = "derivativesAlongDirection";
  if (!Number.isInteger(order) || order < 0 || order > 12)
    throw new NablaError("E-OPTION", `${what}: the order is ${order}`, "a whole number from 0 to 12");
  const point = pointOf(what, f, x);
  return derivativesAlong(point, point.x, vectorOf(`${what}: the direction`, point, f, direction), order);
}

/**
 * dᵀ∇²f(x)d, the curvature of f along a direction that is not normalised, without the Hessian.
 *
 * @param x one value, or for a function of several arguments a list of one for each
 * @throws E-TREE if the direction has another tree or other shapes than x
 * @example
 * curvature((x, y) => x.mul(x).sub(y.mul(y)), [0, 0], [1, 2]) // -6
 */
export function curvature(
  f: (...args: Tensor[]) => TensorLike,
  x: TensorLike | readonly TensorLike[],
  direction: TensorLike | readonly TensorLike[],
): number;
export function curvature<X>(f: (x: X) => TensorLike, x: Input<X>, direction: Input<X>): number;
export function curvature<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  x: Inputs<A>,
  direction: Inputs<A>,
): number;
export function curvature(f: AnyFunction, x: unknown, direction: unknown): number {
  const point = pointOf("curvature", f, x);
  const d = vectorOf("curvature: the direction", point, f, direction);
  return derivativesAlong(point, point.x, d, 2)[2] as number;
}

/**
 * What the step from x to x + s brings: f's change by Taylor's formula of first and of second order, and the true one.
 *
 * @param x one value, or for a function of several arguments a list of one for each
 * @throws E-TREE if the step has another tree or other shapes than x
 * @example
 * stepForecast((x) => x.pow(3), 1, 1) // { firstOrder: 3, secondOrder: 6, actual: 7 }
 */
export function stepForecast(
  f: (...args: Tensor[]) => TensorLike,
  x: TensorLike | readonly TensorLike[],
  step: TensorLike | readonly TensorLike[],
): StepForecast;
export function stepForecast<X>(f: (x: X) => TensorLike, x: Input<X>, step: Input<X>): StepForecast;
export function stepForecast<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  x: Inputs<A>,
  step: Inputs<A>,
): StepForecast;
export function stepForecast(f: AnyFunction, x: unknown, step: unknown): StepForecast {
  const point = pointOf("stepForecast", f, x);
  return forecast(point, vectorOf("stepForecast: the step", point, f, step));
}
