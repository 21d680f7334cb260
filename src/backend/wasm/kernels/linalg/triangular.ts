/**
 * Substitution: the steps of `ops/linalg/numerics/triangular.ts`, four unknowns at a time and all terms of the known
 * ones by a product (Golub and Van Loan 2013, §3.1.7), for a panel of columns that stays in the cache.
 */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import {
  type Code,
  call,
  type Expr,
  type FunctionReference,
  f64x2,
  i32,
  type ModuleBuilder,
  select,
  v128,
} from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { alongLine, loadFirst, storeFirst } from "./line.ts";
import { copyRows, down, forEachMatrix, spread } from "./matrices.ts";
import { product } from "./product.ts";

export interface Form {
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly unitDiagonal: boolean;
}
/** Bytes between rows; unknowns are found from the first on, or from the last on. */
interface Layout {
  readonly a: { readonly row: number; readonly column: number };
  readonly x: number;
  readonly forward: boolean;
  readonly unitDiagonal: boolean;
}
const nameOf = ({ a, x, forward, unitDiagonal }: Layout): string => [a.row, a.column, x, forward, unitDiagonal].join();
const blockRows = 4;
const panelColumns = 16;

/** (a, x, columns): the system of a diagonal block of `rows` rows. */
const diagonalBlock = (module: ModuleBuilder, layout: Layout, rows: number): FunctionReference<undefined> =>
  module.once(`substitution.block:${nameOf(layout)},${rows}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, a, x, columns) => {
      const order = Array.from({ length: rows }, (_, i) => (layout.forward ? i : rows - 1 - i));
      const known = order.map((i, step) => ({
        i,
        value: f.local("v128"),
        diagonal: f.local("v128"),
        factors: order.slice(0, step).map((j) => ({ j, factor: f.local("v128") })),
      }));
      const valueOf = (j: number): Expr<"v128"> => (known[order.indexOf(j)] as (typeof known)[number]).value.get;
      const entry = (i: number, j: number): Expr<"v128"> =>
        v128.load64Splat(a.get, i * layout.a.row + j * layout.a.column);
      return [
        known.map(({ i, diagonal, factors }) => [
          layout.unitDiagonal ? [] : diagonal.set(entry(i, i)),
          factors.map(({ j, factor }) => factor.set(entry(i, j))),
        ]),
        alongLine(f, int(0), columns.get, (at, valid) =>
          known.map(({ i, value, diagonal, factors }) => [
            value.set(loadFirst(plus(x.get, at), valid, i * layout.x)),
            factors.map(({ j, factor }) => value.set(f64x2.sub(value.get, f64x2.mul(factor.get, valueOf(j))))),
            layout.unitDiagonal ? [] : value.set(f64x2.div(value.get, diagonal.get)),
            storeFirst(plus(x.get, at), value.get, valid, i * layout.x),
          ]),
        ),
      ];
    }),
  );

/** (a, x, size, columns): x, of `size` rows, holds b at first. */
export const substitution = (module: ModuleBuilder, layout: Layout): FunctionReference<undefined> =>
  module.once(`substitution:${nameOf(layout)}`, () => {
    const sign = layout.forward ? 1 : -1;
    const subtractKnown = product(module, {
      a: { row: layout.a.row, depth: sign * layout.a.column },
      b: sign * layout.x,
      c: layout.x,
      minus: true,
    });
    const [four, single] = [diagonalBlock(module, layout, blockRows), diagonalBlock(module, layout, 1)];
    return module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, x, size, columns) => {
      const width = f.local("i32");
      const group = (i: Int, rows: number): Code => {
        const own = plus(x.get, times(i, layout.x));
        const aRow = plus(a.get, times(i, layout.a.row));
        const last = i32.sub(size.get, int(1));
        return [
          layout.forward
            ? subtractKnown(own, aRow, x.get, int(rows), width.get, i)
            : subtractKnown(
                own,
                plus(aRow, times(last, layout.a.column)),
                plus(x.get, times(last, layout.x)),
                int(rows),
                width.get,
                i32.sub(i32.sub(size.get, int(rows)), i),
              ),
          call(rows === 1 ? single : four, plus(aRow, times(i, layout.a.column)), own, width.get),
        ];
      };
      const rest = i32.and(size.get, int(blockRows - 1));
      const wholeRows = i32.sub(size.get, rest);
      const solve = layout.forward
        ? [
            f.for(int(0), wholeRows, blockRows, (i) => group(i, blockRows)),
            f.for(wholeRows, size.get, 1, (i) => group(i, 1)),
          ]
        : [
            down(f, i32.shrU(size.get, int(2)), int(0), (i) => group(plus(rest, times(i, blockRows)), blockRows)),
            down(f, rest, int(0), (i) => group(i, 1)),
          ];
      return f.for(int(0), columns.get, panelColumns, (from) => {
        const left = i32.sub(columns.get, from);
        return [
          width.set(select(i32.ltS(left, int(panelColumns)), left, int(panelColumns))),
          solve,
          x.set(plus(x.get, int(8 * panelColumns))),
        ];
      });
    });
  });

/** Of a: [n, n] and x: [n, k] with rows spread. */
export const substitutionIn = (module: ModuleBuilder, n: number, k: number, form: Form): FunctionReference<undefined> =>
  substitution(module, {
    a: form.transpose ? { row: 8, column: 8 * n } : { row: 8 * n, column: 8 },
    x: 8 * spread(k),
    forward: form.lower !== form.transpose,
    unitDiagonal: form.unitDiagonal,
  });

export const triangularSolve: KernelMaker = (module, parameters, inputs, results) => {
  const [n, k] = (results[0] as Type).shape.slice(-2) as [number, number];
  const { lower, transpose, unitDiagonal } = parameters as unknown as Form;
  const batch = sizeOf((results[0] as Type).shape.slice(0, -2));
  const name = `triangularSolve:${[n, k, lower, transpose, unitDiagonal]}`;
  return forEachMatrix(module, name, batch, inputs, results, 8 * n * spread(k), () => {
    const solve = substitutionIn(module, n, k, { lower, transpose, unitDiagonal });
    const width = spread(k);
    return module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, b, x, work) => {
      const held = width === k ? x.get : work.get;
      return [
        copyRows(f, held, width, b.get, k, n, k),
        call(solve, a.get, held, int(n), int(k)),
        width === k ? [] : copyRows(f, x.get, k, held, width, n, k),
      ];
    });
  });
};
