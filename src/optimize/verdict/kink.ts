/**
 * Points at which f has a kink. Gradients around the point say whether it is a minimum all the same: if 0 is in their
 * convex hull, it is stationary in the sense of Clarke; if not, the hull's shortest element, reversed, leads down
 * (gradient sampling: Burke, Lewis & Overton 2005, SIAM J. Optim. 15).
 */
import { type Box, free, held, project } from "../bounds.ts";
import type { Objective, Point } from "../objective.ts";
import { along, dot, maxNorm, minus, negative, norm, type Vector } from "../vector.ts";

export interface KinkReport {
  readonly point: Point;
  /** What has no derivative there. */
  readonly what: string;
  /** 0 is in the hull of the gradients around, and f rises to all sides that were tried. */
  readonly minimum: boolean;
  readonly descent: Vector;
  /** The variables across whose own kink the gradient changes its sign: along them the point is a minimum. */
  readonly across: readonly number[];
  readonly tried: number;
}

/** How far around the point gradients are taken, beside its size: further in float32, which resolves less. */
const radiusOf = ({ epsilon }: Objective): number => Math.max(1e-7, 32 * epsilon);
/** Further away by this a smooth gradient has changed by as much more, and one that jumps by the same. */
const further = 16;

/** The report, if the gradient jumps at the point or some operation has no derivative there. */
export function examineKink(
  objective: Objective,
  given: Point,
  noise: number,
  box: Box | undefined,
): KinkReport | undefined {
  const at = snapped(objective, given, noise);
  const named = objective.undefinedDerivatives(at.x);
  const around = sample(objective, at, box);
  const gradients = finiteGradients(around, box);
  if (gradients.length === 0) return undefined;
  const largest = Math.max(...gradients.map(maxNorm));
  if (named.length === 0) {
    const jump = spread(gradients);
    const beyond = spread(finiteGradients(sample(objective, at, box, further), box));
    if (!(jump > 1e-2 * largest && jump > 0.5 * beyond)) return undefined;
  }
  if (largest === 0) return undefined;
  const shortest = shortestIn(gradients);
  const lowest = around.reduce((a, b) => (b.value < a.value ? b : a));
  const rises = lowest.value >= at.value - noise;
  return {
    point: at,
    what: named[0] === undefined ? "the gradient jumps there" : `${named[0].operation}: ${named[0].why}`,
    minimum: rises && norm(shortest) <= 1e-5 * largest,
    descent: rises ? negative(shortest) : minus(lowest.x, at.x),
    across: Array.from({ length: Math.min(at.x.length, 100) }, (_, i) => i).filter((i) => {
      const [right, left] = [around[2 * i], around[2 * i + 1]].map((p) => p?.gradient[i] ?? 0) as [number, number];
      return right > 1e-3 * largest && left < -1e-3 * largest;
    }),
    tried: around.length,
  };
}

/** What bounds leave of the gradients, where they are finite. */
const finiteGradients = (points: readonly Point[], box: Box | undefined): Vector[] =>
  points.map(({ x, gradient }) => free(gradient, held(x, gradient, box))).filter((g) => g.every(Number.isFinite));

const spread = (gradients: readonly Vector[]): number =>
  Math.max(0, ...gradients.map((g) => maxNorm(along(g, -1, gradients[0] as Vector))));

/** The nearest point with rounder numbers, where that is not higher: |x| has its kink at 0, not at 10⁻¹⁷. */
function snapped(objective: Objective, at: Point, noise: number): Point {
  const radius = radiusOf(objective);
  let best = at;
  for (let i = 0; i < at.x.length; i++) {
    const v = best.x[i] as number;
    for (const digits of [1e4, 1e6, 1e8]) {
      const rounded = Math.round(v * digits) / digits;
      if (rounded === v || Math.abs(rounded - v) > radius * Math.max(1, Math.abs(v))) continue;
      const next = objective.evaluate(best.x.with(i, rounded === 0 ? 0 : rounded));
      if (next.value <= best.value + noise) {
        best = next;
        break;
      }
    }
  }
  return best;
}

/** Points around: along both ways of each variable, and in as many scattered directions. */
function sample(objective: Objective, at: Point, box: Box | undefined, times = 1): Point[] {
  const n = at.x.length;
  const size = times * radiusOf(objective) * Math.max(1, maxNorm(at.x));
  const axes = Array.from({ length: Math.min(n, 100) }, (_, i) => new Float64Array(n).with(i, 1));
  const scattered = Array.from({ length: 2 * Math.min(n, 50) + 2 }, (_, k) =>
    Float64Array.from({ length: n }, (_, i) => Math.cos(((k + 1) * (i + 1.7) * 2.399963) % 6.283185307)),
  );
  return [...axes, ...scattered].flatMap((d) =>
    [size, -size].map((t) => objective.evaluate(project(along(at.x, t, d), box))),
  );
}

/** The shortest convex combination: pairs of weights are shifted as long as that shortens it. */
function shortestIn(points: readonly Vector[]): Vector {
  const m = points.length;
  const weights = new Float64Array(m).fill(1 / m);
  let sum: Vector = new Float64Array((points[0] as Vector).length);
  for (const p of points) sum = along(sum, 1 / m, p);
  for (let k = 0; k < 50 * m; k++) {
    const slopes = points.map((p) => dot(p, sum));
    let to = 0;
    let from = -1;
    for (let i = 0; i < m; i++) {
      if ((slopes[i] as number) < (slopes[to] as number)) to = i;
      if ((weights[i] as number) > 0 && (from < 0 || (slopes[i] as number) > (slopes[from] as number))) from = i;
    }
    const d = along(points[to] as Vector, -1, points[from] as Vector);
    const bend = dot(d, d);
    const gain = (slopes[from] as number) - (slopes[to] as number);
    if (!(bend > 0) || !(gain > 1e-14 * dot(sum, sum))) break;
    const t = Math.min(weights[from] as number, gain / bend);
    weights[from] = (weights[from] as number) - t;
    weights[to] = (weights[to] as number) + t;
    sum = along(sum, t, d);
  }
  return sum;
}
