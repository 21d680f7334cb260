/** Leaving a critical point that is no minimum, and following a descent that does not end. */
import { type Box, project } from "../bounds.ts";
import type { Objective, Point } from "../objective.ts";
import { along, dot, maxNorm, type Vector } from "../vector.ts";

/** d, so long that the variable that it changes most, relative to its size, changes by 1. */
export function normalised(d: Vector, x: Vector): Vector {
  const most = d.reduce((m, v, i) => Math.max(m, Math.abs(v) / Math.max(1, Math.abs(x[i] as number))), 0);
  return most > 0 ? d.map((v) => v / most) : d;
}

interface Way {
  /** The curve's bend. */
  readonly w?: Vector | undefined;
  /** From which t on a decrease stands out of the rounding. */
  readonly visible?: number;
}

/** A point on x + t·d + t²·w below f(x) by more than rounding, t as large as it pays; d is normalised. */
export function descend(
  objective: Objective,
  at: Point,
  noise: number,
  box: Box | undefined,
  d: Vector,
  { w, visible = 0 }: Way = {},
): Point | undefined {
  const probe = (t: number): Point => {
    const straight = along(at.x, t, d);
    return objective.evaluate(project(w === undefined ? straight : along(straight, t * t, w), box));
  };
  for (let t = Math.max(0.1, Math.min(visible, 1e6)); t > 1e-8; t /= 8) {
    let best = probe(t);
    if (!(best.value < at.value - noise)) continue;
    for (let longer = 2 * t; longer < 1e3; longer *= 2) {
      const next = probe(longer);
      if (!(next.value < best.value)) break;
      best = next;
    }
    return best;
  }
  return undefined;
}

export interface Runaway {
  readonly point: Point;
  /** The multiple of the step up to which f fell. */
  readonly reach: number;
  /** f fell by as much in the last doubling as in those before: nothing bounds it from below. */
  readonly unbounded: boolean;
}

/** Follows a step by doubling as long as f still falls: to first order, where its decrease is below rounding. */
export function follow(objective: Objective, at: Point, step: Vector, box: Box | undefined): Runaway {
  let best = at;
  let reach = 0;
  const falls: number[] = [];
  for (let t = 1; t <= 2 ** 60; t *= 2) {
    const x = project(along(at.x, t, step), box);
    if (t > 1 && x.every((v, i) => v === best.x[i])) break;
    const next = objective.evaluate(x);
    if (next.value === Number.NEGATIVE_INFINITY) return { point: best, reach: t, unbounded: true };
    const still = dot(next.gradient, step) < 0;
    if (!(next.value < best.value || (next.value === best.value && still))) break;
    falls.push(best.value - next.value);
    best = next;
    reach = t;
    if (!still) break;
  }
  const [before, last] = falls.slice(-2) as [number, number];
  return { point: best, reach, unbounded: falls.length > 20 && last > 0.9 * before && last > 0 };
}

/** Whether a descent that went this far has left the region where it began. */
export const ranAway = ({ reach, point }: Runaway, from: Vector): boolean =>
  reach >= 256 && maxNorm(point.x) > 4 * Math.max(1, maxNorm(from));
