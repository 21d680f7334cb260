/** From a start to a minimum of a sum of squares: descent, polish, and other tries where that is not enough. */
import { type Descent, type Evaluate, nearlyFlat, veryFlat } from "./descent.ts";
import type { Settings } from "./fit-options.ts";
import { gaussNewton } from "./gauss-newton.ts";
import { costAt, curvatureLeftOut, gradientOf, type Point, pointAt } from "./point.ts";
import { type Polished, polish } from "./polish.ts";
import { inside, reflective } from "./reflective.ts";
import type { Residuals } from "./residuals.ts";
import { factorize, reachable, unitScale } from "./triangular-form.ts";
import { accelerated, rough, trustRegion, free as unbounded, type View } from "./trust-region-squares.ts";
import { along, maxNorm, norm } from "./vector.ts";

export interface Solution extends Polished {
  /** The parameters that are at none of their bounds. */
  readonly free: readonly number[];
  readonly end: Descent["end"];
  readonly iterations: number;
  /** ‖c‖/‖r‖: the part of the residuals that parameters can still change. */
  readonly offset: number;
  /** By the tolerance flat, and curved upwards. */
  readonly minimum: boolean;
  /** Fewer combinations of parameters change the residuals here than at the start: a plateau. */
  readonly lost: boolean;
  /** No parameter changes the residuals here, nor anywhere near. */
  readonly plateau: boolean;
  /** With how many first radii the start was left. */
  readonly tries: number;
}

/**
 * First radii of the tries, as multiples of ‖D·x‖. One alone takes 54 of the 54 NIST runs to their minimum; a tenth and
 * a hundred take 53.
 */
const firstSteps = [1, 0.1, 100, 0.001];

/** Half a sum of squares that underflows. */
export const underflow = 1e-300;

export function solveSquares(residuals: Residuals, start: Point, settings: Settings): Solution {
  const { method, box, loss, acceleration, maxIterations, callback } = settings;
  const at: Evaluate = (x) => pointAt(residuals, x, loss);
  const cost = (x: Float64Array): number => costAt(residuals, x, loss);
  let rankAtStart: number | undefined;
  const startsWith = (): number => {
    rankAtStart ??= factorize(start.jacobian, start.r, unitScale(start)).rank;
    return rankAtStart;
  };
  let iterations = 0;
  const descend = (from: Point, firstStep: number, flatness: number): Descent => {
    const before = iterations;
    const options = {
      maxIterations,
      flatness,
      callback: (p: Point, i: number) => callback(p, before + i),
    };
    const bend = (p: Point, v: Float64Array): Float64Array => residuals.acceleration(p.x, v);
    const plain = flatness === nearlyFlat ? rough : unbounded;
    const view: View = box !== undefined ? reflective(box) : acceleration ? accelerated(bend) : plain;
    const shortcut = (p: Point): boolean => finish({ point: p, iterations, end: "flat" }, 1).minimum;
    const found =
      method === "gauss-newton"
        ? gaussNewton(from, at, options)
        : trustRegion(from, at, { ...options, firstStep, view, shortcut });
    iterations += found.iterations;
    return found;
  };
  const finish = (descent: Descent, tries: number): Solution => {
    const { point, free } = onBounds(descent.point, at, settings);
    const done = polish(
      point,
      at,
      (p) => curvatureLeftOut(residuals, p, loss),
      free,
      (x) => box === undefined || x.every((v, j) => v >= (box.lower[j] as number) && v <= (box.upper[j] as number)),
    );
    const { residualNorm } = done.factors;
    const offset = residualNorm === 0 ? 0 : reachable(done.factors) / residualNorm;
    const flat = offset <= settings.tolerance || done.step <= settings.tolerance / 100;
    const { scale } = done.factors;
    const size = norm(scale.map((d, i) => d * (done.point.x[free[i] as number] as number)));
    // Below the rounding of what the parameters contribute there are no residuals left.
    const vanished =
      residualNorm < Math.max(start.r.length, 10) * Number.EPSILON * size ||
      (done.point.cost < underflow && maxNorm(done.point.x) <= Math.max(1, maxNorm(start.x)));
    const lost = !vanished && done.factors.rank < free.length && done.factors.rank < startsWith();
    const plateau =
      !vanished && free.length > 0 && done.blind.length === free.length && isLevel(done, free, cost, settings);
    const isPoint = done.point.x.every(Number.isFinite);
    const minimum = isPoint && (vanished || (flat && done.leastCurvature > 0 && !lost && !plateau));
    return { ...done, free, end: descent.end, iterations, offset, minimum, lost, plateau, tries };
  };
  /** The polish needs half as many steps as the last digits of a descent with large residuals, if it is near enough. */
  const toMinimum = (from: Point, firstStep: number, tries: number): Solution => {
    const near = descend(from, firstStep, nearlyFlat);
    const solution = finish(near, tries);
    if (solution.minimum || near.end !== "flat") return solution;
    return finish(descend(near.point, firstStep, veryFlat), tries);
  };
  /** Most places that are looked at are not lower: what is not goes without its derivatives. */
  const lowerAt = ({ point }: Polished, x: Float64Array): Point | undefined => {
    const lower = (cost: number): boolean => cost < point.cost * (1 - 1e-12);
    if (!lower(cost(x))) return undefined;
    const next = at(x);
    return lower(next.cost) ? next : undefined;
  };
  /** Down along negative curvature, where the polish met it, or where derivatives say nothing, but values do. */
  const escape = (from: Solution, firstStep: number): Solution => {
    let solution = from;
    for (let round = 0; round < 10 && solution.end === "flat"; round++) {
      const { downhill, blind, free } = solution;
      const ways = downhill !== undefined ? [downhill] : solution.point.cost < underflow ? [] : blind;
      const lower = first(ways, (d) => first(beside(solution, free, d, settings), (x) => lowerAt(solution, x)));
      if (lower === undefined) break;
      solution = toMinimum(lower, firstStep, solution.tries);
    }
    return solution;
  };

  const steps = method === "auto" ? firstSteps : [1];
  let best: Solution | undefined;
  const from = box === undefined ? start : at(inside(start.x, box));
  for (const [k, firstStep] of steps.entries()) {
    const solution = escape(toMinimum(from, firstStep, k + 1), firstStep);
    if (best === undefined || better(solution, best)) best = solution;
    if (solution.end === "stopped" || solution.minimum) break;
  }
  return { ...(best as Solution), iterations };
}

