/** Losses that are content with a margin. */
import { NablaError } from "../../base/error.ts";
import { checkOptions } from "../../base/options.ts";
import { sameShape, showShape } from "../../base/shape.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { relu } from "../../ops/activation.ts";
import { mul, square, sub, where } from "../../ops/arithmetic.ts";
import { oneHot, takeAlongAxis } from "../../ops/gather.ts";
import { expandDims, squeeze } from "../../ops/movement.ts";
import { max } from "../../ops/reduce.ts";
import { asIndices } from "../layer.ts";
import { paired, perExample } from "./loss.ts";

/** How what lies within the margin is counted. */
export interface HingeOptions {
  /** The square of it: smooth where the margin begins; default false. */
  readonly squared?: boolean;
}

function penalty(what: string, t: Tensor, options: HingeOptions): Tensor {
  checkOptions(what, options, "{ squared: true }");
  return perExample(options.squared === true ? square(relu(t)) : relu(t));
}

/**
 * max(0, 1 − t s): scores and targets −1 or 1, [batch, …] each, averaged over an example: → [batch] (Cortes and Vapnik
 * 1995).
 *
 * @example
 * hinge([0.5, 2], [1, 1]).toArray() // [0.5, 0]
 */
export function hinge(scores: TensorLike, targets: TensorLike, options: HingeOptions = {}): Tensor {
  const [s, t] = paired("hinge", scores, targets);
  return penalty("hinge", sub(1, mul(t, s)), options);
}

/**
 * max(0, 1 + the greatest score of another class − the right one's): scores [batch, …, classes], labels [batch, …] of
 * integers, averaged over the axes between: → [batch] (Crammer and Singer 2001).
 *
 * @throws E-INDEX for a label that is a fraction or no class, compiled too
 * @example
 * multiclassHinge([[2, 0, 1.5]], tensor([0], { dtype: "int32" })).item() // 0.5
 */
export function multiclassHinge(scores: TensorLike, labels: TensorLike, options: HingeOptions = {}): Tensor {
  const s = toTensor("multiclassHinge", scores);
  const classes = s.shape.at(-1) ?? 0;
  const index = asIndices("multiclassHinge: labels", toTensor("multiclassHinge", labels), classes);
  if (!sameShape(index.shape, s.shape.slice(0, -1)) || classes < 2)
    throw new NablaError(
      "E-SHAPE",
      `multiclassHinge: scores are ${showShape(s.shape)}, labels ${showShape(index.shape)}`,
      "scores [batch, …, classes] of two classes or more, labels [batch, …]",
    );
  const right = oneHot(index, classes, { dtype: "bool" });
  const others = max(where(right, -Infinity, s), { axis: -1 });
  return penalty("multiclassHinge", sub(others, squeeze(takeAlongAxis(s, expandDims(index, -1)), -1)).add(1), options);
}
