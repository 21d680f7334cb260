/** LU factors and their systems: the steps of `ops/linalg/numerics/lu.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { type Code, call, type FunctionReference, f64, i32, type ModuleBuilder, memory, when } from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { at, copyBytes, type Int, int, plus } from "../memory.ts";
import { abs, div, exchange, fill, forEachMatrix, get, neg, one, put, row, subtract } from "./matrices.ts";
import { substitution } from "./triangular.ts";

const core = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`lu.core:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, a, lu, order, sign) => {
      const [best, held] = [f.local("i32"), f.local("i32")];
      const [pivot, factor] = [f.local("f64"), f.local("f64")];
      const entry = (i: Int): Int => at(order.get, i, "int32");
      const element = (i: Int, j: Int) => get(row(lu.get, i, n), j);
      const swap = (k: Int): Code => [
        exchange(f, row(lu.get, k, n), row(lu.get, best.get, n), int(n)),
        held.set(i32.load(entry(k))),
        i32.store(entry(k), i32.load(entry(best.get))),
        i32.store(entry(best.get), held.get),
        put(sign.get, int(0), neg(get(sign.get, int(0)))),
      ];
      return [
        copyBytes(lu.get, a.get, 8 * n * n),
        put(sign.get, int(0), one),
        f.for(int(0), int(n), 1, (i) => i32.store(entry(i), i)),
        f.for(int(0), int(n), 1, (k) => [
          best.set(k),
          f.for(plus(k, int(1)), int(n), 1, (i) =>
            when(f64.gt(abs(element(i, k)), abs(element(best.get, k))), best.set(i)),
          ),
          when(i32.ne(best.get, k), swap(k)),
          pivot.set(element(k, k)),
          when(
            f64.ne(pivot.get, f64.const(0)),
            f.for(plus(k, int(1)), int(n), 1, (i) => [
              factor.set(div(element(i, k), pivot.get)),
              put(row(lu.get, i, n), k, factor.get),
              subtract(f, row(lu.get, i, n), factor.get, row(lu.get, k, n), plus(k, int(1)), int(n)),
            ]),
          ),
        ]),
      ];
    }),
  );

export const lu: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const n = shape.at(-1) as number;
  return forEachMatrix(module, "lu", sizeOf(shape.slice(0, -2)), inputs, results, 0, () => core(module, n));
};

const solveCore = (module: ModuleBuilder, n: number, k: number, transpose: boolean): FunctionReference<undefined> => {
  const lower = substitution(module, n, k, { lower: true, transpose, unitDiagonal: true });
  const upper = substitution(module, n, k, { lower: false, transpose, unitDiagonal: false });
  return module.once(`luSolve.core:${[n, k, transpose]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, lu, order, b, x, work) => {
      const singular = f.local("i32");
      const place = (i: Int): Int => i32.load(at(order.get, i, "int32"));
      const bytes = int(8 * k);
      const steps: Code = transpose
        ? [
            copyBytes(work.get, b.get, 8 * n * k),
            call(upper, lu.get, work.get),
            call(lower, lu.get, work.get),
            f.for(int(0), int(n), 1, (i) => memory.copy(row(x.get, place(i), k), row(work.get, i, k), bytes)),
          ]
        : [
            f.for(int(0), int(n), 1, (i) => memory.copy(row(x.get, i, k), row(b.get, place(i), k), bytes)),
            call(lower, lu.get, x.get),
            call(upper, lu.get, x.get),
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
  return forEachMatrix(module, name, sizeOf(shape.slice(0, -2)), inputs, results, 8 * n * k, make, 1);
};
