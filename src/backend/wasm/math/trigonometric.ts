/** Sine, cosine and tangent of the reduced angle: minimax polynomials on |r| ≤ π/4. */
import { type FunctionBuilder, i32, type ModuleBuilder, v128 } from "../encode.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { fastTwoSum, twoProduct } from "./pair.ts";
import { moderateLimit, type ReducedAngle, reduceAngle } from "./reduce-angle.ts";
import { demote, inline, type Kernel, outOfLine, promote, Scope, type VectorFunction, widened } from "./scope.ts";

/** (sin r − r) / r³ and (cos r − 1 + r²/2) / r⁴ in r² (own Remez fits, errors below 2^-27 and 2^-57). */
const sineTail32 = [-0.16666667, 0.008333329, -0.00019839258, 2.7175665e-6];
const sineTail64 = [
  -0.16666666666666627, 0.0083333333333213, -0.00019841269828878852, 2.7557313358273267e-6, -2.505070429409373e-8,
  1.5893594073144307e-10,
];
const cosineTail32 = [0.041666668, -0.0013888883, 2.4799438e-5];
const cosineTail64 = [
  0.04166666666666659, -0.0013888888888872603, 2.480158728849419e-5, -2.7557314057015983e-7, 2.0875681922337277e-9,
  -1.1357445213602883e-11,
];

/** sin(r + lo) − r. */
function sineRest(k: Scope, r: Vector, z: Vector, lo?: Vector): Vector {
  const { add, sub, mul } = k.ops;
  const cubic = mul(mul(r, z), k.polynomial(z, k.either(sineTail32, sineTail64)));
  if (lo === undefined) return cubic;
  return add(cubic, sub(lo, mul(mul(z, k.constant(0.5)), lo)));
}

/** cos(r + lo) as a rounded 1 − r²/2 and the rest. */
function cosineParts(k: Scope, r: Vector, z: Vector, lo?: Vector): { hi: Vector; lo: Vector } {
  const { sub, mul, add } = k.ops;
  const half = k.let(mul(z, k.constant(0.5)));
  const hi = k.let(sub(k.constant(1), half));
  const quartic = mul(mul(z, z), k.polynomial(z, k.either(cosineTail32, cosineTail64)));
  const rest = lo === undefined ? quartic : sub(quartic, mul(r, lo));
  return { hi, lo: add(sub(sub(k.constant(1), hi), half), rest) };
}

/** Sine (turn = 0) or cosine (turn = 1) in the quadrant counted by integer lanes. */
function inQuadrant(k: Scope, r: Vector, lo: Vector | undefined, quadrant: Vector, turn: 0 | 1): Vector {
  const { add, mul } = k.ops;
  const { add: addInteger, sub, shl } = k.lanes.integer;
  const top = k.lanes.precision === 23 ? 31 : 63;
  const z = k.let(mul(r, r));
  const q = turn === 0 ? quadrant : k.let(addInteger(quadrant, k.bits(1n)));
  const sine = k.let(add(r, sineRest(k, r, z, lo)));
  const c = cosineParts(k, r, z, lo);
  const odd = sub(k.constant(0), v128.and(q, k.bits(1n)));
  const sign = shl(v128.and(q, k.bits(2n)), i32.const(top - 1));
  return v128.xor(k.pick(odd, add(c.hi, c.lo), sine), sign);
}

const keepTiny = (k: Scope, x: Vector, y: Vector): Vector =>
  k.pick(k.ops.lt(k.ops.abs(x), k.constant(2 ** -(k.lanes.precision / 2 + 2))), x, y);

const double =
  (turn: 0 | 1): Kernel =>
  (k, x) => {
    const angle = reduceAngle(k, x);
    const y = k.let(inQuadrant(k, angle.hi, angle.lo, angle.quadrant, turn));
    return turn === 0 ? k.pick(k.ops.lt(k.ops.abs(x), k.constant(2 ** -28)), x, y) : y;
  };

/** The low words of two vectors of 64-bit lanes, and two demoted halves likewise. */
const evenWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** Four float32 reduced in float64, where two pieces of π/2 are enough for |x| ≤ moderateLimit. */
function reduceSingle(k: Scope, module: ModuleBuilder, f: FunctionBuilder, x: Vector): { r: Vector; quadrant: Vector } {
  const wide = new Scope(module, f, float64);
  const { add, sub, mul } = wide.ops;
  const shift = wide.constant(1.5 * 2 ** 52);
  const [low, high] = promote(x).map((half) => {
    const y = wide.let(half);
    const t = wide.let(add(mul(y, wide.constant(2 / Math.PI)), shift));
    const n = wide.let(sub(t, shift));
    const first = sub(y, mul(n, wide.constant(1.5707963267341256)));
    return { t, r: wide.let(sub(first, mul(n, wide.constant(6.0771005065061926e-11)))) };
  }) as [{ t: Vector; r: Vector }, { t: Vector; r: Vector }];
  const quadrant = k.let(wide.finish(v128.shuffle(low.t, high.t, evenWords)));
  return { r: k.let(demote(low.r, high.r)), quadrant };
}

const single =
  (turn: 0 | 1, wide: VectorFunction): Kernel =>
  (k, x) => {
    const { abs, gt, lt } = k.ops;
    const { r, quadrant } = reduceSingle(k, k.module, k.f, x);
    const y = k.variable(inQuadrant(k, r, undefined, quadrant, turn));
    const size = k.let(abs(x));
    const infinity = k.constant(Number.POSITIVE_INFINITY);
    const huge = k.let(v128.and(gt(size, k.constant(moderateLimit)), lt(size, infinity)));
    k.whenAny(huge, () => {
      k.run(y.set(k.pick(huge, k.apply(wide, x), y.get)));
    });
    return turn === 0 ? keepTiny(k, x, y.get) : y.get;
  };

const sinDouble = outOfLine("sin", float64, double(0));
const cosDouble = outOfLine("cos", float64, double(1));

/** sin / cos, or −cos / sin, as quotients of two pairs. */
const tanKernel: Kernel = (k, x) => {
  const { abs, add, sub, mul, div, lt } = k.ops;
  const { hi: r, lo, quadrant }: ReducedAngle = reduceAngle(k, x);
  const z = k.let(mul(r, r));
  const s = fastTwoSum(k, r, k.let(sineRest(k, r, z, lo)));
  const parts = cosineParts(k, r, z, lo);
  const c = fastTwoSum(k, parts.hi, k.let(parts.lo));
  const odd = k.let(k.lanes.integer.sub(k.constant(0), v128.and(quadrant, k.bits(1n))));
  const above = { hi: k.let(k.pick(odd, c.hi, s.hi)), lo: k.pick(odd, c.lo, s.lo) };
  const below = { hi: k.let(k.pick(odd, s.hi, c.hi)), lo: k.pick(odd, s.lo, c.lo) };
  const q = k.let(div(above.hi, below.hi));
  const p = twoProduct(k, q, below.hi);
  const rest = add(sub(sub(above.hi, p.hi), p.lo), sub(above.lo, mul(q, below.lo)));
  const y = v128.xor(add(q, div(rest, below.hi)), k.only(odd, k.signBit));
  return k.pick(lt(abs(x), k.constant(2 ** -28)), x, k.let(y));
};

const tanDouble = outOfLine("tan", float64, tanKernel);

export const sin = { f32x4: inline(float32, single(0, widened("sin", sinDouble))), f64x2: sinDouble };
export const cos = { f32x4: inline(float32, single(1, widened("cos", cosDouble))), f64x2: cosDouble };
export const tan = { f32x4: widened("tan", tanDouble), f64x2: tanDouble };
