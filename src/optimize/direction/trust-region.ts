/**
 * Trust regions: the minimum of the second-order model within a radius (Moré & Sorensen 1983; Conn, Gould & Toint
 * 2000). For few variables exactly, in the metric of the equilibrated Hessian; for many by Steihaug and Toint.
 */
import { type Box, project } from "../bounds.ts";
import { type Definite, definite, forward, unwhitened, whitened } from "../definite.ts";
import { coordinates, type Equilibrated, equilibrated, type Spectrum, spectrumOf, stepOf } from "../factor.ts";
import type { Method } from "../method.ts";
import { type Model, steepest } from "../model.ts";
import type { Objective } from "../objective.ts";
import { along, dot, isFiniteVector, negative, norm, scaled, type Vector } from "../vector.ts";

/** Up to here the model is minimised exactly. */
const most = 200;
/** A step is taken from this part of the predicted decrease on. */
const enough = 1e-4;

interface Step {
  readonly step: Vector;
  /** Its length in the metric of the region. */
  readonly length: number;
  /** By how much the model falls. */
  readonly predicted: number;
}

/** The model's minimum within any radius. */
type Solver = (radius: number) => Step;

export function trustRegion(objective: Objective, box: Box | undefined, initial?: number): Method {
  let radius: number | undefined = initial;
  return {
    name: "trust-region",
    reset: () => {
      const learnt = radius !== initial;
      radius = initial;
      return learnt;
    },
    advance: (model) => {
      const solver = model.x.length <= most ? exactSolver(model) : steihaugSolver(model);
      if (solver === undefined) return undefined;
      const first = solver(radius ?? Number.POSITIVE_INFINITY);
      let r = radius ?? firstRadius(model, first);
      const noise = 10 * objective.epsilon * Math.abs(model.value);
      for (let k = 0; k < 60; k++) {
        const { step, length, predicted } = solver(r);
        const x = project(along(model.x, 1, step), box);
        if (x.every((v, i) => v === model.x[i])) return undefined;
        const point = objective.evaluate(x);
        // Both decreases are raised by what rounding hides (Conn, Gould & Toint 2000, § 17.4.2).
        const ratio = (model.value - point.value + noise) / (expected(model, x, predicted, box) + noise);
        const better = point.value < model.value || norm(point.gradient) < norm(model.gradient);
        const fine = Number.isFinite(point.value) && isFiniteVector(point.gradient);
        if (!(fine && ratio > 0.25)) r = Math.min(r, length) / (fine && ratio > 0 ? 3 : 6);
        else if (ratio > 0.75 && length > 0.9 * r) r *= 3;
        if (fine && ratio > enough && better) {
          radius = r;
          return point;
        }
      }
      return undefined;
    },
  };
}

/** Where the box cuts the step short, the linear part of what is left of it. */
function expected(model: Model, x: Vector, predicted: number, box: Box | undefined): number {
  if (box === undefined) return predicted;
  let linear = 0;
  for (let i = 0; i < x.length; i++)
    linear -= (model.gradient[i] as number) * ((x[i] as number) - (model.x[i] as number));
  return Math.max(Math.min(predicted, linear), Number.MIN_VALUE);
}

/** As far as Newton's step where that is a sensible change of the variables, a tenth of them otherwise. */
function firstRadius(model: Model, newton: Step): number {
  const size = 1 + norm(model.x);
  const length = norm(newton.step);
  return Number.isFinite(length) && length > 0 ? newton.length * Math.min(1, size / length) : 0.1 * size;
}

/** By Cholesky's factors where the Hessian is positive definite, else in its eigenvectors. */
function exactSolver(model: Model): Solver | undefined {
  const scaled = equilibrated(model.hessian(), model.x.length);
  if (!isFiniteVector(scaled.matrix)) return undefined;
  const newton = shiftedStep(scaled, model.slope, 0);
  let parts: Spectrum | undefined;
  let c: Vector | undefined;
  return (radius) => {
    const inside = newton && byFactors(scaled, model.slope, radius, newton);
    if (inside !== undefined) return inside;
    parts ??= spectrumOf(scaled);
    c ??= coordinates(parts, model.slope);
    return moreSorensen(parts, c, radius);
  };
}

interface Shifted extends Step {
  readonly factor: Definite;
  /** The step in the metric of the region. */
  readonly p: Vector;
}

/** p = −(B + λ)⁻¹g in the equilibrated coordinates, where B + λ is positive definite. */
function shiftedStep(scaled: Equilibrated, slope: Vector, lambda: number): Shifted | undefined {
  const factor = definite(scaled, lambda);
  if (factor === undefined) return undefined;
  const y = whitened(factor, slope);
  const p = negative(unwhitened(factor, y));
  const length = norm(p);
  const step = p.map((v, i) => v * (scaled.scale[i] as number));
  return { factor, p, step, length, predicted: (dot(y, y) + lambda * length ** 2) / 2 };
}

/** As many factors as one set of eigenvectors is worth. */
const mostFactors = 10;

