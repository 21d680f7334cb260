/** What a search is: it accepts a point along a step, or finds none that is better. */
import type { Line, Trial } from "../line.ts";

/** `first` is the length to try first, `iteration` counts from 0. */
export type Search = (line: Line, first: number, iteration: number) => Trial | undefined;
