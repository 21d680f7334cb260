/** What a point is: critical or not, of which kind, how well conditioned, and what a step from it brings. */
import { NablaError } from "../base/error.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import type { Input, Inputs } from "../graph/trees.ts";
import { firstNonFinite, type UndefinedDerivatives, undefinedDerivatives } from "../index.ts";
import { dot, isFiniteVector, scaled } from "../optimize/vector.ts";
import { Analysis, type Direction } from "./analysis.ts";
import { type CriticalPointTest, criticalPointTest } from "./critical-point.ts";
import { forecast, vectorOf } from "./curvature.ts";
import { type HigherOrder, higherOrder } from "./higher-order.ts";
import { slopesBeside, slopesInWords, steepestSmooth } from "./kink.ts";
import { type AnyFunction, type Point, pointOf, valueAndGradientAt } from "./point.ts";
import { type Spectrum, spectrumAt } from "./spectrum.ts";
import { combination, listed, readableBasis, show } from "./words.ts";

/** What counts as zero, and what is computed besides. */
export interface AnalyzeOptions<X = unknown> {
  /** How small the gradient has to be, relative to max(1, |f|)/max(1, ‖x‖). Default 1e-6. */
  readonly tolerance?: number;
  /** The largest number of parameters for which all eigenvalues are computed. Default 300. */
  readonly mostEigenvalues?: number;
  /** A direction (a tree like x, not normalised) along which to report the curvature dᵀHd. */
  readonly direction?: X;
  /** A step (a tree like x) to forecast; default: the optimal step against the gradient. */
  readonly step?: X;
}

/**
 * The second-derivative test of f at x, by exact derivatives, with all that it shows on the way.
 *
 * The point is critical if the gradient is within its tolerance and Newton's step stays near; `kind` is then decided by
 * the signs of the Hessian's eigenvalues, as far as rounding and the distance to the true critical point leave them
 * certain. Where they do not decide, `higher` says what third and fourth derivatives make of it.
 *
 * @param f a scalar function; of several arguments, if it declares several
 * @param x a number, a vector, a tree of parameters; for several arguments a list with one for each
 * @throws E-TREE, E-VALUE if x does not fit f or is not finite; what f itself throws
 * @example
 * String(analyze((x, y) => x.mul(x).sub(y.mul(y)), [0, 0])) // "a saddle …"
 */
export function analyze(
  f: (...args: Tensor[]) => TensorLike,
  x: TensorLike | readonly TensorLike[],
  options?: AnalyzeOptions<TensorLike | readonly TensorLike[]>,
): Analysis;
export function analyze<X>(f: (x: X) => TensorLike, x: Input<X>, options?: AnalyzeOptions<Input<X>>): Analysis;
export function analyze<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  x: Inputs<A>,
  options?: AnalyzeOptions<Inputs<A>>,
): Analysis;
export function analyze(f: AnyFunction, x: unknown, options: AnalyzeOptions = {}): Analysis {
  const { tolerance = 1e-6, mostEigenvalues = 300 } = options;
  if (!(tolerance > 0 && tolerance < 1))
    throw new NablaError("E-OPTION", `analyze: the tolerance is ${tolerance}`, "a number between 0 and 1");
  if (!(mostEigenvalues >= 1))
    throw new NablaError("E-OPTION", `analyze: mostEigenvalues is ${mostEigenvalues}`, "a number from 1");
  const point = pointOf("analyze", f, x);
  const given = (name: "direction" | "step"): Float64Array | undefined =>
    options[name] === undefined ? undefined : vectorOf(`analyze: the ${name}`, point, f, options[name]);
  const direction = given("direction");
  const step = given("step");

  const { value, gradient } = valueAndGradientAt(point, point.x);
  const gaps = undefinedDerivatives<object[]>(f as Untyped, ...point.rebuild(point.x));
  const spectrum = spectrumAt(point, mostEigenvalues);
  const test = criticalPointTest(point, value, gradient, spectrum, tolerance);
  const verdict = decide(point, f, value, gradient, gaps, spectrum, test);

  const slope = dot(gradient, gradient);
  const bend = dot(gradient, spectrum.multiply(gradient));
  const optimalStep = slope === 0 ? 0 : bend > 0 ? slope / bend : Number.POSITIVE_INFINITY;
  const largest = spectrum.values.at(-1) as number;
  const stepBound = largest > 0 ? 1 / largest : Number.POSITIVE_INFINITY;
  const length = [optimalStep, stepBound, 1].find(Number.isFinite) as number;
  const taken = step ?? scaled(-length, gradient);
  const sizes = spectrum.values.map(Math.abs);
  return new Analysis({
    ...verdict,
    value,
    gradient: [...gradient],
    gradientNorm: test.gradientNorm,
    gradientTolerance: test.gradientTolerance,
    newtonStep: test.newtonStep,
    names: point.names,
    eigenvalues: spectrum.values,
    eigenvectors: spectrum.vectors.map((v) => [...v]),
    complete: spectrum.complete,
    eigenvalueTolerance: test.eigenvalueTolerance,
    conditionNumber: Math.max(...sizes) / Math.min(...sizes.map((v) => (v > test.eigenvalueTolerance ? v : 0))),
    symmetryError: spectrum.symmetryError,
    ...flatAndSteep(spectrum, test.eigenvalueTolerance, point.names),
    optimalStep,
    stepBound,
    step: [...taken],
    forecast: forecast(point, taken),
    undefinedDerivatives: gaps,
    ...(direction ? { curvature: dot(direction, spectrum.multiply(direction)) } : {}),
  });
}

