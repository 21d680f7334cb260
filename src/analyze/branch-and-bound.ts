/**
 * The greatest value of a function over a box, between bounds: the cell with the greatest upper bound is cut in two,
 * until the bounds meet (Hansen and Walster, Global Optimization Using Interval Analysis, 2nd ed. 2004, ch. 12).
 */
import { type Cell, halves } from "./region.ts";

/** When a search for a certificate ends. */
export interface Limits {
  /** Stop when upper − lower ≤ precision · upper; default 1e-3. */
  readonly precision?: number;
  /** In milliseconds; default 2000. */
  readonly timeLimit?: number;
  /** How many cells are looked at, at most; default 20 000. */
  readonly maxCells?: number;
}

/** What is known of the function on a cell. */
export interface Judgement<R> {
  /** The part of the cell where the greatest value is attained. */
  readonly cell: Cell;
  readonly upper: number;
  /** Its value at a point of the cell is no less than this. */
  readonly lower: number;
  readonly at: Float64Array;
  /** How much each side contributes to the width of the bounds; the greatest is cut. */
  readonly influence: Float64Array;
  /** Why the upper bound is infinite. */
  readonly reason?: R | undefined;
}

/** What is maximised. */
export interface Quantity<R> {
  judge(cell: Cell): Judgement<R>;
  /** A lower bound of it at a point, and about itself. */
  at(x: Float64Array): { readonly lower: number; readonly size: number };
}

export interface Maximum<R> {
  readonly lower: number;
  readonly upper: number;
  /** Where the lower bound is attained. */
  readonly at: Float64Array;
  readonly cells: number;
  /** The cell that cannot be cut any further, and why its bound is infinite. */
  readonly stuck: { readonly cell: Cell; readonly reason: R | undefined } | undefined;
}

/** Sides below this part of the box's are not cut any more where the bound is infinite. */
const narrow = 2 ** -24;

/** @param enough whether these bounds say what was asked for */
export function maximise<R>(
  whole: Cell,
  judge: (cell: Cell) => Judgement<R>,
  limits: Limits = {},
  enough: (lower: number, upper: number) => boolean = () => false,
): Maximum<R> {
  const { precision = 1e-3, timeLimit = 2000, maxCells = 20_000 } = limits;
  const end = performance.now() + timeLimit;
  const heap = new Heap<Judgement<R>>((j) => j.upper);
  let lower = 0;
  let at = whole.low;
  let cells = 0;
  const look = (cell: Cell): void => {
    cells++;
    const found = judge(cell);
    if (found.lower > lower || cells === 1) {
      lower = Math.max(0, found.lower || 0);
      at = found.at;
    }
    heap.push({ ...found, upper: Number.isNaN(found.upper) ? Number.POSITIVE_INFINITY : found.upper });
  };
  look(whole);
  /** The greatest bound of cells that could not be cut. */
  let settled = 0;
  let stuck: Maximum<R>["stuck"];
  for (;;) {
    const top = heap.top();
    if (top === undefined || (top.upper < Infinity && top.upper - lower <= precision * top.upper)) break;
    if (enough(lower, Math.max(settled, top.upper))) break;
    if (cells >= maxCells || performance.now() > end) break;
    heap.pop();
    const { cell, influence, upper } = top;
    const parts = cutAcross(cell, whole, influence, upper);
    if (parts !== undefined) {
      for (const part of parts) look(part);
      continue;
    }
    settled = Math.max(settled, upper);
    if (upper === Number.POSITIVE_INFINITY) {
      stuck = { cell, reason: top.reason };
      break;
    }
  }
  const top = heap.top();
  if (stuck === undefined && top?.upper === Number.POSITIVE_INFINITY) stuck = { cell: top.cell, reason: top.reason };
  return { lower, upper: Math.max(settled, top?.upper ?? 0, lower), at, cells, stuck };
}

/** Cut across the side of the greatest influence that can be cut. */
function cutAcross(cell: Cell, whole: Cell, influence: Float64Array, upper: number): readonly Cell[] | undefined {
  const width = (c: Cell, i: number): number => (c.high[i] as number) - (c.low[i] as number);
  const relative = cell.low.map((_, i) => width(cell, i) / width(whole, i) || 0);
  const known = influence.every(Number.isFinite) && influence.some((v) => v > 0);
  const weight = known && upper !== Number.POSITIVE_INFINITY ? influence : relative;
  const order = [...cell.low.keys()].sort((i, j) => (weight[j] as number) - (weight[i] as number));
  for (const side of order) {
    if (upper === Number.POSITIVE_INFINITY && !((relative[side] as number) > narrow)) continue;
    const parts = halves(cell, side);
    if (parts !== undefined) return parts;
  }
  return undefined;
}

/** A binary heap with the greatest key on top. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #key: (item: T) => number;

  constructor(key: (item: T) => number) {
    this.#key = key;
  }

  top(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#key(items[parent] as T) >= this.#key(item)) break;
      items[at] = items[parent] as T;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#key(items[child + 1] as T) > this.#key(items[child] as T)) child++;
      if (this.#key(items[child] as T) <= this.#key(last)) break;
      items[at] = items[child] as T;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
