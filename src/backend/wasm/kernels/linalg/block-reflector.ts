/** Products of reflections as 1 − V·T·Vᵀ: the steps of `ops/linalg/numerics/block-reflector.ts`. */
import { blockSize } from "../../../../ops/linalg/numerics/block-reflector.ts";
import { type Code, call, type FunctionReference, i32, type ModuleBuilder, memory } from "../../encode.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { add, cell, down, get, lesser, mul, neg, one, put, row, spread, zero } from "./matrices.ts";
import { product } from "./product.ts";

/** Reflections of `rows` elements in scratch memory; they are applied to matrices of at most `columns` columns. */
export interface Reflections {
  readonly rows: number;
  readonly count: number;
  /** Reflection j leaves the rows before j + offset as they are. */
  readonly offset: number;
  readonly columns: number;
}

const blocksOf = ({ count }: Reflections): number => Math.ceil(count / blockSize);
const panelRow = 8 * blockSize;
const square = 8 * blockSize * blockSize;

/** Where the parts begin, in bytes: V and T by blocks, β, and the small products. */
function parts(given: Reflections) {
  const triangles = blocksOf(given) * given.rows * panelRow;
  const betas = triangles + blocksOf(given) * square;
  const overlap = betas + 8 * given.count;
  const along = overlap + square;
  const change = along + given.columns * panelRow;
  return { triangles, betas, overlap, along, change, end: change + given.columns * panelRow };
}
export const reflectionBytes = (given: Reflections): number => parts(given).end;

const nameOf = ({ rows, count, offset, columns }: Reflections): string => [rows, count, offset, columns].join();
const panelOf = ({ rows }: Reflections, at: Int, block: Int): Int => plus(at, times(block, rows * panelRow));
const triangleOf = (given: Reflections, at: Int, block: Int): Int =>
  plus(at, plus(int(parts(given).triangles), times(block, square)));
const widthOf = ({ count }: Reflections, block: Int): Int =>
  lesser(int(blockSize), i32.sub(int(count), times(block, blockSize)));
const firstRow = ({ offset }: Reflections, block: Int): Int => plus(times(block, blockSize), int(offset));

/** No reflection is kept yet. */
export const clear = (given: Reflections, at: Int): Code => memory.fill(at, int(0), int(parts(given).betas));

/** (at, j, v, β): keeps reflection j; v from row j + offset on. */
export const keep = (module: ModuleBuilder, given: Reflections): FunctionReference<undefined> =>
  module.once(`reflector.keep:${nameOf(given)}`, () =>
    module.function(["i32", "i32", "i32", "f64"], undefined, (f, at, j, v, beta) => {
      const block = i32.shrU(j.get, int(Math.log2(blockSize)));
      const column = i32.and(j.get, int(blockSize - 1));
      const to = f.local("i32");
      const first = plus(j.get, int(given.offset));
      return [
        put(plus(at.get, int(parts(given).betas)), j.get, beta.get),
        to.set(plus(plus(panelOf(given, at.get, block), times(first, panelRow)), times(column, 8))),
        f.for(int(0), i32.sub(int(given.rows), first), 1, (i) => [
          put(to.get, int(0), get(v.get, i)),
          to.set(plus(to.get, int(panelRow))),
        ]),
      ];
    }),
  );

/** (at, block): T of a block whose reflections are kept. */
export const formTriangle = (module: ModuleBuilder, given: Reflections): FunctionReference<undefined> => {
  const inner = product(module, { a: { row: 8, depth: panelRow }, b: panelRow, c: panelRow, minus: false });
  return module.once(`reflector.triangle:${nameOf(given)}`, () =>
    module.function(["i32", "i32"], undefined, (f, at, block) => {
      const [v, t, width, sum, beta] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("f64"), f.local("f64")];
      const overlap = plus(at.get, int(parts(given).overlap));
      return [
        v.set(plus(panelOf(given, at.get, block.get), times(firstRow(given, block.get), panelRow))),
        t.set(triangleOf(given, at.get, block.get)),
        width.set(widthOf(given, block.get)),
        inner(overlap, v.get, v.get, width.get, width.get, i32.sub(int(given.rows), firstRow(given, block.get))),
        f.for(int(0), width.get, 1, (j) => [
          beta.set(get(plus(at.get, int(parts(given).betas)), plus(times(block.get, blockSize), j))),
          f.for(int(0), j, 1, (r) => [
            sum.set(zero),
            f.for(r, j, 1, (s) =>
              sum.set(add(sum.get, mul(get(row(t.get, r, blockSize), s), get(row(overlap, s, blockSize), j)))),
            ),
            put(row(t.get, r, blockSize), j, mul(neg(beta.get), sum.get)),
          ]),
          put(row(t.get, j, blockSize), j, beta.get),
        ]),
      ];
    }),
  );
};

/** (at): all of them. */
export const formTriangles = (module: ModuleBuilder, given: Reflections): FunctionReference<undefined> => {
  const one = formTriangle(module, given);
  return module.once(`reflector.triangles:${nameOf(given)}`, () =>
    module.function(["i32"], undefined, (f, at) =>
      f.for(int(0), int(blocksOf(given)), 1, (block) => call(one, at.get, block)),
    ),
  );
};

/** (at, block, c, columns): c, whose row 0 is the block's first row, becomes (1 − V·T·Vᵀ)·c, with Tᵀ if `transpose`. */
export const applyBlock = (
  module: ModuleBuilder,
  given: Reflections,
  cRow: number,
  transpose: boolean,
): FunctionReference<undefined> => {
  const small = 8 * given.columns;
  const across = product(module, { a: { row: 8, depth: panelRow }, b: cRow, c: small, minus: false });
  const turn = transpose ? { row: 8, depth: panelRow } : { row: panelRow, depth: 8 };
  const combine = product(module, { a: turn, b: small, c: small, minus: false });
  const subtract = product(module, { a: { row: panelRow, depth: 8 }, b: small, c: cRow, minus: true });
  return module.once(`reflector.apply:${[nameOf(given), cRow, transpose]}`, () =>
    module.function(["i32", "i32", "i32", "i32"], undefined, (f, at, block, c, columns) => {
      const [v, width, height] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const along = plus(at.get, int(parts(given).along));
      const change = plus(at.get, int(parts(given).change));
      return [
        v.set(plus(panelOf(given, at.get, block.get), times(firstRow(given, block.get), panelRow))),
        width.set(widthOf(given, block.get)),
        height.set(i32.sub(int(given.rows), firstRow(given, block.get))),
        across(along, v.get, c.get, width.get, columns.get, height.get),
        combine(change, triangleOf(given, at.get, block.get), along, width.get, columns.get, width.get),
        subtract(c.get, v.get, change, height.get, columns.get, width.get),
      ];
    }),
  );
};

/** (at, q): the first n columns of the product of all reflections, whose triangles are formed; q: [rows, n] with rows spread. */
export const formProduct = (module: ModuleBuilder, given: Reflections, n: number): FunctionReference<undefined> => {
  const apply = applyBlock(module, given, 8 * spread(n), false);
  return module.once(`reflector.product:${[nameOf(given), n]}`, () =>
    module.function(["i32", "i32"], undefined, (f, at, q) => [
      memory.fill(q.get, int(0), int(8 * given.rows * spread(n))),
      f.for(int(0), int(n), 1, (j) => put(row(q.get, j, spread(n)), j, one)),
      down(f, int(blocksOf(given)), int(0), (block) => {
        const first = firstRow(given, block);
        return call(apply, at.get, block, plus(q.get, times(cell(first, spread(n), first), 8)), i32.sub(int(n), first));
      }),
    ]),
  );
};
