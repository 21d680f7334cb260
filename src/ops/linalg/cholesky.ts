/** a = L·Lᵀ */

import { sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { apply, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, mul } from "../arithmetic.ts";
import { matrixTranspose } from "../movement.ts";
import { operation } from "../record.ts";
import {
  columnsOf,
  cubic,
  eachMatrix,
  identity,
  leading,
  masked,
  symmetricPart,
  times,
  toSquareMatrices,
} from "./matrix.ts";
import { cholesky as factor } from "./numerics/cholesky.ts";
import { solveTriangular } from "./triangular.ts";

// dL = L·Φ(L⁻¹·dA·L⁻ᵀ), Φ: the lower triangle with half the diagonal (Murray 2016, "Differentiation of the Cholesky
// decomposition"; Giles 2008)
export const choleskyOperation: Operation = operation<object>({
  name: "cholesky",
  kind: "routine",
  infer: ([a]) => ({ shape: (a as Type).shape, dtype: (a as Type).dtype }),
  evaluate: (values, inputs, _attributes, result) => {
    const n = columnsOf(result);
    const [out] = eachMatrix(values, inputs, [result], sizeOf(leading(result.shape)), ([a], [l]) => {
      factor(a as Float64Array, n, l as Float64Array);
    });
    return out as NonNullable<typeof out>;
  },
  jvp: ([tangent], _inputs, l) => {
    if (tangent === undefined) return undefined;
    const n = columnsOf(l);
    const half = solveTriangular(l, symmetricPart(tangent), { lower: true });
    const inner = solveTriangular(l, matrixTranspose(half), { lower: true });
    return times(
      l,
      mul(
        inner,
        masked(n, n, (i, j) => (i > j ? 1 : i === j ? 0.5 : 0), l),
      ),
    );
  },
  batch: ([a]) => apply(choleskyOperation, [a as Tensor]),
  kernel: () => ({ name: "cholesky", parameters: {} }),
  work: cubic(0.5),
  laws: {
    cases: [
      { label: "[3,3]", shapes: [[3, 3]], apply: (x) => cholesky(positive(x as Tensor)) },
      { label: "[2,4,4]", shapes: [[2, 4, 4]], apply: (x) => cholesky(positive(x as Tensor)) },
      {
        label: "unsymmetric [3,3]",
        shapes: [[3, 3]],
        apply: (x) => cholesky(add(x as Tensor, mul(identity(3, x as Tensor), 12))),
      },
    ],
  },
});

/** x·xᵀ + 3, positive definite for every x. */
export const positive = (x: Tensor): Tensor =>
  add(times(x, matrixTranspose(x)), mul(identity(x.shape.at(-2) as number, x), 3));

/**
 * The lower triangular L with a = L·Lᵀ for symmetric positive definite a, [.., n, n].
 * What is read, and differentiated by, is the symmetric part (a + aᵀ)/2. NaN below the diagonal where it is not
 * positive definite.
 *
 * @example
 * cholesky([[4, 2], [2, 5]]).toArray() // [[2, 0], [1, 2]]
 */
export const cholesky = (a: TensorLike): Tensor => apply(choleskyOperation, [toSquareMatrices("cholesky", a)]);
