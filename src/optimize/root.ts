/** Roots of systems by Newton's method with the exact Jacobian. */
import { NablaError } from "../base/error.ts";
import { grad } from "../derivative/grad.ts";
import { firstNonFinite } from "../derivative/non-finite.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Traced } from "../graph/trees.ts";
import { cast } from "../ops/arithmetic.ts";
import { svd } from "../ops/linalg/numerics/svd.ts";
import { concatenate, reshape } from "../ops/movement.ts";
import { flatten, type Parameters } from "./parameters.ts";
import { programsOf, resultOf } from "./programs.ts";
import { type Measure, measure, type Status, show, showPoint } from "./result.ts";
import { along, column, dot, maxNorm, norm, times, type Vector } from "./vector.ts";

/** Options of `root`. */
export interface RootOptions {
  /** The largest residual, relative to |J|·|x| and to the residuals at the start, up to 1. Default 1e-12. */
  readonly tolerance?: number;
  /** Default 100, or 10 for each unknown if that is more. */
  readonly maxIterations?: number;
}

/** What `root` found; prints as a few lines. */
export class Root<X> {
  readonly x: Traced<X>;
  /** f(x), or ∇f(x), as one vector. */
  readonly residuals: Tensor;
  readonly residualNorm: number;
  readonly iterations: number;
  readonly evaluations: number;
  readonly status: Extract<Status, "converged" | "stalled" | "iteration-limit" | "undefined">;
  readonly message: string;
  readonly tolerance: Measure;
  readonly #shown: string;

  constructor(fields: Omit<Root<X>, "toString">, shown: string) {
    this.x = fields.x;
    this.residuals = fields.residuals;
    this.residualNorm = fields.residualNorm;
    this.iterations = fields.iterations;
    this.evaluations = fields.evaluations;
    this.status = fields.status;
    this.message = fields.message;
    this.tolerance = fields.tolerance;
    this.#shown = shown;
  }

  toString(): string {
    return `${this.status}: ${this.message}\n  ${this.#shown}\n  ${this.iterations} iterations, ${this.evaluations} evaluations`;
  }
}

/** The system as a function of one vector. */
function system<X>(f: (x: Traced<X>) => unknown, { x, rebuild }: Parameters<X>): (v: Tensor) => Tensor {
  const n = x.length;
  const joined = (v: Tensor): Tensor => {
    const parts = resultOf("root", f(rebuild(v))).map((t) => reshape(cast(t, "float64"), [-1]));
    return parts.length === 1 ? (parts[0] as Tensor) : concatenate(parts);
  };
  const m = joined(constant(x, [n])).size;
  if (m === n) return joined;
  if (m !== 1)
    throw new NablaError(
      "E-SHAPE",
      `root: ${m} equations for ${n} unknowns`,
      "as many equations as unknowns, a scalar function (then ∇f = 0 is solved), or leastSquares",
    );
  return grad((v: Tensor) => reshape(joined(v), []));
}

interface State {
  readonly x: Vector;
  readonly residuals: Vector;
}

/**
 * A root of a system near x0: f(x) = 0 with as many equations as unknowns; of a scalar f of several unknowns a critical
 * point, ∇f(x) = 0, of whatever kind. Newton's steps with the exact Jacobian, by its singular values where it is nearly
 * singular, damped until ‖f‖ falls (Nocedal & Wright 2006, § 11.2). "stalled" where ‖f‖ has a minimum that is no root.
 *
 * @example
 * root((x) => x.mul(x).sub(2), 1).x.item() // Math.SQRT2, up to rounding
 */
