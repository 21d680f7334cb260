/** Convolution and pooling: products and reductions over sliding windows. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { div } from "./arithmetic.ts";
import { contract } from "./contraction.ts";
import { pad, reshape, transpose } from "./movement.ts";
import { max, sum } from "./reduce.ts";
import { windows } from "./windows.ts";

type PerAxis<T> = T | readonly T[];

/** How windows lie on x: a number for all axes, or one an axis. */
export interface ConvolutionOptions {
  /** Step of the window, default 1. */
  readonly stride?: PerAxis<number>;
  /** Distance of neighbouring elements of the window, default 1. */
  readonly dilation?: PerAxis<number>;
  /** Zeros on both sides, or `[before, after]`; "same": size/stride, rounded up; default "valid": none. */
  readonly padding?: "valid" | "same" | number | readonly (number | readonly [number, number])[];
  /** Channels fall into this many groups that do not see each other, default 1. */
  readonly groups?: number;
}

const each = (what: string, value: PerAxis<number> | undefined, axes: number, least = 1): number[] => {
  const list =
    value === undefined
      ? new Array<number>(axes).fill(1)
      : typeof value === "number"
        ? new Array<number>(axes).fill(value)
        : [...value];
  if (list.length !== axes || !list.every((n) => Number.isInteger(n) && n >= least)) {
    throw new NablaError(
      "E-OPTION",
      `${what}: expected ${axes} integers ≥ ${least}, got ${JSON.stringify(value)}`,
      `one such integer, or a list of ${axes}`,
    );
  }
  return list;
};

function paddingOf(
  what: string,
  option: ConvolutionOptions["padding"],
  sizes: readonly number[],
  reach: readonly number[],
  stride: readonly number[],
): [number, number][] {
  if (option === undefined || option === "valid") return sizes.map(() => [0, 0]);
  if (option === "same") {
    return sizes.map((n, i) => {
      const [r, s] = [reach[i] as number, stride[i] as number];
      const total = Math.max(0, (Math.ceil(n / s) - 1) * s + r - n);
      return [total >> 1, total - (total >> 1)];
    });
  }
  const list = typeof option === "number" ? sizes.map(() => option) : Array.isArray(option) ? option : [];
  const pairs = list.map((p): [number, number] => (typeof p === "number" ? [p, p] : [p[0], p[1]]));
  if (pairs.length !== sizes.length || !pairs.flat().every((n) => Number.isInteger(n) && n >= 0)) {
    throw new NablaError(
      "E-OPTION",
      `${what}: padding is "valid", "same" or ${sizes.length} widths ≥ 0, got ${JSON.stringify(option)}`,
      "a number, or [before, after] for each axis",
    );
  }
  return pairs;
}

/** x [.., n₁, …] padded and cut into windows: [.., out₁, …, k₁, …]. */
function windowed(
  what: string,
  x: Tensor,
  window: readonly number[],
  options: ConvolutionOptions,
  value: number,
): Tensor {
  const axes = window.length;
  const first = x.rank - axes;
  const stride = each(`${what} stride`, options.stride, axes);
  const dilation = each(`${what} dilation`, options.dilation, axes);
  const reach = window.map((k, i) => (k - 1) * (dilation[i] as number) + 1);
  const pads = paddingOf(what, options.padding, x.shape.slice(first), reach, stride);
  const t = pads.every(([a, b]) => a === 0 && b === 0)
    ? x
    : pad(x, [...x.shape.slice(0, first).map((): [number, number] => [0, 0]), ...pads], value);
  return windows(
    t,
    window.map((_, i) => first + i),
    window,
    { step: stride, dilation },
  );
}

/** Products of fewer columns waste blocks: smaller images lie side by side in one product. */
const fewPlaces = 16;

