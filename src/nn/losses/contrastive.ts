/** Losses of pairs: what belongs together lies together. */
import { NablaError } from "../../base/error.ts";
import { check, checkOptions } from "../../base/options.ts";
import { showShape } from "../../base/shape.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { relu } from "../../ops/activation.ts";
import { div, greater, mul, square, sub, where } from "../../ops/arithmetic.ts";
import { matmul } from "../../ops/contract.ts";
import { arange } from "../../ops/create.ts";
import { matrixTranspose, split } from "../../ops/movement.ts";
import { norm } from "../../ops/reduce.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { paired } from "./loss.ts";

/** The two halves of [batch, 2, features]. */
function halves(what: string, outputs: TensorLike): readonly [Tensor, Tensor] {
  const both = toTensor(what, outputs);
  const [batch, two, features] = both.shape;
  if (both.rank !== 3 || two !== 2)
    throw new NablaError("E-SHAPE", `${what}: outputs are ${showShape(both.shape)}`, "[batch, 2, features]");
  const [a, b] = split(both, 2, 1).map((t) => t.reshape([batch as number, features as number]));
  return [a as Tensor, b as Tensor];
}

/** How far apart different examples shall be. */
export interface ContrastiveOptions {
  /** From which distance on different ones cost nothing; default 1. */
  readonly margin?: number;
}

/**
 * ½ t d² + ½ (1 − t) max(0, margin − d)², d = ‖a − b‖: outputs [batch, 2, features] are the pairs (a, b), targets [batch]
 * 1 for alike, 0 for different: → [batch] (Hadsell, Chopra and LeCun 2006, eq. 4, where Y = 1 − t).
 *
 * @example
 * contrastive([[[0, 0], [3, 4]]], [1]).item() // 12.5
 */
export function contrastive(outputs: TensorLike, targets: TensorLike, options: ContrastiveOptions = {}): Tensor {
  checkOptions("contrastive", options, "{ margin: 2 }");
  const { margin = 1 } = options;
  check("contrastive", "a number above 0", { margin });
  const [a, b] = halves("contrastive", outputs);
  const [d, t] = paired("contrastive", norm(sub(a, b), { axis: -1 }), targets);
  return mul(t, square(d))
    .add(mul(sub(1, t), square(relu(sub(margin, d)))))
    .mul(0.5);
}

/** How sharply cosines are told apart. */
export interface InfoNceOptions {
  /** Cosines are divided by it; default 0.1. */
  readonly temperature?: number;
}

/**
 * −log softmax over the batch of cos(aᵢ, bⱼ)/temperature at j = i: outputs [batch, 2, features] are the pairs (a, b), each
 * b the others' counterexample: → [batch] (van den Oord, Li and Vinyals 2018; cosines as in Chen et al. 2020). A vector of
 * length 0 has the cosine 0 with all.
 *
 * @example
 * infoNCE([[[1, 0], [2, 0]], [[0, 1], [0, 3]]], { temperature: 1 }).toArray()[0] // Math.log(1 + Math.exp(-1))
 */
export function infoNCE(outputs: TensorLike, options: InfoNceOptions = {}): Tensor {
  checkOptions("infoNCE", options, "(outputs) => infoNCE(outputs, { temperature: 0.5 })");
  const { temperature = 0.1 } = options;
  check("infoNCE", "a number above 0", { temperature });
  const [a, b] = halves("infoNCE", outputs).map((t) => {
    const length = norm(t, { axis: -1, keepDims: true });
    return div(t, where(greater(length, 0), length, 1));
  }) as [Tensor, Tensor];
  return crossEntropy(matmul(a, matrixTranspose(b)).div(temperature), arange(a.shape[0] as number));
}
