/** Losses: one number an example, [batch]; training minimises their (weighted) mean. */
import type { Tensor } from "../graph/tensor.ts";
import { neg, square, sub } from "../ops/arithmetic.ts";
import { takeAlongAxis } from "../ops/gather.ts";
import { expandDims, squeeze } from "../ops/movement.ts";
import { logSoftmax, mean } from "../ops/reduce.ts";

/** What outputs cost beside targets: [batch, …] and [batch, …] → [batch]. */
export type Loss = (outputs: Tensor, targets: Tensor) => Tensor;

/**
 * −log of the probability that softmax gives to the right class: scores [batch, classes], labels [batch] of integers.
 *
 * @example
 * crossEntropy(tensor([[0, 0]]), tensor([1], { dtype: "int32" })).item() // Math.log(2)
 */
export const crossEntropy: Loss = (scores, labels) =>
  neg(squeeze(takeAlongAxis(logSoftmax(scores), expandDims(labels, -1)), -1));

/**
 * The mean of the squared errors of an example.
 *
 * @example
 * meanSquaredError(tensor([[1, 2]]), tensor([[0, 0]])).item() // 2.5
 */
export const meanSquaredError: Loss = (outputs, targets) => {
  const errors = square(sub(outputs, targets));
  return errors.rank <= 1 ? errors : mean(errors, { axis: errors.shape.slice(1).map((_, i) => i + 1) });
};