/**
 * Newton's step, or one whose length is the radius to a thousandth: λ by Newton's method on 1/r − 1/‖p(λ)‖, which is
 * convex and falls, so that from 0 it comes near without ever passing by (Moré & Sorensen 1983, p. 557–558).
 */
function byFactors(scaled: Equilibrated, slope: Vector, radius: number, newton: Shifted): Shifted | undefined {
  let lambda = 0;
  let trial: Shifted | undefined = newton;
  for (let k = 0; k < mostFactors && trial !== undefined; k++) {
    const { factor, p, length }: Shifted = trial;
    if (length <= 1.001 * radius) return trial;
    lambda += (length / norm(forward(factor, p))) ** 2 * (length / radius - 1);
    trial = shiftedStep(scaled, slope, lambda);
  }
  return undefined;
}

/**
 * min cᵀs + ½ sᵀΛs, ‖s‖ ≤ r: s = −c/(Λ + λ) with λ ≥ max(0, −Λ₁) such that ‖s‖ = r, by Newton on 1/‖s(λ)‖ − 1/r
 * (Moré & Sorensen 1983, p. 557) kept in a bracket; in the hard case with as much of the first eigenvector as is
 * missing (their lemma 3.4).
 */
function moreSorensen(parts: Spectrum, c: Vector, radius: number): Step {
  const { values, n } = parts;
  const smallest = values[0] as number;
  const largest = Math.max(Math.abs(smallest), Math.abs(values[n - 1] as number), Number.MIN_VALUE);
  const at = (lambda: number): Vector =>
    c.map((v, i) => (v === 0 ? 0 : -v / Math.max((values[i] as number) + lambda, Number.EPSILON * 1e-3 * largest)));
  const finish = (s: Vector): Step => {
    let change = 0;
    for (let i = 0; i < n; i++)
      change += (c[i] as number) * (s[i] as number) + ((values[i] as number) * (s[i] as number) ** 2) / 2;
    return { step: stepOf(parts, s), length: norm(s), predicted: -change };
  };
  if (smallest > Number.EPSILON * largest) {
    const s = at(0);
    if (norm(s) <= radius) return finish(s);
  }
  if (!Number.isFinite(radius)) return finish(at(Math.max(0, -2 * smallest) + Number.EPSILON * largest));
  const least = Math.max(0, -smallest);
  const s = at(least + 1e-14 * largest);
  if (norm(s) < radius) {
    if (smallest >= 0) return finish(s);
    // The hard case: −c/(Λ + λ) is too short for any λ; the rest goes along the first eigenvector.
    const missing = Math.sqrt(radius ** 2 - norm(s) ** 2);
    const filled = s.slice();
    filled[0] = (s[0] as number) + ((c[0] as number) > 0 ? -missing : missing);
    return finish(scaled(radius / norm(filled), filled));
  }
  let low = least;
  let high = least + norm(c) / radius;
  let lambda = Math.max(low + 1e-3 * (high - low), Math.min(high, least + 1e-14 * largest));
  for (let k = 0; k < 60; k++) {
    const trial = at(lambda);
    const length = norm(trial);
    if (Math.abs(length - radius) <= 1e-3 * radius) return finish(trial);
    if (length > radius) low = lambda;
    else high = lambda;
    let derivative = 0;
    for (let i = 0; i < n; i++) derivative += (trial[i] as number) ** 2 / ((values[i] as number) + lambda);
    const next = lambda + ((length / radius - 1) * length ** 2) / derivative;
    lambda = next > low && next < high ? next : Math.sqrt(Math.max(low, 1e-3 * high) * high);
  }
  return finish(at(high));
}

/** Conjugate gradients up to the region's edge, or to negative curvature and from there to the edge. */
function steihaugSolver(model: Model): Solver {
  const down = steepest(model);
  const size = norm(down);
  const enoughResidual = Math.min(0.1, Math.sqrt(size)) * size;
  return (radius) => {
    let step: Vector = new Float64Array(down.length);
    let residual = down;
    let d = down;
    const finish = (s: Vector): Step => ({
      step: s,
      length: norm(s),
      predicted: dot(down, s) - dot(s, model.product(s)) / 2,
    });
    for (let k = 0; k < 2 * down.length; k++) {
      const hd = model.product(d);
      const curvature = dot(d, hd);
      const rr = dot(residual, residual);
      const next = along(step, rr / curvature, d);
      if (!(curvature > 0) || norm(next) >= radius)
        return finish(Number.isFinite(radius) ? toEdge(step, d, radius) : k === 0 ? down : step);
      step = next;
      residual = along(residual, -rr / curvature, hd);
      if (norm(residual) <= enoughResidual) return finish(step);
      d = along(residual, dot(residual, residual) / rr, d);
    }
    return finish(step);
  };
}

/** s + t·d on the sphere, t > 0. */
function toEdge(s: Vector, d: Vector, radius: number): Vector {
  const a = dot(d, d);
  const b = dot(s, d);
  const c = dot(s, s) - radius ** 2;
  return along(s, (-b + Math.sqrt(Math.max(0, b * b - a * c))) / a, d);
}
