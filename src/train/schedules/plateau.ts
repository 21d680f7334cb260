/** A rate that falls when the validation loss has ceased to. */
import { NablaError } from "../../base/error.ts";
import { check } from "../rules/checks.ts";

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

/** Stands outside the step: the loop feeds it validation losses and gives its factor to the step. */
export interface Plateau {
  /** The factor on the rate from now on. */
  readonly factor: number;
  /** Takes a look at a loss. */
  update(loss: number): void;
  /** What `restore` takes, also as text and back. */
  toJSON(): PlateauState;
  restore(state: unknown): void;
}

/**
 * After more than `patience` losses in a row without progress the factor on the rate falls. A loss that is not finite is
 * no progress.
 *
 * @example
 * const fall = plateau({ factor: 0.5, patience: 1 });
 * for (const loss of [1, 1, 1]) fall.update(loss);
 * fall.factor // 0.5
 */
export function plateau(options: PlateauOptions = {}): Plateau {
  const { factor = 0.1, patience = 10, threshold = 1e-4, least = 0 } = options;
  check("plateau", "a number from 0 and below 1", { factor, least });
  check("plateau", "a whole number from 0", { patience });
  check("plateau", "a number from 0", { threshold });
  const next = (state: PlateauState, loss: number): PlateauState => {
    const { best, waited } = state;
    const progress = best === null ? Number.isFinite(loss) : loss < best - threshold * Math.abs(best);
    if (progress) return { ...state, best: loss, waited: 0 };
    if (waited < patience) return { ...state, waited: waited + 1 };
    return { ...state, factor: Math.max(least, state.factor * factor), waited: 0 };
  };
  let state: PlateauState = { factor: 1, best: null, waited: 0 };
  return {
    get factor() {
      return state.factor;
    },
    update: (loss) => {
      state = next(state, loss);
    },
    toJSON: () => state,
    restore: (saved) => {
      state = checkedState(saved);
    },
  };
}

function checkedState(saved: unknown): PlateauState {
  const { factor, best, waited } = (saved ?? {}) as Partial<Record<keyof PlateauState, unknown>>;
  if (typeof factor === "number" && typeof waited === "number" && (best === null || typeof best === "number"))
    return { factor, best, waited };
  throw new NablaError(
    "E-VALUE",
    `plateau: ${JSON.stringify(saved)} is no state of a plateau`,
    "what toJSON gave, such as { factor: 1, best: null, waited: 0 }",
  );
}
