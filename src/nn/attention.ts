/** Attention: each place reads a mean of all places, weighted by how well its query meets their keys. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { greaterEqual, logicalAnd, where } from "../ops/arithmetic.ts";
import { matmul } from "../ops/contract.ts";
import { arange, zeros } from "../ops/create.ts";
import { expandDims, matrixTranspose, transpose } from "../ops/movement.ts";
import { random } from "../ops/random.ts";
import { softmax } from "../ops/reduce.ts";
import { dropout } from "./dropout.ts";
import { glorotUniform, type Initializer } from "./initializers.ts";
import { checkCount, inference, type Layer, type Mode, type Nothing, sizeAlong } from "./layer.ts";
import { withinLengths } from "./lengths.ts";

/** What a place may read. */
export interface MaskOptions {
  /** Only itself and what came before; as the last places where there are fewer queries than keys. Default false. */
  readonly causal?: boolean;
  /** true where a query may read a key, [queries, keys] or what broadcasts to [batch, heads, queries, keys]. */
  readonly mask?: TensorLike;
}

/** A score that leaves no weight beside others; where a query may read nothing it reads all alike. */
const hidden = -1e30;

/** softmax(q·kᵀ/√d), masked: [batch, heads, queries, keys]. */
function weightsOf(q: Tensor, k: Tensor, { causal = false, mask }: MaskOptions, within?: Tensor): Tensor {
  const scores = matmul(q, matrixTranspose(k)).mul(1 / Math.sqrt(q.shape.at(-1) as number));
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  const order = greaterEqual(arange(keys - queries, keys).reshape([queries, 1]), arange(keys));
  const given = mask === undefined ? undefined : toTensor("attention: mask", mask).cast("bool");
  const masks = [causal ? order : undefined, given, within].filter((m) => m !== undefined);
  return softmax(masks.length === 0 ? scores : where(masks.reduce(logicalAnd), scores, hidden));
}

/**
 * softmax(q·kᵀ/√d)·v: queries [batch, heads, queries, d], keys [batch, heads, keys, d], values [batch, heads, keys, e]
 * → [batch, heads, queries, e] (Vaswani et al. 2017, eq. 1). A query that may read nothing reads the mean of all.
 *
 * @example
 * const v = tensor([[[[1, 0], [3, 4]]]]);
 * scaledDotProductAttention(zeros([1, 1, 2, 2]), zeros([1, 1, 2, 2]), v, { causal: true }).toArray() // [[[[1, 0], [2, 2]]]]
 */
export function scaledDotProductAttention(q: Tensor, k: Tensor, v: Tensor, options: MaskOptions = {}): Tensor {
  checkOptions("scaledDotProductAttention", options, "{ causal: true }");
  return matmul(weightsOf(q, k, options), v);
}

/** How queries, keys and values are made and read. */
export interface AttentionOptions extends MaskOptions {
  /** Into how many parts the features fall, each with weights of its own. */
  readonly heads: number;
  /** Of the weights, default `glorotUniform`; biases begin at 0. */
  readonly initializer?: Initializer;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the weights of reading, in training; default 0. */
  readonly dropout?: number;
}

type Projection = { readonly weights: Tensor; readonly bias?: Tensor };
/** Weights [features, features] and biases [features] each. */
export type AttentionParameters = {
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  readonly output: Projection;
};

/** Attention of a sequence to itself; `attend` lets it read another. */
export interface MultiHeadAttention extends Layer<AttentionParameters, Nothing> {
  /** x [batch, queries, features] reads `memory` [batch, keys, features], of which the mode's lengths tell where it ends. */
  attend(parameters: AttentionParameters, x: Tensor, memory: Tensor, mode?: Mode): Tensor;
}

const project = (x: Tensor, { weights, bias }: Projection): Tensor => {
  const product = matmul(x, weights);
  return bias === undefined ? product : product.add(bias);
};

/**
 * Self-attention in several heads: [batch, time, features] → the same shape (Vaswani et al. 2017, §3.2.2). The features
 * are a multiple of the heads.
 *
 * @example
 * const layer = multiHeadAttention({ heads: 2, causal: true });
 * layer.apply(layer.init(random.key(0), [5, 8]), ones([3, 5, 8]))[0].shape // [3, 5, 8]
 */
export function multiHeadAttention(options: AttentionOptions): MultiHeadAttention {
  checkOptions("multiHeadAttention", options, "multiHeadAttention({ heads: 2 })");
  const { heads, initializer = glorotUniform, bias = true, dropout: rate = 0 } = options;
  checkCount("multiHeadAttention", "heads", heads);
  const drop = dropout(rate);
  const attend: MultiHeadAttention["attend"] = (parameters, x, memory, mode = inference) => {
    const inHeads = (t: Tensor, own: Projection): Tensor => {
      if (t.rank !== 3 || (t.shape[2] as number) % heads !== 0)
        throw new NablaError(
          "E-SHAPE",
          `multiHeadAttention: x is ${showShape(t.shape)}, for ${heads} heads`,
          "[batch, time, features], the features a multiple of the heads",
        );
      const [batch, time, features] = t.shape as [number, number, number];
      return transpose(project(t, own).reshape([batch, time, heads, features / heads]), [0, 2, 1, 3]);
    };
    const { lengths } = mode;
    const within = lengths === undefined ? undefined : withinLengths("multiHeadAttention", lengths, memory.shape);
    const [q, k, v] = [
      inHeads(x, parameters.query),
      inHeads(memory, parameters.key),
      inHeads(memory, parameters.value),
    ];
    const seen = within && expandDims(within, [1, 2]);
    const [weights] = drop.apply({ parameters: {}, state: {} }, weightsOf(q, k, options, seen), mode);
    return project(transpose(matmul(weights, v), [0, 2, 1, 3]).reshape(x.shape), parameters.output);
  };
  return {
    name: `multiHeadAttention(${heads})`,
    init(key, input, dtype = "float32") {
      const n = sizeAlong("multiHeadAttention", input, 1, "examples [time, features]");
      const projections = random.split(key, 4).map((k): Projection => {
        const weights = initializer(k, [n, n], dtype);
        return bias ? { weights, bias: zeros([n], { dtype }) } : { weights };
      });
      const [q, k, v, o] = projections as [Projection, Projection, Projection, Projection];
      return { parameters: { query: q, key: k, value: v, output: o }, state: {} };
    },
    apply: ({ parameters }, x, mode) => [attend(parameters, x, x, mode), {}],
    attend,
  };
}
