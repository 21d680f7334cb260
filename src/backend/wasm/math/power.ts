/**
 * xʸ = e^(y·log x) with the logarithm and the product in pairs, as y·log x may reach 745 and its
 * absolute error becomes a relative one. The special values are those of JavaScript.
 */
import { v128 } from "../encode.ts";
import { expParts, scale } from "./exp.ts";
import { float64, type Vector } from "./lanes.ts";
import { decompose, logCore } from "./log.ts";
import { addPair, divPair, fastTwoSum, mulPair, type Pair, scalePair, twoProduct, twoSum } from "./pair.ts";
import { type Kernel, outOfLine, type Scope, widened } from "./scope.ts";

/** (2 artanh s − 2s − ⅔s³ − ⅖s⁵) / s⁷ in s² on |s| ≤ 0.1717, error 2^-72 of artanh (own Remez fit). */
const artanhTail = [
  0.28571428571433205, 0.22222222219994667, 0.18181818608286324, 0.1538457266962625, 0.13335773024289166,
  0.1168482263997042, 0.1191292479413411,
];

/** log x for positive finite x, to about 2^-68. */
function logPair(k: Scope, x: Vector): Pair {
  const { add, sub, mul } = k.ops;
  const { m, e } = decompose(k, x);
  const f = k.let(sub(m, k.constant(1)));
  const s = divPair(k, { hi: f, lo: k.constant(0) }, fastTwoSum(k, k.constant(2), f));
  const z = mulPair(k, s, s);
  const constant = (hi: number, lo: number): Pair => ({ hi: k.constant(hi), lo: k.constant(lo) });
  const tail = k.let(mul(z.hi, k.polynomial(z.hi, artanhTail)));
  const inner = addPair(k, constant(0.4, -2.2204460492503132e-17), { hi: tail, lo: k.constant(0) });
  const outer = addPair(k, constant(0.6666666666666666, 3.700743415417188e-17), mulPair(k, z, inner));
  const cubic = mulPair(k, mulPair(k, z, s), outer);
  const logM = addPair(k, scalePair(k, s, k.constant(2)), cubic);
  // The high part of ln 2 has 42 bits: its product with e is exact.
  const high = twoSum(k, k.let(mul(e, k.constant(0.6931471805598903))), logM.hi);
  return fastTwoSum(k, high.hi, k.let(add(high.lo, add(logM.lo, mul(e, k.constant(5.497923018708371e-14))))));
}

const powerOfSize: Kernel = (k, size, y) => {
  const { abs, add, lt, mul, pmin, pmax } = k.ops;
  // Any size other than 1 has |log| > 2^-54: beyond 2^66 the result has overflowed or vanished.
  const within = k.let(pmax(pmin(y, k.constant(2 ** 66)), k.constant(-(2 ** 66))));
  const l = logPair(k, size);
  const p = twoProduct(k, within, l.hi);
  const { hi, lo } = fastTwoSum(k, p.hi, k.let(add(p.lo, mul(within, l.lo))));
  // Where eʰⁱ overflows or vanishes anyway, lo may be large.
  const low = k.let(k.only(lt(abs(hi), k.constant(1000)), lo));
  const { fraction, n } = expParts(k, hi, low);
  return scale(k, fraction, n);
};

/** float32: y·log x in float64 is exact enough. */
const powerOfSizeSingle: Kernel = (k, size, y) => {
  const { fraction, n } = expParts(k, k.let(k.ops.mul(y, logCore(k, size))));
  return scale(k, fraction, n);
};

const power =
  (body: Kernel): Kernel =>
  (k, x, y) => {
    const { abs, eq, ge, gt, ne, floor, mul } = k.ops;
    const zero = k.constant(0);
    const one = k.constant(1);
    const infinity = k.constant(Number.POSITIVE_INFINITY);
    const size = k.let(abs(x));
    const general = body(k, size, y);
    // |x| in {0, ∞} or |y| = ∞: ∞ where |x| > 1 and y > 0 or |x| < 1 and y < 0, else 0; 1^±∞ is NaN.
    const extreme = v128.or(v128.or(eq(size, zero), eq(size, infinity)), eq(abs(y), infinity));
    const shrinks = v128.xor(gt(size, one), gt(y, zero));
    const limit = k.pick(eq(size, one), k.constant(Number.NaN), v128.andnot(infinity, shrinks));
    const value = k.let(k.pick(extreme, limit, general));
    const whole = k.let(eq(floor(y), y));
    const half = k.let(mul(y, k.constant(0.5)));
    const odd = v128.andnot(whole, eq(floor(half), half));
    const signed = v128.or(value, v128.and(k.sign(x), odd));
    const real = v128.or(whole, v128.or(ge(x, zero), eq(size, infinity)));
    const nan = v128.or(v128.not(real), v128.or(ne(x, x), ne(y, y)));
    return k.pick(eq(y, zero), one, v128.or(signed, nan));
  };

const powDouble = outOfLine("pow", float64, power(powerOfSize));
const powSingle = outOfLine("powSingle", float64, power(powerOfSizeSingle));

export const pow = { f32x4: widened("pow", powSingle), f64x2: powDouble };
