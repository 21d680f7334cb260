/**
 * Colours for columns, so that columns of one colour can be computed by one product (Gebremedhin, Manne and Pothen,
 * “What color is your Jacobian?”, SIAM Review 47, 2005).
 */
import { type Pattern, transposed } from "./pattern.ts";

export interface Coloring {
  /** The colour of each column, 0 … count − 1. */
  readonly colors: Int32Array;
  readonly count: number;
}

/** The entries of a row. */
const entries = ({ starts, columns }: Pattern, row: number): Int32Array =>
  columns.subarray(starts[row], starts[row + 1]);

/** The most entries of a row: columns need at least so many colours. */
export const longest = ({ starts }: Pattern): number =>
  starts.reduce((most, end, i) => (i === 0 ? 0 : Math.max(most, end - (starts[i - 1] as number))), 0);

/** Vertices with many neighbours first (Welsh and Powell 1967). */
const largestFirst = ({ starts, shape }: Pattern): Int32Array =>
  Int32Array.from({ length: shape[0] }, (_, i) => i).sort((a, b) => degree(starts, b) - degree(starts, a) || a - b);
const degree = (starts: Int32Array, i: number): number => (starts[i + 1] as number) - (starts[i] as number);

/** The least colour that `forbidden` does not mark by `vertex`. */
function free(forbidden: Int32Array, vertex: number): number {
  let color = 0;
  while (forbidden[color] === vertex) color++;
  return color;
}

/**
 * Columns of one colour have no row in common: each entry is an entry of the sum of its colour's columns (Curtis,
 * Powell and Reid 1974; as a colouring of the columns' intersection graph, Coleman and Moré 1983).
 */
export function columnColoring(pattern: Pattern): Coloring {
  const columns = transposed(pattern);
  const width = pattern.shape[1];
  const colors = new Int32Array(width).fill(-1);
  const forbidden = new Int32Array(width + 1).fill(-1);
  let count = 0;
  for (const column of largestFirst(columns)) {
    for (const row of entries(columns, column)) {
      for (const other of entries(pattern, row)) {
        const color = colors[other] as number;
        if (color >= 0) forbidden[color] = column;
      }
    }
    const color = free(forbidden, column);
    colors[column] = color;
    count = Math.max(count, color + 1);
  }
  return { colors, count };
}

/**
 * A star colouring of a symmetric pattern: neighbours differ, and no path of four vertices has two colours. Then of
 * entries (i, j) and (j, i) one can be read from the products (Coleman and Moré 1984; the colours are those of the
 * first algorithm of Gebremedhin, Tarafdar, Manne and Pothen, SIAM J. Sci. Comput. 29, 2007). An edge costs as many
 * steps as there are colours, however many neighbours its vertices have.
 */
export function starColoring(pattern: Pattern): Coloring {
  const n = pattern.shape[0];
  const colors = new Int32Array(n).fill(-1);
  const forbidden = new Int32Array(n + 1).fill(-1);
  /** The colours of a vertex's neighbours, each with the first that had it. */
  const around = Array.from({ length: n }, () => new Map<number, number>());
  /** The colours of those neighbours of a vertex that have another neighbour of its colour. */
  const centres = Array.from({ length: n }, () => new Set<number>());
  let count = 0;
  const at = <T>(list: ArrayLike<T>, vertex: number): T => list[vertex] as T;
  for (const v of largestFirst(pattern)) {
    const neighbours = entries(pattern, v).filter((w) => w !== v);
    for (const w of neighbours) {
      const through = at(colors, w);
      if (through >= 0) forbidden[through] = v;
      // The neighbours of a vertex without a colour all differ; those of others may agree, as the leaves of a star.
      for (const color of through < 0 ? at(around, w).keys() : at(centres, w)) forbidden[color] = v;
    }
    const color = free(forbidden, v);
    colors[v] = color;
    count = Math.max(count, color + 1);
    for (const w of neighbours) {
      const first = at(around, w).get(color);
      if (first === undefined) at(around, w).set(color, v);
      else for (const leaf of [first, v]) at(centres, leaf).add(at(colors, w));
    }
  }
  return { colors, count };
}
