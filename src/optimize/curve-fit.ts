/** A curve through data: its parameters, how far they are known, and how far the curve is. */
import { NablaError } from "../base/error.ts";
import { erfinv } from "../base/special.ts";
import { constant, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenArguments, flattenResults, type Input, type Traced } from "../graph/trees.ts";
import { mul, sub } from "../ops/arithmetic.ts";
import { reshape } from "../ops/movement.ts";
import { type Band, bandOf } from "./band.ts";
import { correlationOf, covarianceOf, deviationOf, type Uncertainty } from "./covariance.ts";
import { checkOptions, type LeastSquaresOptions } from "./fit-options.ts";
import { type FitStatistics, statisticsOf } from "./fit-statistics.ts";
import { solve, undefinedAt } from "./least-squares.ts";
import { asTensor, observe, type WeightOptions } from "./observations.ts";
import { flatten } from "./parameters.ts";
import { ownFactors } from "./polish.ts";
import { residualsOf } from "./residuals.ts";
import { type Measure, type Status, show } from "./result.ts";
import { studentQuantile } from "./student-t.ts";

/** Options of `curveFit`: those of `leastSquares`, and how much each observation counts. */
export interface CurveFitOptions<P = unknown> extends LeastSquaresOptions<P>, WeightOptions {
  /**
   * sigma is known in absolute terms: errors follow from it alone. Default false: it says how observations compare, and
   * the residuals say how large errors are.
   */
  readonly absoluteSigma?: boolean;
}

/** What was fitted; prints as a table of parameters with their standard errors. */
export interface CurveFitResult<P, X> extends FitStatistics {
  /** The best parameters seen, in the tree of the start. */
  readonly parameters: Traced<P>;
  /** In the same tree. Infinite for a parameter that the data do not determine, NaN for one at a bound. */
  readonly standardErrors: Traced<P>;
  /** [n, n], in the order of `names`. */
  readonly covariance: Tensor;
  readonly correlation: Tensor;
  readonly names: readonly string[];
  /** y − f(x), in the shape of y, without weights. */
  readonly residuals: Tensor;
  /** Combinations of parameters that the curve does not depend on: `0.7071 a − 0.7071 b`. */
  readonly undetermined: readonly string[];
  /**
   * What was measured at the end: the part of the residuals that parameters can still change, as a fraction of all of
   * them, and the next Newton step beside the parameters, both by what they change in the residuals.
   */
  readonly tolerance: { readonly gradient: Measure; readonly step: Measure };
  readonly iterations: number;
  readonly evaluations: number;
  readonly status: Status;
  readonly message: string;
  /** The curve at x. */
  predict(x: Input<Traced<X>>): Tensor;
  /** Where the parameters lie, each by itself, with this probability (default 0.95): by Student's t. */
  confidenceIntervals(level?: number): { readonly lower: Traced<P>; readonly upper: Traced<P> };
  /** Where the curve lies at x, at each point by itself. */
  confidenceBand(x: Input<Traced<X>>, level?: number): Band;
  /** Where another observation would lie at x; `sigma` is its own, in the units of the option. */
  predictionBand(x: Input<Traced<X>>, level?: number, sigma?: number): Band;
  toString(): string;
}

/**
 * The parameters p with which model(p, x) is nearest to y, by least squares or another loss, from a start near them.
 *
 * The method is that of `leastSquares`. Errors are those of the linear theory at the minimum: covariance s²·(JᵀJ)⁻¹
 * from singular values, bands by Student's t (Seber and Wild, Nonlinear Regression, 1989, §5).
 *
 * @param model a function of the parameters and of all x at once to an array in the shape of y
 * @param x whatever the model takes: an array, or a tree of columns
 * @throws E-VALUE for data that are empty, too few, or not finite (which row); E-SHAPE, E-OPTION, E-TREE
 *
 * @example
 * const fit = curveFit(({ a, k }, x) => exp(x.mul(k)).mul(a), [0, 1, 2, 3], [1, 2, 4, 8], { a: 1.5, k: 0.5 });
 * fit.parameters.k.item() // Math.log(2), up to rounding
 */
