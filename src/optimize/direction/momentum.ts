/**
 * Momentum: the heavy ball (Polyak 1964) and Nesterov's (1983), as rules for the point at which the gradient is taken.
 *
 * The heavy ball adds β times the last step: x⁺ = x − αg + β(x − x⁻), that is a step of length α along
 * −g + (β/α)(x − x⁻). Nesterov's takes the gradient at y = x + β(x − x⁻); written for y alone (Sutskever et al. 2013)
 * y⁺ = z + β(z − z⁻) with z = y − αg.
 */
import { steepest } from "../model.ts";
import { along, minus, type Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

export interface Momentum {
  readonly factor: number;
  readonly nesterov: boolean;
}

interface Memory {
  /** For the heavy ball the last step; for Nesterov's where the last plain step led. */
  readonly last: Vector;
  readonly length: number;
}

export const momentum = ({ factor, nesterov }: Momentum): Direction<Memory | undefined> => ({
  start: undefined,
  propose: (memory, model) => {
    const down = steepest(model);
    if (memory === undefined || memory.length === 0) return { step: down };
    const { last, length } = memory;
    const step = nesterov
      ? along(along(down, factor, down), factor / length, minus(model.x, last))
      : along(down, factor / length, last);
    return { step, length };
  },
  learn: (_, before, after, length) => ({
    last: nesterov ? along(before.x, length, steepest(before)) : minus(after.x, before.x),
    length,
  }),
});
