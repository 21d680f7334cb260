/** `minimize` and `maximize`: the loop around a method, and the verdict at its end. */
import { NablaError } from "../base/error.ts";
import type { Traced } from "../graph/trees.ts";
import { type Box, boxOf, free, held as heldBy, project } from "./bounds.ts";
import type { Method } from "./method.ts";
import { methodOf, rescueOf } from "./methods.ts";
import { modelAt, slopeAt } from "./model.ts";
import { type Objective, objective, type Point } from "./objective.ts";
import { type Iterate, type MinimizeOptions, type Settings, settingsOf } from "./options.ts";
import { type Measure, measure, type Status, show, showPoint } from "./result.ts";
import { isFiniteVector, maxNorm, minus, norm, type Vector } from "./vector.ts";
import { examineKink, type KinkReport } from "./verdict/kink.ts";
import { descend, follow, normalised } from "./verdict/leave.ts";
import { settle } from "./verdict/settle.ts";
import { noiseAt } from "./verdict/verdict.ts";

/** What was found; prints as a few readable lines. */
export class Minimum<X> {
  /** The best point seen, a tree like the start. */
  readonly x: Traced<X>;
  readonly value: number;
  /** ‖∇f(x)‖₂, without what bounds hold. */
  readonly gradientNorm: number;
  readonly gradient: Traced<X>;
  readonly iterations: number;
  /** How often the value and the gradient were computed. */
  readonly evaluations: number;
  readonly hessianEvaluations: number;
  readonly hessianProducts: number;
  readonly status: Status;
  /** What the point is, measured by what. */
  readonly message: string;
  readonly method: string;
  readonly tolerance: { readonly gradient: Measure; readonly step: Measure; readonly value: Measure };
  /** Every iterate, with { path: true }. */
  readonly path: readonly Iterate<X>[] | undefined;
  /** The parameters' names and values, for printing. */
  readonly names: readonly string[];
  readonly #shown: string;

  constructor(fields: Omit<Minimum<X>, "toString">, shown: string) {
    this.x = fields.x;
    this.value = fields.value;
    this.gradientNorm = fields.gradientNorm;
    this.gradient = fields.gradient;
    this.iterations = fields.iterations;
    this.evaluations = fields.evaluations;
    this.hessianEvaluations = fields.hessianEvaluations;
    this.hessianProducts = fields.hessianProducts;
    this.status = fields.status;
    this.message = fields.message;
    this.method = fields.method;
    this.tolerance = fields.tolerance;
    this.path = fields.path;
    this.names = fields.names;
    this.#shown = shown;
  }

  toString(): string {
    return [
      `${this.status}: ${this.message}`,
      `  ${this.#shown}`,
      `  value ${show(this.value, 10)}, gradient ${show(this.gradientNorm)}`,
      `  ${this.method}: ${this.iterations} iterations, ${this.evaluations} evaluations, ${this.hessianEvaluations} Hessians, ${this.hessianProducts} products with it`,
    ].join("\n");
  }
}

/** Where the loop ended. */
interface End {
  readonly status: Status;
  readonly why: string;
  readonly point: Point;
  readonly iterations: number;
  readonly step: number;
  readonly change: number;
  readonly unit: number;
  readonly path: readonly Iterate<unknown>[];
}

/**
 * The point near x0 at which a scalar function is least. f is compiled; one that looks at values (`if (x.item() > 0)`)
 * runs as it stands. Parameters are a number, an array, a tensor, or a tree of them.
 *
 * `status` is "converged" only where derivatives say that the point is a local minimum: the gradient by its tolerance
 * and by what Newton's step would still gain, the second derivatives by the eigenvalues of the exact Hessian (beyond
 * 300 parameters: the extreme ones, by Lanczos's process), higher ones where those vanish. From a maximum, a saddle, an
 * inflection the search goes on.
 *
 * @param f the cost, of one argument like x0
 * @param x0 where to start
 * @throws E-OPTION for an option that makes no sense, and whatever f throws, with the point at which it did
 * @example
 * const { x, status } = minimize(({ x, y }) => sub(1, x).square().add(y.sub(x.square()).square().mul(100)), { x: -1.2, y: 1 });
 * status // "converged"
 * x.y.item() // 1, up to rounding
 */
