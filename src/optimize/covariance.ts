/** How far parameters are known: their covariance from the Jacobian at the minimum. */
import type { LossOptions } from "./point.ts";
import { type Factors, fromFactors } from "./triangular-form.ts";
import { norm } from "./vector.ts";

/** The uncertainty of a fit, in the singular vectors of its Jacobian. */
export interface Uncertainty {
  /** Of the columns of the parameters that are free. */
  readonly factors: Factors;
  readonly free: readonly number[];
  /** The deviation of one residual. */
  readonly deviation: number;
  readonly degreesOfFreedom: number;
}

/**
 * The deviation of a residual, √(Σ r²/(m − n)); under another loss Huber's estimate from ψ = ρ′·r and ψ′,
 * K·√(Σ ψ²/(m − n)) / mean ψ′ with K = 1 + (n/m)·var ψ′/mean² ψ′ (Huber, Robust Statistics, 1981, §7.6), which is the
 * same for squares.
 */
export function deviationOf(raw: Float64Array, { loss, scale }: LossOptions, rank: number): number {
  const m = raw.length;
  let [squares, slopes, slopeSquares] = [0, 0, 0];
  for (const r of raw) {
    const z = (r / scale) ** 2;
    const [, first, second] = loss(z);
    const slope = first + 2 * z * second;
    squares += (first * r) ** 2;
    slopes += slope;
    slopeSquares += slope * slope;
  }
  const mean = slopes / m;
  const spread = Math.max(0, slopeSquares / m - mean * mean);
  const correction = 1 + ((rank / m) * spread) / (mean * mean);
  return m > rank ? (correction * Math.sqrt(squares / (m - rank))) / mean : Number.NaN;
}

/** The standard deviation of a linear function of the parameters with this gradient; infinite if it is not determined. */
export function deviationAlong({ factors, free, deviation }: Uncertainty, gradient: Float64Array): number {
  const { s, v, scale, rank } = factors;
  const k = s.length;
  const w = new Float64Array(k);
  free.forEach((j, i) => {
    for (let e = 0; e < k; e++)
      w[e] = (w[e] as number) + ((v[i * k + e] as number) * (gradient[j] as number)) / (scale[i] as number);
  });
  const blind = norm(w.subarray(rank));
  if (blind > 1e-8 * norm(w) || k < free.length) return Number.POSITIVE_INFINITY;
  return deviation * norm(w.subarray(0, rank).map((value, e) => value / (s[e] as number)));
}

/**
 * The covariance s²·(JᵀJ)⁻¹ = s²·D⁻¹·V·S⁻²·Vᵀ·D⁻¹, [n, n]. An undetermined parameter has an infinite variance, one at a
 * bound none that this could tell: NaN.
 */
export function covarianceOf(uncertainty: Uncertainty, n: number, involved: readonly boolean[]): Float64Array {
  const { factors, free, deviation } = uncertainty;
  const { s, rank } = factors;
  const columns = Array.from({ length: rank }, (_, e) =>
    fromFactors(
      factors,
      s.map((value, i) => (i === e ? deviation / value : 0)),
    ),
  );
  const all = new Float64Array(n * n).fill(Number.NaN);
  free.forEach((j, a) => {
    free.forEach((k, b) => {
      if (involved[j] || involved[k]) return;
      all[j * n + k] = columns.reduce((sum, c) => sum + (c[a] as number) * (c[b] as number), 0);
    });
    if (involved[j]) all[j * n + j] = Number.POSITIVE_INFINITY;
  });
  return all;
}

/** cᵢⱼ/√(cᵢᵢ·cⱼⱼ) */
export const correlationOf = (covariance: Float64Array, n: number): Float64Array =>
  covariance.map((c, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    if (i === j) return Number.isFinite(c) ? 1 : Number.NaN;
    const both = Math.sqrt(covariance[i * n + i] as number) * Math.sqrt(covariance[j * n + j] as number);
    return Math.min(1, Math.max(-1, c / both));
  });
