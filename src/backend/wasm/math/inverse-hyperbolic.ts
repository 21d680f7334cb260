/**
 * Area functions as log(1 + t) with t kept as a pair:
 * asinh x: t = x + x²/(1 + √(1 + x²)); acosh x: t = (x − 1) + √((x − 1)(x + 1)); atanh x: t = 2x/(1 − x), halved.
 */
import { v128 } from "../encode.ts";
import { float64, type Vector } from "./lanes.ts";
import { logCore } from "./log.ts";
import { addPair, divPair, fastTwoSum, mulPair, normalized, type Pair, sqrtPair, twoProduct, twoSum } from "./pair.ts";
import { type Kernel, outOfLine, type Scope, widened } from "./scope.ts";

/** log(1 + t), or log(2·size) where size is beyond 2^30. */
function logOnePlus(k: Scope, t: Pair, size?: Vector): Vector {
  const { add, div, gt } = k.ops;
  const sum = twoSum(k, k.constant(1), t.hi);
  const small = k.let(div(add(sum.lo, t.lo), sum.hi));
  if (size === undefined) return logCore(k, sum.hi, small);
  const large = k.let(gt(size, k.constant(2 ** 30)));
  const x = k.let(k.pick(large, size, sum.hi));
  return logCore(k, x, k.let(v128.andnot(small, large)), k.let(k.only(large, k.constant(1))));
}

/** Beyond it 1 does not count beside x². */
const cut = (k: Scope, x: Vector): Vector => k.let(k.ops.pmin(x, k.constant(2 ** 31)));

const finiteOr = (k: Scope, x: Vector, y: Vector, otherwise: Vector): Vector =>
  k.pick(k.ops.lt(x, k.constant(Number.POSITIVE_INFINITY)), y, otherwise);

const asinhKernel: Kernel = (k, x) => {
  const { abs, lt } = k.ops;
  const size = k.let(abs(x));
  const a = cut(k, size);
  const square = twoProduct(k, a, a);
  const one: Pair = { hi: k.constant(1), lo: k.constant(0) };
  const root = sqrtPair(k, addPair(k, one, square));
  const quotient = divPair(k, square, addPair(k, one, root));
  const y = logOnePlus(k, addPair(k, { hi: a, lo: k.constant(0) }, quotient), size);
  const signed = v128.or(finiteOr(k, size, y, size), k.sign(x));
  return k.pick(lt(size, k.constant(2 ** -30)), x, signed);
};

const acoshKernel: Kernel = (k, x) => {
  const { lt } = k.ops;
  const a = cut(k, x);
  const below = twoSum(k, a, k.constant(-1));
  const above = twoSum(k, a, k.constant(1));
  const root = sqrtPair(k, mulPair(k, below, above));
  const sum = addPair(k, below, root);
  const y = logOnePlus(k, sum, x);
  return v128.or(finiteOr(k, x, y, x), lt(x, k.constant(1)));
};

const atanhKernel: Kernel = (k, x) => {
  const { abs, add, mul, lt, eq, neg, gt } = k.ops;
  const size = k.let(abs(x));
  const below = fastTwoSum(k, k.constant(1), k.let(neg(size)));
  const t = divPair(k, { hi: k.let(add(size, size)), lo: k.constant(0) }, normalized(k, below.hi, below.lo));
  const y = mul(logOnePlus(k, t), k.constant(0.5));
  const one = k.constant(1);
  const atPole = k.pick(eq(size, one), k.constant(Number.POSITIVE_INFINITY), y);
  const outside = v128.or(gt(size, one), k.ops.ne(x, x));
  const signed = v128.or(v128.or(atPole, k.sign(x)), outside);
  return k.pick(lt(size, k.constant(2 ** -30)), x, signed);
};

const asinhDouble = outOfLine("asinh", float64, asinhKernel);
const acoshDouble = outOfLine("acosh", float64, acoshKernel);
const atanhDouble = outOfLine("atanh", float64, atanhKernel);

export const asinh = { f32x4: widened("asinh", asinhDouble), f64x2: asinhDouble };
export const acosh = { f32x4: widened("acosh", acoshDouble), f64x2: acoshDouble };
export const atanh = { f32x4: widened("atanh", atanhDouble), f64x2: atanhDouble };
