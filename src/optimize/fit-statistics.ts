/** How well a curve fits. */
import type { Observations } from "./observations.ts";

/** How well a curve fits, in numbers. */
export interface FitStatistics {
  /** Σ w·(y − f)², weights included, whatever the loss. */
  readonly residualSumOfSquares: number;
  /** √(Σ w·(y − f)²/(m − n)); under another loss a robust estimate of the same. */
  readonly residualDeviation: number;
  /** Observations less parameters, those at a bound or undetermined not counted. */
  readonly degreesOfFreedom: number;
  /** 1 − Σ w·(y − f)²/Σ w·(y − ȳ)². */
  readonly rSquared: number;
  /** Akaike's −2 ln likelihood + 2(n + 1), for normal errors of unknown size. */
  readonly aic: number;
  /** Schwarz's −2 ln likelihood + (n + 1)·ln m. */
  readonly bic: number;
}

/** Seber and Wild 1989; the likelihood with all its constants, as R has it, so that models of other data's scale compare. */
export function statisticsOf(
  raw: Float64Array,
  { y, weight }: Observations,
  parameters: number,
  residualDeviation: number,
  degreesOfFreedom: number,
): FitStatistics {
  const m = y.length;
  const w = Float64Array.from(y, (_, i) => (weight?.[i] ?? 1) ** 2);
  const total = w.reduce((a, b) => a + b, 0);
  const center = y.reduce((sum, v, i) => sum + v * (w[i] as number), 0) / total;
  const spread = y.reduce((sum, v, i) => sum + (w[i] as number) * (v - center) ** 2, 0);
  const residualSumOfSquares = raw.reduce((sum, r) => sum + r * r, 0);
  const logWeights = w.reduce((sum, v) => sum + Math.log(v), 0);
  const deviance = m * (Math.log((2 * Math.PI * residualSumOfSquares) / m) + 1) - logWeights;
  return {
    residualSumOfSquares,
    residualDeviation,
    degreesOfFreedom,
    rSquared: 1 - residualSumOfSquares / spread,
    aic: deviance + 2 * (parameters + 1),
    bic: deviance + Math.log(m) * (parameters + 1),
  };
}
