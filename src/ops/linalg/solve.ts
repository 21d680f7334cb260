/** Systems of linear equations. */
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { luFactors, luSolve } from "./lu.ts";
import { columnsOf, identity, leading, spreadBatch, toSquareMatrices, toSystem } from "./matrix.ts";

/**
 * x with a·x = b, by LU factors with partial pivoting; a: [.., n, n], b a vector [n] or matrices [.., n, k] (as in
 * NumPy 2: a batch of vectors is [.., n, 1]). Batch axes broadcast. NaN where a is exactly singular.
 *
 * @example
 * solve([[3, 1], [1, 2]], [9, 8]).toArray() // [2, 3]
 */
export function solve(a: TensorLike, b: TensorLike): Tensor {
  const system = toSystem("solve", a, b);
  const { batch } = system;
  const { factors, order, sign } = luFactors(system.a);
  const spread = { factors: spreadBatch(factors, batch), order: spreadBatch(order, batch, 1), sign };
  return system.result(luSolve(spreadBatch(system.a, batch), spread, spreadBatch(system.b, batch)));
}

/**
 * a⁻¹ for square a, [.., n, n]; NaN where a is exactly singular. To solve equations, `solve` is faster and more exact.
 *
 * @example
 * inverse([[2, 0], [0, 4]]).toArray() // [[0.5, 0], [0, 0.25]]
 */
export function inverse(a: TensorLike): Tensor {
  const t = toSquareMatrices("inverse", a);
  return luSolve(t, luFactors(t), spreadBatch(identity(columnsOf(t), t), leading(t.shape)));
}
