/** Losses of a number that was to be hit. */
import { check, checkOptions } from "../../base/options.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { abs, minimum, mul, square, sub } from "../../ops/arithmetic.ts";
import { paired, perExample } from "./loss.ts";

const errorsOf = (what: string, outputs: TensorLike, targets: TensorLike): Tensor =>
  sub(...paired(what, outputs, targets));

/**
 * The mean of (y − t)² over an example: [batch, …] → [batch].
 *
 * @example
 * meanSquaredError([[1, 2]], [[0, 0]]).item() // 2.5
 */
export const meanSquaredError = (outputs: TensorLike, targets: TensorLike): Tensor =>
  perExample(square(errorsOf("meanSquaredError", outputs, targets)));

/**
 * The mean of |y − t| over an example: [batch, …] → [batch].
 *
 * @example
 * meanAbsoluteError([[1, -2]], [[0, 0]]).item() // 1.5
 */
export const meanAbsoluteError = (outputs: TensorLike, targets: TensorLike): Tensor =>
  perExample(abs(errorsOf("meanAbsoluteError", outputs, targets)));

/** From where on an error counts in line with its size. */
export interface HuberOptions {
  /** Where the parabola becomes a line; default 1. */
  readonly delta?: number;
}

/**
 * The mean over an example of ½e² where |e| ≤ δ, else δ(|e| − ½δ), e = y − t: [batch, …] → [batch] (Huber 1964).
 *
 * @example
 * huber([[0.5, 3]], [[0, 0]]).item() // (0.125 + 2.5) / 2
 */
export function huber(outputs: TensorLike, targets: TensorLike, options: HuberOptions = {}): Tensor {
  checkOptions("huber", options, "{ delta: 0.5 }");
  const { delta = 1 } = options;
  check("huber", "a number above 0", { delta });
  const size = abs(errorsOf("huber", outputs, targets));
  const near = minimum(size, delta);
  return perExample(mul(near, sub(size, mul(near, 0.5))));
}
