/** What least squares can be told, checked. */
import { NablaError } from "../base/error.ts";
import { type Bounds, type Box, boxOf } from "./bounds.ts";
import { type LossName, losses } from "./loss.ts";
import type { Iterate } from "./options.ts";
import type { Parameters } from "./parameters.ts";
import { gradientOf, type LossOptions, type Point } from "./point.ts";
import { norm } from "./vector.ts";

/** How a sum of squares is made smaller. */
export type FitMethod = "auto" | "gauss-newton" | "levenberg-marquardt" | "trust-region";

/** Options of `leastSquares`. */
export interface LeastSquaresOptions<X = unknown> {
  /**
   * `levenberg-marquardt`; `trust-region`, which keeps within bounds; `gauss-newton`, for good starts. `auto` is the first, or
   * the second where there are bounds, and tries other first steps where it did not arrive at a minimum.
   */
  readonly method?: FitMethod;
  /**
   * What a fit has converged by: the part of the residuals that parameters can still change, as a fraction of all of them,
   * or the next Newton step beside the parameters. Default 1e-8; what is reached is usually far less.
   */
  readonly tolerance?: number;
  /** How many steps, accepted or not, each try may take. Default 2000. */
  readonly maxIterations?: number;
  /** `squares` (the default), or what counts large residuals less: `soft-l1`, `huber`, `cauchy`, `tukey`. */
  readonly loss?: LossName;
  /** The size from which on a residual counts less. Default 1. */
  readonly scale?: number;
  /** For each parameter the least and the largest value. */
  readonly bounds?: Bounds<X>;
  /** Second-order steps (Transtrum and Sethna 2012), for `levenberg-marquardt`. Default false. */
  readonly acceleration?: boolean;
  /** Called with each better point; the fit ends where it returns true. The value is half the sum of what the loss makes of squares. */
  readonly callback?: (iterate: Iterate<X>) => unknown;
}

export interface Settings {
  readonly method: FitMethod;
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly loss: LossOptions;
  readonly box: Box | undefined;
  readonly acceleration: boolean;
  /** True ends the fit. */
  readonly callback: (p: Point, iteration: number) => boolean;
}

const methods: readonly FitMethod[] = ["auto", "gauss-newton", "levenberg-marquardt", "trust-region"];
const known = ["method", "tolerance", "maxIterations", "loss", "scale", "bounds", "acceleration", "callback"];

/** @throws E-OPTION for what does not exist or does not fit together, E-VALUE for a start outside of its bounds */
export function checkOptions<X>(
  what: string,
  options: LeastSquaresOptions<X>,
  start: Parameters<X>,
  more: readonly string[] = [],
): Settings {
  const fail = (problem: string, repair: string): never => {
    throw new NablaError("E-OPTION", `${what}: ${problem}`, repair);
  };
  for (const key of Object.keys(options))
    if (![...known, ...more].includes(key)) fail(`there is no option ${key}`, [...known, ...more].join(", "));
  const { method = "auto", tolerance = 1e-8, maxIterations = 2000, loss = "squares", scale = 1 } = options;
  const { acceleration = false, callback } = options;
  if (!methods.includes(method)) fail(`there is no method "${method}"`, methods.join(", "));
  if (!Object.hasOwn(losses, loss)) fail(`there is no loss "${loss}"`, Object.keys(losses).join(", "));
  const positive = (name: string, value: number): unknown =>
    (value > 0 && value < Number.POSITIVE_INFINITY) || fail(`${name} is ${value}`, "a positive number");
  positive("tolerance", tolerance);
  positive("scale", scale);
  if (!(Number.isInteger(maxIterations) && maxIterations >= 1))
    fail(`maxIterations is ${maxIterations}`, "a whole number from 1 on");
  const box = checkBox(what, options.bounds, start);
  if (box !== undefined && (method === "gauss-newton" || method === "levenberg-marquardt"))
    fail(`${method} knows no bounds`, 'method: "trust-region", or none');
  if (acceleration && (box !== undefined || method === "gauss-newton" || method === "trust-region"))
    fail("acceleration is for levenberg-marquardt, without bounds", "leaving it out");
  const tell = (p: Point, iteration: number): boolean =>
    callback?.({ iteration, x: start.rebuild(p.x.slice()), value: p.cost, gradientNorm: norm(gradientOf(p)) }) === true;
  return { method, tolerance, maxIterations, loss: { loss: losses[loss], scale }, box, acceleration, callback: tell };
}

/** The box, if it bounds anything, with the start in it. */
function checkBox<X>(what: string, bounds: Bounds<X> | undefined, start: Parameters<X>): Box | undefined {
  const box = boxOf(what, bounds, start);
  if (box === undefined) return undefined;
  const { lower, upper } = box;
  start.x.forEach((v, j) => {
    const [low, high, name] = [lower[j] as number, upper[j] as number, start.names[j]];
    if (low === high)
      throw new NablaError(
        "E-OPTION",
        `${what}: both bounds of ${name} are ${low}`,
        "a constant in the model for a parameter that is fixed",
      );
    if (!(low <= v && v <= high))
      throw new NablaError(
        "E-VALUE",
        `${what}: the start ${name} = ${v} lies outside of its bounds ${low} and ${high}`,
        `a start between them, such as ${Math.min(high, Math.max(low, v))}`,
      );
  });
  return [...lower, ...upper].some(Number.isFinite) ? box : undefined;
}
