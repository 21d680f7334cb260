/** The table of vectorised functions: plain SIMD128, the same bits on every machine. */
import { erf, erfc } from "./error-function.ts";
import { exp, exp2, expm1 } from "./exp.ts";
import { lgamma, polygamma } from "./gamma.ts";
import { cosh, sinh, tanh } from "./hyperbolic.ts";
import { acosh, asinh, atanh } from "./inverse-hyperbolic.ts";
import { acos, asin, atan, atan2 } from "./inverse-trigonometric.ts";
import { log, log1p, log2, log10 } from "./log.ts";
import { pow } from "./power.ts";
import { rem } from "./remainder.ts";
import { cbrt } from "./root.ts";
import type { VectorFunction } from "./scope.ts";
import { cos, sin, tan } from "./trigonometric.ts";

export type { VectorFunction } from "./scope.ts";

interface Widths {
  readonly f32x4: VectorFunction;
  readonly f64x2: VectorFunction;
}

export interface MathFunction extends Widths {
  readonly arity: 1 | 2;
}

const unary = (widths: Widths): MathFunction => ({ arity: 1, ...widths });
const binary = (widths: Widths): MathFunction => ({ arity: 2, ...widths });

const table = {
  exp: unary(exp),
  exp2: unary(exp2),
  expm1: unary(expm1),
  log: unary(log),
  log1p: unary(log1p),
  log2: unary(log2),
  log10: unary(log10),
  cbrt: unary(cbrt),
  pow: binary(pow),
  sin: unary(sin),
  cos: unary(cos),
  tan: unary(tan),
  asin: unary(asin),
  acos: unary(acos),
  atan: unary(atan),
  atan2: binary(atan2),
  sinh: unary(sinh),
  cosh: unary(cosh),
  tanh: unary(tanh),
  asinh: unary(asinh),
  acosh: unary(acosh),
  atanh: unary(atanh),
  erf: unary(erf),
  erfc: unary(erfc),
  lgamma: unary(lgamma),
  /** Order, then argument. */
  polygamma: binary(polygamma),
  /** Dividend, then divisor. */
  rem: binary(rem),
};

export type MathName = keyof typeof table;
export const mathLibrary: Record<MathName, MathFunction> = table;
