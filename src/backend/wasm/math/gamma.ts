/**
 * log |Γ| and the polygamma functions, float64.
 * Near 1 and 2 a minimax polynomial, otherwise Stirling's series after shifting the argument up, and
 * the reflection formulas below 0 (Abramowitz and Stegun 6.1.17, 6.1.41, 6.3.7, 6.3.18, 6.4).
 */

import { digammaSeries, eulerMaclaurin, lgammaNearTwo, stirlingSeries } from "../../../base/special-coefficients.ts";
import { v128 } from "../encode.ts";
import { float64, type Vector } from "./lanes.ts";
import { log } from "./log.ts";
import { pow } from "./power.ts";
import { type Kernel, outOfLine, type Scope, widened } from "./scope.ts";
import { sin, tan } from "./trigonometric.ts";

const logDouble = outOfLine("logCall", float64, (k, x) => log.f64x2(k.module, k.f, x));

/** log Γ(x) for x ≥ 0. */
const positiveLgamma: Kernel = (k, x) => {
  const { add, sub, mul, div, ge, gt, lt } = k.ops;
  const one = k.constant(1);
  const large = k.let(ge(x, k.constant(8)));
  // Γ(x) = (x − 1)(x − 2)…Γ(y) with y in [1.5, 2.5], or Γ(x) = Γ(x + 1)/x, Γ(x + 2)/(x(x + 1)).
  const y = k.variable(x);
  const product = k.variable(one);
  k.whileAny(
    () => v128.andnot(gt(y.get, k.constant(2.5)), large),
    (active) => {
      k.run(y.set(k.pick(active, sub(y.get, one), y.get)));
      k.run(product.set(k.pick(active, mul(product.get, y.get), product.get)));
    },
  );
  const low = k.let(lt(x, k.constant(1.5)));
  const lowest = k.let(lt(x, k.constant(0.5)));
  const step = k.pick(lowest, k.constant(0), k.pick(low, one, k.constant(2)));
  const t = k.let(sub(y.get, step));
  const below = mul(x, k.pick(lowest, add(x, one), one));
  const argument = k.pick(large, x, k.pick(low, below, product.get));
  const l = k.apply(logDouble, k.let(argument));
  const close = add(mul(t, k.polynomial(t, lgammaNearTwo)), v128.xor(l, k.only(low, k.signBit)));
  const w = k.let(div(one, x));
  const series = mul(w, k.polynomial(k.let(mul(w, w)), stirlingSeries));
  const stirling = add(mul(sub(x, k.constant(0.5)), sub(l, one)), add(k.constant(0.41893853320467274), series));
  return k.pick(large, stirling, close);
};

const positiveLgammaDouble = outOfLine("positiveLgamma", float64, positiveLgamma);

/** π·(x − nearest integer), the difference exact. */
const turn = (k: Scope, x: Vector): Vector => k.let(k.ops.mul(k.ops.sub(x, k.ops.nearest(x)), k.constant(Math.PI)));

const lgammaKernel: Kernel = (k, x) => {
  const { abs, sub, div, lt, eq } = k.ops;
  const size = k.let(abs(x));
  const infinity = k.constant(Number.POSITIVE_INFINITY);
  const reflected = k.let(lt(x, k.constant(-(2 ** -60))));
  const y = k.variable(k.apply(positiveLgammaDouble, k.let(k.pick(reflected, sub(k.constant(1), x), size))));
  k.whenAny(reflected, () => {
    const sine = abs(k.apply(sin.f64x2, turn(k, x)));
    const l = k.apply(logDouble, k.let(div(k.constant(Math.PI), sine)));
    k.run(y.set(k.pick(reflected, sub(l, y.get), y.get)));
  });
  return k.pick(eq(size, infinity), infinity, y.get);
};

/** ψ(x) for x > 0. */
function digammaPositive(k: Scope, x: Vector): Vector {
  const { add, sub, mul, div, lt } = k.ops;
  const one = k.constant(1);
  const y = k.variable(x);
  const sum = k.variable(k.constant(0));
  k.whileAny(
    () => v128.and(lt(y.get, k.constant(10)), lt(k.constant(0), y.get)),
    (active) => {
      k.run(sum.set(add(sum.get, k.only(active, div(one, y.get)))));
      k.run(y.set(add(y.get, k.only(active, one))));
    },
  );
  const w = k.let(div(one, y.get));
  const z = k.let(mul(w, w));
  const l = k.apply(logDouble, y.get);
  const small = add(add(mul(w, k.constant(0.5)), mul(z, k.polynomial(z, digammaSeries))), sum.get);
  return k.let(sub(l, small));
}

const digammaKernel: Kernel = (k, x) => {
  const { sub, div, lt, le, eq } = k.ops;
  const negative = k.let(le(x, k.constant(0)));
  const y = k.variable(digammaPositive(k, k.let(k.pick(negative, sub(k.constant(1), x), x))));
  k.whenAny(negative, () => {
    const angle = turn(k, x);
    const reflection = sub(y.get, div(k.constant(Math.PI), k.apply(tan.f64x2, angle)));
    const atPole = eq(angle, k.constant(0));
    k.run(y.set(k.pick(negative, v128.or(reflection, atPole), y.get)));
  });
  return k.pick(lt(x, k.constant(Number.POSITIVE_INFINITY)), y.get, x);
};

const digamma = outOfLine("digamma", float64, digammaKernel);

