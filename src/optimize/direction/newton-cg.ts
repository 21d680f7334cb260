/**
 * Truncated Newton: conjugate gradients on H p = −g by products alone, only as exact as the gradient is small, stopped
 * at negative curvature (Nocedal & Wright 2006, algorithm 7.1). Where the first direction has it already, the step is
 * −g, as long as its curvature suggests.
 */
import { type Model, steepest } from "../model.ts";
import { along, dot, norm, type Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

function truncated(model: Model): Vector {
  const down = steepest(model);
  const size = norm(down);
  const enough = Math.min(0.5, Math.sqrt(size)) * size;
  let step: Vector = new Float64Array(down.length);
  let residual = down;
  let d = down;
  let rr = dot(residual, residual);
  for (let k = 0; k < 2 * down.length + 10; k++) {
    const hd = model.product(d);
    const curvature = dot(d, hd);
    if (!(curvature > 1e-14 * norm(hd) * norm(d))) return k === 0 ? first(down, curvature) : step;
    const alpha = rr / curvature;
    step = along(step, alpha, d);
    residual = along(residual, -alpha, hd);
    const next = dot(residual, residual);
    if (Math.sqrt(next) <= enough) return step;
    d = along(residual, next / rr, d);
    rr = next;
  }
  return step;
}

const first = (down: Vector, curvature: number): Vector =>
  curvature < 0 ? down.map((v) => (v * dot(down, down)) / -curvature) : down;

export const newtonCG: Direction<undefined> = {
  start: undefined,
  propose: (_, model) => ({ step: truncated(model), length: 1 }),
  learn: () => undefined,
};
