/** Nonlinear conjugate gradients by Hager & Zhang (2005, SIAM J. Optim. 16, p. 170): β from (1.3), (1.5), (1.6). */
import { steepest } from "../model.ts";
import { along, dot, minus, norm, type Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

interface Memory {
  readonly step: Vector;
  readonly slope: Vector;
}

/** The lower bound on β: −1/(‖d‖ min(η, ‖g‖)). */
const eta = 0.01;

function next(memory: Memory | undefined, slope: Vector, down: Vector): Vector {
  if (memory === undefined) return down;
  const { step, slope: before } = memory;
  const y = minus(slope, before);
  const dy = dot(step, y);
  if (!(Math.abs(dy) > 0)) return down;
  const beta = (dot(y, slope) - (2 * dot(y, y) * dot(step, slope)) / dy) / dy;
  const least = -1 / (norm(step) * Math.min(eta, norm(before)));
  return along(down, Math.max(beta, least), step);
}

export const conjugateGradient: Direction<Memory | undefined> = {
  start: undefined,
  propose: (memory, model) => ({ step: next(memory, model.slope, steepest(model)) }),
  learn: (memory, before) => ({ step: next(memory, before.slope, steepest(before)), slope: before.slope }),
};
