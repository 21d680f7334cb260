/** The block that transformers are made of. */
import { checkOptions } from "../base/options.ts";
import type { Shape } from "../base/shape.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { gelu } from "../ops/activation.ts";
import { type AttentionOptions, multiHeadAttention } from "./attention.ts";
import { dense } from "./dense.ts";
import { dropout as dropoutLayer } from "./dropout.ts";
import { checkCount, type Inside, inference, type Layer, type LayerLike, sizeAlong, type Variables } from "./layer.ts";
import { layerNorm } from "./norms.ts";
import { residual } from "./residual.ts";
import { type NamedTrees, type Sequential, sequential } from "./sequential.ts";

/** What lies between attention's parts. */
export interface TransformerOptions extends AttentionOptions {
  /** Units between the two affine maps; default 4 · features. */
  readonly hidden?: number;
  /** Between them; default gelu. */
  readonly activation?: (x: TensorLike) => Tensor;
  /** Before each half; default `layerNorm()`. */
  readonly norm?: () => LayerLike;
}

/**
 * x ← x + attention(norm(x)); x ← x + W₂·gelu(W₁·norm(x)), [batch, time, features] → the same shape: normalised before
 * each half (Xiong et al. 2020), with `dropout` on the weights of reading and after each half.
 *
 * @example
 * const block = transformerBlock({ heads: 2, causal: true });
 * const variables = block.init(random.key(0), [5, 8]);
 * Object.keys(variables.parameters) // ["attention", "feedForward"]
 * block.apply(variables, ones([3, 5, 8]))[0].shape // [3, 5, 8]
 */
export function transformerBlock(options: TransformerOptions): Layer<NamedTrees, NamedTrees> {
  checkOptions("transformerBlock", options, "transformerBlock({ heads: 2 })");
  const { hidden, activation = gelu, norm = layerNorm, dropout = 0 } = options;
  if (hidden !== undefined) checkCount("transformerBlock", "hidden units", hidden);
  const drop = dropoutLayer(dropout);
  const attention = residual(sequential({ norm: norm(), read: multiHeadAttention(options), dropout: drop }));
  /** How wide its affine maps are shows with the first example. */
  const chain = (width: number): Sequential<NamedTrees, NamedTrees> => {
    const maps = { first: dense(hidden ?? 4 * width, options), activation, second: dense(width, options) };
    return sequential({ attention, feedForward: residual(sequential({ norm: norm(), ...maps, dropout: drop })) });
  };
  const inside = (variables: Variables<NamedTrees, NamedTrees>, input: Shape): Inside => ({
    arranged: "in a row",
    layers: [[chain(input.at(-1) as number) as Layer, variables]],
  });
  return {
    inside,
    name: `transformerBlock(${options.heads})`,
    init: (key, input, dtype) =>
      chain(sizeAlong("transformerBlock", input, 1, "examples [time, features]")).init(key, input, dtype),
    apply: (variables, x, mode = inference) => chain(x.shape.at(-1) as number).apply(variables, x, mode),
  };
}
