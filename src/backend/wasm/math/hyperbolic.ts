/** Hyperbolic functions by eˣ, with polynomials where their difference would cancel. */
import { v128 } from "../encode.ts";
import { halfExp, positiveExpm1 } from "./exp.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { inline, type Kernel, outOfLine, type Scope } from "./scope.ts";

/** (sinh x − x) / x³ in x² on |x| ≤ 1, errors 2^-34 and 2^-63. */
const sinhTail32 = [0.16666667, 0.008333351, 0.00019835963, 2.818052e-6];
const sinhTail64 = [
  0.16666666666666669, 0.008333333333333127, 0.00019841269841446024, 2.7557319152606295e-6, 2.5052123846433613e-8,
  1.605720447821864e-10, 7.76042769150007e-13,
];

/** Below `limit` the odd polynomial, beyond it the value of `far`, with the sign of x. */
function oddFunction(
  k: Scope,
  x: Vector,
  limit: number,
  near: readonly number[],
  far: (size: Vector) => Vector,
): Vector {
  const { abs, add, mul, lt } = k.ops;
  const size = k.let(abs(x));
  const large = k.let(far(size));
  const z = k.let(mul(size, size));
  const small = add(size, mul(mul(size, z), k.polynomial(z, near)));
  return v128.or(k.pick(lt(size, k.constant(limit)), small, large), k.sign(x));
}

/** tanh x = m / (m + 2) with m = e²ˣ − 1 for x ≥ 0; beyond the bound it rounds to 1. */
const tanhKernel: Kernel = (k, x) => {
  const { abs, add, div, pmin } = k.ops;
  const size = k.let(pmin(abs(x), k.constant(k.either(9.2, 19.1))));
  const m = k.let(positiveExpm1(k, add(size, size)));
  return v128.or(div(m, add(m, k.constant(2))), k.sign(x));
};

/** With h = eˣ/2: sinh x = h − 1/(4h), cosh x = h + 1/(4h). */
const sinhKernel: Kernel = (k, x) => {
  const { sub, div } = k.ops;
  return oddFunction(k, x, 1, k.either(sinhTail32, sinhTail64), (size) => {
    const h = halfExp(k, size);
    return sub(h, div(k.constant(0.25), h));
  });
};

const coshKernel: Kernel = (k, x) => {
  const { abs, add, div } = k.ops;
  const h = halfExp(k, k.let(abs(x)));
  return add(h, div(k.constant(0.25), h));
};

export const tanh = { f32x4: inline(float32, tanhKernel), f64x2: inline(float64, tanhKernel) };
export const sinh = {
  f32x4: outOfLine("sinh", float32, sinhKernel),
  f64x2: outOfLine("sinh", float64, sinhKernel),
};
export const cosh = {
  f32x4: outOfLine("cosh", float32, coshKernel),
  f64x2: outOfLine("cosh", float64, coshKernel),
};
