/** Two axes that change places: square blocks are transposed in registers, tile by tile so that lines stay cached. */
import { byteSize, type DType } from "../../../base/dtype.ts";
import { type Code, type Expr, type FunctionBuilder, i32, type Local, select, v128 } from "../encode.ts";
import type { CopyAxis } from "./copy.ts";
import { type Int, int, move, plus, times } from "./memory.ts";

/** Elements a side of a tile: its rows of either side are a cache line or two. */
const tile = 32;

/** Elements a side of a block; single bytes move one by one. */
export const blockOf = (bytes: number): number => (bytes === 8 ? 2 : bytes === 4 ? 4 : 1);

type Vector = Local<"v128">;

const bytesOf = (size: number, lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => Array.from({ length: size }, (_, i) => lane * size + i));

export function transposeBlock(
  f: FunctionBuilder,
  rows: readonly Vector[],
): { statements: Code; columns: Expr<"v128">[] } {
  const mix = (a: Expr<"v128">, b: Expr<"v128">, size: number, lanes: readonly number[]): Expr<"v128"> =>
    v128.shuffle(a, b, bytesOf(size, lanes));
  const low = (a: Vector, b: Vector): Expr<"v128"> => mix(a.get, b.get, 8, [0, 2]);
  const high = (a: Vector, b: Vector): Expr<"v128"> => mix(a.get, b.get, 8, [1, 3]);
  if (rows.length === 2) {
    const [a, b] = rows as [Vector, Vector];
    return { statements: [], columns: [low(a, b), high(a, b)] };
  }
  const [a, b, c, d] = rows as [Vector, Vector, Vector, Vector];
  const [s, ab] = f.let(mix(a.get, b.get, 4, [0, 4, 1, 5]));
  const [t, cd] = f.let(mix(c.get, d.get, 4, [0, 4, 1, 5]));
  const [u, abEnd] = f.let(mix(a.get, b.get, 4, [2, 6, 3, 7]));
  const [v, cdEnd] = f.let(mix(c.get, d.get, 4, [2, 6, 3, 7]));
  return { statements: [s, t, u, v], columns: [low(ab, cd), high(ab, cd), low(abEnd, cdEnd), high(abEnd, cdEnd)] };
}

/** `across` is contiguous in the input, `along` in the output. */
export function transposed(
  f: FunctionBuilder,
  dtype: DType,
  across: CopyAxis,
  along: CopyAxis,
  from: Int,
  to: Int,
): Code {
  const bytes = byteSize[dtype];
  const side = blockOf(bytes);
  const address = (base: Int, i: Int, by: number, j: Int, then: number): Int =>
    plus(plus(base, times(i, by)), times(j, then));
  const source = (i: Int, j: Int): Int => address(from, i, bytes, j, along.from);
  const target = (i: Int, j: Int): Int => address(to, i, across.to, j, bytes);
  const single = (i: Int, j: Int): Code => move(dtype, target(i, j), source(i, j));
  const block = (i: Int, j: Int): Code => {
    const [read, start] = f.let(source(i, j));
    const [write, end] = f.let(target(i, j));
    const rows = Array.from({ length: side }, (_, k) => f.let(v128.load(plus(start.get, int(k * along.from)))));
    const { statements, columns } = transposeBlock(
      f,
      rows.map(([, row]) => row),
    );
    const stores = columns.map((column, k) => v128.store(plus(end.get, int(k * across.to)), column));
    return [read, write, rows.map(([load]) => load), statements, stores];
  };
  const whole = (n: number): number => n - (n % side);
  const end = (start: Int, n: number): Int => {
    const next = plus(start, int(tile));
    return select(i32.ltS(next, int(n)), next, int(n));
  };
  const [m, n] = [whole(across.n), whole(along.n)];
  return [
    f.for(int(0), int(m), tile, (i0) =>
      f.for(int(0), int(n), tile, (j0) =>
        f.for(i0, end(i0, m), side, (i) => f.for(j0, end(j0, n), side, (j) => (side === 1 ? single : block)(i, j))),
      ),
    ),
    n === along.n ? [] : f.for(int(0), int(m), 1, (i) => f.for(int(n), int(along.n), 1, (j) => single(i, j))),
    m === across.n ? [] : f.for(int(m), int(across.n), 1, (i) => f.for(int(0), int(along.n), 1, (j) => single(i, j))),
  ];
}
