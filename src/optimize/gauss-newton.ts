/** Gauss and Newton's method with a line search. */
import { dampedBy } from "./damped-step.ts";
import { type Descent, type DescentOptions, type Evaluate, smallestStep } from "./descent.ts";
import type { Point } from "./point.ts";
import { decrease, factorize, fromFactors, reachable, unitScale } from "./triangular-form.ts";
import { along, norm } from "./vector.ts";

/**
 * Steps to the minimum of the linear problem (the shortest one where there are several), halved until the sum falls by
 * 10⁻⁴ of what its slope promises (Nocedal and Wright 2006, §10.3).
 */
export function gaussNewton(
  start: Point,
  at: Evaluate,
  { maxIterations, flatness, callback }: DescentOptions,
): Descent {
  let point = start;
  let iterations = 0;
  for (;;) {
    const scale = unitScale(point);
    const factors = factorize(point.jacobian, point.r, scale);
    if (reachable(factors) <= flatness * factors.residualNorm) return { point, iterations, end: "flat" };
    if (iterations >= maxIterations) return { point, iterations, end: "iteration-limit" };
    iterations++;
    const z = dampedBy(factors, factors.c, 0);
    const p = fromFactors(factors, z);
    const slope = 2 * decrease(factors, z);
    const size = norm(scale.map((d, j) => d * (point.x[j] as number)));
    let t = 1;
    let next = at(along(point.x, 1, p));
    while (!(point.cost - next.cost >= 1e-4 * t * slope)) {
      t /= 2;
      if (t * norm(z) <= smallestStep * size || t < 1e-30) return { point, iterations, end: "small-step" };
      next = at(along(point.x, t, p));
    }
    point = next;
    if (callback(point, iterations)) return { point, iterations, end: "stopped" };
  }
}
