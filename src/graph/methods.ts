/**
 * The operations that a tensor has as methods, `x.mul(2).add(1).sum()`: each is the function of the same name with the
 * tensor as its first argument. ops/methods.ts puts them in place.
 */
import type { DType } from "../base/dtype.ts";
import type { Axes, Shape } from "../base/shape.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** Which axes a reduction takes. */
export interface ReduceOptions {
  /** The axes to reduce; all by default. Negative ones count from the end. */
  readonly axis?: Axes;
  /** Keeps the reduced axes with size 1. */
  readonly keepDims?: boolean;
}

/** Which norm, over which axes. */
export interface NormOptions extends ReduceOptions {
  /** 1, 2 (default), Infinity or any p > 0. */
  readonly order?: number;
}

/** Which axis is sorted, in which direction. */
export interface SortOptions {
  /** Default: the last. */
  readonly axis?: number;
  readonly descending?: boolean;
}

/** One axis of a slice, as Python's start:stop:step; null for the default. */
export type Range = readonly [start?: number | null, stop?: number | null, step?: number | null] | null;

type Unary = () => Tensor;
type Binary = (y: TensorLike) => Tensor;
type Reduction = (options?: ReduceOptions) => Tensor;
type Deviation = (options?: ReduceOptions & { readonly correction?: number }) => Tensor;
type ArgReduction = (options?: { readonly axis?: number; readonly keepDims?: boolean }) => Tensor;
type Cumulation = (options?: { readonly axis?: number; readonly reverse?: boolean }) => Tensor;
type AlongAxis = (options?: { readonly axis?: number }) => Tensor;

/** What tensors inherit. */
export interface TensorMethods {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly neg: Unary;
  readonly abs: Unary;
  readonly sign: Unary;
  readonly maximum: Binary;
  readonly minimum: Binary;
  readonly equal: Binary;
  readonly notEqual: Binary;
  readonly less: Binary;
  readonly lessEqual: Binary;
  readonly greater: Binary;
  readonly greaterEqual: Binary;
  readonly mod: Binary;
  readonly rem: Binary;
  readonly clip: (low: TensorLike, high: TensorLike) => Tensor;
  readonly cast: (dtype: DType) => Tensor;
  readonly square: Unary;
  readonly reciprocal: Unary;
  readonly floor: Unary;
  readonly ceil: Unary;
  readonly round: Unary;
  readonly logicalNot: Unary;
  readonly logicalAnd: Binary;
  readonly logicalOr: Binary;
  readonly exp: Unary;
  readonly expm1: Unary;
  readonly log: Unary;
  readonly log1p: Unary;
  readonly sqrt: Unary;
  readonly pow: Binary;
  readonly sin: Unary;
  readonly cos: Unary;
  readonly tan: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly softplus: Unary;
  readonly relu: Unary;
  readonly erf: Unary;
  readonly sum: Reduction;
  readonly mean: Reduction;
  readonly prod: Reduction;
  readonly max: Reduction;
  readonly min: Reduction;
  readonly argmax: ArgReduction;
  readonly argmin: ArgReduction;
  readonly any: Reduction;
  readonly all: Reduction;
  readonly cumsum: Cumulation;
  readonly variance: Deviation;
  readonly std: Deviation;
  readonly norm: (options?: NormOptions) => Tensor;
  readonly logsumexp: Reduction;
  readonly softmax: AlongAxis;
  readonly logSoftmax: AlongAxis;
  readonly reshape: (shape: Shape | number) => Tensor;
  readonly transpose: (axes?: readonly number[]) => Tensor;
  readonly broadcastTo: (shape: Shape) => Tensor;
  readonly flatten: Unary;
  readonly slice: (ranges: readonly Range[]) => Tensor;
  readonly squeeze: (axis?: Axes) => Tensor;
  readonly matmul: Binary;
  readonly take: (index: TensorLike, options?: { readonly axis?: number }) => Tensor;
  readonly at: (...indices: readonly TensorLike[]) => Tensor;
  readonly sort: (options?: SortOptions) => Tensor;
  readonly trunc: Unary;
  readonly floorDivide: Binary;
  readonly isNaN: Unary;
  readonly isFinite: Unary;
  readonly logicalXor: Binary;
  readonly log2: Unary;
  readonly log10: Unary;
  readonly cbrt: Unary;
  readonly asin: Unary;
  readonly acos: Unary;
  readonly atan: Unary;
  readonly sinh: Unary;
  readonly cosh: Unary;
  readonly erfc: Unary;
  readonly cumprod: Cumulation;
  readonly diagonal: Unary;
  readonly expandDims: (axis: number | readonly number[]) => Tensor;
  readonly flip: (axis?: Axes) => Tensor;
  readonly matrixTranspose: Unary;
  readonly moveAxis: (from: number, to: number) => Tensor;
  readonly pad: (widths: readonly (readonly [number, number])[], value?: number) => Tensor;
  readonly repeat: (times: number, axis?: number) => Tensor;
  readonly roll: (shift: number, axis?: number) => Tensor;
  readonly split: (parts: number | readonly number[], axis?: number) => Tensor[];
  readonly swapAxes: (a: number, b: number) => Tensor;
  readonly tile: (repeats: readonly number[] | number) => Tensor;
  readonly dot: Binary;
  readonly takeAlongAxis: (index: TensorLike, axis?: number) => Tensor;
  readonly argsort: (options?: SortOptions) => Tensor;
  readonly topK: (k: number) => { readonly values: Tensor; readonly indices: Tensor };
}
