/**
 * Lipschitz constants of a function and of its gradient over a box, proved: the greatest norm of the gradient, and the
 * greatest eigenvalue of the Hessian by size, between bounds, by interval arithmetic and branch and bound.
 */

import { NablaError } from "../base/error.ts";
import { quotientDown } from "../base/interval.ts";
import type { Graph } from "../graph/graph.ts";
import { show, showPoint } from "../optimize/result.ts";
import { type Limits, maximise, type Quantity } from "./branch-and-bound.ts";
import { curvatures } from "./curvatures.ts";
import { withInfinity, withoutRule } from "./interval.ts";
import { type Box, middleOf, type Region, regionOf, showCell } from "./region.ts";
import { showTrouble, type Trouble } from "./regularity.ts";
import { samplesOf } from "./sample.ts";
import { slopes } from "./slopes.ts";

/** - `certified`: proved; `refuted`: there is a witness against it; `unknown`: neither was reached, `message` says why */
export type Verdict = "certified" | "refuted" | "unknown";

/** How far to look, and what to prove. */
export interface LipschitzOptions extends Limits {
  /** The norm of the gradient: 2 (default), 1 or Infinity. Steps are then measured in the norm 2, Infinity or 1. */
  readonly norm?: 1 | 2 | typeof Infinity;
  /** A constant to be certified or refuted, instead of the best one to be found. */
  readonly constant?: number;
}

/** A Lipschitz constant over a box, as sharply as it could be proved. */
export interface LipschitzResult {
  readonly verdict: Verdict;
  /** Proved: the best constant is no less, as the witness shows. */
  readonly lower: number;
  /** Proved: a Lipschitz constant; Infinity where none could be. */
  readonly upper: number;
  /** The greatest seen at random points: an estimate, no proof. */
  readonly estimate: number;
  /** Where the lower bound is attained, as the argument of f (a list of them if there are several). */
  readonly witness: unknown;
  /** 1/upper: for the gradient's constant a step of gradient descent that never increases f in the box. */
  readonly step: number;
  /** What was proved, or what stands in the way. */
  readonly message: string;
  /** The cells of the box that were looked at. */
  readonly cells: number;
  toString(): string;
}

type AnyFunction = (...args: never[]) => unknown;

/**
 * The Lipschitz constant of a scalar function over a box, certified: |f(x) − f(y)| ≤ upper · ‖x − y‖ for all x and y in
 * it, and no constant below lower would do. Kinks are allowed, jumps and vertical tangents are named. The statement is
 * about the function in exact arithmetic.
 *
 * @param f of a number, an array or a tree, or of several arguments
 * @param box `lower` and `upper`, trees like the argument (lists of them for several arguments)
 * @throws E-VALUE, E-TREE where the box does not fit f or is a single point; E-NO-VALUE where f looks at values
 * @example
 * const { upper } = lipschitz((x) => sin(x), { lower: 0, upper: 1 });
 * upper // 1, up to rounding
 */
export function lipschitz(f: AnyFunction, box: Box, options: LipschitzOptions = {}): LipschitzResult {
  const what = "lipschitz";
  const { norm = 2 } = options;
  if (norm !== 1 && norm !== 2 && norm !== Infinity)
    throw new NablaError("E-OPTION", `${what}: norm is ${String(norm)}`, "1, 2 or Infinity");
  const region = regionOf(what, f, box);
  const reason = unsupported(region.value, region.gradient());
  if (reason !== undefined) return nothing(what, region, reason);
  return found(what, region, slopes(region, norm), options);
}

/**
 * The Lipschitz constant L of the gradient over a box, certified: the greatest ‖H‖₂. Gradient descent with the step 1/L
 * never increases f as long as it stays in the box (Nesterov 2018, lemma 1.2.3).
 *
 * @param f of a number, an array or a tree, or of several arguments
 * @param box `lower` and `upper`, trees like the argument (lists of them for several arguments)
 * @throws E-VALUE, E-TREE where the box does not fit f or is a single point; E-NO-VALUE where f looks at values
 * @example
 * const { upper, step } = gradientLipschitz((x) => x.mul(x).sum(), { lower: [-1, -1], upper: [1, 1] });
 * upper // 2
 * step // 0.5
 */
