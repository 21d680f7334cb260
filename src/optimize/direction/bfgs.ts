/**
 * BFGS: the inverse Hessian from differences of gradients (Nocedal & Wright 2006, ch. 6.1), its first scale from the
 * first step ((6.20)). A pair without positive curvature is not learnt.
 */
import { steepest } from "../model.ts";
import { dot, minus, negative, norm, times, type Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

export const bfgs: Direction<Vector | undefined> = {
  start: undefined,
  propose: (inverse, model) =>
    inverse === undefined ? { step: steepest(model) } : { step: negative(times(inverse, model.slope)), length: 1 },
  learn: (inverse, before, after) => {
    const s = minus(after.x, before.x);
    const y = minus(after.gradient, before.gradient);
    const sy = dot(s, y);
    if (!(sy > Number.EPSILON * norm(s) * norm(y))) return inverse;
    return update(inverse ?? scaledIdentity(s.length, sy / dot(y, y)), s, y, sy);
  },
};

function scaledIdentity(n: number, scale: number): Vector {
  const h = new Float64Array(n * n);
  for (let i = 0; i < n; i++) h[i * n + i] = scale;
  return h;
}

/** (I − ρsyᵀ)H(I − ρysᵀ) + ρssᵀ, (6.17), in place: H belongs to this run alone. */
function update(h: Vector, s: Vector, y: Vector, sy: number): Vector {
  const n = s.length;
  const hy = times(h, y);
  const factor = (1 + dot(y, hy) / sy) / sy;
  for (let i = 0, k = 0; i < n; i++) {
    const a = factor * (s[i] as number) - (hy[i] as number) / sy;
    const b = -(s[i] as number) / sy;
    for (let j = 0; j < n; j++, k++) h[k] = (h[k] as number) + a * (s[j] as number) + b * (hy[j] as number);
  }
  return h;
}
