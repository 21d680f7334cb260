/**
 * What a point is at which a search came to rest, by its second derivatives and, where they vanish, higher ones. Where
 * it is a minimum, Newton's steps bring it as near as rounding allows (a decrease of f cannot be seen below √ε); where
 * it is none, the way down is taken.
 */
import { type Box, project } from "../bounds.ts";
import {
  coordinates,
  definite,
  type Equilibrated,
  equilibrated,
  type Spectrum,
  spectrumOf,
  stepOf,
  unwhitened,
  whitened,
} from "../factor.ts";
import { extremes } from "../lanczos.ts";
import { type Model, modelAt } from "../model.ts";
import type { Objective, Point } from "../objective.ts";
import { show, showDirection } from "../result.ts";
import { along, dot, maxNorm, negative, norm, type Vector } from "../vector.ts";
import { examineFlat, type FlatReport } from "./flat.ts";
import { descend, follow, normalised, type Runaway, ranAway } from "./leave.ts";

export type Verdict =
  | { readonly kind: "minimum"; readonly point: Point; readonly why: string }
  /** The point is no minimum; there is a lower one. */
  | { readonly kind: "escape"; readonly point: Point; readonly why: string }
  /** The search is to go on: this is no critical point. */
  | { readonly kind: "go-on"; readonly point: Point }
  | { readonly kind: "unbounded" | "plateau" | "unclear"; readonly point: Point; readonly why: string };

/** Up to here all eigenvalues are computed, beyond the extreme ones by Lanczos's process. */
export const exactUpTo = 300;

export interface Scale {
  /** The value at the start. */
  readonly value: number;
  /** The largest gradient that counts as 0, relative to max(1, min(|f|, |value|)). */
  readonly tolerance: number;
}

/** Differences of f at the point below which it is rounding: what changes of the last bits of x do to it. */
export function noiseAt(objective: Objective, { x, value }: Point): number {
  let noise = 4 * objective.epsilon * Math.abs(value);
  for (const k of [1, 2, 3]) {
    const near = x.map((v, i) => v * (1 + ((i + k) % 3 === 0 ? -1 : 1) * objective.epsilon));
    const change = Math.abs(objective.evaluate(near).value - value);
    if (Number.isFinite(change)) noise = Math.max(noise, 2 * change);
  }
  return noise;
}

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
    // Curvature that is small here may vanish at the minimum itself.
    if (
      next !== undefined &&
      (parts.values[0] as number) < 1e-6 &&
      norm(next.point.gradient) < 0.1 * norm(point.gradient)
    ) {
      point = next.point;
      continue;
    }
    if ((parts.values[0] as number) < -threshold) return undecided(objective, model, parts);
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
  const factor = definite(balanced, 1e-6);
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
    const after = whitened(factor, modelAt(objective, point, box, false).slope);
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

/** Over the parameters that no bound holds. */
function regularWords({ words, n }: Objective, { marks }: Model): string {
  const count = marks?.filter((mark) => mark).length ?? 0;
  if (count === n) return `a ${words.minimum} of the box: bounds hold every parameter`;
  const over = count > 0 ? " over the free parameters" : "";
  return `a ${words.minimum}: all eigenvalues of the Hessian${over} are ${words.positive}`;
}

/** What Lanczos's process says of many variables: the smallest curvature alone. */
function byLanczos(objective: Objective, point: Point, box: Box | undefined, scale: Scale): Verdict {
  const model = modelAt(objective, point, box, false);
  const { smallest, largest, direction, residual } = extremes(model.product, objective.n);
  if (Number.isNaN(smallest)) return { kind: "unclear", point, why: "its second derivatives are not finite" };
  const noise = noiseAt(objective, point);
  const size = Math.max(Math.abs(smallest), Math.abs(largest));
  const d = normalised(dot(direction, model.gradient) > 0 ? negative(direction) : direction, point.x);
  if (smallest < -1e-10 * size) {
    const lower = leave(objective, point, noise, box, d, smallest * dot(d, d));
    if (lower !== undefined) return { kind: "escape", point: lower, why: bent(objective, smallest, d) };
  }
  if (size === 0) return plateau(point);
  const away = follow(
    objective,
    point,
    negative(model.slope).map((v) => v / size),
    box,
  );
  const verdict = judgeRunaway(objective, away, point, scale);
  if (verdict !== undefined) return verdict;
  const { words, sign } = objective;
  const extremal = `${show(sign * smallest)} ± ${show(residual, 2)} and ${show(sign * largest)}`;
  return {
    kind: "minimum",
    point,
    why: `a ${words.minimum} as far as the extreme curvatures by Lanczos's process say, ${extremal}`,
  };
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
    const lower = leave(objective, model, noise, box, d, bend);
    if (lower !== undefined) return { kind: "escape", point: lower, why: bent(objective, bend / dot(d, d), d) };
  }
  return undefined;
}