export function root<X>(f: (x: Traced<X>) => unknown, x0: X, options: RootOptions = {}): Root<X> {
  const parameters = flatten("root", x0);
  const n = parameters.x.length;
  const { tolerance = 1e-12, maxIterations = Math.max(100, 10 * n) } = options;
  if (!(tolerance >= 0)) throw new NablaError("E-OPTION", `root: tolerance is ${tolerance}`, "a number ≥ 0");
  if (!(Number.isInteger(maxIterations) && maxIterations >= 0))
    throw new NablaError("E-OPTION", `root: maxIterations is ${maxIterations}`, "an integer ≥ 0");
  const flat = system(f, parameters);
  const programs = programsOf("root", f, flat, n);
  let evaluations = 0;
  const evaluate = (x: Vector): State => {
    evaluations++;
    return { x, residuals: programs.value(x).data as Vector };
  };
  let now = evaluate(parameters.x);
  const first = maxNorm(now.residuals);
  let iterations = 0;
  let scale = 1;
  /** The largest ‖J‖ on the way. */
  let steepest = 0;
  /** How many steps in turn made ‖f‖ hardly smaller. */
  let slow = 0;
  const end = (status: Root<X>["status"], message: string): Root<X> =>
    new Root<X>(
      {
        x: parameters.rebuild(now.x),
        residuals: constant(now.residuals, [n]),
        residualNorm: norm(now.residuals),
        iterations,
        evaluations,
        status,
        message,
        tolerance: measure(maxNorm(now.residuals) / scale, tolerance),
      },
      showPoint(now.x, parameters.names),
    );
  const residual = (): string =>
    `the largest residual is ${show(maxNorm(now.residuals) / scale, 3)} of its scale (tolerance ${show(tolerance, 3)})`;
  if (!now.residuals.every(Number.isFinite))
    return end(
      "undefined",
      `f is not finite at the start: ${String(firstNonFinite(flat, constant(now.x, [n]))).replace("\n  at ", ", at ")}`,
    );
  for (;;) {
    const jacobian = programs.jacobian(now.x).data as Vector;
    steepest = Math.max(steepest, norm(jacobian));
    const reach = times(
      jacobian.map(Math.abs),
      now.x.map((v) => Math.max(1e-300, Math.abs(v))),
    );
    scale = Math.max(Math.min(1, first), maxNorm(reach)) || 1;
    const found = maxNorm(now.residuals) <= tolerance * scale;
    const next = iterations < maxIterations && slow < 5 ? advance(evaluate, now, jacobian, n) : undefined;
    if (next !== undefined) {
      iterations++;
      slow = norm(next.residuals) > (1 - 1e-10) * norm(now.residuals) ? slow + 1 : 0;
      now = next;
      continue;
    }
    if (found) return end("converged", `${residual()}: a root`);
    if (iterations >= maxIterations) return end("iteration-limit", `${residual()} after ${iterations} iterations`);
    // ∇‖f‖²/2 = Jᵀf, against what it could be.
    const slope = times(transposed(jacobian, n), now.residuals);
    const angle = norm(slope) / (steepest * norm(now.residuals));
    const what = angle < 1e-4 ? "a minimum of ‖f‖ that is no root" : "a kink, or the edge of where f is defined";
    return end("stalled", `${residual()}, and no step makes it much smaller: ${what}`);
  }
}

const transposed = (a: Vector, n: number): Vector => a.map((_, k) => a[(k % n) * n + Math.floor(k / n)] as number);

/** How much of the largest singular value the steps are damped by. */
const dampings = [1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e6];
/** The shortest part of Newton's step that is worth taking. */
const shortest = 1 / 64;

/** Newton's step, shortened until ‖f‖ falls; far from that the best of steps that are damped (Levenberg 1944). */
function advance(evaluate: (x: Vector) => State, now: State, jacobian: Vector, n: number): State | undefined {
  if (maxNorm(now.residuals) === 0 || !jacobian.every(Number.isFinite)) return undefined;
  const size = norm(now.residuals);
  const u = new Float64Array(n * n);
  const s = new Float64Array(n);
  const v = new Float64Array(n * n);
  svd(jacobian.slice(), n, n, u, s, v);
  const newton = dampedStep(u, s, v, now.residuals, 1e-15 * (s[0] as number));
  for (let t = 1; t >= shortest; t /= 2) {
    const next = evaluate(along(now.x, t, newton));
    if (norm(next.residuals) < (1 - 1e-4 * t) * size) return next;
  }
  let best: State | undefined;
  for (const damping of dampings) {
    const next = evaluate(along(now.x, 1, dampedStep(u, s, v, now.residuals, damping * (s[0] as number))));
    const length = norm(next.residuals);
    if (length < (best === undefined ? size : norm(best.residuals))) best = next;
  }
  return best;
}

/** −V·diag(s/(s² + λ²))·Uᵀ·r */
function dampedStep(u: Vector, s: Vector, v: Vector, r: Vector, lambda: number): Vector {
  const n = s.length;
  let step: Vector = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const value = s[j] as number;
    if (value > 0) step = along(step, -dot(column(u, n, j), r) / (value + (lambda * lambda) / value), column(v, n, j));
  }
  return step;
}
