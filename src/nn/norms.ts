/** Normalisation of each example by its own statistics: the same in training and inference. */
import { NablaError } from "../base/error.ts";
import { check, checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { ones, zeros } from "../ops/create.ts";
import { rsqrt } from "../ops/math.ts";
import { mean } from "../ops/reduce.ts";
import type { ScaleAndShift } from "./batch-norm.ts";
import { checkCount, type Layer, type Nothing, sizeAlong } from "./layer.ts";

/** What keeps the divisor from 0. */
export interface NormOptions {
  /** Added to the variance or mean square; default 1e-5. */
  readonly epsilon?: number;
}

function epsilonOf(what: string, options: NormOptions): number {
  checkOptions(what, options, "{ epsilon: 1e-5 }");
  const { epsilon = 1e-5 } = options;
  check(what, "a number from 0", { epsilon });
  return epsilon;
}

/** (x − mean)/√(variance + ε), mean and biased variance over axes. */
function standardised(x: Tensor, axis: number | readonly number[], epsilon: number): Tensor {
  const centred = x.sub(mean(x, { axis, keepDims: true }));
  return centred.mul(rsqrt(mean(centred.square(), { axis, keepDims: true }).add(epsilon)));
}

/**
 * Standardises over the last axis: scale · (x − mean)/√(variance + ε) + shift, [batch, …, features], scale and shift
 * [features], the variance biased (Ba, Kiros and Hinton 2016).
 *
 * @example
 * const layer = layerNorm({ epsilon: 0 });
 * layer.apply(layer.init(random.key(0), [2], "float64"), tensor([[1, 3]]))[0].toArray() // [[-1, 1]]
 */
export function layerNorm(options: NormOptions = {}): Layer<ScaleAndShift, Nothing> {
  const epsilon = epsilonOf("layerNorm", options);
  return {
    name: "layerNorm",
    init(_, input, dtype = "float32") {
      const n = sizeAlong("layerNorm", input, -1, "features on the last axis");
      return { parameters: { scale: ones([n], { dtype }), shift: zeros([n], { dtype }) }, state: {} };
    },
    apply: ({ parameters: { scale, shift } }, x) => [standardised(x, -1, epsilon).mul(scale).add(shift), {}],
  };
}

/**
 * scale · x/√(mean x² + ε) over the last axis, [batch, …, features] (Zhang and Sennrich 2019).
 *
 * @example
 * const layer = rmsNorm({ epsilon: 0 });
 * layer.apply(layer.init(random.key(0), [2], "float64"), tensor([[1, 7]]))[0].toArray() // [[0.2, 1.4]], up to rounding
 */
export function rmsNorm(options: NormOptions = {}): Layer<{ readonly scale: Tensor }, Nothing> {
  const epsilon = epsilonOf("rmsNorm", options);
  return {
    name: "rmsNorm",
    init(_, input, dtype = "float32") {
      const n = sizeAlong("rmsNorm", input, -1, "features on the last axis");
      return { parameters: { scale: ones([n], { dtype }) }, state: {} };
    },
    apply: ({ parameters: { scale } }, x) => [
      x.mul(rsqrt(mean(x.square(), { axis: -1, keepDims: true }).add(epsilon))).mul(scale),
      {},
    ],
  };
}

/**
 * Standardises channels in groups, over a group's channels and all places: [batch, channels, …], scale and shift
 * [channels], the variance biased (Wu and He 2018). One channel a group is instance normalisation.
 *
 * @example
 * const layer = groupNorm(2);
 * layer.apply(layer.init(random.key(0), [4, 3, 3]), ones([1, 4, 3, 3]))[0].shape // [1, 4, 3, 3]
 */
export function groupNorm(groups: number, options: NormOptions = {}): Layer<ScaleAndShift, Nothing> {
  const epsilon = epsilonOf("groupNorm", options);
  checkCount("groupNorm", "groups", groups);
  return {
    name: `groupNorm(${groups})`,
    init(_, input, dtype = "float32") {
      const n = sizeAlong("groupNorm", input, 0, "examples [channels, …]");
      if (n % groups !== 0)
        throw new NablaError(
          "E-SHAPE",
          `groupNorm: the ${n} channels of ${showShape(input)} do not fall into ${groups} groups`,
          "a number that divides that of the channels",
        );
      return { parameters: { scale: ones([n], { dtype }), shift: zeros([n], { dtype }) }, state: {} };
    },
    apply({ parameters: { scale, shift } }, x) {
      const [batch = 1, channels = 1, ...places] = x.shape;
      const spread = (t: Tensor): Tensor => t.reshape([channels, ...places.map(() => 1)]);
      const size = places.reduce((n, k) => n * k, channels / groups);
      const grouped = standardised(x.reshape([batch, groups, size]), -1, epsilon).reshape(x.shape);
      return [grouped.mul(spread(scale)).add(spread(shift)), {}];
    },
  };
}
