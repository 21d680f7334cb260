/** f along a step: φ(t) = f(P(x + t·p)), where P projects onto the bounds, if there are any. */
import { type Box, project } from "./bounds.ts";
import type { Model } from "./model.ts";
import type { Objective, Point } from "./objective.ts";
import { along, dot, type Vector } from "./vector.ts";

export interface Trial {
  readonly t: number;
  readonly point: Point;
  /** φ′(t), of what the projection leaves of the step. */
  readonly slope: number;
  /** What the gradient at the start predicts: ∇f(x)·(x(t) − x). */
  readonly predicted: number;
}

export interface Line {
  readonly at: Model;
  readonly step: Vector;
  /** φ′(0). */
  readonly slope: number;
  readonly bounded: boolean;
  /** Differences of values below this are rounding. */
  readonly noise: number;
  probe(t: number): Trial;
  /** φ″(0) = pᵀHp. */
  curvature(): number;
}

export function lineFrom(objective: Objective, at: Model, step: Vector, box: Box | undefined): Line {
  const probe = (t: number): Trial => {
    const straight = along(at.x, t, step);
    const x = project(straight, box);
    const point = objective.evaluate(x);
    let slope = 0;
    let predicted = 0;
    for (let i = 0; i < x.length; i++) {
      if (x[i] === straight[i]) slope += (point.gradient[i] as number) * (step[i] as number);
      predicted += (at.gradient[i] as number) * ((x[i] as number) - (at.x[i] as number));
    }
    return { t, point, slope, predicted };
  };
  return {
    at,
    step,
    slope: dot(at.gradient, step),
    bounded: box !== undefined,
    noise: 4 * objective.epsilon * Math.abs(at.value),
    probe,
    curvature: () => dot(step, objective.product(at.x, step)),
  };
}

/** A trial at which nothing is undefined. */
export const isFiniteTrial = ({ point, slope }: Trial): boolean => Number.isFinite(point.value) && !Number.isNaN(slope);
