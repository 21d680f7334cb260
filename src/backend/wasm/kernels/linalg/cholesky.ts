/**
 * The Cholesky factor: the steps of `ops/linalg/numerics/cholesky.ts`, a block of rows at a time (Golub and Van Loan
 * 2013, §4.2.6). The transposed factor is made, whose rows are read and written in order, and turned at last.
 */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import {
  block,
  branchIf,
  call,
  type FunctionReference,
  f64,
  i32,
  type ModuleBuilder,
  memory,
  sequence,
  when,
} from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { divideLine, subtractLine } from "./line.ts";
import { add, fill, forEachMatrix, get, lesser, mul, put, type Real, row, spread, sqrt, zero } from "./matrices.ts";
import { product } from "./product.ts";

const blockSize = 64;
const group = 4;

/** (u, from), rows of u spread → 1 if a pivot of the next rows, up to `group` of them, is not positive. */
const factorRows = (module: ModuleBuilder, n: number): FunctionReference<"i32"> =>
  module.once(`cholesky.rows:${n}`, () =>
    module.function(["i32", "i32"], "i32", (f, u, from) => {
      const [pivot, failed] = [f.local("f64"), f.local("i32")];
      const rowAt = (i: Int): Int => row(u.get, i, spread(n));
      const end = lesser(plus(from.get, int(group)), int(n));
      const rows = f.for(from.get, end, 1, (i) => [
        pivot.set(get(rowAt(i), i)),
        failed.set(i32.or(failed.get, i32.eqz(f64.gt(pivot.get, zero)))),
        pivot.set(sqrt(pivot.get)),
        put(rowAt(i), i, pivot.get),
        divideLine(f, rowAt(i), pivot.get, plus(i, int(1)), int(n)),
        f.for(plus(i, int(1)), end, 1, (k) => subtractLine(f, rowAt(k), get(rowAt(i), k), rowAt(i), k, int(n))),
      ]);
      return sequence([rows], failed.get);
    }),
  );

const core = (module: ModuleBuilder, n: number): FunctionReference<undefined> => {
  const width = spread(n);
  const factor = factorRows(module, n);
  const subtract = product(module, { a: { row: 8, depth: 8 * width }, b: 8 * width, c: 8 * width, minus: true });
  return module.once(`cholesky.core:${n}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, a, out, u) => {
      const failed = f.local("i32");
      const end = f.local("i32");
      const element = (i: Int, j: Int): Real => get(row(a.get, i, n), j);
      /** Rows i to i + 3, from the diagonal on, less the part of rows `from` to `to`. */
      const subtractRows = (i: Int, from: Int, to: Int) => {
        const above = row(u.get, from, width);
        const column = plus(above, times(i, 8));
        return subtract(
          plus(row(u.get, i, width), times(i, 8)),
          column,
          column,
          lesser(int(group), i32.sub(int(n), i)),
          i32.sub(int(n), i),
          i32.sub(to, from),
        );
      };
      return [
        f.for(int(0), int(n), 1, (i) =>
          f.for(i, int(n), 1, (j) =>
            put(row(u.get, i, width), j, mul(add(element(i, j), element(j, i)), f64.const(0.5))),
          ),
        ),
        block(
          f.for(int(0), int(n), blockSize, (from) => [
            end.set(lesser(plus(from, int(blockSize)), int(n))),
            f.for(from, end.get, group, (i) => [
              subtractRows(i, from, i),
              failed.set(call(factor, u.get, i)),
              // out of both loops, the condition around each, and the block
              branchIf(failed.get, 4),
            ]),
            f.for(end.get, int(n), group, (i) => subtractRows(i, from, end.get)),
          ]),
        ),
        memory.fill(out.get, int(0), int(8 * n * n)),
        f.for(int(0), int(n), 1, (i) =>
          f.for(int(0), plus(i, int(1)), 1, (j) => put(row(out.get, i, n), j, get(row(u.get, j, width), i))),
        ),
        when(
          failed.get,
          f.for(int(0), int(n), 1, (i) => fill(f, row(out.get, i, n), plus(i, int(1)), f64.const(Number.NaN))),
        ),
      ];
    }),
  );
};

export const cholesky: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const n = shape.at(-1) as number;
  const batch = sizeOf(shape.slice(0, -2));
  return forEachMatrix(module, "cholesky", batch, inputs, results, 8 * n * spread(n), () => core(module, n));
};
