/** Normalisation by the statistics of a batch (Ioffe and Szegedy 2015). */
import { NablaError } from "../base/error.ts";
import { check, checkOptions } from "../base/options.ts";
import { checkAxis, showShape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { ones, zeros } from "../ops/create.ts";
import { rsqrt } from "../ops/math.ts";
import { convert } from "../ops/record.ts";
import { mean } from "../ops/reduce.ts";
import { inference, type Layer, sizeAlong } from "./layer.ts";

/** Over what batch normalisation averages, and how it remembers. */
export interface BatchNormOptions {
  /** The axis of the channels, that of examples counted; default 1, as in [batch, features] and [batch, channels, …]. */
  readonly axis?: number;
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
  /** The weight of the new batch: running ← (1 − momentum)·running + momentum·batch; default 0.1. */
  readonly momentum?: number;
}

/** [channels] each. */
export type ScaleAndShift = { readonly scale: Tensor; readonly shift: Tensor };
/** [channels] each; they begin at 0 and 1. */
export type RunningStatistics = { readonly mean: Tensor; readonly variance: Tensor };

/**
 * scale · (x − mean)/√(variance + ε) + shift for each channel. In training by the batch's mean and biased variance
 * (over n); the running variance takes the unbiased one (over n − 1), as in PyTorch. In inference by the running ones.
 * A training batch with one value a channel has no variance: E-SHAPE.
 *
 * @example
 * const layer = batchNorm();
 * const variables = layer.init(random.key(0), [1], "float64");
 * const [y, state] = layer.apply(variables, tensor([[1], [3]]), { training: true });
 * y.shape // [2, 1]
 * state.mean.toArray() // [0.2], up to rounding
 */
export function batchNorm(options: BatchNormOptions = {}): Layer<ScaleAndShift, RunningStatistics> {
  checkOptions("batchNorm", options, "batchNorm({ axis: -1 })");
  const { axis = 1, epsilon = 1e-5, momentum = 0.1 } = options;
  check("batchNorm", "a number from 0", { epsilon });
  check("batchNorm", "a number from 0 to 1", { momentum });
  return {
    name: "batchNorm",
    init(_, input, dtype = "float32") {
      const channel = checkAxis("batchNorm", axis, input.length + 1);
      const n = sizeAlong("batchNorm", [1, ...input], channel, "examples with channels");
      const make = (f: typeof zeros): Tensor => f([n], { dtype });
      return {
        parameters: { scale: make(ones), shift: make(zeros) },
        state: { mean: make(zeros), variance: make(ones) },
      };
    },
    apply({ parameters: { scale, shift }, state }, x, mode = inference) {
      const channel = checkAxis("batchNorm", axis, x.rank);
      const along = x.shape.map((n, i) => (i === channel ? n : 1));
      const spread = (t: Tensor): Tensor => t.reshape(along);
      const transformed = (centred: Tensor, variance: Tensor): Tensor =>
        centred.mul(rsqrt(variance.add(epsilon)).mul(spread(scale))).add(spread(shift));
      if (!mode.training) return [transformed(x.sub(spread(state.mean)), spread(state.variance)), state];
      const axes = along.flatMap((_, i) => (i === channel ? [] : [i]));
      const count = axes.reduce((n, i) => n * (x.shape[i] as number), 1);
      if (count < 2)
        throw new NablaError(
          "E-SHAPE",
          `batchNorm: in x of shape ${showShape(x.shape)} each channel has ${count} values, which have no variance`,
          "batches of two examples or more in training, leaving out the incomplete one; layerNorm or groupNorm",
        );
      const average = mean(x, { axis: axes, keepDims: true });
      const centred = x.sub(average);
      const variance = mean(centred.square(), { axis: axes, keepDims: true });
      const towards = (old: Tensor, batch: Tensor): Tensor =>
        convert(old.mul(1 - momentum).add(batch.reshape(old.shape).mul(momentum)), old.dtype);
      return [
        transformed(centred, variance),
        {
          mean: towards(state.mean, average),
          variance: towards(state.variance, variance.mul(count / (count - 1))),
        },
      ];
    },
  };
}