export function curveFit<P, X>(
  model: (parameters: Traced<P>, x: Traced<X>) => unknown,
  x: X,
  y: TensorLike,
  p0: P,
  options: CurveFitOptions<P> = {},
): CurveFitResult<P, X> {
  const what = "curveFit";
  const start = flatten(what, p0, "p");
  const { sigma, weights, absoluteSigma = false } = options;
  const settings = checkOptions(what, options, start, ["sigma", "weights", "absoluteSigma"]);
  if (absoluteSigma && sigma === undefined)
    throw new NablaError(
      "E-OPTION",
      `${what}: absoluteSigma without sigma`,
      "sigma, the deviation of each observation",
    );
  const n = start.x.length;
  const data = observe(what, x, y, n, {
    ...(sigma !== undefined && { sigma }),
    ...(weights !== undefined && { weights }),
  });
  const m = data.y.length;
  const observed = constant(data.y, [m]);
  const weight = data.weight && constant(data.weight, [m]);
  const curve = (p: Traced<P>): Tensor => {
    const { tensors } = flattenResults(what, model(p, data.x as Traced<X>));
    const [only] = tensors;
    if (tensors.length !== 1 || only === undefined || only.size !== m)
      throw new NablaError(
        "E-SHAPE",
        `${what}: the model returns ${tensors.map((t) => `[${t.shape}]`).join(", ")}, y is [${data.shape}]`,
        "one value for each observation",
      );
    return reshape(only, [m]);
  };
  const system = residualsOf(
    what,
    (p: Traced<P>) => {
      const r = sub(curve(p), observed);
      return weight === undefined ? r : mul(r, weight);
    },
    start,
    model,
  );
  const solved = solve(what, system, start, settings);
  const found = "solution" in solved ? solved : undefined;
  const point = "solution" in solved ? solved.solution.point : solved;
  const free = found?.solution.free ?? [];
  const factors = ownFactors({ x: point.x, r: point.raw, jacobian: point.slopes }, free);
  const degreesOfFreedom = m - factors.rank;
  const residualDeviation = deviationOf(point.raw, settings.loss, factors.rank);
  const deviation = absoluteSigma ? 1 : residualDeviation;
  const uncertainty: Uncertainty = { factors, free, deviation, degreesOfFreedom };
  const covariance = covarianceOf(uncertainty, n, found?.verdict.involved ?? []);
  const errors = Float64Array.from({ length: n }, (_, j) => Math.sqrt(covariance[j * n + j] as number));
  const statistics = statisticsOf(point.raw, data, n, residualDeviation, degreesOfFreedom);

  const nothing: Measure = { measured: Number.NaN, tolerance: settings.tolerance, met: false };
  const status: Status = found?.verdict.status ?? "undefined";
  const spent = found !== undefined && degreesOfFreedom === 0 && !absoluteSigma;
  const message =
    (found?.verdict.message ?? undefinedAt(point, start.names, "the residual of row")) +
    (spent ? "; as many parameters as observations: nothing is left to tell errors from" : "");
  const tensorsOf = (at: Input<Traced<X>>): Traced<X> => {
    const { rebuild, tensors } = flattenArguments(what, at, "x");
    return rebuild(tensors) as Traced<X>;
  };
  const band = (at: Input<Traced<X>>, level: number, noise: number): Band =>
    bandOf(what, (p: Traced<P>) => model(p, tensorsOf(at)), start, point.x, uncertainty, quantile(level), noise);
  const quantile = (level: number): number => {
    if (!(level > 0 && level < 1))
      throw new NablaError("E-VALUE", `${what}: the level is ${level}`, "a probability, such as 0.95");
    if (absoluteSigma) return Math.SQRT2 * erfinv(level); // errors are known, so they are normal
    return degreesOfFreedom > 0 ? studentQuantile(level, degreesOfFreedom) : Number.NaN;
  };
  const lines = [
    `${status}: ${message}`,
    ...start.names.map((name, j) => `  ${name} = ${show(point.x[j] as number, 8)} ± ${show(errors[j] as number, 3)}`),
    `residual deviation ${show(residualDeviation, 6)}, ${degreesOfFreedom} degrees of freedom, R² ${show(statistics.rSquared, 6)}, AIC ${show(statistics.aic, 6)}`,
  ];
  return {
    parameters: start.rebuild(point.x),
    standardErrors: start.rebuild(errors),
    covariance: constant(covariance, [n, n]),
    correlation: constant(correlationOf(covariance, n), [n, n]),
    names: start.names,
    ...statistics,
    residuals: asTensor(
      point.raw.map((r, i) => -r / (data.weight?.[i] ?? 1)),
      data.shape,
    ),
    undetermined: found?.verdict.undetermined ?? [],
    tolerance: { gradient: found?.verdict.gradient ?? nothing, step: found?.verdict.step ?? nothing },
    iterations: found?.solution.iterations ?? 0,
    evaluations: system.evaluations,
    status,
    message,
    predict: (at) => band(at, 0.5, 0).value,
    confidenceIntervals: (level = 0.95) => {
      const t = quantile(level);
      const shifted = (sign: number): Traced<P> =>
        start.rebuild(point.x.map((v, j) => v + sign * t * (errors[j] as number)));
      return { lower: shifted(-1), upper: shifted(1) };
    },
    confidenceBand: (at, level = 0.95) => band(at, level, 0),
    predictionBand: (at, level = 0.95, own = 1) => band(at, level, own),
    toString: () => lines.join("\n"),
  };
}
