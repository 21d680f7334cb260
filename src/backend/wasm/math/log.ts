/**
 * Logarithms: x = 2ᵉ·m with m in [√½, √2), log m = 2 artanh(s), s = f / (2 + f), f = m − 1.
 * The arrangement of the sum follows the analysis of fdlibm's e_log.c (Sun Microsystems, 1993):
 * log m = f − (f²/2 − s·(f²/2 + R(s²))).
 */
import { i32, v128 } from "../encode.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { twoSum } from "./pair.ts";
import { inline, type Kernel, outOfLine, type Scope, widened } from "./scope.ts";

/** (2 artanh(s) − 2s) / s³ in s² on |s| ≤ 0.1717, error 2^-37 and 2^-59 (own Remez fit). */
const artanhTail32 = [0.6666666, 0.40000337, 0.2853721, 0.23584166];
const artanhTail64 = [
  0.6666666666666735, 0.3999999999941057, 0.2857142874342672, 0.22222198453826575, 0.18183571178663196,
  0.15313859150154063, 0.14798019284196554,
];

export interface Decomposed {
  /** In [√½, √2). */
  readonly m: Vector;
  readonly e: Vector;
}

/** x = 2ᵉ·m for positive finite x, subnormal ones too. */
export function decompose(k: Scope, x: Vector): Decomposed {
  const { lt, mul, sub } = k.ops;
  const { precision, bias, smallestNormal, integer } = k.lanes;
  const grow = precision + 2;
  const small = k.let(lt(x, k.constant(smallestNormal)));
  const scaled = k.pick(small, mul(x, k.constant(2 ** grow)), x);
  const rootHalf = k.either(0x3f3504f3n, 0x3fe6a09e667f3bcdn);
  const one = BigInt(bias) << BigInt(precision);
  const shifted = k.let(integer.add(scaled, k.bits(one - rootHalf)));
  const counted = v128.or(integer.shrU(shifted, i32.const(precision)), k.constant(2 ** precision));
  const origin = k.pick(small, k.constant(2 ** precision + bias + grow), k.constant(2 ** precision + bias));
  const e = k.let(sub(counted, origin));
  const fraction = v128.and(shifted, k.bits((1n << BigInt(precision)) - 1n));
  return { m: k.let(integer.add(fraction, k.bits(rootHalf))), e };
}

/** The pieces of log m: f, f²/2 and s·(f²/2 + R), whose alternating sum it is. */
function pieces(k: Scope, m: Vector): { f: Vector; halfSquare: Vector; rest: Vector } {
  const { add, sub, mul, div } = k.ops;
  const f = k.let(sub(m, k.constant(1)));
  const s = k.let(div(f, add(f, k.constant(2))));
  const z = k.let(mul(s, s));
  const halfSquare = k.let(mul(mul(f, f), k.constant(0.5)));
  const r = mul(z, k.polynomial(z, k.either(artanhTail32, artanhTail64)));
  return { f, halfSquare, rest: mul(s, add(halfSquare, r)) };
}

/** log(x) + e·log 2 + small for positive finite x. */
export function logCore(k: Scope, x: Vector, small?: Vector, extraExponent?: Vector): Vector {
  const { add, sub, mul } = k.ops;
  const { m, e: own } = decompose(k, x);
  const e = extraExponent === undefined ? own : k.let(add(own, extraExponent));
  const { f, halfSquare, rest } = pieces(k, m);
  const scaled = mul(e, k.constant(k.either(1.428606765330187e-6, 5.497923018708371e-14)));
  const low = small === undefined ? scaled : add(scaled, small);
  const high = mul(e, k.constant(k.either(0.693145751953125, 0.6931471805598903)));
  return k.let(sub(high, sub(sub(halfSquare, add(rest, low)), f)));
}

/** log 0 = −∞, NaN below, ∞ and NaN as they are. */
function withSpecialValues(k: Scope, x: Vector, y: Vector): Vector {
  const { lt, eq } = k.ops;
  const zero = k.constant(0);
  const negative = v128.or(y, lt(x, zero));
  const finite = k.pick(lt(x, k.constant(Number.POSITIVE_INFINITY)), negative, x);
  return k.pick(eq(x, zero), k.constant(Number.NEGATIVE_INFINITY), finite);
}

export const logKernel: Kernel = (k, x) => withSpecialValues(k, x, logCore(k, x));

/** log(u) + c/u with u + c = 1 + x exactly. */
const log1pKernel: Kernel = (k, x) => {
  const { div, lt } = k.ops;
  const u = twoSum(k, k.constant(1), x);
  const y = logCore(k, u.hi, k.let(div(u.lo, u.hi)));
  const tiny = lt(k.ops.abs(x), k.constant(2 ** -(k.lanes.precision + 2)));
  return k.pick(tiny, x, withSpecialValues(k, u.hi, y));
};

/** Log to another base with f − f²/2 cut to 21 bits, so that its product with the cut 1/ln b is exact. */
const toBase =
  (inverse: { high: number; low: number }, perExponent: { high: number; low: number }): Kernel =>
  (k, x) => {
    const { add, sub, mul } = k.ops;
    const { m, e } = decompose(k, x);
    const { f, halfSquare, rest } = pieces(k, m);
    const hi = k.let(v128.and(sub(f, halfSquare), k.bits(~0xffffffffn)));
    const lo = k.let(add(sub(sub(f, hi), halfSquare), rest));
    const high = k.let(mul(hi, k.constant(inverse.high)));
    const exponent = k.let(mul(e, k.constant(perExponent.high)));
    const sum = twoSum(k, exponent, high);
    const product = add(mul(add(lo, hi), k.constant(inverse.low)), mul(lo, k.constant(inverse.high)));
    const low = add(product, mul(e, k.constant(perExponent.low)));
    return withSpecialValues(k, x, k.let(add(sum.hi, add(sum.lo, low))));
  };

const log2Kernel = toBase({ high: 1.4426946640014648, low: 3.768874985636099e-7 }, { high: 1, low: 0 });
const log10Kernel = toBase(
  { high: 0.4342944622039795, low: 1.9699272335463627e-8 },
  { high: 0.30102999566361177, low: 3.694239077158931e-13 },
);

export const log = { f32x4: inline(float32, logKernel), f64x2: inline(float64, logKernel) };
export const log1p = { f32x4: inline(float32, log1pKernel), f64x2: inline(float64, log1pKernel) };
const log2Double = outOfLine("log2", float64, log2Kernel);
export const log2 = { f32x4: widened("log2", log2Double), f64x2: log2Double };
const log10Double = outOfLine("log10", float64, log10Kernel);
export const log10 = { f32x4: widened("log10", log10Double), f64x2: log10Double };
