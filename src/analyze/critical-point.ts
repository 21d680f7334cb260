/** Is a point critical, and what do the second derivatives say of it? */

import { along, dot, norm, scaled } from "../optimize/vector.ts";
import { gradientAt, type Point } from "./point.ts";
import { type Spectrum, spectrumAt } from "./spectrum.ts";

/**
 * `inconclusive`: second derivatives do not decide. `not-critical`: the gradient does not vanish.
 */
export type Kind = "minimum" | "maximum" | "saddle" | "inconclusive" | "not-critical";

export interface CriticalPointTest {
  readonly kind: Kind;
  readonly gradientNorm: number;
  readonly gradientTolerance: number;
  /** The distance to the critical point of the quadratic model; ∞ if it has none. */
  readonly newtonStep: number;
  /** Eigenvalues up to this size are zero within rounding. */
  readonly eigenvalueTolerance: number;
  /** Which eigenvalues have a sign that can be relied on. */
  readonly significant: readonly boolean[];
}

/** How near (relative to max(1, ‖x‖)) the model's critical point is where a point counts as critical by itself … */
const here = 1e-6;
/** … and where it counts if the gradient is small too, and Newton's steps close in on it. */
const near = 1e-2;
/** Newton's steps shrink by 1 − 1/p at a zero of order p of the gradient, but not on the way to an infinity. */
const contraction = 0.9;
/** Very near it is enough that they do not stay as long, as on e⁻ˣ, or grow, as on √x, if they are no rounding. */
const standing = 0.99;
const clearly = 1e3;

const epsilon = 2 ** -52;

/**
 * The gradient's tolerance is `tolerance`·max(1, |f|)/max(1, ‖x‖): a change of x by its own size changes f by no more
 * than that part of it (Dennis and Schnabel 1983, §7.2). Alone it would call e⁻ˣ critical at 20 and 10⁻⁸·x² at 1. So the
 * quadratic model is asked too, how far away its critical point is.
 */
export function criticalPointTest(
  point: Point,
  value: number,
  gradient: Float64Array,
  spectrum: Spectrum,
  tolerance: number,
): CriticalPointTest {
  const { x } = point;
  const scale = Math.max(1, norm(x));
  const gradientNorm = norm(gradient);
  const gradientTolerance = (tolerance * Math.max(1, Math.abs(value))) / scale;
  const eigenvalueTolerance = 64 * x.length * epsilon * spectrum.size;
  // What rounding of x, and of the terms of f (think of squares of residuals), leaves of a gradient that is zero.
  const noiseOfValue = 32 * epsilon * Math.sqrt(spectrum.size * Math.abs(value));
  const noise = 32 * epsilon * spectrum.size * norm(x) + noiseOfValue;
  const step = newtonStep(spectrum, gradient, eigenvalueTolerance, noise);
  const newton = step === undefined ? Number.POSITIVE_INFINITY : norm(step);
  const base = { gradientNorm, gradientTolerance, newtonStep: newton, eigenvalueTolerance };
  const none = spectrum.values.map(() => false);

  const close = newton <= here * scale;
  const maybe = gradientNorm <= gradientTolerance && newton <= near * scale;
  if (step === undefined || !(close || maybe)) return { ...base, kind: "not-critical", significant: none };
  // Across a step to where the point may really be, how much do the curvatures change?
  let drifts = spectrum.values.map(() => 0);
  if (newton > 4 * epsilon * norm(x)) {
    const there = { ...point, x: along(x, 1, step) };
    const next = spectrumAt(there, spectrum.complete ? Number.POSITIVE_INFINITY : 0);
    drifts = spectrum.vectors.map((v, i) => Math.abs(dot(v, next.multiply(v)) - (spectrum.values[i] as number)));
    const again = newtonStep(next, gradientAt(there, there.x), eigenvalueTolerance, noise);
    const closesIn = again !== undefined && norm(again) <= (close ? standing : contraction) * newton;
    if (!closesIn && (!close || gradientNorm > clearly * noise))
      return { ...base, kind: "not-critical", significant: none };
  }
  const significant = spectrum.values.map((v, i) => {
    // A slope that passes for rounding may lead as far as this from where it vanishes.
    const hidden = noiseOfValue / (near * scale);
    const doubt = Math.max(
      ...[eigenvalueTolerance, hidden, 4 * (drifts[i] as number), 2 * (spectrum.residuals[i] as number)],
    );
    return Math.abs(v) > doubt;
  });
  const signs = new Set(spectrum.values.flatMap((v, i) => (significant[i] ? [Math.sign(v)] : [])));
  const decided = significant.every(Boolean);
  const kind = signs.size === 2 ? "saddle" : !decided ? "inconclusive" : signs.has(1) ? "minimum" : "maximum";
  return { ...base, kind, significant };
}

/**
 * −H⁻¹·g, without what is rounding of g; undefined if f has a slope along a direction without curvature, so that its
 * quadratic model has no critical point.
 */
function newtonStep(
  { reached }: Spectrum,
  gradient: Float64Array,
  zero: number,
  noise: number,
): Float64Array | undefined {
  let step = scaled(0, gradient);
  for (const { value, vector } of reached(gradient)) {
    const v = vector();
    const slope = dot(v, gradient);
    if (Math.abs(slope) <= noise) continue;
    if (Math.abs(value) <= zero) return undefined;
    step = along(step, -slope / value, v);
  }
  return step;
}