function convolve(
  what: string,
  input: TensorLike,
  kernel: TensorLike,
  options: ConvolutionOptions,
  axes: 1 | 2,
): Tensor {
  const x = toTensor(what, input);
  const w = toTensor(what, kernel);
  checkOptions(what, options, "{ stride: 2 }");
  const { groups = 1 } = options;
  if (x.rank !== axes + 2 || w.rank !== axes + 2) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: x is ${showShape(x.shape)} and w ${showShape(w.shape)}, expected [batch, channels, ${axes === 1 ? "n" : "rows, columns"}] and [out, channels / groups, ${axes === 1 ? "k" : "k, k"}]`,
      "reshape or expandDims for what is missing",
    );
  }
  const [batch, channels] = x.shape as [number, number];
  const [out, perGroup, ...window] = w.shape as [number, number, ...number[]];
  if (!Number.isInteger(groups) || groups < 1 || channels !== perGroup * groups || out % groups !== 0) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: ${channels} channels in ${groups} groups do not fit w of shape ${showShape(w.shape)}`,
      "w of shape [out, channels / groups, …], out a multiple of groups",
    );
  }
  const cut = windowed(what, x, window, options, 0);
  const places = cut.shape.slice(2, 2 + axes);
  const grouped = reshape(cut, [batch, groups, perGroup, ...cut.shape.slice(2)]);
  const taps = window.map((_, i) => 3 + axes + i);
  const spots = window.map((_, i) => 3 + i);
  const inner = 1 + axes;
  if (sizeOf(places) < fewPlaces) {
    const weights = reshape(w, [groups, out / groups, perGroup, ...window]);
    const product = contract([weights, transpose(grouped, [1, 2, ...taps, 0, ...spots])], { batch: 1, inner });
    const imagesFirst = transpose(product, [2, 0, 1, ...window.map((_, i) => 3 + i)]);
    return reshape(imagesFirst, [batch, out, ...places]);
  }
  // Images are a batch that shares the weights: the result lies in their order, whose rows are the product's.
  const weights = reshape(w, [1, groups, out / groups, perGroup, ...window]);
  const product = contract([weights, transpose(grouped, [0, 1, 2, ...taps, ...spots])], { batch: 2, inner });
  return reshape(product, [batch, out, ...places]);
}

/**
 * Cross-correlation, the convolution of neural networks: x [batch, channels, n], w [out, channels/groups, k].
 *
 * @example
 * conv1d([[[1, 2, 4, 8]]], [[[-1, 1]]]).toArray() // [[[1, 2, 4]]]
 */
export const conv1d = (x: TensorLike, w: TensorLike, options: ConvolutionOptions = {}): Tensor =>
  convolve("conv1d", x, w, options, 1);
/**
 * x [batch, channels, rows, columns], w [out, channels/groups, k, k].
 *
 * @example
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).toArray() // [[[[4, 4], [4, 4]]]]
 */
export const conv2d = (x: TensorLike, w: TensorLike, options: ConvolutionOptions = {}): Tensor =>
  convolve("conv2d", x, w, options, 2);

/** The stride is the window by default. */
export type PoolOptions = Pick<ConvolutionOptions, "stride" | "padding">;

function pooled(
  what: string,
  x: TensorLike,
  size: PerAxis<number>,
  options: PoolOptions,
  axes: number,
  value: number,
): { cut: Tensor; last: number[]; count: number } {
  checkOptions(what, options, "{ stride: 2 }");
  const t = toTensor(what, x);
  if (t.rank < axes)
    throw new NablaError(
      "E-SHAPE",
      `${what}: ${showShape(t.shape)} has fewer than ${axes} axes`,
      "expandDims for what is missing",
    );
  const window = each(`${what} size`, size, axes);
  const cut = windowed(what, t, window, { stride: window, ...options }, value);
  return { cut, last: window.map((_, i) => i - axes), count: window.reduce((n, k) => n * k, 1) };
}

const maxPool =
  (axes: 1 | 2) =>
  (x: TensorLike, size: PerAxis<number>, options: PoolOptions = {}): Tensor => {
    const { cut, last } = pooled(`maxPool${axes}d`, x, size, options, axes, -Infinity);
    return max(cut, { axis: last });
  };
const averagePool =
  (axes: 1 | 2) =>
  (x: TensorLike, size: PerAxis<number>, options: PoolOptions = {}): Tensor => {
    const { cut, last, count } = pooled(`averagePool${axes}d`, x, size, options, axes, 0);
    return div(sum(cut, { axis: last }), count);
  };

/**
 * The greatest element of each window of the last axis; the stride is the window by default.
 *
 * @example
 * maxPool1d([1, 3, 2, 0], 2).toArray() // [3, 2]
 */
export const maxPool1d = maxPool(1);
/**
 * The same over the last two axes.
 *
 * @example
 * maxPool2d([[1, 2], [3, 4]], 2).toArray() // [[4]]
 */
export const maxPool2d = maxPool(2);

/**
 * The mean of each window; padding counts as zeros.
 *
 * @example
 * averagePool1d([1, 3, 2, 0], 2).toArray() // [2, 1]
 */
export const averagePool1d = averagePool(1);

/**
 * The same over the last two axes.
 *
 * @example
 * averagePool2d([[1, 2], [3, 4]], 2).toArray() // [[2.5]]
 */
export const averagePool2d = averagePool(2);
