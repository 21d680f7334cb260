/**
 * What a point is at which a search came to rest, by its second derivatives and, where they vanish, higher ones. Where
 * it is a minimum, Newton's steps bring it as near as rounding allows (a decrease of f cannot be seen below √ε); where
 * it is none, the way down is taken.
 */
import { type Box, project } from "../bounds.ts";
import { definite, unwhitened, whitened } from "../definite.ts";
import { coordinates, type Equilibrated, equilibrated, type Spectrum, spectrumOf, stepOf } from "../factor.ts";
import { type Model, modelAt, slopeAt } from "../model.ts";
import type { Objective, Point } from "../objective.ts";
import { show } from "../result.ts";
import { along, dot, maxNorm, norm, type Vector } from "../vector.ts";
import { byLanczos } from "./by-lanczos.ts";
import { curvedBy } from "./flat.ts";
import { descend, follow, normalised } from "./leave.ts";
import {
  bent,
  byHigherOrders,
  judgeRunaway,
  noiseAt,
  regularWords,
  type Scale,
  undecided,
  type Verdict,
  wayDown,
} from "./verdict.ts";

/** Up to here all eigenvalues are computed, beyond the extreme ones by Lanczos's process. */
const exactUpTo = 300;

export function settle(objective: Objective, start: Point, box: Box | undefined, scale: Scale): Verdict {
  return objective.n <= exactUpTo
    ? byEigenvalues(objective, start, box, scale)
    : byLanczos(objective, start, box, scale);
}

/** What Newton's steps from a point did. */
interface Progress {
  readonly point: Point;
  /** By how much each reduced the gradient in the metric of H⁻¹: 0 at a regular minimum, more where curvature vanishes. */
  readonly rate: number;
}

function byEigenvalues(objective: Objective, start: Point, box: Box | undefined, scale: Scale): Verdict {
  let point = start;
  /** The largest of what Newton's steps left of the distance, where that was not rounding. */
  let slowest = 0;
  const noise = noiseAt(objective, start);
  for (let round = 0; round < 60; round++) {
    const model = modelAt(objective, point, box, false);
    const balanced = equilibrated(model.hessian(), objective.n);
    const near = round === 0 ? regularMinimum(objective, model, balanced, noise, box, scale) : undefined;
    if (near !== undefined) return near;
    const parts = spectrumOf(balanced);
    if (Number.isNaN(parts.values[0])) return { kind: "unclear", point, why: "its second derivatives are not finite" };
    const c = coordinates(parts, model.slope);
    const threshold = 1e-13 * objective.n * Math.max(1, objective.epsilon / Number.EPSILON);
    const down = negativeCurvature(objective, model, parts, c, threshold, noise, box);
    if (down !== undefined) return down;

    const step = c.map((v, j) => ((parts.values[j] as number) > threshold ? -v / (parts.values[j] as number) : 0));
    const predicted = -dot(c, step) / 2;
    const size = Math.max(Math.abs(point.value), Math.abs(scale.value - point.value));
    const settled = predicted <= Math.max(1e-14 * size, noise);
    const next = newtonStep(objective, model, parts, step, noise, box);
    const rate = next?.rate ?? 0;
    if (predicted > 10 * noise) slowest = Math.max(slowest, rate);
    if (next !== undefined && rate > 0.1 && predicted > 0) {
      // Slow: the curvature vanishes where the steps lead, or they lead to infinity, or through an inflection.
      const beyond = follow(objective, point, stepOf(parts, step), box);
      const verdict = judgeRunaway(objective, beyond, point, scale);
      if (verdict !== undefined) return verdict;
      if (beyond.reach > 4 && beyond.point.value < point.value - noise) return { kind: "go-on", point: beyond.point };
      if (beyond.point.value < next.point.value - noise && round < 20) {
        point = beyond.point;
        continue;
      }
    }
    // Where curvature vanishes the gradient is small long before the point is near.
    const slowly = rate > 0.1 && next !== undefined && next.point.value < point.value - noise && round < 20;
    if (!settled || slowly) {
      if (next === undefined) return { kind: "go-on", point };
      point = next.point;
      continue;
    }
    // Curvature that is small here, but not 0, may vanish at the minimum itself.
    const faint = parts.values.some((v) => v < 1e-6 && Math.abs(v) > threshold);
    if (faint && next !== undefined && norm(next.point.gradient) < 0.1 * norm(point.gradient)) {
      point = next.point;
      continue;
    }
    if ((parts.values[0] as number) < -threshold) {
      const d = stepOf(parts, new Float64Array(parts.n).with(0, 1));
      return undecided(objective, model, dot(d, model.product(d)) / dot(d, d), d);
    }
    const nulls = Array.from(parts.values).filter((v) => Math.abs(v) <= threshold).length;
    const best = next !== undefined && norm(next.point.gradient) < norm(point.gradient) ? next.point : point;
    if (nulls === 0) return { kind: "minimum", point: best, why: regular(objective, model, parts, slowest) };
    return judgeFlat(objective, best, parts, c, threshold, noise, box, scale);
  }
  return { kind: "unclear", point, why: "Newton's steps get shorter without end: the curvature vanishes there" };
}

/**
 * The usual case, told cheaply: a Hessian that is positive definite by a wide margin, and a Newton step from which
 * hardly any of the gradient is left, so that the curvature does not vanish nearby either.
 */
