/** A trust region around the linear problem: Levenberg–Marquardt, and within bounds the reflective method. */
import { dampedBy, dampedStep } from "./damped-step.ts";
import { type Descent, type DescentOptions, type Evaluate, smallestStep } from "./descent.ts";
import type { Point } from "./point.ts";
import {
  columnNorms,
  decrease,
  type Factors,
  factorize,
  factorizeRoughly,
  fromFactors,
  reachable,
  unitScale,
} from "./triangular-form.ts";
import { along, norm } from "./vector.ts";

/** A step, its length in the metric of the region, and by how much the linear problem says the cost falls. */
export interface Proposal {
  readonly p: Float64Array;
  readonly length: number;
  readonly predicted: number;
}

/** How a point looks from inside the region: with bounds, distances to them bend the metric. */
export interface View {
  factors(point: Point, scale: Float64Array): Factors;
  /** Undefined: no step of this radius is to be trusted. */
  propose(point: Point, factors: Factors, radius: number): Proposal | undefined;
  /** Where the step ends. */
  land(x: Float64Array, p: Float64Array): Float64Array;
}

export interface TrustOptions extends DescentOptions {
  readonly view: View;
  /** The first radius, as a multiple of ‖D·x‖. */
  readonly firstStep: number;
  /** Whether Newton's steps lead from here to a minimum: asked where the cost falls slowly. */
  readonly shortcut: (p: Point) => boolean;
}

/**
 * A parameter's scale follows the length of its column up at once, down by this factor an iteration. Held at its
 * largest for ever (Moré 1978, §6) a column that was huge at a bad start keeps the steps short: Bennett5 of the NIST
 * set takes over 2000 iterations. At factors of 0.5 to 0.9 all 54 NIST runs arrive, at 1 53, at 0.1 and 0 51.
 */
const forget = 0.7;

/**
 * With large residuals the linear problem's steps are halved and doubled for ever (Brown and Dennis's function: 2000
 * iterations, and five of Newton's). After this many, and at each doubling, the cost must have halved.
 */
const patience = 20;

export function trustRegion(start: Point, at: Evaluate, options: TrustOptions): Descent {
  const { maxIterations, flatness, firstStep, view, shortcut, callback } = options;
  const n = start.x.length;
  let point = start;
  let scale = unitScale(point);
  const size = (): number => norm(scale.map((d, j) => d * (point.x[j] as number)));
  let radius = firstStep * (size() || 1);
  let iterations = 0;
  let look = { at: patience, cost: point.cost };
  const done = (end: Descent["end"]): Descent => ({ point, iterations, end });
  for (;;) {
    const factors = view.factors(point, scale);
    if (reachable(factors) <= flatness * factors.residualNorm) return done("flat");
    if (iterations >= look.at) {
      if (point.cost > look.cost / 2 && shortcut(point)) return done("flat");
      look = { at: 2 * iterations, cost: point.cost };
    }
    for (;;) {
      if (iterations >= maxIterations) return done("iteration-limit");
      iterations++;
      const step = view.propose(point, factors, radius);
      const next = step && at(view.land(point.x, step.p));
      const ratio = step === undefined || next === undefined ? Number.NaN : (point.cost - next.cost) / step.predicted;
      const length = step?.length ?? radius;
      if (!(ratio >= 0.25)) radius = (ratio > -1 || step === undefined ? 0.5 : 0.1) * Math.min(radius, length);
      else if (ratio > 0.75 || length < 0.8 * radius) radius = Math.max(radius, 2 * length);
      if (next !== undefined && ratio > 1e-4) {
        point = next;
        if (callback(point, iterations)) return done("stopped");
        scale = columnNorms(point.jacobian, n).map((d, j) => Math.max(d, forget * (scale[j] as number)) || 1);
        if (length <= smallestStep * size()) return done("small-step");
        break;
      }
      if (radius <= smallestStep * size() || radius < 1e-150) return done("small-step");
    }
  }
}

/** No bounds: Levenberg (1944) and Marquardt (1963), as Moré (1978) has it. */
export const free: View = {
  factors: (point, scale) => factorize(point.jacobian, point.r, scale),
  propose: (_point, factors, radius) => {
    const { z } = dampedStep(factors, radius);
    return { p: fromFactors(factors, z), length: norm(z), predicted: decrease(factors, z) };
  },
  land: (x, p) => along(x, 1, p),
};

/** The same on the way: large problems by their normal equations, where these tell enough. */
export const rough: View = { ...free, factors: (point, scale) => factorizeRoughly(point.jacobian, point.r, scale) };

/**
 * With geodesic acceleration: steps follow the curve on which the residuals' change is straight to second order, p + a/2
 * with a the damped solution for d²r/dt² along p; where 2‖a‖ > 3‖p‖/4 the linear problem is no guide (Transtrum and
 * Sethna, "Improvements to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization", 2012, §2).
 */
export const accelerated = (bend: (point: Point, p: Float64Array) => Float64Array): View => ({
  ...free,
  propose: (point, factors, radius) => {
    const { z, lambda } = dampedStep(factors, radius);
    const p = fromFactors(factors, z);
    const { c } = factorize(point.jacobian, bend(point, p), factors.scale);
    const a = dampedBy(factors, c, lambda);
    const length = norm(z);
    if (!(norm(a) <= 0.75 * length)) return undefined;
    return { p: along(p, 0.5, fromFactors(factors, a)), length, predicted: decrease(factors, z) };
  },
});