export function gradientLipschitz(
  f: AnyFunction,
  box: Box,
  options: Omit<LipschitzOptions, "norm"> = {},
): LipschitzResult {
  const what = "gradientLipschitz";
  const region = regionOf(what, f, box);
  const reason = unsupported(region.value, region.hessian());
  if (reason !== undefined) return nothing(what, region, reason);
  return found(what, region, curvatures(region), options);
}

function found(what: string, region: Region, quantity: Quantity<Trouble>, options: LipschitzOptions): LipschitzResult {
  const { constant } = options;
  if (constant !== undefined && !(constant >= 0))
    throw new NablaError("E-OPTION", `${what}: constant is ${constant}`, "a number ≥ 0, or nothing to find one");
  const best = maximise(
    region.cell,
    quantity.judge,
    options,
    (low, high) => constant !== undefined && (low > constant || high <= constant),
  );
  const seen = samplesOf(region.cell, 200).map((x) => ({ x, ...quantity.at(x) }));
  const top = seen.reduce((a, b) => (b.lower > a.lower ? b : a), { x: best.at, lower: best.lower, size: best.lower });
  const estimate = seen.reduce((size, s) => Math.max(size, s.size), 0);
  const [lower, upper] = [top.lower, best.upper];
  const verdict: Verdict =
    constant === undefined
      ? upper < Infinity
        ? "certified"
        : "unknown"
      : upper <= constant
        ? "certified"
        : lower > constant
          ? "refuted"
          : "unknown";
  const of = what === "lipschitz" ? "f" : "its gradient";
  const where = showPoint(top.x, region.names);
  const proved = `the best Lipschitz constant of ${of} over the box lies between ${show(lower, 7)} (at ${where}) and ${show(upper, 7)}`;
  const reason = best.stuck?.reason;
  const message =
    verdict === "refuted"
      ? `${constant} is no Lipschitz constant of ${of}: at ${where} the slope is at least ${show(lower, 7)}`
      : upper < Infinity
        ? constant === undefined || verdict === "certified"
          ? proved
          : `${proved}: whether ${constant} is one stayed open after ${best.cells} cells`
        : `no bound was found: ${reason ? showTrouble(reason) : "the bounds of the derivatives overflow"}${best.stuck ? `, in ${showCell(best.stuck.cell, region.names)}` : ""}`;
  return report(what, {
    verdict,
    lower,
    upper,
    estimate,
    witness: region.rebuild(top.x),
    step: upper > 0 ? Math.max(0, quotientDown(1, upper)) : Infinity,
    message,
    cells: best.cells,
  });
}

function unsupported(value: Graph, derivative: Graph): string | undefined {
  const missing = withoutRule(value) ?? withoutRule(derivative);
  if (missing !== undefined) return `${missing.operation.name} has no interval rule`;
  const infinite = withInfinity(value);
  return infinite && `${infinite.operation.name} has an infinite constant`;
}

const nothing = (what: string, region: Region, message: string): LipschitzResult =>
  report(what, {
    verdict: "unknown",
    lower: 0,
    upper: Infinity,
    estimate: Number.NaN,
    witness: region.rebuild(middleOf(region.cell)),
    step: 0,
    message,
    cells: 0,
  });

function report(what: string, fields: Omit<LipschitzResult, "toString">): LipschitzResult {
  const { verdict, message, lower, upper, estimate, step, cells } = fields;
  const lines = [
    `${what}: ${verdict}`,
    message,
    `in [${show(lower, 7)}, ${show(upper, 7)}], safe step ${show(step)}; estimate from 200 random points ${show(estimate, 7)}; ${cells} cells`,
  ];
  return Object.defineProperty({ ...fields }, "toString", { value: () => lines.join("\n") });
}
