/** The cost of a batch: the weighted mean of its examples' losses. */
import { NablaError } from "../base/error.ts";
import { sameShape, showShape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";
import type { Layer, Loss, Mode, Variables } from "../nn/index.ts";
import { div, equal, mul, where } from "../ops/arithmetic.ts";
import { mean, sum } from "../ops/reduce.ts";

/** How much each example counts, [batch]; without it all count alike. */
export interface Weighted {
  readonly weight?: Tensor;
}

/** By convention what a model reads and what it should give. */
export interface Examples extends Weighted {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Losses of a batch's examples, [batch], and the model's next state. */
export type Cost<B, P = Tree, S = Tree> = (
  variables: Variables<P, S>,
  batch: B,
  mode: Mode,
) => readonly [losses: Tensor, state: S];

export const costOf =
  (model: Layer, loss: Loss): Cost<Examples> =>
  (variables, { x, y }, mode) => {
    const [outputs, state] = model.apply(variables, x, mode);
    return [lossesOf(loss, outputs, y), state];
  };

/** One number an example: of a mean, or of one for each output, neither weights nor parts of a batch would come right. */
export function lossesOf(loss: Loss, outputs: Tensor, targets: Tensor): Tensor {
  const losses = loss(outputs, targets);
  if (losses.rank === 1 && losses.shape[0] === outputs.shape[0]) return losses;
  throw new NablaError(
    "E-SHAPE",
    `the loss gives ${showShape(losses.shape)} for outputs ${showShape(outputs.shape)}`,
    "one number an example, [batch], as the losses of nabla/nn do",
  );
}

/**
 * Σ wᵢ lᵢ / Σ wᵢ, the mean without weights; 0 where all weights are 0.
 *
 * @throws E-SHAPE where there is not one weight for each loss
 * @example
 * weightedMean(tensor([1, 4]), tensor([2, 1])).item() // 2
 */
export function weightedMean(losses: Tensor, weight?: Tensor): Tensor {
  if (weight === undefined) return mean(losses);
  const total = sum(weight);
  return div(sum(weighted(losses, weight)), where(equal(total, 0), 1, total));
}

/** wᵢ lᵢ; shapes that differ would broadcast to all pairs. */
export function weighted(losses: Tensor, weight: Tensor): Tensor {
  if (sameShape(losses.shape, weight.shape)) return mul(losses, weight);
  throw new NablaError(
    "E-SHAPE",
    `weights are ${showShape(weight.shape)}, losses ${showShape(losses.shape)}`,
    "a weight and a loss for each example, [batch]",
  );
}

/** Σ wᵢ of so many examples, where the weights are known. */
export const weightOf = ({ weight }: Weighted, examples: number): number => {
  if (weight === undefined) return examples;
  let total = 0;
  for (const w of weight.data) total += w;
  return total;
};
