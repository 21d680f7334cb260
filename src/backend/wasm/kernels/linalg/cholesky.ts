/** The Cholesky factor: the steps of `ops/linalg/numerics/cholesky.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { block, branchIf, type FunctionReference, f64, i32, type ModuleBuilder, memory } from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus } from "../memory.ts";
import { add, cell, div, dot, fill, forEachMatrix, get, mul, put, type Real, row, sqrt } from "./matrices.ts";

const core = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`cholesky.core:${n}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, a, out) => {
      const s = f.local("f64");
      const failed = f.local("i32");
      const element = (i: Int, j: Int): Real => get(a.get, cell(i, n, j));
      return [
        memory.fill(out.get, int(0), int(8 * n * n)),
        block(
          f.for(int(0), int(n), 1, (i) => [
            f.for(int(0), plus(i, int(1)), 1, (j) => [
              s.set(mul(add(element(i, j), element(j, i)), f64.const(0.5))),
              dot(f, s, row(out.get, i, n), row(out.get, j, n), int(0), j, true),
              put(row(out.get, i, n), j, div(s.get, get(row(out.get, j, n), j))),
            ]),
            failed.set(i32.eqz(f64.gt(s.get, f64.const(0)))),
            put(row(out.get, i, n), i, sqrt(s.get)),
            // out of the loop and the two blocks around it
            branchIf(failed.get, 2),
          ]),
        ),
        f.for(int(0), i32.mul(failed.get, int(n)), 1, (r) =>
          fill(f, row(out.get, r, n), plus(r, int(1)), f64.const(Number.NaN)),
        ),
      ];
    }),
  );

export const cholesky: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const n = shape.at(-1) as number;
  return forEachMatrix(module, "cholesky", sizeOf(shape.slice(0, -2)), inputs, results, 0, () => core(module, n));
};
