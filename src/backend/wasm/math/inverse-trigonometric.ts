/** Arc sine, cosine and tangent: minimax polynomials, with the reduced argument kept as a pair. */
import { v128 } from "../encode.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { fastTwoSum, sqrtPair, twoProduct } from "./pair.ts";
import { inline, type Kernel, outOfLine, type Scope, type VectorFunction, widened } from "./scope.ts";

/** (asin x − x) / x³ in x² on |x| ≤ ½, errors 2^-27 and 2^-59 (own Remez fit). */
const asinTail32 = [0.16666754, 0.07495223, 0.045480523, 0.024126546, 0.0422603];
const asinTail64 = [
  0.16666666666666766, 0.07499999999969412, 0.044642857175975145, 0.0303819426407144, 0.022372216919397916,
  0.01735157662739792, 0.013981252328595367, 0.011395321392034618, 0.010800687891380611, 0.003628099052930289,
  0.021900630279238126, -0.02127610910654415, 0.03280412845427856,
];

/** (atan x − x) / x³ in x² on |x| ≤ √2 − 1, error 2^-59. */
const atanTail = [
  -0.3333333333333319, 0.1999999999995228, -0.14285714280057693, 0.1111111077618538, -0.09090897539750242,
  0.07692056191526354, -0.06663056751077981, 0.05847534364025059, -0.05037659270853492, 0.03802164351287143,
  -0.017859055069154164,
];

/**
 * asin s = s + rest for s = |x| ≤ ½; beyond, s = √((1 − |x|)/2), where asin |x| = π/2 − 2 asin s.
 * The rest holds the rounding error of the square root.
 */
function reduced(k: Scope, x: Vector): { s: Vector; rest: Vector; far: Vector } {
  const { abs, add, sub, mul, gt } = k.ops;
  const size = k.let(abs(x));
  const far = k.let(gt(size, k.constant(0.5)));
  const halved = k.let(mul(sub(k.constant(1), size), k.constant(0.5)));
  const z = k.let(k.pick(far, halved, mul(x, x)));
  const root = sqrtPair(k, { hi: halved, lo: k.constant(0) });
  const s = k.let(k.pick(far, root.hi, size));
  const cubic = mul(mul(s, z), k.polynomial(z, k.either(asinTail32, asinTail64)));
  return { s, rest: k.let(add(cubic, k.only(far, root.lo))), far };
}

const halfPi = (k: Scope): { hi: Vector; lo: Vector } => ({
  hi: k.constant(Math.PI / 2),
  lo: k.constant(k.either(-4.3711390001862426e-8, 6.123233995736766e-17)),
});

const asinKernel: Kernel = (k, x) => {
  const { add, sub, neg } = k.ops;
  const { s, rest, far } = reduced(k, x);
  const quarter = halfPi(k);
  const sum = fastTwoSum(k, quarter.hi, k.let(neg(add(s, s))));
  const beyond = add(sum.hi, sub(add(sum.lo, quarter.lo), add(rest, rest)));
  return v128.or(k.pick(far, beyond, add(s, rest)), k.sign(x));
};

const acosKernel: Kernel = (k, x) => {
  const { add, sub, lt, neg } = k.ops;
  const { s, rest, far } = reduced(k, x);
  const negative = k.let(lt(x, k.constant(0)));
  // π/2 − asin x, 2 asin s, or π − 2 asin s: a base minus a signed term.
  const quarter = halfPi(k);
  const base = (part: Vector, twice: Vector) => k.let(k.pick(far, k.only(negative, twice), part));
  const hi = base(quarter.hi, k.let(add(quarter.hi, quarter.hi)));
  const lo = base(quarter.lo, k.let(add(quarter.lo, quarter.lo)));
  const flip = k.let(v128.and(v128.xor(far, negative), k.signBit));
  const factor = (value: Vector) => v128.xor(k.pick(far, add(value, value), value), flip);
  const sum = fastTwoSum(k, hi, k.let(neg(factor(s))));
  return add(sum.hi, add(sum.lo, sub(lo, factor(rest))));
};

