/** Tensors from numbers. */
import { allocate, checkDType, type DType } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { checkShape, type Shape, showShape } from "../base/shape.ts";
import { describe, toTensor } from "../graph/convert.ts";
import { constant, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { convert } from "./record.ts";

/** The dtype of what is made; float64 by default. */
export interface CreateOptions {
  readonly dtype?: DType;
}

/**
 * A tensor from a number, nested arrays (float64; booleans: bool) or a typed array (its own dtype), copied.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).shape // [2, 2]
 */
export function tensor(value: TensorLike, options: CreateOptions & { readonly shape?: Shape } = {}): Tensor {
  checkOptions("tensor", options, '{ dtype: "float32", shape: [2, 3] }');
  const dtype = options.dtype === undefined ? undefined : checkDType("tensor", options.dtype);
  const plain = toTensor("tensor", value, dtype);
  const t = dtype === undefined ? plain : convert(plain, dtype);
  if (options.shape === undefined) return t;
  const shape = checkShape("tensor", options.shape);
  if (shape.reduce((n, s) => n * s, 1) !== t.size) {
    throw new NablaError(
      "E-SHAPE",
      `tensor: ${t.size} elements do not fill shape ${showShape(shape)}`,
      "a shape whose sizes multiply to the number of elements",
    );
  }
  return constant(t.data, shape, t.dtype);
}

function dtypeFrom(what: string, options: CreateOptions): DType {
  checkOptions(what, options, '{ dtype: "float32" }; a shape is a list');
  return checkDType(what, options.dtype ?? "float64");
}

/**
 * An array of one value.
 *
 * @example
 * full([2, 2], 7).toArray() // [[7, 7], [7, 7]]
 */
export function full(shape: Shape | number, value: number, options: CreateOptions = {}): Tensor {
  if (typeof value !== "number" && typeof value !== "boolean")
    throw new NablaError(
      "E-VALUE",
      `full: the value is ${describe(value)}`,
      "a number; broadcastTo(x, shape) for a tensor",
    );
  return filled(value, checkShape("full", shape), dtypeFrom("full", options));
}

/**
 * An array of zeros.
 *
 * @example
 * zeros([2]).toArray() // [0, 0]
 */
export const zeros = (shape: Shape | number, options: CreateOptions = {}): Tensor => full(shape, 0, options);

/**
 * An array of ones.
 *
 * @example
 * ones(3).toArray() // [1, 1, 1]
 */
export const ones = (shape: Shape | number, options: CreateOptions = {}): Tensor => full(shape, 1, options);

/**
 * Zeros with the shape and dtype of x.
 *
 * @example
 * zerosLike([[1, 2]]).toArray() // [[0, 0]]
 */
export const zerosLike = (x: TensorLike): Tensor => likeOf(x, 0);

/**
 * Ones with the shape and dtype of x.
 *
 * @example
 * onesLike([[1, 2]]).toArray() // [[1, 1]]
 */
export const onesLike = (x: TensorLike): Tensor => likeOf(x, 1);
function likeOf(x: TensorLike, value: number): Tensor {
  const t = toTensor("zerosLike", x);
  return filled(value, t.shape, t.dtype);
}

/**
 * The identity matrix, or an n × m matrix with ones on its diagonal.
 *
 * @example
 * eye(2).toArray() // [[1, 0], [0, 1]]
 */
export function eye(n: number, m: number = n, options: CreateOptions = {}): Tensor {
  const dtype = dtypeFrom("eye", options);
  const shape = checkShape("eye", [n, m]);
  const data = allocate(dtype, n * m);
  for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = 1;
  return constant(data, shape, dtype);
}

/**
 * start, start + step, … below stop; `arange(n)` counts from 0. Integers give int32 only if asked for.
 *
 * @example
 * arange(1, 2, 0.25).toArray() // [1, 1.25, 1.5, 1.75]
 */
export function arange(start: number, stop?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || !Number.isFinite(to - from) || !Number.isFinite(step)) {
    throw new NablaError(
      "E-OPTION",
      `arange: from ${from} to ${to} by ${step} is no finite range`,
      "finite numbers and a step other than 0",
    );
  }
  const dtype = dtypeFrom("arange", options);
  const data = allocate(dtype, Math.max(0, Math.ceil((to - from) / step)));
  for (let i = 0; i < data.length; i++) data[i] = from + i * step;
  return constant(data, [data.length], dtype);
}

/**
 * `count` numbers from start to stop, both included.
 *
 * @example
 * linspace(0, 1, 3).toArray() // [0, 0.5, 1]
 */
export function linspace(start: number, stop: number, count = 50, options: CreateOptions = {}): Tensor {
  const dtype = dtypeFrom("linspace", options);
  const data = allocate(dtype, checkShape("linspace", count)[0] as number);
  for (let i = 0; i < data.length; i++) {
    data[i] = i > 0 && i === data.length - 1 ? stop : start + (i * (stop - start)) / Math.max(1, data.length - 1);
  }
  return constant(data, [data.length], dtype);
}
