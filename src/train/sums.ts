/** What is added up in an epoch, and the row that it comes to. */
import type { Diagnosis } from "./diagnostics.ts";

/** Running sums of an epoch. */
export interface Sums {
  readonly loss: number;
  readonly weight: number;
  readonly gradientSquared: number;
  readonly noise: number;
  readonly curvature: number;
  /** How often noise and curvature were measured. */
  readonly measured: number;
}

export const noSums: Sums = { loss: 0, weight: 0, gradientSquared: 0, noise: 0, curvature: 0, measured: 0 };

/** With a batch of so much weight. */
export const withCost = (sums: Sums, cost: number, weight: number): Sums => ({
  ...sums,
  loss: sums.loss + cost * weight,
  weight: sums.weight + weight,
});

export const withDiagnosis = (sums: Sums, { gradientSquared = 0, noise = 0, curvature = 0 }: Diagnosis): Sums => ({
  ...sums,
  gradientSquared: sums.gradientSquared + gradientSquared,
  noise: sums.noise + noise,
  curvature: sums.curvature + curvature,
  measured: sums.measured + 1,
});
