/** How far numbers are off. */
import { NablaError } from "../../base/error.ts";
import type { TensorLike } from "../../graph/tensor.ts";
import { mean } from "../../ops/reduce.ts";
import { paired } from "../losses/loss.ts";

/** Outputs, targets, in float64. */
function numbers(what: string, outputs: TensorLike, targets: TensorLike) {
  const [o, t] = paired(what, outputs, targets);
  if (o.size === 0) throw new NablaError("E-VALUE", `${what}: there are no examples`, "one example or more");
  return [o.cast("float64"), t.cast("float64")] as const;
}

/**
 * √ of the mean of (y − t)² over all elements.
 *
 * @example
 * rootMeanSquaredError([3, 4], [0, 0]) // Math.sqrt(12.5)
 */
export function rootMeanSquaredError(outputs: TensorLike, targets: TensorLike): number {
  const [o, t] = numbers("rootMeanSquaredError", outputs, targets);
  return Math.sqrt(mean(o.sub(t).square()).item());
}

/**
 * 1 − Σ (y − t)² / Σ (t − t̄)²: 1 is perfect, 0 as good as the mean. Over all elements; NaN for perfect outputs of equal
 * targets, −∞ for others.
 *
 * @example
 * r2([1, 2, 3], [1, 2, 3]) // 1
 */
export function r2(outputs: TensorLike, targets: TensorLike): number {
  const [o, t] = numbers("r2", outputs, targets);
  return 1 - o.sub(t).square().sum().item() / t.sub(mean(t)).square().sum().item();
}
