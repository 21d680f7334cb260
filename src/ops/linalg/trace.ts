/** Traces and powers. */
import { NablaError } from "../../base/error.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { diagonal } from "../movement.ts";
import { sum } from "../reduce.ts";
import { columnsOf, identity, leading, spreadBatch, times, toSquareMatrices } from "./matrix.ts";
import { inverse } from "./solve.ts";

/**
 * The sum of the diagonal of the last two axes.
 *
 * @example
 * trace([[1, 2], [3, 4]]).item() // 5
 */
export const trace = (a: TensorLike): Tensor => sum(diagonal(toTensor("trace", a)), { axis: -1 });

/**
 * aⁿ for an integer n, by squaring; a negative n takes the inverse.
 *
 * @example
 * matrixPower([[1, 1], [0, 1]], 5).toArray() // [[1, 5], [0, 1]]
 */
export function matrixPower(a: TensorLike, n: number): Tensor {
  if (!Number.isSafeInteger(n))
    throw new NablaError("E-OPTION", `matrixPower: n is ${n}, not an integer`, "an integer; eigh for real powers");
  const t = toSquareMatrices("matrixPower", a);
  if (n === 0) return spreadBatch(identity(columnsOf(t), t), leading(t.shape));
  let square = n < 0 ? inverse(t) : t;
  let result: Tensor | undefined;
  for (let rest = Math.abs(n); ; square = times(square, square)) {
    if (rest % 2 === 1) result = result === undefined ? square : times(result, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result as Tensor;
  }
}
