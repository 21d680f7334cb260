/** Pooling: what is left of an image when its places are summed up. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { averagePool1d, averagePool2d, maxPool1d, maxPool2d, type PoolOptions } from "../ops/convolve.ts";
import { mean } from "../ops/reduce.ts";
import { checkCount, fixed, type Layer, type Nothing } from "./layer.ts";

type Pool = (x: Tensor, size: number | readonly number[], options?: PoolOptions) => Tensor;

const pooling =
  (name: string, pool: Pool) =>
  (size: number | readonly number[], options: PoolOptions = {}): Layer<Nothing, Nothing> => {
    for (const n of typeof size === "number" ? [size] : size) checkCount(name, "elements along a window", n);
    checkOptions(name, options, `${name}(3, { stride: 2 })`);
    return fixed(`${name}(${size})`, (x) => pool(x, size, options));
  };

/**
 * The greatest element of each window of the last axis, [batch, channels, n]; the stride is the window by default.
 *
 * @example
 * maxPooling1d(2).apply({ parameters: {}, state: {} }, tensor([[[1, 3, 2, 0]]]))[0].toArray() // [[[3, 2]]]
 */
export const maxPooling1d = pooling("maxPooling1d", maxPool1d);

/**
 * The greatest element of each window of the last two axes, [batch, channels, rows, columns].
 *
 * @example
 * maxPooling2d(2).apply({ parameters: {}, state: {} }, ones([1, 3, 8, 8]))[0].shape // [1, 3, 4, 4]
 */
export const maxPooling2d = pooling("maxPooling2d", maxPool2d);

/**
 * The mean of each window of the last axis; padding counts as zeros.
 *
 * @example
 * averagePooling1d(2).apply({ parameters: {}, state: {} }, tensor([[[1, 3, 2, 0]]]))[0].toArray() // [[[2, 1]]]
 */
export const averagePooling1d = pooling("averagePooling1d", averagePool1d);

/**
 * The mean of each window of the last two axes; padding counts as zeros.
 *
 * @example
 * averagePooling2d(2).apply({ parameters: {}, state: {} }, ones([1, 3, 8, 8]))[0].shape // [1, 3, 4, 4]
 */
export const averagePooling2d = pooling("averagePooling2d", averagePool2d);

/**
 * The mean over all places of each channel: [batch, channels, …] → [batch, channels].
 *
 * @example
 * globalAveragePooling().apply({ parameters: {}, state: {} }, ones([2, 3, 4, 4]))[0].shape // [2, 3]
 */
export const globalAveragePooling = (): Layer<Nothing, Nothing> =>
  fixed("globalAveragePooling", (x) => {
    if (x.rank < 3)
      throw new NablaError(
        "E-SHAPE",
        `globalAveragePooling: ${showShape(x.shape)} has no places`,
        "x of shape [batch, channels, …]",
      );
    return mean(x, { axis: x.shape.slice(2).map((_, i) => i + 2) });
  });
