/**
 * Random numbers from keys, as in JAX: a function of its key, without a state. All of it is integer operations and
 * exactly rounded arithmetic, so a key gives the same bits on every backend and machine, compiled or not.
 */
import { isFloat, isInteger } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { broadcastShapes, checkShape, type Shape, sameShape, showShape } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import { constant, Tensor, type TensorLike } from "../graph/tensor.ts";
import { add, floor, less, minimum, mul, neg, shiftRight } from "./arithmetic.ts";
import { take } from "./gather.ts";
import { reshape, slice } from "./movement.ts";
import { exactLog, normalQuantile } from "./random/exact.ts";
import { draw, streams } from "./random/threefry.ts";
import { computeIn, convert } from "./record.ts";
import { argmax } from "./reduce.ts";
import { argsort } from "./sort.ts";

export { exactLog, normalQuantile } from "./random/exact.ts";
export { randomBitsOperation, threefry } from "./random/threefry.ts";

/** The dtype of what is drawn. */
export interface RandomOptions {
  /** float64 (default) or float32. */
  readonly dtype?: "float64" | "float32";
}

function floatType(what: string, options: RandomOptions): "float64" | "float32" {
  checkOptions(what, options, '{ dtype: "float32" }; a shape is a list');
  const { dtype = "float64" } = options;
  if (isFloat(dtype)) return dtype;
  throw new NablaError(
    "E-DTYPE",
    `${what}: there are no random floats of dtype ${String(dtype)}`,
    '"float64" or "float32"',
  );
}

function checkKey(what: string, given: Tensor): Tensor {
  if (given instanceof Tensor && given.dtype === "uint32" && given.shape.at(-1) === 2) return given;
  const got = given instanceof Tensor ? `${given.dtype}${showShape(given.shape)}` : typeof given;
  throw new NablaError("E-DTYPE", `${what}: the key is ${got}, not a key`, "random.key(seed)");
}

/** Element i of the last axis, which goes. */
const lastAxis = (t: Tensor, i: number): Tensor =>
  reshape(slice(t, [...t.shape.slice(0, -1).map(() => null), [i, i + 1]]), t.shape.slice(0, -1));

/**
 * A key from a whole number of at most 53 bits. The same seed gives the same numbers, always.
 *
 * @example
 * random.uniform(random.key(42), [3]).shape // [3]
 */
function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed)) {
    throw new NablaError(
      "E-OPTION",
      `random.key: the seed ${seed} is no whole number of at most 53 bits`,
      "an integer such as 42",
    );
  }
  return constant(Uint32Array.of(Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0), [2]);
}

/**
 * n keys whose streams are independent of each other and of the key's own. Use each key once.
 *
 * @example
 * random.split(random.key(0), 3).length // 3
 */
function split(parent: Tensor, n = 2): Tensor[] {
  const from = checkKey("random.split", parent);
  const [count] = checkShape("random.split", n) as [number];
  const keys = draw(from, [count, 2], streams.split);
  const front = keys.shape.slice(0, -2);
  return Array.from({ length: count }, (_, i) =>
    reshape(slice(keys, [...front.map(() => null), [i, i + 1]]), [...front, 2]),
  );
}

/**
 * A key from a key and a number, e.g. that of a step: integers from 0 to 2³² − 1, which may be a traced tensor.
 *
 * @example
 * random.foldIn(random.key(0), 7).shape // [2]
 */
function foldIn(parent: Tensor, data: TensorLike): Tensor {
  const from = checkKey("random.foldIn", parent);
  if (typeof data === "number" && !(Number.isInteger(data) && data >= 0 && data < 2 ** 32)) {
    throw new NablaError("E-OPTION", `random.foldIn: ${data} is no integer from 0 to 2³² − 1`, "the number of a step");
  }
  const number = toTensor("random.foldIn", data);
  if (number.size !== 1 || (typeof data !== "number" && !isInteger(number.dtype))) {
    throw new NablaError(
      "E-DTYPE",
      `random.foldIn: the number is ${number.dtype}${showShape(number.shape)}, not one integer`,
      'cast(n, "uint32") of one number',
    );
  }
  // Encrypted before and after: related keys and numbers do not meet.
  const mixed = draw(from, [2], streams.fold);
  const word = mul(constant(Uint32Array.of(0, 1), [2]), convert(reshape(number, []), "uint32"));
  return draw(add(mixed, word), [2], streams.fold);
}

