/** The last digits of a fit: Newton's method on the exact Hessian, judged by the gradient. */
import type { Evaluate } from "./descent.ts";
import { eigenpairs } from "./eigenpairs.ts";
import type { Point } from "./point.ts";
import { columnNorms, type Factors, factorize, fromFactors, reachable } from "./triangular-form.ts";
import { along, dot, norm, times } from "./vector.ts";

export interface Polished {
  readonly point: Point;
  /** Of the columns of the parameters that are free, each scaled to length 1. */
  readonly factors: Factors;
  /** The least eigenvalue of the Hessian in the metric of JᵀJ: 1 where the model is linear, ≤ 0 at no minimum. */
  readonly leastCurvature: number;
  /** A direction in which the Hessian is negative, if there is one. */
  readonly downhill: Float64Array | undefined;
  /** Directions in which the residuals change, but the Hessian is 0: a symmetry, such as a rotation. */
  readonly level: readonly Float64Array[];
  /** Directions in which neither the residuals change nor the Hessian says anything. */
  readonly blind: readonly Float64Array[];
  /** The next Newton step beside the parameters, both by what they change in the residuals: ‖D·p‖/‖D·x‖. */
  readonly step: number;
  readonly rounds: number;
}

/**
 * In the coordinates z = S·Vᵀ·D·p the Hessian is 1 + K with K = S⁻¹Vᵀ·D⁻¹·L·D⁻¹·V·S⁻¹, L what JᵀJ leaves out, and the
 * gradient c: the condition of J enters once, not squared (the K of Bates and Watts 1988, §7: its eigenvalues are
 * curvatures). A step counts if ‖c‖, the length of the residuals' part that the parameters can still change, becomes
 * smaller: the sum of squares itself changes, below √ε of a step, by less than its rounding.
 *
 * @param leftOut L at a point, [n, n]
 * @param free the parameters that are not held at a bound
 */
export function polish(
  start: Point,
  at: Evaluate,
  leftOut: (p: Point) => Float64Array,
  free: readonly number[],
  allowed: (x: Float64Array) => boolean,
): Polished {
  const n = start.x.length;
  let point = start;
  let factors = ownFactors(point, free);
  let newton = newtonStep(factors, part(leftOut(point), n, free));
  let rounds = 0;
  for (; rounds < 20; rounds++) {
    if (newton.leastCurvature <= 0 || stepOf(point, factors, newton.p, free) <= rounding) break;
    const x = point.x.slice();
    free.forEach((j, i) => {
      x[j] = (x[j] as number) + (newton.p[i] as number);
    });
    if (!x.every(Number.isFinite) || !allowed(x)) break;
    const next = at(x);
    if (!(next.cost <= start.cost * (1 + 1e-8) + Number.MIN_VALUE)) break;
    const there = ownFactors(next, free);
    if (!(reachable(there) < reachable(factors))) break;
    // What rounding leaves of ‖c‖ is no guide any more.
    const done = reachable(there) <= 10 * Number.EPSILON * there.residualNorm;
    point = next;
    factors = there;
    newton = newtonStep(factors, part(leftOut(point), n, free));
    if (done) break;
  }
  const step = stepOf(point, factors, newton.p, free);
  const { leastCurvature, downhill, level, blind } = newton;
  return { point, factors, leastCurvature, downhill, level, blind, step, rounds };
}

/** A step this small beside the parameters changes none of their digits. */
const rounding = Number.EPSILON / 16;

/** ‖D·p‖/‖D·x‖ */
function stepOf({ x }: Point, { scale }: Factors, p: Float64Array, free: readonly number[]): number {
  const weighted = (v: Float64Array): number => norm(v.map((value, i) => value * (scale[i] as number)));
  const moves = weighted(p);
  return moves === 0 ? 0 : moves / weighted(Float64Array.from(free, (j) => x[j] as number));
}

const part = (a: Float64Array, n: number, free: readonly number[]): Float64Array =>
  free.length === n ? a : Float64Array.from(free.flatMap((i) => free.map((j) => a[i * n + j] as number)));

