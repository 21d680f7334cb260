/** Substitution: the steps of `ops/linalg/numerics/triangular.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { type Code, call, type FunctionReference, type ModuleBuilder, memory } from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { cell, div, down, forEachMatrix, get, put, row, subtract } from "./matrices.ts";

export interface Form {
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly unitDiagonal: boolean;
}

/** (a, x): x, [n, k], holds b at first. */
export const substitution = (module: ModuleBuilder, n: number, k: number, form: Form): FunctionReference<undefined> => {
  const { lower, transpose, unitDiagonal } = form;
  return module.once(`substitution:${[n, k, lower, transpose, unitDiagonal]}`, () =>
    module.function(["i32", "i32"], undefined, (f, a, x) => {
      const c = f.local("f64");
      const one = (i: Int, from: Int, to: Int): Code => [
        f.for(from, to, 1, (j) => [
          c.set(get(a.get, transpose ? cell(j, n, i) : cell(i, n, j))),
          subtract(f, row(x.get, i, k), c.get, row(x.get, j, k), int(0), int(k)),
        ]),
        unitDiagonal
          ? []
          : [
              c.set(get(a.get, times(i, n + 1))),
              f.for(int(0), int(k), 1, (p) => put(row(x.get, i, k), p, div(get(row(x.get, i, k), p), c.get))),
            ],
      ];
      return lower !== transpose
        ? f.for(int(0), int(n), 1, (i) => one(i, int(0), i))
        : down(f, int(n), int(0), (i) => one(i, plus(i, int(1)), int(n)));
    }),
  );
};

export const triangularSolve: KernelMaker = (module, parameters, inputs, results) => {
  const [n, k] = (results[0] as Type).shape.slice(-2) as [number, number];
  const { lower, transpose, unitDiagonal } = parameters as unknown as Form;
  const batch = sizeOf((results[0] as Type).shape.slice(0, -2));
  const name = `triangularSolve:${[n, k, lower, transpose, unitDiagonal]}`;
  return forEachMatrix(module, name, batch, inputs, results, 0, () => {
    const solve = substitution(module, n, k, { lower, transpose, unitDiagonal });
    return module.function(["i32", "i32", "i32", "i32"], undefined, (_f, a, b, x) => [
      memory.copy(x.get, b.get, int(8 * n * k)),
      call(solve, a.get, x.get),
    ]);
  });
};
