/** The step of a linear least-squares problem within a trust region. */
import type { Factors } from "./triangular-form.ts";
import { norm } from "./vector.ts";

/** The z that minimises ‖S·z + c‖² + λ‖z‖²: zⱼ = −sⱼcⱼ/(sⱼ² + λ), and 0 where the problem says nothing of zⱼ. */
export const dampedBy = ({ s, rank }: Factors, c: Float64Array, lambda: number): Float64Array =>
  s.map((value, j) => (j >= rank ? 0 : -(value * (c[j] as number)) / (value * value + lambda)));

/**
 * The z that minimises ‖S·z + c‖ with ‖z‖ ≤ radius: undamped where that is short enough, else with the λ that makes
 * ‖z‖ = radius to a tenth. By Newton's method on 1/‖z(λ)‖ with the safeguards of Moré, "The Levenberg-Marquardt
 * algorithm: implementation and theory", 1978, §5; singular values make each round O(n).
 */
export function dampedStep(factors: Factors, radius: number): { z: Float64Array; lambda: number } {
  const { s, c } = factors;
  const full = dampedBy(factors, c, 0);
  if (norm(full) <= radius * 1.1) return { z: full, lambda: 0 };
  let high = norm(s.map((value, j) => value * (c[j] as number))) / radius;
  let low = 0;
  let lambda = 1e-3 * high;
  let z = dampedBy(factors, c, lambda);
  for (let round = 0; round < 50; round++) {
    const length = norm(z);
    const error = length - radius;
    if (Math.abs(error) <= 0.1 * radius) break;
    if (error > 0) low = lambda;
    else high = lambda;
    // d‖z‖/dλ = −Σ zⱼ²/(sⱼ² + λ) / ‖z‖
    const slope = -z.reduce((sum, v, j) => sum + (v * v) / ((s[j] as number) ** 2 + lambda), 0) / length;
    const next = lambda - (error / radius) * (length / slope);
    lambda = next > low && next < high ? next : Math.max(1e-3 * high, Math.sqrt(low * high));
    z = dampedBy(factors, c, lambda);
  }
  return { z, lambda };
}
