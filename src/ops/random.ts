/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy
 * as 1, 2, 3"). A key is a pair of words; splitting it gives independent streams.
 */
import { allocate, type DType } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkShape, type Shape, sizeOf } from "../base/shape.ts";
import { erfinv } from "../base/special.ts";
import { constant, type Tensor } from "../graph/tensor.ts";

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** One block: 64 bits out of a key of 64 bits and a counter of 64 bits. */
export function threefry(k0: number, k1: number, c0: number, c1: number): readonly [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bda] as const;
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const r = rotations[round % 8] as number;
    x = (x + y) | 0;
    y = ((y << r) | (y >>> (32 - r))) ^ x;
    if (round % 4 === 3) {
      const i = (round + 1) / 4;
      x = (x + (keys[i % 3] as number)) | 0;
      y = (y + (keys[(i + 1) % 3] as number) + i) | 0;
    }
  }
  return [x >>> 0, y >>> 0];
}

export interface RandomOptions {
  /** float64 (default) or float32. */
  readonly dtype?: "float64" | "float32";
}

function words(what: string, key: Tensor): readonly [number, number] {
  if (key.dtype !== "uint32" || key.size !== 2)
    throw new NablaError("E-DTYPE", `${what}: the key is ${key.dtype}[${key.shape}], not a key`, "random.key(seed)");
  if (key.level > 0 && key.operation.kind === "leaf" && key.cached === undefined) {
    throw new NablaError(
      "E-LIMIT",
      `${what}: random numbers cannot be drawn inside a traced function yet`,
      "drawing them outside and passing them as an argument",
    );
  }
  const [a, b] = key.data as Uint32Array;
  return [a as number, b as number];
}

function fill(
  what: string,
  key: Tensor,
  shape: Shape | number,
  dtype: DType,
  draw: (high: number, low: number) => number,
): Tensor {
  const dims = checkShape(what, shape);
  const data = allocate(dtype, sizeOf(dims));
  const [a, b] = words(what, key);
  for (let i = 0; i < data.length; i++) data[i] = draw(...threefry(a, b, 0, i));
  return constant(data, dims, dtype);
}

/** 53 (or 24) random bits as a fraction in [0, 1). */
const fraction = (dtype: DType, high: number, low: number): number =>
  dtype === "float32" ? (high >>> 8) / 2 ** 24 : ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;

/** A key from a whole number. */
function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed))
    throw new NablaError("E-OPTION", `random.key: the seed ${seed} is no whole number of at most 53 bits`);
  return constant(Uint32Array.of(Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0), [2]);
}

/** n keys whose streams are independent of each other and of the key's own. */
function split(parent: Tensor, n = 2): Tensor[] {
  const [a, b] = words("random.split", parent);
  return Array.from({ length: n }, (_, i) => constant(Uint32Array.from(threefry(a, b, 1, i)), [2]));
}

/** Numbers of [low, high). */
function uniform(
  from: Tensor,
  shape: Shape | number = [],
  options: RandomOptions & { readonly low?: number; readonly high?: number } = {},
): Tensor {
  const { low = 0, high = 1, dtype = "float64" } = options;
  return fill("random.uniform", from, shape, dtype, (x, y) => low + (high - low) * fraction(dtype, x, y));
}

/** Numbers of the standard normal distribution, by the inverse of its distribution function. */
function normal(from: Tensor, shape: Shape | number = [], { dtype = "float64" }: RandomOptions = {}): Tensor {
  return fill(
    "random.normal",
    from,
    shape,
    dtype,
    (x, y) => Math.SQRT2 * erfinv(2 * ((fraction("float64", x, y) * 2 ** 53 + 0.5) / 2 ** 53) - 1),
  );
}

/** true with probability p. */
function bernoulli(from: Tensor, p = 0.5, shape: Shape | number = []): Tensor {
  return fill("random.bernoulli", from, shape, "bool", (x, y) => (fraction("float64", x, y) < p ? 1 : 0));
}

/** 0 … n − 1 in random order (Fisher and Yates). */
function permutation(from: Tensor, n: number): Tensor {
  const order = Int32Array.from({ length: checkShape("random.permutation", n)[0] as number }, (_, i) => i);
  const [a, b] = words("random.permutation", from);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(fraction("float64", ...threefry(a, b, 0, i)) * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return constant(order, [order.length]);
}

export const random = { key, split, uniform, normal, bernoulli, permutation } as const;
