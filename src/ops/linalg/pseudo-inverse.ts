/** The pseudoinverse and least squares. */
import { epsilon } from "../../base/dtype.ts";
import { checkOptions } from "../../base/options.ts";
import type { Operation } from "../../graph/operation.ts";
import { apply, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, div, greater, mul, neg, sub, where } from "../arithmetic.ts";
import { expandDims, matrixTranspose } from "../movement.ts";
import { max } from "../reduce.ts";
import { columnsOf, identity, masked, rowsOf, spreadBatch, times, toMatrices, toSystem } from "./matrix.ts";
import { held, stated } from "./stated.ts";
import { svd } from "./svd.ts";

/** Which singular values count as zero. */
export interface RankOptions {
  /** Singular values at most this part of the greatest one count as 0; default ε·max(m, n). */
  readonly tolerance?: number;
}

// dp = −p·da·p + p·pᵀ·daᵀ·(1 − a·p) + (1 − p·a)·daᵀ·pᵀ·p (Golub and Pereyra 1973), where the rank stays the same
/** Inputs: value, a. */
export const pinvOperation: Operation = stated({
  name: "pinv",
  jvp: ([da], [matrix], p) => {
    if (da === undefined) return undefined;
    const a = matrix as Tensor;
    const [pt, dat] = [matrixTranspose(p), matrixTranspose(da)];
    const left = sub(identity(rowsOf(a), a), times(a, p));
    const right = sub(identity(columnsOf(a), a), times(p, a));
    const range = add(times(p, times(pt, times(dat, left))), times(right, times(dat, times(pt, p))));
    return add(neg(times(p, times(da, p))), range);
  },
  laws: {
    cases: (
      [
        [3, 3],
        [4, 2],
        [2, 3],
        [2, 3, 2],
      ] as const
    ).map((shape) => ({
      label: `[${shape}]`,
      shapes: [shape],
      apply: (x) =>
        pinv(
          add(
            x as Tensor,
            masked(shape.at(-2) as number, shape.at(-1) as number, (i, j) => (i === j ? 6 : 0), x as Tensor),
          ),
        ),
    })),
  },
});

/**
 * The pseudoinverse of any a, [.., m, n] → [.., n, m], by its singular values (Moore and Penrose). Its derivative holds
 * where the rank does not change.
 *
 * @example
 * pinv([[1], [1]]).toArray() // [[0.5, 0.5]], up to rounding
 */
export function pinv(a: TensorLike, options: RankOptions = {}): Tensor {
  checkOptions("pinv", options, "{ tolerance: 1e-6 }");
  const t = toMatrices("pinv", a);
  const { u, s, v } = svd(held(t));
  const tolerance = options.tolerance ?? epsilon(t.dtype) * Math.max(rowsOf(t), columnsOf(t));
  const empty = s.shape.at(-1) === 0;
  const counts = empty ? greater(s, 0) : greater(s, mul(max(s, { axis: -1, keepDims: true }), tolerance));
  // NaN stays NaN
  const inverse = where(counts, div(1, where(counts, s, 1)), mul(s, 0));
  return apply(pinvOperation, [times(mul(v, expandDims(inverse, -2)), matrixTranspose(u)), t]);
}

/**
 * The x of least length among those for which |a·x − b| is least; a: [.., m, n], b a vector [m] or matrices [.., m, k].
 *
 * @example
 * lstsq([[1, 0], [1, 1], [1, 2]], [1, 2, 3]).toArray() // [1, 1], up to rounding
 */
export function lstsq(a: TensorLike, b: TensorLike, options: RankOptions = {}): Tensor {
  checkOptions("lstsq", options, "{ tolerance: 1e-6 }");
  const system = toSystem("lstsq", a, b, false);
  const { batch } = system;
  return system.result(times(spreadBatch(pinv(system.a, options), batch), spreadBatch(system.b, batch)));
}
