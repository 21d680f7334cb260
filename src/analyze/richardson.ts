/**
 * A derivative from values alone: central differences over a range of steps, extrapolated to step 0 (Richardson 1911;
 * Ridders 1982, Adv. Eng. Software 4). Complex steps would be free of cancellation, but nabla has no complex numbers;
 * extrapolation, which cancels the truncation error so that the steps can stay large, comes to within some digits of it.
 */

export interface Differences {
  /** (f(t) − f(−t))/2t for each step t; not finite where f is not. */
  readonly central: readonly number[];
  /** The best extrapolation, and how far it may be off. */
  readonly derivative: number;
  readonly uncertainty: number;
  /** The size of f's values per step, where the step is largest: what cancels in the differences. */
  readonly size: number;
}

const ratio = 4;

/** Steps from 1/4 down to 10⁻¹¹, each a quarter of the one before, so that they are exact in binary. */
export const steps: readonly number[] = Array.from({ length: 18 }, (_, k) => ratio ** -(k + 1));

/** dφ/dt at 0, where a step of `unit` is one. */
export function differences(phi: (t: number) => number, unit: number): Differences {
  const samples = steps.map((step) => ({ t: step * unit, above: phi(step * unit), below: phi(-step * unit) }));
  const noise = quantum(samples.map(({ above, below }) => Math.abs(above - below)));
  const central = samples.map(({ t, above, below }) => (above - below) / (2 * t));
  let before: number[] = [];
  let derivative = Number.NaN;
  let uncertainty = Number.POSITIVE_INFINITY;
  samples.forEach(({ t, above, below }, k) => {
    const slope = central[k] as number;
    if (!Number.isFinite(slope)) {
      before = [];
      return;
    }
    const rounding = Math.max(2 ** -52 * (Math.abs(above) + Math.abs(below)), noise) / t;
    // The error of central differences is a series in t²: column j is free of its first j terms.
    const row = [slope];
    before.forEach((old, j) => {
      const newest = row[j] as number;
      row.push(newest + (newest - old) / (ratio ** (2 * (j + 1)) - 1));
      const value = row[j + 1] as number;
      const error = Math.max(Math.abs(value - newest), Math.abs(value - old)) + rounding;
      if (error < uncertainty) {
        derivative = value;
        uncertainty = error;
      }
    });
    before = row;
  });
  const first = samples.find((_, k) => Number.isFinite(central[k]));
  const size = first ? (Math.abs(first.above) + Math.abs(first.below)) / (2 * first.t) : 0;
  return { central, derivative, uncertainty, size };
}

/** The height of the stairs, if f is rounded to more than float64: below some step its values do not change. */
function quantum(changes: readonly number[]): number {
  const last = changes.findLastIndex((change) => change > 0);
  return changes.slice(last + 1).some((change) => change === 0) && last >= 0
    ? Math.min(...changes.filter((change) => change > 0))
    : 0;
}
