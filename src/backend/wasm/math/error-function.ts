/**
 * erf by an odd polynomial near 0; farther out erfc x = e^(−x²)·W(t)/(1 + 2x), t = (x − 3)/(x + 3), with
 * W a minimax polynomial and x² kept as a pair. The form with 1 + 2x follows Shepherd and Laframboise,
 * "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", 1981.
 */

import { erfcxCoefficients, erfTail } from "../../../base/special-coefficients.ts";
import { v128 } from "../encode.ts";
import { expKernel, expParts, scale } from "./exp.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { fastTwoSum, twoProduct } from "./pair.ts";
import { inline, type Kernel, outOfLine, type Scope, widened } from "./scope.ts";

/** erf(x)/x − 1 in x² on |x| ≤ 1, error 2^-29, and −log erfc x on 1 ≤ x ≤ 4, error 2^-35 of erf (own Remez fits). */
const erfTail32 = [0.12837917, -0.37612626, 0.112835914, -0.026854014, 0.005188614, -0.00080118456, 7.856471e-5];
const minusLogErfc32 = [
  -0.0001880329, 1.1295784, 0.63321996, 0.10841852, -0.02520822, 0.004204549, -0.0004413339, 2.168665e-5,
];

/** Below it, erf by the odd polynomial. */
const limit = 0.65;

function near(k: Scope, x: Vector, coefficients: readonly number[]): Vector {
  const { add, mul } = k.ops;
  return add(x, mul(x, k.polynomial(k.let(mul(x, x)), coefficients)));
}

/** erfc x for x ≥ 0.62. */
function far(k: Scope, x: Vector): Vector {
  const { add, sub, mul, div, neg, pmin } = k.ops;
  const a = k.let(pmin(x, k.constant(28)));
  const t = k.let(div(sub(a, k.constant(3)), add(a, k.constant(3))));
  const factor = k.let(div(k.polynomial(t, erfcxCoefficients), add(add(a, a), k.constant(1))));
  const square = twoProduct(k, a, a);
  const { fraction, n } = expParts(k, k.let(neg(square.hi)), k.let(neg(square.lo)));
  return k.let(scale(k, mul(fraction, factor), n));
}

const erfDoubleKernel: Kernel = (k, x) => {
  const { abs, sub, lt } = k.ops;
  const size = k.let(abs(x));
  const beyond = v128.or(sub(k.constant(1), far(k, size)), k.sign(x));
  return k.pick(lt(size, k.constant(limit)), k.let(near(k, x, erfTail)), beyond);
};

const erfcKernel: Kernel = (k, x) => {
  const { abs, add, sub, lt, neg } = k.ops;
  const size = k.let(abs(x));
  const tail = far(k, size);
  const beyond = k.pick(lt(x, k.constant(0)), sub(k.constant(2), tail), tail);
  // 1 − x − (erf x − x), with the rounding error of the first difference.
  const sum = fastTwoSum(k, k.constant(1), k.let(neg(x)));
  const rest = k.ops.mul(x, k.polynomial(k.let(k.ops.mul(x, x)), erfTail));
  const close = k.let(add(sum.hi, sub(sum.lo, rest)));
  return k.pick(lt(size, k.constant(limit)), close, k.let(beyond));
};

const erfSingleKernel: Kernel = (k, x) => {
  const { abs, neg, sub, lt, pmin } = k.ops;
  const size = k.let(abs(x));
  const a = k.let(pmin(size, k.constant(4)));
  const tail = expKernel(k, k.let(neg(k.polynomial(a, minusLogErfc32))), size);
  const beyond = v128.or(sub(k.constant(1), tail), k.sign(x));
  return k.pick(lt(size, k.constant(1)), k.let(near(k, x, erfTail32)), k.let(beyond));
};

const erfcDouble = outOfLine("erfc", float64, erfcKernel);
export const erf = {
  f32x4: inline(float32, erfSingleKernel),
  f64x2: outOfLine("erf", float64, erfDoubleKernel),
};
export const erfc = { f32x4: widened("erfc", erfcDouble), f64x2: erfcDouble };
