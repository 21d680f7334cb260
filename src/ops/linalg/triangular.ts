/** Triangular systems of equations. */
import { checkOptions } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { apply, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, mul, neg } from "../arithmetic.ts";
import { matrixTranspose, tril, triu } from "../movement.ts";
import { operation } from "../record.ts";
import { lined } from "../support.ts";
import {
  allBatched,
  besideEachOther,
  columnsOf,
  eachMatrix,
  identity,
  leading,
  rowsOf,
  spreadBatch,
  times,
  toSystem,
} from "./matrix.ts";
import { triangularSolve as substitute, type TriangularForm } from "./numerics/triangular.ts";

// a·x = b: dx = a⁻¹·(db − da·x), where da counts in the triangle that is read.
/** a: [B…, n, n], b: [B…, n, k], the same batch axes. */
export const triangularSolveOperation: Operation = operation<TriangularForm>({
  name: "triangularSolve",
  kind: "routine",
  infer: ([, b]) => ({ shape: (b as Type).shape, dtype: (b as Type).dtype }),
  evaluate: (values, inputs, form, result) => {
    const [n, k] = [rowsOf(result), columnsOf(result)];
    const [out] = eachMatrix(values, inputs, [result], sizeOf(leading(result.shape)), ([a, b], [x]) => {
      (x as Float64Array).set(b as Float64Array);
      substitute(a as Float64Array, n, x as Float64Array, k, form);
    });
    return out as NonNullable<typeof out>;
  },
  linear: { how: "separately", inputs: [1] },
  transpose: (ct, index, [a], form) =>
    index === 1
      ? apply(triangularSolveOperation, [a as Tensor, ct], { ...form, transpose: !form.transpose })
      : undefined,
  jvp: ([da, db], [a], x, form) => {
    let right = db;
    if (da !== undefined) {
      const read = form.unitDiagonal ? (form.lower ? tril(da, -1) : triu(da, 1)) : form.lower ? tril(da) : triu(da);
      const change = neg(times(form.transpose ? matrixTranspose(read) : read, x));
      right = right === undefined ? change : add(right, change);
    }
    return right && apply(triangularSolveOperation, [a as Tensor, right], form);
  },
  batch: ([a, b], [aBatched, bBatched], size, form) => {
    const [matrix, right] = [a as Tensor, b as Tensor];
    if (!aBatched && matrix.rank === 2) {
      return besideEachOther(right, (columns) => apply(triangularSolveOperation, [matrix, columns], form));
    }
    return apply(
      triangularSolveOperation,
      allBatched([matrix, right], [aBatched ?? false, bBatched ?? false], size),
      form,
    );
  },
  supports: ([, b], { union, result: { shape } }) => b && lined(b, shape, shape.length - 2, union),
  kernel: (_inputs, { lower, transpose, unitDiagonal }) => ({
    name: "triangularSolve",
    parameters: { lower, transpose, unitDiagonal },
  }),
  work: ([a], _attributes, { shape }) => sizeOf(shape) * columnsOf(a as Type),
  laws: {
    cases: [true, false].flatMap((lower) =>
      [true, false].map((transpose) => ({
        label: `[3,3] [3,2] ${lower ? "lower" : "upper"}${transpose ? " transposed" : ""}`,
        shapes: [
          [3, 3],
          [3, 2],
        ],
        apply: (x, b) => {
          const shifted = add(x as Tensor, mul(identity(3, x as Tensor), 4));
          return triangularSolve(shifted, b as Tensor, { lower, transpose, unitDiagonal: lower && transpose });
        },
      })),
    ),
  },
});

/** Which triangle, and what is solved. */
export interface TriangularOptions {
  /** Which triangle of a is read; default the lower one. */
  readonly lower?: boolean;
  /** Solves aᵀ·x = b. */
  readonly transpose?: boolean;
  /** Takes the diagonal as ones. */
  readonly unitDiagonal?: boolean;
}

/** For matrices with the same batch axes. */
export const solveTriangular = (a: Tensor, b: Tensor, options: TriangularOptions): Tensor =>
  apply(triangularSolveOperation, [a, b], {
    lower: options.lower ?? true,
    transpose: options.transpose ?? false,
    unitDiagonal: options.unitDiagonal ?? false,
  });

/**
 * x with a·x = b for triangular a: [.., n, n]; b is a vector [n] or matrices [.., n, k]. The other triangle of a is
 * not read. A 0 on the diagonal gives what division by 0 gives.
 *
 * @example
 * triangularSolve([[2, 0], [1, 4]], [2, 9], { lower: true }).toArray() // [1, 2]
 */
export function triangularSolve(a: TensorLike, b: TensorLike, options: TriangularOptions = {}): Tensor {
  checkOptions("triangularSolve", options, "{ lower: false }");
  const system = toSystem("triangularSolve", a, b);
  const { batch } = system;
  return system.result(solveTriangular(spreadBatch(system.a, batch), spreadBatch(system.b, batch), options));
}
