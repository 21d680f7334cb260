/** What `minimize` may be told, checked, with what it does if it is not. */
import { NablaError } from "../base/error.ts";
import type { Traced } from "../graph/trees.ts";
import type { Bounds } from "./bounds.ts";

export const methodNames = [
  "gradient-descent",
  "momentum",
  "conjugate-gradient",
  "bfgs",
  "l-bfgs",
  "newton",
  "saddle-free-newton",
  "newton-cg",
  "trust-region",
] as const;
/** What `method` may be, besides "auto". */
export type MethodName = (typeof methodNames)[number];

export const lineSearchNames = [
  "constant",
  "schedule",
  "best-of",
  "exact-quadratic",
  "exact",
  "backtracking",
  "strong-wolfe",
] as const;
/** The names of the step rules. */
export type LineSearchName = (typeof lineSearchNames)[number];

/** A rule for the length of a step, with what it needs. */
export type LineSearch =
  | LineSearchName
  | { readonly name: Exclude<LineSearchName, "constant" | "schedule" | "best-of"> }
  /** Always this length. */
  | { readonly name: "constant"; readonly length?: number }
  /** A length for each iteration, from 0; by default 0.1 / (1 + k / 10). */
  | { readonly name: "schedule"; readonly length?: (iteration: number) => number }
  /** The best of these lengths. */
  | { readonly name: "best-of"; readonly lengths?: readonly number[] };

/** When a search may end. */
export interface Tolerance {
  /** The largest component of the gradient, relative to max(1, |f|), at most to |f| at the start. Default 1e-8. */
  readonly gradient?: number;
  /** The largest change of a parameter in one step, relative to max(1, ‖x‖∞). Default 0: never ends a search. */
  readonly step?: number;
  /** The change of the value in one step, relative to max(1, |f|). Default 0: never ends a search. */
  readonly value?: number;
}

/** Where a search is: what a callback is told after each iteration, and what a recorded path holds. */
export interface Iterate<X> {
  readonly iteration: number;
  readonly x: Traced<X>;
  readonly value: number;
  readonly gradientNorm: number;
}

/** Options of `minimize` and `maximize`. */
export interface MinimizeOptions<X> {
  /**
   * Default "auto": the trust region up to 30 parameters, "newton-cg" up to 300, "l-bfgs" beyond and where f cannot be
   * compiled; with a `lineSearch`, which a trust region has not, "bfgs" up to 30. Where a method finds no better point,
   * another one tries before the search ends.
   */
  readonly method?: MethodName | "auto";
  /** Default: "strong-wolfe" for gradients and what is learnt from them, "backtracking" for Newton's steps and momentum. */
  readonly lineSearch?: LineSearch;
  /** A number is that of the gradient. */
  readonly tolerance?: number | Tolerance;
  /** Default 1000, or 20 for each parameter if that is more; 20 000 for gradient descent, momentum and conjugate gradients. */
  readonly maxIterations?: number;
  /** For each parameter the least and the largest value. */
  readonly bounds?: Bounds<X>;
  /** Called after each iteration; the search ends where it returns true. */
  readonly callback?: (iterate: Iterate<X>) => unknown;
  /** Whether the result has the path. */
  readonly path?: boolean;
  /** For "momentum": the factor (default 0.9), and whether the gradient is taken ahead (Nesterov; default false). */
  readonly momentum?: { readonly factor?: number; readonly nesterov?: boolean };
  /** For "l-bfgs": how many pairs are kept. Default 10. */
  readonly memory?: number;
}

/** The same, complete. */
export interface Settings<X> {
  readonly method: MethodName;
  readonly lineSearch: Exclude<LineSearch, string>;
  readonly tolerance: Required<Tolerance>;
  readonly maxIterations: number;
  readonly momentum: { readonly factor: number; readonly nesterov: boolean };
  readonly memory: number;
  readonly options: MinimizeOptions<X>;
}

const fail = (what: string, problem: string, repair: string): never => {
  throw new NablaError("E-OPTION", `${what}: ${problem}`, repair);
};

const known = [
  "method",
  "lineSearch",
  "tolerance",
  "maxIterations",
  "bounds",
  "callback",
  "path",
  "momentum",
  "memory",
];

export function settingsOf<X>(what: string, options: MinimizeOptions<X>, n: number, compiled: boolean): Settings<X> {
  for (const key of Object.keys(options))
    if (!known.includes(key)) fail(what, `there is no option "${key}"`, known.join(", "));
  const { method: asked = "auto", tolerance = {}, memory = 10 } = options;
  if (asked !== "auto" && !methodNames.includes(asked))
    fail(what, `there is no method "${asked}"`, ["auto", ...methodNames].join(", "));
  const given = options.lineSearch;
  const method = asked === "auto" ? automatic(n, compiled, given !== undefined) : asked;
  if (given !== undefined && method === "trust-region")
    fail(what, "a trust region has no line search", "lineSearch left out, or another method");
  const lineSearch = typeof given === "string" ? { name: given } : (given ?? { name: defaultSearch(method) });
  if (!lineSearchNames.includes(lineSearch.name))
    fail(what, `there is no line search "${lineSearch.name}"`, lineSearchNames.join(", "));
  const { gradient = 1e-8, step = 0, value = 0 } = typeof tolerance === "number" ? { gradient: tolerance } : tolerance;
  for (const [name, v] of Object.entries({ gradient, step, value }))
    if (!(v >= 0)) fail(what, `tolerance.${name} is ${v}`, "a number ≥ 0");
  const firstOrder = ["gradient-descent", "momentum", "conjugate-gradient"].includes(method);
  const { maxIterations = Math.max(firstOrder ? 20_000 : 1000, 20 * n) } = options;
  if (!(Number.isInteger(maxIterations) && maxIterations >= 0))
    fail(what, `maxIterations is ${maxIterations}`, "an integer ≥ 0");
  if (!(Number.isInteger(memory) && memory >= 1)) fail(what, `memory is ${memory}`, "an integer ≥ 1");
  const { factor = 0.9, nesterov = false } = options.momentum ?? {};
  if (!(factor >= 0 && factor < 1)) fail(what, `momentum.factor is ${factor}`, "a number from 0 to below 1");
  return {
    method,
    lineSearch,
    tolerance: { gradient, step, value },
    maxIterations,
    momentum: { factor, nesterov },
    memory,
    options,
  };
}

const automatic = (n: number, compiled: boolean, searches: boolean): MethodName =>
  n <= 30 ? (searches ? "bfgs" : "trust-region") : n <= 300 && compiled ? "newton-cg" : "l-bfgs";

const defaultSearch = (method: MethodName): "strong-wolfe" | "backtracking" =>
  ["gradient-descent", "conjugate-gradient", "bfgs", "l-bfgs"].includes(method) ? "strong-wolfe" : "backtracking";
