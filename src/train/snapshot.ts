/** What a run is between two steps; each step makes another. */
import type { Variables } from "../nn/index.ts";
import type { Position } from "./position.ts";
import { isFinite, kept, type TrainingState } from "./step.ts";

/** All that changes while a run goes on. */
export interface Snapshot {
  readonly state: TrainingState;
  readonly position: Position;
  /** The variables of the best epoch. */
  readonly best: Variables | undefined;
}

/** How far a run has come. */
export interface Reached extends Snapshot {
  /** To come back to: the last of which it is known that all is finite, outside the program's memory. */
  readonly good: Snapshot;
  /** Whether something was not finite since. */
  readonly diverged: boolean;
}

export const beginning = (start: Snapshot): Reached => {
  kept(start.state);
  return { ...start, good: start, diverged: false };
};

/** Takes the state out of the program's memory, to come back to, if it is worth that. */
export const remembered = (reached: Reached): Reached => {
  const { state, position, best, good } = reached;
  if (state !== good.state && !isFinite(kept(state).variables)) return { ...reached, diverged: true };
  return { ...reached, good: { state, position, best } };
};