/** Factors of the columns of some parameters, each scaled to length 1. */
export function ownFactors({ jacobian, r, x }: Pick<Point, "jacobian" | "r" | "x">, free: readonly number[]): Factors {
  const [n, k] = [x.length, free.length];
  const columns =
    k === n
      ? jacobian
      : Float64Array.from({ length: r.length * k }, (_, at) => {
          const row = Math.floor(at / k);
          return jacobian[row * n + (free[at % k] as number)] as number;
        });
  return factorize(
    columns,
    r,
    columnNorms(columns, k).map((d) => d || 1),
  );
}

/** Below this, beside the largest, an eigenvalue of 1 + K is what rounding leaves of 0. */
const noCurvature = 1e-9;

/** p with (1 + K)·S·Vᵀ·D·p = −c in the determined directions, and how the Hessian bends. */
function newtonStep(factors: Factors, left: Float64Array) {
  const { s, v, c, scale, rank } = factors;
  const [n, k] = [scale.length, s.length];
  // Columns of W = D⁻¹·V·S⁻¹, so that K = Wᵀ·L·W.
  const column = (j: number, unit: number): Float64Array => scale.map((d, i) => (v[i * k + j] as number) / d / unit);
  const w = Array.from({ length: rank }, (_, j) => column(j, s[j] as number));
  const lw = w.map((d) => times(left, d));
  const h = new Float64Array(rank * rank);
  for (let a = 0; a < rank; a++)
    for (let b = 0; b < rank; b++)
      h[a * rank + b] = (a === b ? 1 : 0) + dot(w[a] as Float64Array, lw[b] as Float64Array);
  const { values, vectors } = eigenpairs(h, rank);
  const direction = (e: number): Float64Array =>
    w.reduce((sum, d, i) => along(sum, vectors[i * rank + e] as number, d), new Float64Array(n));
  const z = new Float64Array(k);
  const level: Float64Array[] = [];
  let leastCurvature = 1;
  let downhill: Float64Array | undefined;
  for (let e = 0; e < rank; e++) {
    const bend = values[e] as number;
    if (Math.abs(bend) <= noCurvature * Math.max(1, values[rank - 1] as number)) {
      level.push(direction(e));
      continue;
    }
    if (bend < 0) downhill ??= direction(e);
    leastCurvature = Math.min(leastCurvature, bend);
    let t = 0;
    for (let i = 0; i < rank; i++) t -= (vectors[i * rank + e] as number) * (c[i] as number);
    for (let i = 0; i < rank; i++) z[i] = (z[i] as number) + (t / bend) * (vectors[i * rank + e] as number);
  }
  // Where J says nothing, L alone bends the cost.
  const unseen = Array.from({ length: k - rank }, (_, j) => column(rank + j, 1));
  const bends = unseen.map((d) => times(left, d));
  const q = unseen.length;
  const { values: own, vectors: mixed } = eigenpairs(
    Float64Array.from(unseen.flatMap((a) => bends.map((b) => dot(a, b)))),
    q,
  );
  // Beside JᵀJ along the others, which is S², L may itself be what rounding leaves of 0.
  const beyond = 1e-12 * (rank > 0 ? (s[0] as number) ** 2 : 0);
  const rounding = beyond + 1e-10 * norm(left) * unseen.reduce((most, d) => Math.max(most, dot(d, d)), 0);
  const blind: Float64Array[] = [];
  own.forEach((bend, e) => {
    const d = unseen.reduce((sum, v, i) => along(sum, mixed[i * q + e] as number, v), new Float64Array(n));
    if (Math.abs(bend) <= rounding) blind.push(d);
    if (bend >= -rounding) return;
    leastCurvature = Math.min(leastCurvature, -1);
    downhill ??= d;
  });
  const p = fromFactors(
    factors,
    z.map((value, j) => (j < rank ? value / (s[j] as number) : 0)),
  );
  return { p, leastCurvature, downhill, level, blind };
}
