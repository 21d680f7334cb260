/** Activation functions of neural networks: those with a kink at 0, and what is composed of error function and sigmoid. */
import { hull, unknown } from "../base/interval.ts";
import type { Lane, Operation } from "../graph/operation.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { abs, add, div, equal, greater, logicalAnd, minimum, mul, notEqual, where } from "./arithmetic.ts";
import { atCorners, type ElementRule, increasing } from "./enclosure.ts";
import { elementary, erfc, exp, expm1, sigmoid } from "./math.ts";
import { type BinaryFunction, binary, convert } from "./record.ts";

/**
 * max(x, 0); slope 0 at 0.
 *
 * @example
 * relu([-1, 2]).toArray() // [0, 2]
 */
export const relu = elementary(
  "relu",
  "max(x, 0)",
  (x) => (x > 0 ? x : Number.isNaN(x) ? x : 0),
  (_, x) => convert(greater(x, 0), x.dtype),
  {
    undefinedAt: [
      { at: (x) => equal(x as Tensor, 0), why: "relu(x) has a kink at 0", convention: "0", sides: () => [0, 1] },
    ],
    exact: true,
    interval: increasing((x) => Math.max(x, 0), { ulps: 0 }),
    lower: (k, x) => k.max(x, k.constant(0, x.dtype)),
  },
);

/** Monotone in each input on either side of the knot. */
const withKnot =
  (knot: number, f: (x: number, y: number) => number, ulps: number): ElementRule =>
  (same, [low, high] = unknown, y = unknown) => {
    const rule = atCorners(f, { ulps });
    if (low >= knot || high <= knot) return rule(same, [low, high], y);
    return hull(rule(same, [low, knot], y), rule(same, [knot, high], y));
  };

/** The same with a second argument that may be left out. */
function withDefault(
  f: BinaryFunction,
  usual: number,
): ((x: TensorLike, parameter?: TensorLike) => Tensor) & { readonly operation: Operation } {
  return Object.assign((x: TensorLike, parameter: TensorLike = usual) => f(x, parameter), { operation: f.operation });
}

const leaky = binary({
  name: "leakyRelu",
  doc: "x where x > 0, slope · x elsewhere",
  evaluate: (x, slope) => ((x as number) > 0 ? x : (x as number) * (slope as number)) as number,
  partials: [(_, x, slope) => where(greater(x as Tensor, 0), 1, slope as Tensor), (_, x) => minimum(x as Tensor, 0)],
  undefinedAt: [
    {
      at: (x, slope) => logicalAnd(equal(x as Tensor, 0), notEqual(slope as Tensor, 1)),
      why: "leakyRelu(x) has a kink at 0",
      convention: "its slope below 0",
      sides: (_, slope) => [slope, 1],
    },
  ],
  // the corners' product is linear in each input on either side of 0
  interval: withKnot(0, (x, slope) => (x > 0 ? x : x * slope), 1),
  lower: (k, a, slope) => {
    const x = a as Lane;
    return k.select(k.less(k.constant(0, x.dtype), x), x, k.mul(x, slope as Lane));
  },
  ranges: [
    [0.1, 2],
    [0.1, 0.5],
  ],
  edges: [
    [0, 0.1],
    [-2, 0.1],
    [Number.NaN, 0.1],
    [-Infinity, 0.1],
  ],
});

/**
 * x above 0, slope · x below.
 *
 * @example
 * leakyRelu([-1, 2], 0.1).toArray() // [-0.1, 2]
 */
export const leakyRelu = withDefault(leaky, 0.01);

const exponentialUnit = binary({
  name: "elu",
  doc: "x where x > 0, alpha (eˣ − 1) elsewhere",
  evaluate: (x, alpha) => ((x as number) > 0 ? x : (alpha as number) * Math.expm1(x as number)) as number,
  partials: [
    (_, x, alpha) => where(greater(x as Tensor, 0), 1, mul(alpha as Tensor, exp(minimum(x as Tensor, 0)))),
    (_, x) => expm1(minimum(x as Tensor, 0)),
  ],
  undefinedAt: [
    {
      at: (x, alpha) => logicalAnd(equal(x as Tensor, 0), notEqual(alpha as Tensor, 1)),
      why: "elu(x) has a kink at 0 unless alpha is 1",
      convention: "its slope below 0, alpha",
      sides: (_, alpha) => [alpha, 1],
    },
  ],
  interval: withKnot(0, (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)), 8),
  lower: (k, a, alpha) => {
    const x = a as Lane;
    return k.select(k.less(k.constant(0, x.dtype), x), x, k.mul(alpha as Lane, k.call("expm1", x)));
  },
  ranges: [
    [0.1, 2],
    [0.5, 2],
  ],
  edges: [
    [0, 1],
    [-2, 0.5],
    [1000, 1],
    [Number.NaN, 1],
    [-Infinity, 1],
  ],
});

/**
 * x above 0, α(eˣ − 1) below (Clevert, Unterthiner and Hochreiter 2015).
 *
 * @example
 * elu([-Infinity, 2]).toArray() // [-1, 2]
 */
export const elu = withDefault(exponentialUnit, 1);

/**
 * x Φ(x), the exact form by erf (Hendrycks and Gimpel 2016).
 *
 * @example
 * gelu([0, 100]).toArray() // [0, 100]
 */
export const gelu = (x: TensorLike): Tensor => mul(mul(0.5, x), erfc(mul(-Math.SQRT1_2, x)));

/**
 * x σ(x), also called swish.
 *
 * @example
 * silu([0, 1000]).toArray() // [0, 1000]
 */
export const silu = (x: TensorLike): Tensor => mul(x, sigmoid(x));

/**
 * x / (1 + |x|).
 *
 * @example
 * softsign([-1, 3]).toArray() // [-0.5, 0.75]
 */
export const softsign = (x: TensorLike): Tensor => div(x, add(1, abs(x)));
