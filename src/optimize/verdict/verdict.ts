/** The verdicts on a point, as they are told from few or many eigenvalues alike, and the sentences they are said in. */
import type { Box } from "../bounds.ts";
import type { Model } from "../model.ts";
import type { Objective, Point } from "../objective.ts";
import { show, showDirection } from "../result.ts";
import { maxNorm, negative, norm, type Vector } from "../vector.ts";
import { type Curved, examineFlat, type FlatReport } from "./flat.ts";
import { descend, type Runaway, ranAway } from "./leave.ts";

export type Verdict =
  | { readonly kind: "minimum"; readonly point: Point; readonly why: string }
  /** The point is no minimum; there is a lower one. */
  | { readonly kind: "escape"; readonly point: Point; readonly why: string }
  /** The search is to go on: this is no critical point. */
  | { readonly kind: "go-on"; readonly point: Point }
  | { readonly kind: "unbounded" | "plateau" | "unclear"; readonly point: Point; readonly why: string };

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

/** Over the parameters that no bound holds. */
export function regularWords({ words, n }: Objective, { marks }: Model): string {
  const count = marks?.filter((mark) => mark).length ?? 0;
  if (count === n) return `a ${words.minimum} of the box: bounds hold every parameter`;
  const over = count > 0 ? " over the free parameters" : "";
  return `a ${words.minimum}: all eigenvalues of the Hessian${over} are ${words.positive}`;
}

/** A lower point along a direction with dᵀHd = bend < 0, either way. */
export function wayDown(
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
export function undecided(objective: Objective, point: Point, curvature: number, d: Vector): Verdict {
  const why = `${bent(objective, curvature, d)}, but no ${objective.words.lower} value was found there`;
  return { kind: "unclear", point, why };
}

export const bent = ({ sign, names }: Objective, curvature: number, d: Vector): string =>
  `curvature ${show(sign * curvature)} along ${showDirection(
    d.map((v) => v / norm(d)),
    names,
  )}`;

export function judgeRunaway(
  { words, sign }: Objective,
  away: Runaway,
  from: Point,
  scale: Scale,
): Verdict | undefined {
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

/** Where neither slope nor curvature says anything. */
export function byHigherOrders(
  objective: Objective,
  point: Point,
  curved: Curved,
  noise: number,
  box: Box | undefined,
): Verdict {
  const report = examineFlat(objective, point, curved, noise, box);
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

export const plateau = (point: Point): Verdict => ({
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
