/** Lengths that are given beforehand: constant, and falling by a schedule. They accept a rise of the value. */
import type { Search } from "./search.ts";

export const constantStep =
  (length: number): Search =>
  (line) =>
    line.probe(length);

export const schedule =
  (length: (iteration: number) => number): Search =>
  (line, _, iteration) =>
    line.probe(length(iteration));