/** A lower point along a direction with dᵀHd = bend < 0, either way. */
function leave(
  objective: Objective,
  at: Point,
  noise: number,
  box: Box | undefined,
  d: Vector,
  bend: number,
): Point | undefined {
  // As far as it takes until the decrease t²·bend/2 stands out of the rounding.
  const visible = Math.sqrt((-200 * noise) / bend);
  return (
    descend(objective, at, noise, box, d, { visible }) ?? descend(objective, at, noise, box, negative(d), { visible })
  );
}

/** Negative curvature along which f falls by less than its rounding, or bounds are in the way. */
function undecided(objective: Objective, model: Model, parts: Spectrum): Verdict {
  const d = stepOf(parts, new Float64Array(parts.n).with(0, 1));
  const curvature = dot(d, model.product(d)) / dot(d, d);
  const why = `${bent(objective, curvature, d)}, but no ${objective.words.lower} value was found there`;
  return { kind: "unclear", point: model, why };
}

const bent = ({ sign, names }: Objective, curvature: number, d: Vector): string =>
  `curvature ${show(sign * curvature)} along ${showDirection(
    d.map((v) => v / norm(d)),
    names,
  )}`;

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
    const after = modelAt(objective, point, box, false);
    const c = coordinates(parts, after.slope);
    const decrement = (v: Vector): number =>
      v.reduce((sum, s, j) => sum + s * s * Math.abs(parts.values[j] as number), 0);
    const left = decrement(c.map((v, j) => ((step[j] as number) === 0 ? 0 : v / (parts.values[j] as number))));
    return { point, rate: Math.sqrt(left / decrement(step)) };
  }
  return undefined;
}

function judgeRunaway({ words, sign }: Objective, away: Runaway, from: Point, scale: Scale): Verdict | undefined {
  const { point, reach, unbounded } = away;
  if (!ranAway(away, from.x)) return undefined;
  const size = `‖x‖ = ${show(norm(point.x), 3)}`;
  if (unbounded || point.value < -1e20 * (1 + Math.abs(scale.value)))
    return {
      kind: "unbounded",
      point,
      why: `f ${words.falls} without limit: it is ${show(sign * point.value)} at ${size} and goes on ${words.falling}`,
    };
  return {
    kind: "unbounded",
    point,
    why: `the ${words.infimum} is at infinity: f ${words.falls} towards ${show(sign * point.value)} while x grows (${size}, ${show(reach)} times Newton's step)`,
  };
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
  const report = examineFlat(objective, point, parts, threshold, Math.max(noise, 1e-14 * size), box);
  if (report.escape !== undefined) {
    const { direction, why } = report.escape;
    const named = showDirection(
      direction.map((v) => v / norm(direction)),
      objective.names,
    );
    return { kind: "escape", point: report.escape.point, why: `the curvature vanishes along ${named} and ${why}` };
  }
  if (report.free.length === objective.n) return plateau(point);
  return { kind: "minimum", point, why: flatMinimum(objective, report) };
}

const plateau = (point: Point): Verdict => ({
  kind: "plateau",
  point,
  why: "f is constant around the point: a plateau, on which derivatives lead nowhere",
});

function flatMinimum({ names, words }: Objective, { free, quartic }: FlatReport): string {
  const directions = free.map(
    (d) =>
      `(${showDirection(
        d.map((v) => v / maxNorm(d)),
        names,
      )})`,
  );
  if (free.length > 0)
    return `a ${words.minimum} that is not isolated: f does not change along the direction${free.length > 1 ? "s" : ""} ${directions.slice(0, 3).join(", ")}${free.length > 3 ? ` and ${free.length - 3} more` : ""}, which stay${free.length > 1 ? "" : "s"} free`;
  const by = quartic ? "derivatives of order 4 make it one" : `f ${words.rises} there all the same`;
  return `a ${words.minimum} at which the curvature vanishes in some direction; ${by}`;
}

function regular(objective: Objective, model: Model, parts: Spectrum, rate: number): string {
  const all = regularWords(objective, model);
  if (rate > 0.2) return `${all}, but curvature vanishes nearby: Newton's step leaves ${show(rate, 2)} of the distance`;
  const condition = (parts.values[parts.n - 1] as number) / (parts.values[0] as number);
  return condition > 1e8 ? `${all}, though ill-conditioned (${show(condition, 2)} after scaling)` : all;
}
