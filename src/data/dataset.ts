/** Examples that can be taken by their places: all that batches, splits and shuffling need. */
import type { Tree } from "../graph/trees.ts";

/**
 * Examples are trees of tensors; by convention `x` is what a model reads, `y` what it should give, `weight` how much an
 * example counts. Datasets never change; splits and encodings of them are datasets too.
 */
export interface Dataset<E = Tree> {
  /** How many examples. */
  readonly size: number;
  /** The examples at these places (from 0), in this order, stacked along the first axis. */
  take(places: Uint32Array): E | Promise<E>;
  /** How many neighbouring examples are read at once at little more cost than one; 1 where examples lie in memory. */
  readonly block: number;
}

/** An input and what should come of it. */
export interface Labelled<X = Tree, Y = Tree> {
  readonly x: X;
  readonly y: Y;
}