export const isDetermined = ({ factors, level }: Polished): boolean =>
  factors.rank === factors.scale.length && level.length === 0;

/** The lower point, and of two as low the one that is a minimum. */
function better(a: Solution, b: Solution): boolean {
  const equal = a.point.cost <= b.point.cost * (1 + 1e-8);
  return a.point.cost < b.point.cost * (1 - 1e-8) || (a.minimum && !b.minimum && equal);
}

/** Parameters that a bound alone keeps from going on are put on it. */
function onBounds(point: Point, at: Evaluate, { box }: Settings): { point: Point; free: readonly number[] } {
  const all = Array.from(point.x, (_, j) => j);
  if (box === undefined) return { point, free: all };
  const g = gradientOf(point);
  const x = point.x.slice();
  const free = all.filter((j) => {
    const bound = ((g[j] as number) < 0 ? box.upper[j] : box.lower[j]) as number;
    const width = (box.upper[j] as number) - (box.lower[j] as number);
    const near = 1e-5 * Math.min(width, Math.max(Math.abs(bound), Math.abs(point.x[j] as number), 1e-5));
    if (g[j] === 0 || !Number.isFinite(bound) || !(Math.abs((x[j] as number) - bound) <= near)) return true;
    x[j] = bound;
    return false;
  });
  if (free.length === all.length) return { point, free };
  const there = at(x);
  // What the gradient promised must hold, or the bound is not what keeps it.
  return there.cost <= point.cost * (1 + 1e-12) ? { point: there, free } : { point, free: all };
}

/** Whether the cost is the same all around, as far as single directions show. */
const isLevel = (
  solution: Polished,
  free: readonly number[],
  cost: (x: Float64Array) => number,
  settings: Settings,
): boolean =>
  solution.blind.every((d) =>
    beside(solution, free, d, settings).every(
      (x) => Math.abs(cost(x) - solution.point.cost) <= 1e-12 * solution.point.cost,
    ),
  );

/** Points along a direction of the free parameters, both ways, from the parameters' size inward. */
function beside({ point }: Polished, free: readonly number[], way: Float64Array, { box }: Settings): Float64Array[] {
  const d = new Float64Array(point.x.length);
  free.forEach((j, i) => {
    d[j] = way[i] as number;
  });
  const largest = d.reduce((big, v, j) => Math.max(big, Math.abs(v) / Math.max(1, Math.abs(point.x[j] as number))), 0);
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return [];
  return Array.from({ length: 10 }, (_, k) => 4 ** -k).flatMap((t) =>
    [1, -1].map((sign) => {
      const x = along(point.x, (sign * t) / largest, d);
      return box === undefined ? x : inside(x, box);
    }),
  );
}

/** The first result that is one. */
function first<T, R>(items: readonly T[], of: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const result = of(item);
    if (result !== undefined) return result;
  }
  return undefined;
}