export function minimize<X>(f: (x: Traced<X>) => unknown, x0: X, options: MinimizeOptions<X> = {}): Minimum<X> {
  return optimum("minimize", f, x0, options, 1);
}

/**
 * The point near x0 at which a scalar function is largest: `minimize` of −f, in all that is said about f itself.
 *
 * @example
 * maximize((x) => x.mul(sub(2, x)), 0).x.item() // 1, up to rounding
 */
export function maximize<X>(f: (x: Traced<X>) => unknown, x0: X, options: MinimizeOptions<X> = {}): Minimum<X> {
  return optimum("maximize", f, x0, options, -1);
}

function optimum<X>(
  what: string,
  f: (x: Traced<X>) => unknown,
  x0: X,
  options: MinimizeOptions<X>,
  sign: 1 | -1,
): Minimum<X> {
  if (typeof options !== "object" || options === null)
    throw new NablaError("E-OPTION", `${what}: the options are ${String(options)}`, "an object, or nothing");
  const goal = objective(what, f, x0, sign);
  const { parameters, counts } = goal;
  const settings = settingsOf(what, options, goal.n, goal.compiled);
  const box = boxOf(what, options.bounds, parameters);
  const method = methodOf(what, goal, box, settings);
  const end = search(goal, method, settings, box);
  const { point, status } = end;
  const left = slopeAt(point, box);
  return new Minimum<X>(
    {
      x: parameters.rebuild(point.x),
      value: sign * point.value,
      gradientNorm: norm(left),
      gradient: parameters.rebuild(point.gradient.map((v) => (v === 0 ? 0 : sign * v))),
      iterations: end.iterations,
      evaluations: counts.evaluations,
      hessianEvaluations: counts.hessians,
      hessianProducts: counts.products,
      status,
      message: end.why,
      method: method.name,
      tolerance: {
        gradient: measure(maxNorm(left) / end.unit, settings.tolerance.gradient),
        step: measure(end.step, settings.tolerance.step),
        value: measure(end.change, settings.tolerance.value),
      },
      path: options.path ? (end.path as readonly Iterate<X>[]) : undefined,
      names: parameters.names,
    },
    showPoint(point.x, parameters.names),
  );
}

/** How often a search may leave critical points and set out again. */
const mostReturns = 50;

