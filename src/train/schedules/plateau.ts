/** A rate that falls when the validation loss has ceased to. */

import { check } from "../../base/options.ts";
import type { RateFactor } from "../rule.ts";

/** When a loss is said to stand still, and what follows. */
export interface PlateauOptions {
  /** By which the rate is multiplied, default 0.1. */
  readonly factor?: number;
  /** How many looks without progress are borne, default 10. */
  readonly patience?: number;
  /** Progress is a loss below best − threshold · |best|; default 1e-4. */
  readonly threshold?: number;
  /** The factor does not fall below it; default 0. */
  readonly least?: number;
}

/** What a plateau remembers: plain JSON. */
export interface PlateauState {
  /** The factor on the rate. */
  readonly factor: number;
  /** The least loss so far; null before the first. */
  readonly best: number | null;
  /** How many looks have been without progress. */
  readonly waited: number;
}

/**
 * A factor on the rate that falls after more than `patience` losses in a row without progress: the `plateau` of `train`,
 * which shows it the monitored value of each epoch. A loss that is not finite is no progress.
 *
 * @example
 * const fall = plateau({ factor: 0.5, patience: 1 });
 * [1, 1, 1].reduce((state, loss) => fall.next(state, loss), fall.start).factor // 0.5
 */
export function plateau(options: PlateauOptions = {}): RateFactor<PlateauState> {
  const { factor = 0.1, patience = 10, threshold = 1e-4, least = 0 } = options;
  check("plateau", "a number from 0 and below 1", { factor, least });
  check("plateau", "a whole number from 0", { patience });
  check("plateau", "a number from 0", { threshold });
  return {
    name: `plateau(${JSON.stringify({ factor, patience, threshold, least })})`,
    start: { factor: 1, best: null, waited: 0 },
    next(state, loss) {
      const { best, waited } = state;
      const progress = best === null ? Number.isFinite(loss) : loss < best - threshold * Math.abs(best);
      if (progress) return { ...state, best: loss, waited: 0 };
      if (waited < patience) return { ...state, waited: waited + 1 };
      return { ...state, factor: Math.max(least, state.factor * factor), waited: 0 };
    },
  };
}
