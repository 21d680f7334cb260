/** Student's t distribution: what a standard error means with few data. */
import { erfinv, lgamma } from "../base/special.ts";

/** ln Γ(a + ½) − ln Γ(a), without the cancellation of its parts where a is large (DLMF 5.11.13). */
function halfStep(a: number): number {
  if (a < 30) return lgamma(a + 0.5) - lgamma(a);
  const w = 1 / (a * a);
  return 0.5 * Math.log(a) - (1 / 8 - w * (1 / 192 - w * (1 / 640 - (w * 17) / 14336))) / a;
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let value = d;
  for (let m = 1; m < 10_000; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + term * d || tiny);
      c = 1 + term / c || tiny;
      value *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return value;
}

/** P(T > t) for t ≥ 0: half the regularized incomplete beta function of ν/(ν + t²) with parameters ν/2 and ½. */
export function studentTail(t: number, degrees: number): number {
  const a = degrees / 2;
  const [x, y] = [degrees / (degrees + t * t), (t * t) / (degrees + t * t)];
  // xᵃ·y^½ / B(a, ½)
  const logX = -Math.log1p((t * t) / degrees);
  const front = Math.exp(a * logX + 0.5 * Math.log(y) + halfStep(a) - 0.5 * Math.log(Math.PI));
  if (t === 0) return 0.5;
  return x < (a + 1) / (a + 2.5) ? (front * betaFraction(x, a, 0.5)) / a / 2 : 0.5 - front * betaFraction(y, 0.5, a);
}

/**
 * The t with P(|T| ≤ t) = level, for 0 < level < 1: 95 % of the draws with 10 degrees of freedom lie within 2.228.
 * Newton's method on ln P(T > t) by ln t, which is nearly straight in the tails.
 */
export function studentQuantile(level: number, degrees: number): number {
  const tail = (1 - level) / 2;
  const scale = Math.exp(halfStep(degrees / 2)) / Math.sqrt(degrees * Math.PI);
  let t = Math.SQRT2 * erfinv(level) || Number.MIN_VALUE;
  for (let round = 0; round < 100; round++) {
    const q = studentTail(t, degrees);
    const density = scale * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
    const change = (Math.log(q / tail) * q) / (density * t);
    t *= Math.exp(Math.min(2, Math.max(-2, change)));
    if (Math.abs(change) < 1e-15) break;
  }
  return t;
}