type Untyped = (...args: object[]) => unknown;

/** The kind, in words. */
function decide(
  point: Point,
  f: AnyFunction,
  value: number,
  gradient: Float64Array,
  gaps: UndefinedDerivatives,
  spectrum: Spectrum,
  test: CriticalPointTest,
): Pick<Analysis, "kind" | "message"> & { readonly higher?: HigherOrder } {
  const { kind, gradientNorm, gradientTolerance, newtonStep, significant } = test;
  const { names } = point;
  if (!Number.isFinite(value)) {
    const first = firstNonFinite<object[]>(f as Untyped, ...point.rebuild(point.x));
    return { kind: "inconclusive", message: `f is ${value} here${first ? `: ${first}` : ""}` };
  }
  if (gaps.length > 0) {
    const slopes = slopesBeside(point, value);
    const smooth = steepestSmooth(slopes);
    const why = `the derivative does not exist here: ${gaps[0]?.why}`;
    return smooth
      ? {
          kind: "not-critical",
          message: `no critical point: f has the slope ${show(smooth.left, 3)} along ${smooth.name}; ${why}`,
        }
      : { kind: "inconclusive", message: `${why}; ${slopesInWords(slopes)}` };
  }
  if (!isFiniteVector(gradient) || spectrum.values.some(Number.isNaN)) {
    const bad = names[gradient.findIndex((v) => !Number.isFinite(v))];
    return {
      kind: "inconclusive",
      message: bad ? `the derivative by ${bad} is not finite here` : "the Hessian is not finite here",
    };
  }
  const measured =
    gradientNorm <= gradientTolerance || kind === "not-critical"
      ? `gradient ${show(gradientNorm, 2)}, tolerance ${show(gradientTolerance, 2)}`
      : `gradient ${show(gradientNorm, 2)}, ${show(newtonStep, 2)} from where it vanishes`;
  if (kind === "not-critical") {
    const steepest = `f rises fastest along ${combination(gradient, names)}`;
    const small = gradientNorm <= gradientTolerance ? ", although the gradient is small " : " ";
    const far = Number.isFinite(newtonStep)
      ? `the critical point of its quadratic model is ${show(newtonStep, 3)} away`
      : "its quadratic model has no critical point";
    return { kind, message: `no critical point${small}(${measured}): ${steepest}; ${far}` };
  }
  const values = spectrum.values;
  const which = spectrum.complete ? "all eigenvalues" : "the extreme eigenvalues (by Lanczos)";
  const range = `${show(values[0] as number)}${values.length > 1 ? ` to ${show(values.at(-1) as number)}` : ""}`;
  const along = (i: number): string => combination(spectrum.vectors.at(i) as Float64Array, names);
  if (kind === "minimum" || kind === "maximum") {
    const sign = kind === "minimum" ? "positive" : "negative";
    return { kind, message: `a ${kind} (${measured}): ${which} of the Hessian are ${sign}, ${range}` };
  }
  if (kind === "saddle") {
    const rises = `f rises along ${along(-1)} (curvature ${show(values.at(-1) as number)})`;
    return {
      kind,
      message: `a saddle (${measured}): ${rises} and falls along ${along(0)} (${show(values[0] as number)})`,
    };
  }
  const higher = higherOrder(point, value, spectrum, significant, Number.isFinite(newtonStep) ? newtonStep : 0);
  const flat = readableBasis(spectrum.vectors.filter((_, i) => !significant[i]));
  const missing = listed(flat.map((v) => combination(v, names)));
  return {
    kind,
    message: `critical (${measured}), but second derivatives do not decide: no curvature along ${missing}; ${higher.sentence}`,
    higher,
  };
}

/** The directions of the least and of the largest curvature; of no curvature all of them, in their simplest form. */
function flatAndSteep(
  { values, vectors }: Spectrum,
  zero: number,
  names: readonly string[],
): { readonly flat: readonly Direction[]; readonly steep: readonly Direction[] } {
  const sizes = values.map(Math.abs);
  const make = (v: Float64Array, curvature: number): Direction => ({
    formula: combination(v, names),
    vector: [...v],
    curvature,
  });
  const none = vectors.filter((_, i) => (sizes[i] as number) <= zero);
  const pick = (size: number): Direction[] => {
    const i = sizes.indexOf(size);
    return i < 0 ? [] : [make(vectors[i] as Float64Array, values[i] as number)];
  };
  return {
    flat: none.length > 0 ? readableBasis(none).map((v) => make(v, 0)) : pick(Math.min(...sizes)),
    steep: none.length === values.length ? [] : pick(Math.max(...sizes)),
  };
}
