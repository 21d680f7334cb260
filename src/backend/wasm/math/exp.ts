/**
 * eˣ, 2ˣ, eˣ − 1: x = n·ln 2 + r with |r| ≤ ln 2 / 2, then a minimax polynomial in r.
 * Muller, "Elementary Functions", 3rd ed., ch. 11 (Cody–Waite reduction, scaling in two steps).
 */
import { i32 } from "../encode.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { fastTwoSum, twoSum } from "./pair.ts";
import { inline, type Kernel, type Scope } from "./scope.ts";

/** (eʳ − 1 − r) / r² on |r| ≤ 0.354, error 2^-28 and 2^-63 of eʳ (own Remez fit). */
const expTail32 = [0.49999994, 0.16666509, 0.041668523, 0.008370117, 0.0013811762];
const expTail64 = [
  0.5, 0.16666666666666688, 0.04166666666666598, 0.00833333333331437, 0.0013888888889152828, 0.00019841269903064933,
  2.480158688102447e-5, 2.755722813777875e-6, 2.7557602834159455e-7, 2.511438926154765e-8, 2.082465955938248e-9,
];

/** Adding it rounds to an integer n and leaves n + bias in the low bits. */
export const roundingConstant = (k: Scope): Vector => k.constant(1.5 * 2 ** k.lanes.precision + k.lanes.bias);

/** 2ⁿ of a float that `roundingConstant` was added to, −bias < n ≤ bias. */
export const powerOfTwo = (k: Scope, shifted: Vector): Vector =>
  k.lanes.integer.shl(shifted, i32.const(k.lanes.precision));

/** y·2ⁿ with at most one rounding, −2·bias < n ≤ 2·bias. */
export function scale(k: Scope, y: Vector, n: Vector): Vector {
  const { add, sub, mul } = k.ops;
  const shift = roundingConstant(k);
  const half = k.let(add(mul(n, k.constant(0.5)), shift));
  const rest = add(sub(n, sub(half, shift)), shift);
  return mul(mul(y, powerOfTwo(k, half)), powerOfTwo(k, rest));
}

/** x − n·ln 2 as hi − lo, unrounded. */
function reduce(k: Scope, x: Vector): { n: Vector; hi: Vector; lo: Vector } {
  const { add, sub, mul } = k.ops;
  const shift = k.constant(1.5 * 2 ** k.lanes.precision);
  const n = k.let(sub(add(mul(x, k.constant(Math.LOG2E)), shift), shift));
  return { n, ...remainder(k, x, n) };
}

function remainder(k: Scope, x: Vector, n: Vector): { hi: Vector; lo: Vector } {
  const { sub, mul } = k.ops;
  const hi = k.let(sub(x, mul(n, k.constant(k.either(0.693145751953125, 0.6931471805598903)))));
  const lo = mul(n, k.constant(k.either(1.428606765330187e-6, 5.497923018708371e-14)));
  return { hi, lo };
}

const tail = (k: Scope, r: Vector): Vector =>
  k.ops.mul(k.ops.mul(r, r), k.polynomial(r, k.either(expTail32, expTail64)));

/** e^(x + low)·2^offset = fraction·2ⁿ; the range of x stays within that of `scale`. */
export function expParts(k: Scope, x: Vector, low?: Vector): { readonly fraction: Vector; readonly n: Vector } {
  const { add, sub } = k.ops;
  const { n, hi, lo } = reduce(k, clamped(k, x));
  if (low === undefined) {
    const r = k.let(sub(hi, lo));
    return { n, fraction: add(add(tail(k, r), r), k.constant(1)) };
  }
  const r = twoSum(k, hi, k.let(sub(low, lo)));
  const one = fastTwoSum(k, k.constant(1), r.hi);
  return { n, fraction: add(one.hi, add(one.lo, add(r.lo, tail(k, r.hi)))) };
}

/** Beyond these, e^x and e^x / 2 overflow or vanish all the same. NaN stays. */
const clamped = (k: Scope, x: Vector): Vector =>
  k.let(k.ops.pmax(k.ops.pmin(x, k.constant(k.either(91, 712))), k.constant(k.either(-105, -747))));

export const expKernel: Kernel = (k, x) => {
  const { fraction, n } = expParts(k, x);
  return scale(k, fraction, n);
};

/** eˣ / 2, which overflows later than eˣ. */
export function halfExp(k: Scope, x: Vector): Vector {
  const { fraction, n } = expParts(k, x);
  return k.let(scale(k, fraction, k.let(k.ops.sub(n, k.constant(1)))));
}

/** eˣ where neither it nor 2ⁿ comes near overflow or underflow. */
export function moderateExp(k: Scope, x: Vector): Vector {
  const { add, sub, mul } = k.ops;
  const shift = roundingConstant(k);
  const shifted = k.let(add(mul(x, k.constant(Math.LOG2E)), shift));
  const { hi, lo } = remainder(k, x, k.let(sub(shifted, shift)));
  const r = k.let(sub(hi, lo));
  return mul(powerOfTwo(k, shifted), add(add(tail(k, r), r), k.constant(1)));
}

const exp2Kernel: Kernel = (k, x) => {
  const { add, sub, mul, pmin, pmax } = k.ops;
  const shift = k.constant(1.5 * 2 ** k.lanes.precision);
  const within = k.let(pmax(pmin(x, k.constant(k.either(129, 1025))), k.constant(k.either(-151, -1077))));
  const n = k.let(sub(add(within, shift), shift));
  const r = k.let(mul(sub(within, n), k.constant(Math.LN2)));
  return scale(k, add(add(tail(k, r), r), k.constant(1)), n);
};

/** 2ⁿ(1 + p) − 1 with p = eʳ − 1 kept as two floats; halved while 2ⁿ may overflow. */
const expm1Kernel: Kernel = (k, x) => {
  const { add, sub, mul, abs, lt, neg, pmin, pmax } = k.ops;
  const within = k.let(pmax(pmin(x, k.constant(k.either(89, 710))), k.constant(k.either(-30, -60))));
  const { n, hi, lo } = reduce(k, within);
  const r = fastTwoSum(k, hi, neg(lo));
  const low = k.let(add(r.lo, tail(k, r.hi)));
  const half = k.let(powerOfTwo(k, add(sub(n, k.constant(1)), roundingConstant(k))));
  const sum = twoSum(k, k.let(sub(half, k.constant(0.5))), k.let(mul(half, r.hi)));
  const y = k.let(add(sum.hi, add(sum.lo, mul(half, low))));
  return k.pick(lt(abs(x), k.constant(2 ** -(k.lanes.precision + 3))), x, add(y, y));
};

export const exp = { f32x4: inline(float32, expKernel), f64x2: inline(float64, expKernel) };
export const exp2 = { f32x4: inline(float32, exp2Kernel), f64x2: inline(float64, exp2Kernel) };
export const expm1 = { f32x4: inline(float32, expm1Kernel), f64x2: inline(float64, expm1Kernel) };
