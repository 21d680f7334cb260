/** A method: what leads from one point to the next. A direction with a search is one; the trust region is another. */
import type { Box } from "./bounds.ts";
import type { Direction } from "./direction/direction.ts";
import { lineFrom } from "./line.ts";
import { intoBounds, type Model, steepest } from "./model.ts";
import type { Objective, Point } from "./objective.ts";
import type { Search } from "./search/search.ts";
import { dot, isFiniteVector, maxNorm } from "./vector.ts";

export interface Method {
  readonly name: string;
  /** The next point; undefined where none is found that is better. */
  advance(model: Model, iteration: number): Point | undefined;
  /** Forgets what was learnt; false if there was nothing. */
  reset(): boolean;
}

/** A direction with a search. `monotone`: only steps that lead down are tried. */
export function lineSearchMethod<S>(
  name: string,
  objective: Objective,
  box: Box | undefined,
  direction: Direction<S>,
  search: Search,
  monotone: boolean,
): Method {
  let memory = direction.start;
  /** The last length and the slope it belonged to. */
  let last: { readonly t: number; readonly slope: number } | undefined;
  const reset = (): boolean => {
    const learnt = memory !== direction.start || last !== undefined;
    memory = direction.start;
    last = undefined;
    return learnt;
  };
  return {
    name,
    reset,
    advance: (model, iteration) => {
      let { step, length } = direction.propose(memory, model);
      let line = lineFrom(objective, model, intoBounds(step, model, box), box);
      if (!isFiniteVector(step) || (monotone && !(line.slope < 0))) {
        reset();
        ({ step, length } = { step: steepest(model), length: undefined });
        line = lineFrom(objective, model, intoBounds(step, model, box), box);
      }
      // The change of f to first order as in the step before (Nocedal & Wright 2006, p. 59).
      const continued = last === undefined ? undefined : Math.min(1e3 * last.t, (last.t * last.slope) / line.slope);
      const trial = search(line, length ?? continued ?? firstLength(model), iteration);
      if (trial === undefined) return undefined;
      memory = direction.learn(memory, model, trial.point, trial.t);
      last = { t: trial.t, slope: line.slope };
      return trial.point;
    },
  };
}

/** A first step that moves the variables by a hundredth of their size (Hager & Zhang 2005, I0). */
function firstLength({ x, slope, value }: Model): number {
  const size = maxNorm(x);
  const steep = maxNorm(slope);
  if (size > 0) return (0.01 * size) / steep;
  return value !== 0 ? (0.01 * Math.abs(value)) / dot(slope, slope) : 1 / steep;
}
