/**
 * Directions along which the second derivative vanishes: higher derivatives, then samples, say what they are.
 *
 * Along d the value is c₃t³/6 + …; if c₃ = D³f[d,d,d] ≠ 0 it falls to one side. Otherwise the best curve through the
 * point is x + t·d − t²·H⁺w with w = ½D³f[d,d,·], on which f = (D⁴f[d⁴]/24 − ½wᵀH⁺w)·t⁴: negative, and the point is
 * no minimum; positive, and it is one along d; 0, and samples decide.
 */
import { type Box, project } from "../bounds.ts";
import { coordinates, type Spectrum, stepOf } from "../factor.ts";
import type { Objective, Point } from "../objective.ts";
import { along, combine, dot, minus, negative, norm, scaled, type Vector } from "../vector.ts";
import { descend, normalised } from "./leave.ts";

export interface FlatReport {
  /** A lower point, and why there is one. */
  readonly escape?: { readonly point: Point; readonly why: string; readonly direction: Vector };
  /** Directions along which f does not change. */
  readonly free: readonly Vector[];
  /** Whether fourth derivatives make it a minimum along all the others; values do otherwise. */
  readonly quartic: boolean;
}

/** Combinations of the null directions: each, sums and differences of two, and some of all. */
function candidates(basis: readonly Vector[]): Vector[] {
  const few = basis.slice(0, 6);
  const pairs = few.flatMap((a, i) => few.slice(i + 1).flatMap((b) => [combine(1, a, 1, b), combine(1, a, -1, b)]));
  const all =
    basis.length < 3
      ? []
      : Array.from({ length: 8 }, (_, k) =>
          basis.reduce<Vector>(
            (sum, v, i) => along(sum, Math.cos((k + 1) * (i + 1) * 2.399963), v),
            new Float64Array((basis[0] as Vector).length),
          ),
        );
  return [...basis, ...pairs, ...all].filter((d) => norm(d) > 0);
}

/** What the second derivatives say: where there is no curvature, and H⁺w over the rest. */
export interface Curved {
  readonly basis: readonly Vector[];
  solve(w: Vector): Vector;
}

/** Of a spectrum, of which eigenvalues up to the threshold count as 0. */
export const curvedBy = (parts: Spectrum, threshold: number): Curved => ({
  basis: Array.from(parts.values.keys())
    .filter((j) => Math.abs(parts.values[j] as number) <= threshold)
    .map((j) => stepOf(parts, new Float64Array(parts.n).with(j, 1))),
  solve: (w) =>
    stepOf(
      parts,
      coordinates(parts, w).map((v, i) =>
        (parts.values[i] as number) > threshold ? v / (parts.values[i] as number) : 0,
      ),
    ),
});

export function examineFlat(
  objective: Objective,
  at: Point,
  curved: Curved,
  noise: number,
  box: Box | undefined,
): FlatReport {
  const basis = curved.basis.map((d) => normalised(d, at.x));
  const free: Vector[] = [];
  let fourths = true;
  for (const [k, direction] of candidates(basis).entries()) {
    const d = normalised(direction, at.x);
    const { third, fourth } = objective.higher(at.x, d);
    const cubic = dot(third, d);
    const bend = scaled(-0.5, curved.solve(third));
    const quartic = fourth / 24 + dot(scaled(0.25, third), bend);
    // What could be seen a tenth of the variables' size away; sampling is for what no derivative shows.
    const ways: [Vector, Vector | undefined, string][] = [];
    if (Math.abs(cubic) * 1e-4 > noise)
      ways.push([cubic > 0 ? negative(d) : d, undefined, "its third derivative leads"]);
    if (-quartic * 1e-4 > noise) ways.push([d, bend, "its fourth derivatives lead"]);
    if (k < basis.length) ways.push([d, bend, "values"], [negative(d), bend, "values"]);
    for (const [v, w, by] of ways) {
      const point = descend(objective, at, noise, box, v, { w });
      if (point === undefined) continue;
      return {
        escape: {
          point,
          direction: v,
          why: by === "values" ? `there are ${objective.words.lower} values` : `${by} ${objective.words.down}`,
        },
        free,
        quartic: false,
      };
    }
    if (k >= basis.length) continue;
    if (!changes(objective, at, noise, box, d, bend)) free.push(d);
    else if (!(quartic * 1e-4 > noise)) fourths = false;
  }
  return { free, quartic: fourths };
}

/** Whether f rises anywhere on the curve: with a slope, since a jump says nothing of what is before it. */
function changes(
  objective: Objective,
  at: Point,
  noise: number,
  box: Box | undefined,
  d: Vector,
  bend: Vector,
): boolean {
  for (const t of [1e-3, 1e-2, 0.1]) {
    // A valley that bends is followed, and f constant, up to this order.
    const allowed = noise + (norm(bend) > 0 ? t ** 6 * Math.max(Math.abs(at.value), 1) : 0);
    for (const side of [t, -t]) {
      const x = project(along(along(at.x, side, d), t * t, bend), box);
      const { value, gradient } = objective.evaluate(x);
      if (value > at.value + allowed && dot(gradient, minus(x, at.x)) > 0) return true;
    }
  }
  return false;
}
