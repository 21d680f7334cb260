/** The x that makes a sum of squared residuals smallest. */
import { NablaError } from "../base/error.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Traced } from "../graph/trees.ts";
import { checkOptions, type LeastSquaresOptions, type Settings } from "./fit-options.ts";
import { type Verdict, verdictOf } from "./fit-verdict.ts";
import { flatten, type Parameters } from "./parameters.ts";
import { gradientOf, type Point, pointAt } from "./point.ts";
import { type Residuals, residualsOf } from "./residuals.ts";
import { type Measure, type Status, show, showPoint } from "./result.ts";
import { type Solution, solveSquares } from "./solve-squares.ts";
import { norm } from "./vector.ts";

/** What was found; prints as a few readable lines. */
export interface LeastSquaresResult<X> {
  /** The best parameters seen, in the tree of the start. */
  readonly x: Traced<X>;
  /** Half the sum of squares, or half of what the loss makes of them: what was minimised. */
  readonly value: number;
  /** Σ rᵢ², whatever the loss. */
  readonly residualSumOfSquares: number;
  /** r at x, [m]. */
  readonly residuals: Tensor;
  /** ∂r/∂x at x, [m, n], columns in the order of `names`. */
  readonly jacobian: Tensor;
  readonly gradientNorm: number;
  /**
   * What was measured at the end: the part of the residuals that parameters can still change, as a fraction of all of
   * them, and the next Newton step beside the parameters, both by what they change in the residuals.
   */
  readonly tolerance: { readonly gradient: Measure; readonly step: Measure };
  /** Combinations of parameters that the residuals do not depend on: `0.7071 a − 0.7071 b`. */
  readonly undetermined: readonly string[];
  readonly names: readonly string[];
  readonly iterations: number;
  /** How often residuals were computed, with their Jacobian or, where only the sum counts, without. */
  readonly evaluations: number;
  readonly status: Status;
  readonly message: string;
  toString(): string;
}

/** A solved problem with all that statistics need. */
export interface Solved {
  readonly solution: Solution;
  readonly verdict: Verdict;
  readonly residuals: Residuals;
}

/** @throws E-VALUE where the start has no value: which residual, if it is one */
export function solve(what: string, residuals: Residuals, start: Parameters, settings: Settings): Solved | Point {
  const first = pointAt(residuals, start.x, settings.loss);
  if (!Number.isFinite(first.cost)) return first;
  if (first.raw.length === 0) throw new NablaError("E-VALUE", `${what}: there are no residuals`, "at least one");
  const solution = solveSquares(residuals, first, settings);
  return { solution, verdict: verdictOf(solution, start, settings.tolerance, solution.tries), residuals };
}

/** Where a point has no value, in words. */
export function undefinedAt({ raw, x }: Point, names: readonly string[], row: string): string {
  const bad = raw.findIndex((v) => !Number.isFinite(v));
  const where = `at the start ${showPoint(x, names)}`;
  return bad < 0 ? `the residuals have no finite derivative ${where}` : `${row} ${bad} is ${raw[bad]} ${where}`;
}

/**
 * The x that makes Σ rᵢ(x)² smallest, from a start near it: r by the function, its derivatives exact, compiled.
 *
 * Levenberg–Marquardt in Moré's form (1978), or within bounds the reflective trust region of Branch, Coleman and Li
 * (1999), on singular values, not normal equations; then Newton steps on the exact Hessian, judged by the gradient,
 * which reach the digits that a sum of squares does not show.
 *
 * @param residuals a function of x to residuals, of any shape or tree
 * @param x0 the start: a number, an array, or a tree of them; x has its tree
 * @throws E-OPTION, E-TREE for options that do not exist or fit; E-VALUE for a start outside of its bounds
 *
 * @example
 * // Rosenbrock's valley as residuals
 * const r = (x) => stack([x.at(1).sub(square(x.at(0))).mul(10), sub(1, x.at(0))]);
 * leastSquares(r, [-1.2, 1]).x.toArray() // [1, 1], up to rounding
 */
export function leastSquares<X>(
  residuals: (x: Traced<X>) => unknown,
  x0: X,
  options: LeastSquaresOptions<X> = {},
): LeastSquaresResult<X> {
  const what = "leastSquares";
  const start = flatten(what, x0);
  const settings = checkOptions(what, options, start);
  const system = residualsOf(what, residuals, start);
  const solved = solve(what, system, start, settings);
  const point = "solution" in solved ? solved.solution.point : solved;
  const [m, n] = [point.raw.length, start.x.length];
  const nothing: Measure = { measured: Number.NaN, tolerance: settings.tolerance, met: false };
  const verdict: Omit<Verdict, "involved"> =
    "solution" in solved
      ? solved.verdict
      : {
          status: "undefined",
          message: undefinedAt(point, start.names, "residual"),
          gradient: nothing,
          step: nothing,
          undetermined: [],
        };
  const result = {
    x: start.rebuild(point.x),
    value: point.cost,
    residualSumOfSquares: point.raw.reduce((sum, v) => sum + v * v, 0),
    residuals: constant(point.raw, [m]),
    jacobian: constant(point.slopes, [m, n]),
    gradientNorm: norm(gradientOf(point)),
    tolerance: { gradient: verdict.gradient, step: verdict.step },
    undetermined: verdict.undetermined,
    names: start.names,
    iterations: "solution" in solved ? solved.solution.iterations : 0,
    evaluations: system.evaluations,
    status: verdict.status,
    message: verdict.message,
  };
  const lines = [
    `${verdict.status}: ${verdict.message}`,
    showPoint(point.x, start.names, 20),
    `sum of squares ${show(result.residualSumOfSquares, 10)}, ${result.iterations} iterations, ${result.evaluations} evaluations`,
  ];
  return { ...result, toString: () => lines.join("\n") };
}
