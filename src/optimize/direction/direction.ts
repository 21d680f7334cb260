/** What a direction is: a step proposed from the local model, and what it learns from the step that was taken. */
import type { Model } from "../model.ts";
import type { Point } from "../objective.ts";
import type { Vector } from "../vector.ts";

export interface Proposal {
  readonly step: Vector;
  /** The length to try first; without one the search takes it from the step before. */
  readonly length?: number;
}

/** A direction with memory S. */
export interface Direction<S = unknown> {
  /** Nothing learnt yet. */
  readonly start: S;
  propose(memory: S, model: Model): Proposal;
  learn(memory: S, before: Model, after: Point, length: number): S;
}
