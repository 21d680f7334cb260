/** Losses of probabilities: how many nats the right answer surprises by. */
import { NablaError } from "../../base/error.ts";
import { check, checkOptions } from "../../base/options.ts";
import { sameShape, showShape } from "../../base/shape.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { greater, mul, neg, sub, where } from "../../ops/arithmetic.ts";
import { oneHot, take, takeAlongAxis } from "../../ops/gather.ts";
import { log, softplus } from "../../ops/math.ts";
import { expandDims, squeeze } from "../../ops/movement.ts";
import { convert } from "../../ops/record.ts";
import { logSoftmax, sum } from "../../ops/reduce.ts";
import { asIndices } from "../layer.ts";
import { paired, perExample } from "./loss.ts";

/** How sure labels are, and how much each class counts. */
export interface CrossEntropyOptions {
  /** ε: targets become (1 − ε)·target + ε/classes (Szegedy et al. 2016, §7); default 0. */
  readonly smoothing?: number;
  /** A factor on each class's term, [classes]; the sum of the weights is not divided out. */
  readonly classWeights?: TensorLike;
}

/**
 * −Σₖ wₖ tₖ log softmax(s)ₖ, the negative log-likelihood of classes: scores [batch, …, classes]; labels [batch, …] of
 * integers (whole numbers in floats serve too), or soft ones [batch, …, classes] that sum to 1. Axes between are
 * averaged: → [batch].
 *
 * @throws E-INDEX for a label that is a fraction or no class, compiled too
 * @example
 * crossEntropy([[0, 0]], tensor([1], { dtype: "int32" })).item() // Math.log(2)
 * crossEntropy([[0, 0]], [[0.5, 0.5]], { smoothing: 0.1 }).item() // Math.log(2)
 */
export function crossEntropy(scores: TensorLike, labels: TensorLike, options: CrossEntropyOptions = {}): Tensor {
  checkOptions("crossEntropy", options, "{ smoothing: 0.1 }");
  const { smoothing = 0, classWeights } = options;
  check("crossEntropy", "a number from 0 to 1", { smoothing });
  const logs = logSoftmax(scores);
  const given = toTensor("crossEntropy", labels);
  const classes = logs.shape.at(-1) as number;
  const soft = sameShape(given.shape, logs.shape);
  if (!soft && !sameShape(given.shape, logs.shape.slice(0, -1)))
    throw new NablaError(
      "E-SHAPE",
      `crossEntropy: scores are ${showShape(logs.shape)}, labels ${showShape(given.shape)}`,
      "scores [batch, …, classes] and labels [batch, …] of integers, or soft ones of the scores' shape",
    );
  const weights = classWeights === undefined ? undefined : convert(weightsOf(classWeights, classes), logs.dtype);
  if (!soft && smoothing === 0) {
    const index = asIndices("crossEntropy: labels", given, classes);
    const surprise = neg(squeeze(takeAlongAxis(logs, expandDims(index, -1)), -1));
    return perExample(weights === undefined ? surprise : mul(surprise, take(weights, index)));
  }
  const hot = soft
    ? convert(given, logs.dtype)
    : convert(oneHot(asIndices("crossEntropy: labels", given, classes), classes), logs.dtype);
  const target = smoothing === 0 ? hot : hot.mul(1 - smoothing).add(smoothing / classes);
  return perExample(neg(expected(weights === undefined ? target : mul(target, weights), logs)));
}

/** One weight a class; where they are known, none of them negative or infinite. */
function weightsOf(given: TensorLike, classes: number): Tensor {
  const weights = toTensor("crossEntropy: classWeights", given);
  if (!sameShape(weights.shape, [classes]))
    throw new NablaError(
      "E-SHAPE",
      `crossEntropy: classWeights are ${showShape(weights.shape)}, there are ${classes} classes`,
      "one weight for each class",
    );
  if (weights.level === 0)
    for (const [k, weight] of weights.data.entries())
      check("crossEntropy", "a number from 0", { [`classWeights[${k}]`]: weight });
  return weights;
}

/** Σ tₖ lₖ over the last axis; a class without weight adds nothing, whatever its l. */
const expected = (t: Tensor, l: Tensor): Tensor => sum(where(greater(t, 0), mul(t, l), 0), { axis: -1 });

/** How much the positive class counts. */
export interface BinaryCrossEntropyOptions {
  /** A factor on the terms of the positive class; default 1. */
  readonly positiveWeight?: number;
}

/**
 * −w t log σ(s) − (1 − t) log(1 − σ(s)), computed as w t·softplus(−s) + (1 − t)·softplus(s): scores (logits) and targets
 * from 0 to 1, [batch, …] each, averaged over an example: → [batch].
 *
 * @example
 * binaryCrossEntropy([0, 1000], [1, 1]).toArray() // [Math.log(2), 0]
 */
export function binaryCrossEntropy(
  scores: TensorLike,
  targets: TensorLike,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  checkOptions("binaryCrossEntropy", options, "{ positiveWeight: 2 }");
  const { positiveWeight = 1 } = options;
  check("binaryCrossEntropy", "a number from 0", { positiveWeight });
  const [s, t] = paired("binaryCrossEntropy", scores, targets);
  const positive = mul(t, softplus(neg(s)));
  return perExample((positiveWeight === 1 ? positive : mul(positive, positiveWeight)).add(mul(sub(1, t), softplus(s))));
}

/**
 * Σₖ tₖ (log tₖ − log softmax(s)ₖ), the divergence of the model from the target distribution: scores and probabilities
 * [batch, …, classes] → [batch], averaged over the axes between.
 *
 * @example
 * klDivergence([[0, 0]], [[1, 0]]).item() // Math.log(2)
 */
export function klDivergence(scores: TensorLike, targets: TensorLike): Tensor {
  const [s, t] = paired("klDivergence", scores, targets);
  return perExample(expected(t, sub(log(where(greater(t, 0), t, 1)), logSoftmax(s))));
}