/** `from`: where to start, and that kinks there are known: their variables are held by the box. */
function search<X>(
  goal: Objective<X>,
  method: Method,
  settings: Settings<X>,
  box: Box | undefined,
  from?: Vector,
): End {
  const { tolerance, maxIterations, options } = settings;
  const { words } = goal;
  const path: Iterate<X>[] = [];
  const notes: string[] = [];
  const start = goal.evaluate(project(from ?? goal.parameters.x, box));
  let point = start;
  let best = start;
  let active = method;
  let rescued = false;
  let returns = 0;
  let step = Number.POSITIVE_INFINITY;
  let change = Number.POSITIVE_INFINITY;
  let iteration = 0;

  const end = (status: Status, why: string, at: Point = best): End => ({
    status,
    why: [...notes, why].join("; "),
    point: at,
    iterations: iteration,
    step,
    change,
    unit: unit(at),
    path,
  });
  /** Whether a lower point was seen than this one, by more than rounding. */
  const wasLower = (at: Point): boolean => best.value < at.value - 1e3 * goal.epsilon * Math.abs(best.value);
  /** The unit of gradients. Far out |f| grows faster than they do: what counts is what it was. */
  const unit = (at: Point): number => Math.max(1, Math.min(Math.abs(at.value), Math.abs(start.value)));
  /** Takes note of an iterate; true if the callback wants to stop. */
  const visit = (): boolean => {
    if (point.value < best.value) best = point;
    if (options.path !== true && options.callback === undefined) return false;
    const iterate: Iterate<X> = {
      iteration,
      x: goal.parameters.rebuild(point.x),
      value: goal.sign * point.value,
      gradientNorm: norm(point.gradient),
    };
    if (options.path === true) path.push(iterate);
    return iteration > 0 && options.callback?.(iterate) === true;
  };
  const gradientSays = (): string => {
    const size = maxNorm(slopeAt(point, box)) / unit(point);
    return `the gradient is ${show(size, 3)} (tolerance ${show(tolerance.gradient, 3)})`;
  };
  const sinks = (at: Point): End =>
    end("unbounded", `f ${words.falls} without limit: it is ${goal.sign * at.value} after ${iteration} iterations`, at);
  const stopped = (): End => end("stopped", `stopped by the callback after ${iteration} iterations`);
  const limit = (): End =>
    end("iteration-limit", `${gradientSays()} after ${iteration} iterations, all that were allowed`);
  /** The minimum over the variables that are at no kink, the others held. */
  const alongKinks = ({ point: at, across }: KinkReport, within: Box | undefined): Point => {
    const lower = at.x.map((v, i) => (across.includes(i) ? v : (within?.lower[i] ?? Number.NEGATIVE_INFINITY)));
    const upper = at.x.map((v, i) => (across.includes(i) ? v : (within?.upper[i] ?? Number.POSITIVE_INFINITY)));
    const inner = { ...settings, maxIterations: 200, options: {} };
    return search(goal, rescueOf("bfgs", goal, { lower, upper }), inner, { lower, upper }, at.x).point;
  };
  /** The end, or undefined where the search goes on from a new `point`. */
  const rest = (stalled: boolean): End | undefined => {
    const before = point;
    const kink =
      goal.mayKink && from === undefined && (stalled || goal.undefinedDerivatives(point.x).length > 0)
        ? examineKink(goal, point, noiseAt(goal, point), box)
        : undefined;
    if (kink !== undefined) {
      const noise = noiseAt(goal, kink.point);
      const beside = kink.minimum || kink.across.length === 0 ? undefined : alongKinks(kink, box);
      const lower =
        beside !== undefined && beside.value < kink.point.value - noise
          ? beside
          : descend(goal, kink.point, noise, box, normalised(kink.descent, kink.point.x));
      if (lower !== undefined) {
        point = lower;
        return undefined;
      }
      if (wasLower(kink.point) && returns++ < mostReturns) {
        point = best;
        return undefined;
      }
      point = kink.point;
      if (point.value === Number.NEGATIVE_INFINITY) return sinks(point);
      const said = `the derivative is undefined at this point (${kink.what})`;
      return kink.minimum
        ? end(
            "converged",
            `a ${words.minimum} at a kink: ${said}, 0 lies between the gradients around, and f ${words.rises} to all ${kink.tried} sides tried`,
            point,
          )
        : end("stalled", `${said}; no step leads ${words.down}`, point);
    }
    const verdict = settle(goal, point, box, { value: start.value, tolerance: tolerance.gradient });
    point = verdict.point;
    if (point.value < best.value) best = point;
    if (wasLower(point) && returns++ < mostReturns) {
      notes.push("the steps led away from the lowest point, from which the search went on");
      point = best;
      active = rescueOf(settings.method, goal, box);
      return undefined;
    }
    switch (verdict.kind) {
      case "minimum":
        return end("converged", `${gradientSays()}; ${verdict.why}${held(goal, point, box)}`, point);
      case "unbounded":
        return end("unbounded", verdict.why, point);
      case "plateau":
        if (maxNorm(point.x) > 100 * (1 + maxNorm(start.x)))
          return end(
            "unbounded",
            `the ${words.infimum} is at infinity: x went to ‖x‖ = ${show(norm(point.x), 3)}, where f is ${show(goal.sign * point.value)} and no longer changes`,
            point,
          );
        return end("stalled", verdict.why, point);
      case "unclear":
        return end("stalled", `${gradientSays()}; ${verdict.why}`, point);
      case "escape":
        notes.push(
          `${iteration === 0 && returns === 0 ? "the start" : "a point on the way"} was critical but no ${words.minimum} (${verdict.why}), and was left`,
        );
        break;
      case "go-on":
        if (point === before && stalled)
          return end("stalled", `${gradientSays()}, and no step leads ${words.down}`, point);
    }
    if (++returns > mostReturns)
      return end("stalled", `${gradientSays()}, and the search came back to critical points ${returns} times`);
    active.reset();
    return undefined;
  };

  if (!isDefined(point, box)) {
    if (point.value === Number.NEGATIVE_INFINITY)
      return end("unbounded", `f is ${goal.sign * point.value} at the start`);
    const which = Number.isFinite(point.value) ? "the gradient" : "f";
    return end(
      "undefined",
      `${which} is not finite at the start: ${goal.nonFinite(point.x).replace("\n  at ", ", at ")}`,
    );
  }
  visit();
  for (;;) {
    const model = modelAt(goal, point, box);
    const small = maxNorm(slopeAt(point, box)) <= tolerance.gradient * unit(point);
    const still = iteration > 0 && (step <= tolerance.step || change <= tolerance.value);
    if (small || still) {
      const done = rest(still && !small);
      if (done !== undefined) return done;
      if (point !== model && point.x !== model.x) {
        step = change = Number.POSITIVE_INFINITY;
        if (iteration >= maxIterations) return limit();
        iteration++;
        if (visit()) return stopped();
        continue;
      }
    }
    if (iteration >= maxIterations) return limit();
    const next = active.advance(model, iteration);
    if (next === undefined) {
      if (active.reset()) continue;
      if (!rescued) {
        rescued = true;
        notes.push(`${active.name} found no better point after ${iteration} iterations`);
        active = rescueOf(active.name, goal, box);
        continue;
      }
      const done = rest(true);
      if (done !== undefined) return done;
      iteration++;
      if (visit()) return stopped();
      continue;
    }
    iteration++;
    if (!isDefined(next, box)) {
      if (next.value === Number.NEGATIVE_INFINITY) return sinks(next);
      if (next.value < best.value) best = next;
      const which = Number.isFinite(next.value) ? "the gradient" : "f";
      return end(
        "stalled",
        `the steps led to where ${which} is not finite: ${goal.nonFinite(next.x).replace("\n  at ", ", at ")}`,
      );
    }
    step = maxNorm(minus(next.x, point.x)) / Math.max(1, maxNorm(next.x));
    change = Math.abs(next.value - point.value) / Math.max(1, Math.abs(next.value));
    const last = point;
    point = next;
    if (visit()) return stopped();
    if (point.value < -1e15 * (1 + Math.abs(start.value)) || maxNorm(point.x) > 1e12 * (1 + maxNorm(start.x))) {
      const away = follow(goal, point, minus(point.x, last.x), box);
      if (away.point.value < -1e20 * (1 + Math.abs(start.value)) || away.unbounded)
        return end(
          "unbounded",
          `f ${words.falls} without limit: it is ${show(goal.sign * away.point.value)} at ‖x‖ = ${show(norm(away.point.x))}`,
          away.point,
        );
    }
  }
}

/** Whether f has a value and a gradient, but for what bounds hold: √x is least at the bound 0. */
const isDefined = ({ x, value, gradient }: Point, box: Box | undefined): boolean =>
  Number.isFinite(value) && isFiniteVector(free(gradient, heldBy(x, gradient, box)));

/** Which bounds hold the point. */
function held(goal: Objective, point: Point, box: Box | undefined): string {
  const { marks } = modelAt(goal, point, box, false);
  const names = goal.names.filter((_, i) => marks?.[i]);
  if (names.length === 0) return "";
  return `; at the bound of ${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}