/** (n − 1)!·x^−n of either sign, n ≥ 1. */
const reciprocalFactorialPower: Kernel = (k, n, x) => {
  const { add, mul, div, lt } = k.ops;
  const i = k.variable(k.constant(1));
  const value = k.variable(div(k.constant(1), x));
  k.whileAny(
    () => lt(i.get, n),
    (active) => {
      k.run(value.set(k.pick(active, mul(value.get, div(i.get, x)), value.get)));
      k.run(i.set(add(i.get, k.only(active, k.constant(1)))));
    },
  );
  return value.get;
};

const factorialPower = outOfLine("reciprocalFactorialPower", float64, reciprocalFactorialPower);

/** n!·Σ (x + j)^−(n+1) over j ≥ 0, for x > 0 and n ≥ 1, by Euler–Maclaurin summation. */
const hurwitzKernel: Kernel = (k, n, x) => {
  const { add, mul, div, lt } = k.ops;
  const one = k.constant(1);
  const s = k.let(add(n, one));
  const enough = k.let(add(s, k.constant(10)));
  const y = k.variable(x);
  const sum = k.variable(k.constant(0));
  k.whileAny(
    () => lt(y.get, enough),
    (active) => {
      const term = k.apply(pow.f64x2, k.let(div(x, y.get)), s);
      k.run(sum.set(add(sum.get, k.only(active, term))));
      k.run(y.set(add(y.get, k.only(active, one))));
    },
  );
  const w = k.let(div(one, y.get));
  const z = k.let(mul(w, w));
  // Σ B₂ⱼ/(2j)!·s(s + 1)…(s + 2j − 2)·y^(1 − 2j), factored from the inside out.
  const last = eulerMaclaurin.length - 1;
  const series = eulerMaclaurin.reduceRight<Vector>((inner, c, j) => {
    if (j === last) return k.constant(c);
    const next = mul(add(s, k.constant(2 * j + 1)), add(s, k.constant(2 * j + 2)));
    return k.let(add(k.constant(c), mul(mul(next, z), inner)));
  }, k.constant(0));
  const tail = add(div(y.get, n), add(k.constant(0.5), mul(mul(s, w), series)));
  const total = add(sum.get, mul(k.apply(pow.f64x2, k.let(div(x, y.get)), s), tail));
  return mul(k.apply(factorialPower, n, x), mul(total, div(n, x)));
};

const hurwitz = outOfLine("hurwitz", float64, hurwitzKernel);

/** ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹·n!·Σ (x + j)^−(n+1), n ≥ 1; below 0 the sum over all integers less the rest. */
const higherKernel: Kernel = (k, n, x) => {
  const { abs, add, sub, mul, div, nearest, floor, le, eq, gt, lt } = k.ops;
  const one = k.constant(1);
  const half = k.let(mul(n, k.constant(0.5)));
  const even = k.let(eq(floor(half), half));
  const minus = k.let(k.only(even, k.signBit));
  const negative = k.let(le(x, k.constant(0)));
  const y = k.variable(k.apply(hurwitz, n, k.let(k.pick(negative, sub(one, x), x))));
  k.whenAny(negative, () => {
    const r = k.let(sub(x, nearest(x)));
    const own = mul(k.apply(factorialPower, n, r), div(n, r));
    const right = k.apply(hurwitz, n, k.let(add(one, r)));
    const left = sub(k.apply(hurwitz, n, k.let(sub(one, r))), y.get);
    const sum = add(add(own, right), v128.xor(left, minus));
    const pole = k.pick(even, k.constant(Number.NaN), k.constant(Number.POSITIVE_INFINITY));
    k.run(y.set(k.pick(negative, k.pick(eq(r, k.constant(0)), pole, sum), y.get)));
  });
  const atInfinity = gt(x, k.constant(Number.MAX_VALUE));
  const finite = v128.xor(v128.andnot(y.get, atInfinity), minus);
  const defined = v128.and(lt(abs(x), k.constant(Number.POSITIVE_INFINITY)), lt(n, k.constant(2 ** 20)));
  return v128.or(finite, v128.andnot(k.bits(-1n), v128.or(atInfinity, defined)));
};

const higher = outOfLine("polygammaHigher", float64, higherKernel);

const polygammaKernel: Kernel = (k, n, x) => {
  const { eq, floor, ge, gt, lt } = k.ops;
  const zero = k.constant(0);
  const isZero = k.let(eq(n, zero));
  const isOrder = k.let(v128.and(eq(floor(n), n), v128.and(ge(n, zero), lt(n, k.constant(2 ** 20)))));
  const y = k.variable(k.constant(Number.NaN));
  k.whenAny(isZero, () => {
    k.run(y.set(k.pick(isZero, k.apply(digamma, x), y.get)));
  });
  const positive = k.let(v128.and(gt(n, zero), isOrder));
  k.whenAny(positive, () => {
    const order = k.let(k.pick(positive, n, k.constant(1)));
    k.run(y.set(k.pick(positive, k.apply(higher, order, x), y.get)));
  });
  return y.get;
};

const lgammaDouble = outOfLine("lgamma", float64, lgammaKernel);
const polygammaDouble = outOfLine("polygamma", float64, polygammaKernel);
export const lgamma = { f32x4: widened("lgamma", lgammaDouble), f64x2: lgammaDouble };
export const polygamma = { f32x4: widened("polygamma", polygammaDouble), f64x2: polygammaDouble };
