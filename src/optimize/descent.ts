/** Descents of a sum of squares: what they take and what they say. */
import type { Point } from "./point.ts";

/** Where a descent ended, and why. */
export interface Descent {
  readonly point: Point;
  readonly iterations: number;
  readonly end: "flat" | "small-step" | "iteration-limit" | "stopped";
}

export interface DescentOptions {
  readonly maxIterations: number;
  /** The part of the residuals, as a fraction, down to which to go. */
  readonly flatness: number;
  /** Told of every point that is better; true stops. */
  readonly callback: (p: Point, iteration: number) => boolean;
}

export type Evaluate = (x: Float64Array) => Point;

/** The part of the residuals that parameters can still change is this small: Newton's steps may do the rest. */
export const nearlyFlat = 1e-3;
/** A sum of squares shows no more: its relative change would be the square. */
export const veryFlat = 1e-7;
/** A step this small beside the parameters is their rounding. */
export const smallestStep = 4 * Number.EPSILON;
