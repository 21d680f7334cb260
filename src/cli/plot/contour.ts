/** Lines of equal value over a grid, by marching squares (Lorensen & Cline 1987 in the plane). */

export type Line = readonly (readonly [x: number, y: number])[];

/** Values at x₀ … and y₀ …, row by row: `values[j * x.length + i]` at (xᵢ, yⱼ). */
export interface Grid {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A piece of a line across one cell, from one of the grid's edges to another. */
type Piece = readonly [from: number, to: number];

/** The lines on which the values, interpolated along the edges of the grid, equal `level`; a closed one ends where it begins. */
export function contour(grid: Grid, level: number): Line[] {
  const pieces = grid.y.slice(1).flatMap((_, j) => grid.x.slice(1).flatMap((_, i) => crossing(grid, level, i, j)));
  return chains(pieces).map((edges) => edges.map((edge) => pointOn(grid, level, edge)));
}

/**
 * Edge 2k runs from node k to the right, 2k + 1 upwards. Corners of a cell are counted 1, 2, 4, 8 against the clock
 * from the lower left. Where two opposite corners are above, the mean of all four says whether they are joined.
 */
function crossing({ x, values }: Grid, level: number, i: number, j: number): Piece[] {
  const n = x.length;
  const k = j * n + i;
  const corners = [k, k + 1, k + n + 1, k + n].map((node) => values[node] as number);
  if (!corners.every(Number.isFinite)) return [];
  const above = corners.reduce((bits, v, c) => bits | (v > level ? 1 << c : 0), 0);
  const [bottom, right, top, left] = [2 * k, 2 * (k + 1) + 1, 2 * (k + n), 2 * k + 1];
  const joined = corners.reduce((sum, v) => sum + v, 0) / 4 > level;
  switch (above) {
    case 0:
    case 15:
      return [];
    case 1:
    case 14:
      return [[left, bottom]];
    case 2:
    case 13:
      return [[bottom, right]];
    case 3:
    case 12:
      return [[left, right]];
    case 4:
    case 11:
      return [[right, top]];
    case 6:
    case 9:
      return [[bottom, top]];
    case 7:
    case 8:
      return [[left, top]];
    default: // 5 and 10
      return (above === 5) === joined
        ? [
            [left, top],
            [bottom, right],
          ]
        : [
            [left, bottom],
            [right, top],
          ];
  }
}

function pointOn({ x, y, values }: Grid, level: number, edge: number): readonly [number, number] {
  const k = edge >> 1;
  const [i, j] = [k % x.length, Math.floor(k / x.length)];
  const [upwards, next] = edge % 2 === 1 ? [1, k + x.length] : [0, k + 1];
  const [from, to] = [values[k] as number, values[next] as number];
  const t = (level - from) / (to - from);
  const [x0, y0] = [x[i] as number, y[j] as number];
  return upwards === 1 ? [x0, y0 + t * ((y[j + 1] as number) - y0)] : [x0 + t * ((x[i + 1] as number) - x0), y0];
}

/** Pieces that share an edge, one behind the other. */
function chains(pieces: readonly Piece[]): number[][] {
  const at = new Map<number, number[]>();
  pieces.forEach((piece, p) => {
    for (const edge of piece) at.set(edge, [...(at.get(edge) ?? []), p]);
  });
  const used = new Set<number>();
  const follow = (start: number): number[] => {
    const line = [start];
    for (let edge = start; ; ) {
      const p = at.get(edge)?.find((candidate) => !used.has(candidate));
      if (p === undefined) return line;
      used.add(p);
      const [from, to] = pieces[p] as Piece;
      edge = from === edge ? to : from;
      line.push(edge);
    }
  };
  // Lines that end at the border are followed from an end; what is left then is closed.
  const ends = [...at].flatMap(([edge, [, second]]) => (second === undefined ? [edge] : []));
  return [...ends, ...at.keys()].map(follow).filter((line) => line.length > 1);
}