function regularMinimum(
  objective: Objective,
  model: Model,
  balanced: Equilibrated,
  noise: number,
  box: Box | undefined,
  scale: Scale,
): Verdict | undefined {
  const factor = definite(balanced, -1e-6);
  if (factor === undefined) return undefined;
  const y = whitened(factor, model.slope);
  const predicted = dot(y, y) / 2;
  if (predicted === 0) return { kind: "minimum", point: model, why: regularWords(objective, model) };
  if (!(predicted <= 1e-14 * Math.max(Math.abs(model.value), Math.abs(scale.value - model.value)))) return undefined;
  /** One more step with the same factor, if it leaves less of the gradient. */
  const improved = (
    from: Point,
    left: Vector,
    most: number,
  ): { readonly point: Point; readonly left: Vector } | undefined => {
    const step = unwhitened(factor, left).map((v, i) => -v * (balanced.scale[i] as number));
    const point = objective.evaluate(along(from.x, 1, step));
    if (!(point.value <= model.value + noise)) return undefined;
    const inside = project(point.x, box);
    if (point.x.some((v, i) => v !== inside[i])) return undefined;
    const after = whitened(factor, slopeAt(point, box));
    return norm(after) <= most * norm(left) ? { point, left: after } : undefined;
  };
  let best = improved(model, y, 0.1);
  if (best === undefined) return undefined;
  for (let k = 0; k < 5; k++) {
    const next = improved(best.point, best.left, 0.5);
    if (next === undefined) break;
    best = next;
  }
  // What steps cannot remove is rounding, or curvature that vanishes in a direction that mattered little at first.
  if (dot(best.left, best.left) / 2 > 10 * noise) return undefined;
  return { kind: "minimum", point: best.point, why: regularWords(objective, model) };
}

function negativeCurvature(
  objective: Objective,
  model: Model,
  parts: Spectrum,
  c: Vector,
  threshold: number,
  noise: number,
  box: Box | undefined,
): Verdict | undefined {
  for (let j = 0; j < parts.n && (parts.values[j] as number) < -threshold; j++) {
    const unit = new Float64Array(parts.n).with(j, (c[j] as number) > 0 ? -1 : 1);
    const d = normalised(stepOf(parts, unit), model.x);
    const bend = dot(d, model.product(d));
    const lower = wayDown(objective, model, noise, box, d, bend);
    if (lower !== undefined) return { kind: "escape", point: lower, why: bent(objective, bend / dot(d, d), d) };
  }
  return undefined;
}

/** The step with these coordinates, shortened where f would rise by more than rounding. */
function newtonStep(
  objective: Objective,
  model: Model,
  parts: Spectrum,
  step: Vector,
  noise: number,
  box: Box | undefined,
): Progress | undefined {
  const p = stepOf(parts, step);
  if (maxNorm(p) === 0) return undefined;
  for (let t = 1; t > 1e-3; t /= 4) {
    const point = objective.evaluate(along(model.x, t, p));
    if (box !== undefined && point.x.some((v, i) => v < (box.lower[i] as number) || v > (box.upper[i] as number)))
      continue;
    if (!(point.value <= model.value + noise)) continue;
    const c = coordinates(parts, slopeAt(point, box));
    const decrement = (v: Vector): number =>
      v.reduce((sum, s, j) => sum + s * s * Math.abs(parts.values[j] as number), 0);
    const left = decrement(c.map((v, j) => ((step[j] as number) === 0 ? 0 : v / (parts.values[j] as number))));
    return { point, rate: Math.sqrt(left / decrement(step)) };
  }
  return undefined;
}

function judgeFlat(
  objective: Objective,
  point: Point,
  parts: Spectrum,
  c: Vector,
  threshold: number,
  noise: number,
  box: Box | undefined,
  scale: Scale,
): Verdict {
  const size = Math.max(Math.abs(point.value), Math.abs(scale.value - point.value));
  const unit = Math.max(1, Math.min(Math.abs(point.value), Math.abs(scale.value)));
  const nullSlope = c.map((v, j) => (Math.abs(parts.values[j] as number) <= threshold ? -v : 0));
  const downhill = normalised(stepOf(parts, nullSlope), point.x);
  if (maxNorm(downhill) > 0) {
    const away = follow(objective, point, downhill, box);
    const verdict = judgeRunaway(objective, away, point, scale);
    if (verdict !== undefined) return verdict;
    if (away.point.value < point.value - noise) return { kind: "go-on", point: away.point };
    const near = descend(objective, point, noise, box, downhill);
    if (near !== undefined && near.value < point.value - 1e-14 * size) return { kind: "go-on", point: near };
    // A slope without curvature, along which f does not fall: a kink, or rounding.
    if (-dot(downhill, point.gradient) > Math.max(scale.tolerance * unit, noise)) return { kind: "go-on", point };
  }
  // Near a degenerate minimum odd derivatives are not 0 yet, and lead to it: that is no way out.
  return byHigherOrders(objective, point, curvedBy(parts, threshold), Math.max(noise, 1e-14 * size), box);
}

function regular(objective: Objective, model: Model, parts: Spectrum, rate: number): string {
  const all = regularWords(objective, model);
  if (rate > 0.2) return `${all}, but curvature vanishes nearby: Newton's step leaves ${show(rate, 2)} of the distance`;
  const condition = (parts.values[parts.n - 1] as number) / (parts.values[0] as number);
  return condition > 1e8 ? `${all}, though ill-conditioned (${show(condition, 2)} after scaling)` : all;
}