/**
 * The angle of (x, y). With q = min/max of |x| and |y| as a pair: atan q for q ≤ √2 − 1, else
 * π/4 + atan((q − 1)/(q + 1)); then reflections, all of them as m·π/4 ± atan t.
 */
const atan2Kernel: Kernel = (k, y, x) => {
  const { abs, add, sub, mul, div, eq, ne, gt, lt } = k.ops;
  const zero = k.constant(0);
  const one = k.constant(1);
  const a = k.let(abs(y));
  const b = k.let(abs(x));
  const steep = k.let(gt(a, b));
  const num = k.let(k.pick(steep, b, a));
  const den = k.let(k.pick(steep, a, b));
  const same = eq(num, den);
  const q = k.let(k.pick(same, k.only(gt(den, zero), one), div(num, den)));
  // The rounding error of q, from operands scaled so that no product overflows or vanishes.
  const down = k.only(gt(den, k.constant(2 ** 500)), k.constant(2 ** -600));
  const up = k.only(lt(den, k.constant(2 ** -400)), k.constant(2 ** 600));
  const factor = k.let(v128.or(down, up));
  const scaleBy = k.let(k.pick(eq(factor, zero), one, factor));
  const d = k.let(mul(den, scaleBy));
  const p = twoProduct(k, q, d);
  const error = div(sub(sub(mul(num, scaleBy), p.hi), p.lo), d);
  const known = v128.and(gt(q, k.constant(2 ** -60)), lt(q, one));
  const ql = k.let(k.only(known, error));
  const middle = k.let(gt(q, k.constant(Math.SQRT2 - 1)));
  const above = fastTwoSum(k, k.constant(-1), q);
  const below = fastTwoSum(k, one, q);
  const t1 = k.let(div(above.hi, below.hi));
  const p1 = twoProduct(k, t1, below.hi);
  const rest = add(sub(sub(above.hi, p1.hi), p1.lo), sub(add(above.lo, ql), mul(t1, add(below.lo, ql))));
  const t = k.let(k.pick(middle, t1, q));
  const tl = k.let(k.pick(middle, div(rest, below.hi), ql));
  const z = k.let(mul(t, t));
  const cubic = add(sub(tl, mul(tl, z)), mul(mul(t, z), k.polynomial(z, atanTail)));
  const left = k.let(lt(v128.or(k.sign(x), one), zero));
  const m1 = k.only(middle, one);
  const m2 = k.let(k.pick(steep, sub(k.constant(2), m1), m1));
  const m = k.let(k.pick(left, sub(k.constant(4), m2), m2));
  const flip = k.let(v128.and(v128.xor(steep, left), k.signBit));
  const sum = fastTwoSum(k, k.let(mul(m, k.constant(0.7853981633974483))), k.let(v128.xor(t, flip)));
  const low = add(v128.xor(cubic, flip), mul(m, k.constant(3.061616997868383e-17)));
  const angle = add(sum.hi, add(sum.lo, low));
  const nan = v128.or(ne(x, x), ne(y, y));
  return v128.or(v128.or(angle, k.sign(y)), nan);
};

const atan2Double = outOfLine("atan2", float64, atan2Kernel);
const atanDouble: VectorFunction = outOfLine("atan", float64, (k, x) => {
  const angle = k.apply(atan2Double, x, k.constant(1));
  return k.pick(k.ops.lt(k.ops.abs(x), k.constant(2 ** -30)), x, angle);
});

export const asin = { f32x4: inline(float32, asinKernel), f64x2: outOfLine("asin", float64, asinKernel) };
export const acos = { f32x4: inline(float32, acosKernel), f64x2: outOfLine("acos", float64, acosKernel) };
export const atan2 = { f32x4: widened("atan2", atan2Double), f64x2: atan2Double };
export const atan = { f32x4: widened("atan", atanDouble), f64x2: atanDouble };