/**
 * 32 random bits an element, uint32.
 *
 * @example
 * random.bits(random.key(0), [2]).dtype // "uint32"
 */
const bits = (from: Tensor, shape: Shape | number = []): Tensor =>
  draw(checkKey("random.bits", from), checkShape("random.bits", shape));

/** `count` ≤ 53 random bits an element, as a whole number in float64. */
function whole(from: Tensor, shape: Shape, count: number): Tensor {
  const words = draw(from, [...shape, 2]);
  const high = convert(shiftRight(lastAxis(words, 0), constant(Uint32Array.of(5), [])), "float64");
  const low = convert(shiftRight(lastAxis(words, 1), constant(Uint32Array.of(59 - count), [])), "float64");
  return add(mul(high, 2 ** (count - 27)), low);
}

/** Multiples of 2⁻⁵³ in [0, 1). */
const fraction = (from: Tensor, shape: Shape): Tensor => mul(whole(from, shape, 53), 2 ** -53);
/** Odd multiples of 2⁻⁵³ in (0, 1), symmetric about ½. */
const inside = (from: Tensor, shape: Shape): Tensor => mul(add(whole(from, shape, 52), 0.5), 2 ** -52);

/** The greatest number of the dtype below x: its bits, read as an integer, are the next to those of x. */
function below(x: number, dtype: "float64" | "float32"): number {
  if (dtype === "float64") {
    if (x === 0) return -Number.MIN_VALUE;
    const value = Float64Array.of(x);
    const pattern = new BigInt64Array(value.buffer);
    pattern[0] = (pattern[0] as bigint) + (x > 0 ? -1n : 1n);
    return value[0] as number;
  }
  const value = Float32Array.of(x);
  const rounded = value[0] as number;
  if (rounded < x) return rounded;
  if (rounded === 0) return -(2 ** -149);
  const pattern = new Int32Array(value.buffer);
  pattern[0] = (pattern[0] as number) + (rounded > 0 ? -1 : 1);
  return value[0] as number;
}

export interface UniformOptions extends RandomOptions {
  /** Included; default 0. */
  readonly low?: number;
  /** Not included, unless it is low; default 1. */
  readonly high?: number;
}

/**
 * Numbers of [low, high): 53 random bits for float64, 24 for float32.
 *
 * @example
 * random.uniform(random.key(1), [2, 3], { low: -1 }).shape // [2, 3]
 */
function uniform(from: Tensor, shape: Shape | number = [], options: UniformOptions = {}): Tensor {
  const what = "random.uniform";
  const dtype = floatType(what, options);
  const { low = 0, high = 1 } = options;
  if (!(low <= high && Number.isFinite(high - low))) {
    throw new NablaError("E-OPTION", `${what}: low is ${low}, high is ${high}`, "finite numbers, low ≤ high");
  }
  const dims = checkShape(what, shape);
  const parent = checkKey(what, from);
  const unit =
    dtype === "float64"
      ? fraction(parent, dims)
      : mul(convert(shiftRight(draw(parent, dims), constant(Uint32Array.of(8), [])), dtype), 2 ** -24);
  if (low === 0 && high === 1) return unit;
  const moved = add(mul(unit, high - low), low);
  // Rounding may reach high.
  return low < high ? minimum(moved, below(high, dtype)) : moved;
}

/**
 * Numbers of the standard normal distribution, by its quantiles at 2⁵² equally likely places. To shift and scale,
 * compute with them: derivatives flow through mean and deviation.
 *
 * @example
 * add(3, mul(0.5, random.normal(random.key(2), [100]))).shape // [100]
 */
function normal(from: Tensor, shape: Shape | number = [], options: RandomOptions = {}): Tensor {
  const dtype = floatType("random.normal", options);
  return convert(normalQuantile(inside(checkKey("random.normal", from), checkShape("random.normal", shape))), dtype);
}

/** Numbers of the exponential distribution with mean 1. */
function exponential(from: Tensor, shape: Shape | number = [], options: RandomOptions = {}): Tensor {
  const dtype = floatType("random.exponential", options);
  const u = inside(checkKey("random.exponential", from), checkShape("random.exponential", shape));
  return convert(neg(exactLog(u)), dtype);
}

