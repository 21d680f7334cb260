/** Affine maps. */
import { checkOptions } from "../base/options.ts";
import type { Tensor } from "../graph/tensor.ts";
import { matmul } from "../ops/contract.ts";
import { zeros } from "../ops/create.ts";
import { glorotUniform, type Initializer } from "./initializers.ts";
import { checkCount, type Layer, type Nothing, sizeAlong } from "./layer.ts";

/** How an affine map begins. */
export interface DenseOptions {
  /** Of the weights, default `glorotUniform`; the bias begins at 0. */
  readonly initializer?: Initializer;
  /** Default true. */
  readonly bias?: boolean;
}

/** Weights [inputs, outputs] and, if there is one, bias [outputs]. */
export type DenseParameters = { readonly weights: Tensor; readonly bias?: Tensor };

/**
 * x·W + b over the last axis: [batch, …, inputs] → [batch, …, outputs].
 *
 * @example
 * const layer = dense(2);
 * const variables = layer.init(random.key(0), [3]);
 * layer.apply(variables, zeros([4, 3], { dtype: "float32" }))[0].toArray()[0] // [0, 0]
 */
export function dense(outputs: number, options: DenseOptions = {}): Layer<DenseParameters, Nothing> {
  checkOptions("dense", options, "sequential(dense(8), relu): an activation is a layer of its own");
  const { initializer = glorotUniform, bias = true } = options;
  checkCount("dense", "outputs", outputs);
  return {
    name: `dense(${outputs})`,
    init(key, input, dtype = "float32") {
      const inputs = sizeAlong("dense", input, -1, "at least one input on the last axis");
      const weights = initializer(key, [inputs, outputs], dtype);
      return { parameters: bias ? { weights, bias: zeros([outputs], { dtype }) } : { weights }, state: {} };
    },
    apply({ parameters: { weights, bias: b } }, x) {
      const product = matmul(x, weights);
      return [b === undefined ? product : product.add(b), {}];
    },
  };
}
