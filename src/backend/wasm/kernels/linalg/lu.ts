/**
 * LU factors and their systems: the steps of `ops/linalg/numerics/lu.ts`, a block of columns at a time (Golub and Van
 * Loan 2013, §3.4.7; LAPACK's dgetrf).
 */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { type Code, call, type FunctionReference, f64, i32, type ModuleBuilder, memory, when } from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { at, type Int, int, plus, times } from "../memory.ts";
import { exchangeLines, subtractLine } from "./line.ts";
import { abs, copyRows, div, fill, forEachMatrix, get, lesser, neg, one, put, row, spread, zero } from "./matrices.ts";
import { product } from "./product.ts";
import { substitution, substitutionIn } from "./triangular.ts";

/** Columns of a block. */
const blockSize = 16;

/** (lu, order, sign, from, end), rows of lu spread: pivots and multipliers of these columns; rows are exchanged in all columns. */
const factorColumns = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`lu.columns:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, lu, order, sign, from, end) => {
      const [best, held] = [f.local("i32"), f.local("i32")];
      const [pivot, factor] = [f.local("f64"), f.local("f64")];
      const entry = (i: Int): Int => at(order.get, i, "int32");
      const element = (i: Int, j: Int) => get(row(lu.get, i, spread(n)), j);
      const swap = (k: Int): Code => [
        exchangeLines(f, row(lu.get, k, spread(n)), row(lu.get, best.get, spread(n)), int(n)),
        held.set(i32.load(entry(k))),
        i32.store(entry(k), i32.load(entry(best.get))),
        i32.store(entry(best.get), held.get),
        put(sign.get, int(0), neg(get(sign.get, int(0)))),
      ];
      return f.for(from.get, end.get, 1, (k) => [
        best.set(k),
        f.for(plus(k, int(1)), int(n), 1, (i) =>
          when(f64.gt(abs(element(i, k)), abs(element(best.get, k))), best.set(i)),
        ),
        when(i32.ne(best.get, k), swap(k)),
        pivot.set(element(k, k)),
        when(f64.eq(pivot.get, zero), pivot.set(one)),
        f.for(plus(k, int(1)), int(n), 1, (i) => [
          factor.set(div(element(i, k), pivot.get)),
          put(row(lu.get, i, spread(n)), k, factor.get),
          subtractLine(f, row(lu.get, i, spread(n)), factor.get, row(lu.get, k, spread(n)), plus(k, int(1)), end.get),
        ]),
      ]);
    }),
  );

const core = (module: ModuleBuilder, n: number): FunctionReference<undefined> => {
  const width = spread(n);
  const columns = factorColumns(module, n);
  const a = { row: 8 * width, column: 8 };
  const solve = substitution(module, { a, x: 8 * width, forward: true, unitDiagonal: true });
  const subtract = product(module, { a: { row: 8 * width, depth: 8 }, b: 8 * width, c: 8 * width, minus: true });
  return module.once(`lu.core:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, a, result, order, sign, work) => {
      const lu = width === n ? result.get : work.get;
      const [end, right] = [f.local("i32"), f.local("i32")];
      const corner = (i: Int, j: Int): Int => plus(row(lu, i, width), times(j, 8));
      return [
        copyRows(f, lu, width, a.get, n, n, n),
        put(sign.get, int(0), one),
        f.for(int(0), int(n), 1, (i) => i32.store(at(order.get, i, "int32"), i)),
        f.for(int(0), int(n), blockSize, (from) => [
          end.set(lesser(plus(from, int(blockSize)), int(n))),
          right.set(i32.sub(int(n), end.get)),
          call(columns, lu, order.get, sign.get, from, end.get),
          call(solve, corner(from, from), corner(from, end.get), i32.sub(end.get, from), right.get),
          subtract(
            corner(end.get, end.get),
            corner(end.get, from),
            corner(from, end.get),
            right.get,
            right.get,
            i32.sub(end.get, from),
          ),
        ]),
        width === n ? [] : copyRows(f, result.get, n, lu, width, n, n),
      ];
    }),
  );
};

export const lu: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const n = shape.at(-1) as number;
  return forEachMatrix(module, "lu", sizeOf(shape.slice(0, -2)), inputs, results, 8 * n * spread(n), () =>
    core(module, n),
  );
};

const solveCore = (module: ModuleBuilder, n: number, k: number, transpose: boolean): FunctionReference<undefined> => {
  const lower = substitutionIn(module, n, k, { lower: true, transpose, unitDiagonal: true });
  const upper = substitutionIn(module, n, k, { lower: false, transpose, unitDiagonal: false });
  return module.once(`luSolve.core:${[n, k, transpose]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, lu, order, b, x, work) => {
      const singular = f.local("i32");
      const place = (i: Int): Int => i32.load(at(order.get, i, "int32"));
      const bytes = int(8 * k);
      const width = spread(k);
      const steps: Code = transpose
        ? [
            copyRows(f, work.get, width, b.get, k, n, k),
            call(upper, lu.get, work.get, int(n), int(k)),
            call(lower, lu.get, work.get, int(n), int(k)),
            f.for(int(0), int(n), 1, (i) => memory.copy(row(x.get, place(i), k), row(work.get, i, width), bytes)),
          ]
        : [
            f.for(int(0), int(n), 1, (i) => memory.copy(row(work.get, i, width), row(b.get, place(i), k), bytes)),
            call(lower, lu.get, work.get, int(n), int(k)),
            call(upper, lu.get, work.get, int(n), int(k)),
            copyRows(f, x.get, k, work.get, width, n, k),
          ];
      return [
        f.for(int(0), int(n), 1, (i) =>
          singular.set(i32.or(singular.get, f64.eq(get(row(lu.get, i, n), i), f64.const(0)))),
        ),
        when(singular.get, fill(f, x.get, int(n * k), f64.const(Number.NaN)), steps),
      ];
    }),
  );
};

/** Inputs: a, which is not read, its factors and order, b. */
export const luSolve: KernelMaker = (module, { transpose }, inputs, results) => {
  const { shape } = results[0] as Type;
  const [n, k] = shape.slice(-2) as [number, number];
  const name = `luSolve:${[n, k, transpose]}`;
  const make = () => solveCore(module, n, k, transpose as boolean);
  return forEachMatrix(module, name, sizeOf(shape.slice(0, -2)), inputs, results, 8 * n * spread(k), make, 1);
};