/** Numbers of the standard Gumbel distribution, −log(−log u). */
function gumbel(from: Tensor, shape: Shape | number = [], options: RandomOptions = {}): Tensor {
  const dtype = floatType("random.gumbel", options);
  const u = inside(checkKey("random.gumbel", from), checkShape("random.gumbel", shape));
  return convert(neg(exactLog(neg(exactLog(u)))), dtype);
}

/** The shape to draw, into which that of the parameter must broadcast. */
function drawnShape(what: string, shape: Shape | number | undefined, parameter: Shape): Shape {
  if (shape === undefined) return parameter;
  const dims = checkShape(what, shape);
  if (sameShape(broadcastShapes(what, [dims, parameter]), dims)) return dims;
  throw new NablaError(
    "E-SHAPE",
    `${what}: the parameters have shape ${showShape(parameter)}, more than ${showShape(dims)}`,
    "a shape to which they broadcast",
  );
}

/**
 * true with probability p, which broadcasts.
 *
 * @example
 * random.bernoulli(random.key(3), 0.25, [4]).dtype // "bool"
 */
function bernoulli(from: Tensor, p: TensorLike = 0.5, shape?: Shape | number): Tensor {
  const chance = toTensor("random.bernoulli", p);
  const dims = drawnShape("random.bernoulli", shape, chance.shape);
  return less(fraction(checkKey("random.bernoulli", from), dims), convert(chance, "float64"));
}

/**
 * Classes with probabilities proportional to exp(logits) along the last axis, int32: where logits plus Gumbel noise
 * are greatest.
 *
 * @example
 * random.categorical(random.key(4), [0, -Infinity, 1], { shape: [5] }).shape // [5]
 */
function categorical(from: Tensor, logits: TensorLike, options: { readonly shape?: Shape | number } = {}): Tensor {
  const what = "random.categorical";
  checkOptions(what, options, "{ shape: [5] }");
  const given = toTensor(what, logits);
  const t = convert(given, computeIn(what, "float", given.dtype));
  const classes = t.shape.at(-1);
  if (classes === undefined || classes === 0) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: logits of shape ${showShape(t.shape)} name no classes`,
      "logits with a last axis of at least one class",
    );
  }
  const dims = drawnShape(what, options.shape, t.shape.slice(0, -1));
  return argmax(add(convert(t, "float64"), gumbel(checkKey(what, from), [...dims, classes])), { axis: -1 });
}

/**
 * Integers of low, …, high − 1, int32.
 *
 * @example
 * random.integers(random.key(5), [2], 1, 7).dtype // "int32"
 */
function integers(from: Tensor, shape: Shape | number, low: number, high: number): Tensor {
  if (!(Number.isInteger(low) && Number.isInteger(high) && low < high && low >= -(2 ** 31) && high <= 2 ** 31)) {
    throw new NablaError(
      "E-OPTION",
      `random.integers: low is ${low}, high is ${high}`,
      "integers of 32 bits, low < high",
    );
  }
  const u = fraction(checkKey("random.integers", from), checkShape("random.integers", shape));
  return convert(add(floor(mul(u, high - low)), low), "int32");
}

/**
 * 0, …, n − 1 in random order, int32; or the rows of a tensor in random order.
 *
 * @example
 * random.permutation(random.key(6), 10).shape // [10]
 */
function permutation(from: Tensor, x: number | Tensor | readonly number[]): Tensor {
  const what = "random.permutation";
  const t = typeof x === "number" ? undefined : toTensor(what, x as TensorLike);
  const n = t === undefined ? checkShape(what, x)[0] : t.shape[0];
  if (n === undefined)
    throw new NablaError(
      "E-SHAPE",
      `${what}: a scalar has no rows to reorder`,
      "random.permutation(key, n), or a tensor with rows",
    );
  const order = argsort(fraction(checkKey(what, from), [n]));
  return t === undefined ? order : take(t, order);
}

/**
 * Random numbers from keys: a key gives the same numbers each time, on every machine, compiled or not; `split` makes new
 * keys of one (Salmon, Moraes, Dror and Shaw 2011, Threefry-2×32).
 *
 * @example
 * const [a, b] = random.split(random.key(7));
 * random.normal(a, [2, 3]).shape // [2, 3]
 * random.permutation(b, 4).sum().item() // 6
 */
export const random = {
  key,
  split,
  foldIn,
  bits,
  uniform,
  normal,
  exponential,
  gumbel,
  bernoulli,
  categorical,
  integers,
  permutation,
} as const;
