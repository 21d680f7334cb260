/** Hyperbolic functions by eˣ, with polynomials where their difference would cancel. */
import { v128 } from "../encode.ts";
import { halfExp, moderateExp } from "./exp.ts";
import { float32, float64, type Vector } from "./lanes.ts";
import { inline, type Kernel, outOfLine, type Scope } from "./scope.ts";

/** (tanh x − x) / x³ in x² on |x| ≤ 0.63, errors 2^-28 and 2^-56 (own Remez fit). */
const tanhTail32 = [-0.3333328, 0.13331391, -0.05373448, 0.020619405, -0.005680506];
const tanhTail64 = [
  -0.333333333333328, 0.13333333333254235, -0.05396825392754305, 0.02186948748951606, -0.008863219855860843,
  0.0035919798447598926, -0.0014549106539608959, 0.0005861576971225288, -0.00022824142308294258, 7.677565162797332e-5,
  -1.5891508288629808e-5,
];

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

/** tanh x = 1 − 2 / (e²ˣ + 1) for x ≥ 0.625, which rounds to 1 beyond the bound. */
const tanhKernel: Kernel = (k, x) => {
  const { add, sub, div, pmin } = k.ops;
  return oddFunction(k, x, 0.625, k.either(tanhTail32, tanhTail64), (size) => {
    const bounded = k.let(pmin(size, k.constant(k.either(9.2, 19.1))));
    const e = moderateExp(k, k.let(add(bounded, bounded)));
    return sub(k.constant(1), div(k.constant(2), add(e, k.constant(1))));
  });
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
