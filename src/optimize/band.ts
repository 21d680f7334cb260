/** Bands around a fitted curve. */
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Traced } from "../graph/trees.ts";
import { deviationAlong, type Uncertainty } from "./covariance.ts";
import type { Parameters } from "./parameters.ts";
import { residualsOf } from "./residuals.ts";

/** The curve, its standard deviation, and between which values it lies: one element for each of the model's. */
export interface Band {
  readonly value: Tensor;
  readonly standardError: Tensor;
  readonly lower: Tensor;
  readonly upper: Tensor;
}

/** f(p) ± t·√(∇f·C·∇fᵀ + (noise·s)²), with the exact gradient of the curve (Seber and Wild 1989, §5.1). */
export function bandOf<P>(
  what: string,
  curve: (p: Traced<P>) => unknown,
  start: Parameters<P>,
  x: Float64Array,
  uncertainty: Uncertainty,
  t: number,
  noise: number,
): Band {
  const { r: value, jacobian } = residualsOf(what, curve, start).linearize(x);
  const n = x.length;
  const own = noise * uncertainty.deviation;
  const errors = value.map((_, i) => {
    const along = deviationAlong(uncertainty, jacobian.subarray(i * n, (i + 1) * n));
    return noise === 0 ? along : Math.hypot(along, own);
  });
  const part = (sign: number): Tensor =>
    constant(
      value.map((v, i) => v + sign * t * (errors[i] as number)),
      [value.length],
    );
  return {
    value: constant(value, [value.length]),
    standardError: constant(errors, [value.length]),
    lower: part(-1),
    upper: part(1),
  };
}
