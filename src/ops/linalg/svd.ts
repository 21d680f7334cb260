/** Singular values. */
import { sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { applyAll, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, div, equal, greater, logicalOr, mul, sub, where } from "../arithmetic.ts";
import { diagonal, expandDims, matrixTranspose } from "../movement.ts";
import { operation } from "../record.ts";
import { sum } from "../reduce.ts";
import { columnsOf, cubic, eachMatrix, leading, masked, rowsOf, times, toMatrices } from "./matrix.ts";
import { svd as decompose } from "./numerics/svd.ts";

const typesOf = (a: Type): Type[] => {
  const [batch, m, n] = [leading(a.shape), rowsOf(a), columnsOf(a)];
  const k = Math.min(m, n);
  return [
    [...batch, m, k],
    [...batch, k],
    [...batch, n, k],
  ].map((shape) => ({ shape, dtype: a.dtype }));
};

/** 1/x, and 0 for 0. */
export function inverseOrZero(x: Tensor): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, div(1, where(zero, 1, x)));
}

// P = uᵀ·da·v, F = 1/(sⱼ² − sᵢ²): ds = diag P, du = u·(F ∘ (P·s + s·Pᵀ)) + (1 − u·uᵀ)·da·v·s⁻¹,
// dv = v·(F ∘ (s·P + Pᵀ·s)) + (1 − v·vᵀ)·daᵀ·u·s⁻¹ (Townsend 2016, "Differentiating the singular value decomposition")
export const svdOperation: Operation = operation<object>({
  name: "svd",
  kind: "control",
  infer: ([a]) => typesOf(a as Type),
  evaluateAll: (values, inputs) => {
    const a = inputs[0] as Type;
    return eachMatrix(values, inputs, typesOf(a), sizeOf(leading(a.shape)), ([x], [u, s, v]) => {
      decompose(x as Float64Array, rowsOf(a), columnsOf(a), u as Float64Array, s as Float64Array, v as Float64Array);
    });
  },
  jvpAll: ([da], [a], outputs) => {
    if (da === undefined) return [undefined, undefined, undefined];
    const [u, s, v] = outputs as [Tensor, Tensor, Tensor];
    const [across, down] = [expandDims(s, -2), expandDims(s, -1)];
    const along = times(da, v);
    const p = times(matrixTranspose(u), along);
    const pt = matrixTranspose(p);
    // sⱼ² − sᵢ² = (sⱼ − sᵢ)·(sⱼ + sᵢ) cancels less
    const f = inverseOrZero(mul(sub(across, down), add(across, down)));
    let du = times(u, mul(f, add(mul(p, across), mul(pt, down))));
    let dv = times(v, mul(f, add(mul(p, down), mul(pt, across))));
    const inverse = inverseOrZero(across);
    const k = s.shape.at(-1) as number;
    if (rowsOf(a as Tensor) > k) du = add(du, mul(sub(along, times(u, p)), inverse));
    if (columnsOf(a as Tensor) > k) {
      dv = add(dv, mul(sub(times(matrixTranspose(da), u), times(v, pt)), inverse));
    }
    return [du, diagonal(p), dv];
  },
  batchAll: ([a]) => ({ outputs: applyAll(svdOperation, [a as Tensor]), batched: [true, true, true] }),
  undefinedAt: [
    {
      at: (a) => {
        const { s } = svd(a as Tensor);
        const ties = greater(sum(equal(expandDims(s, -2), expandDims(s, -1)), { axis: -1 }), 1);
        return logicalOr(ties, equal(s, 0));
      },
      why: "singular vectors of equal singular values are not determined, and singular values have a kink at 0",
      convention: "the coefficients 1/(sⱼ² − sᵢ²) and 1/s are taken as 0",
    },
  ],
  kernel: () => ({ name: "svd", parameters: {} }),
  work: cubic(20),
  laws: {
    cases: (
      [
        [3, 3],
        [4, 2],
        [2, 4],
        [2, 3, 3],
      ] as const
    ).flatMap((shape) => [
      { label: `s [${shape}]`, shapes: [shape], apply: (x) => svd(apart(x as Tensor)).s },
      { label: `u, v [${shape}]`, shapes: [shape], apply: (x) => weighted(apart(x as Tensor)) },
    ]),
  },
});

/** x with the diagonal 30, 20, 10 added: its singular values keep apart. */
const apart = (x: Tensor): Tensor =>
  add(
    x,
    masked(rowsOf(x), columnsOf(x), (i, j) => (i === j ? 10 * (3 - i) : 0), x),
  );
/** u·diag(1, 2, 4, …)·vᵀ, which does not depend on the signs of the vectors. */
function weighted(a: Tensor): Tensor {
  const { u, s, v } = svd(a);
  return times(
    mul(
      u,
      masked(1, s.shape.at(-1) as number, (_, j) => 2 ** j, a),
    ),
    matrixTranspose(v),
  );
}

/** a = u·diag(s)·vᵀ. */
export interface SVD {
  /** [.., m, k] with orthonormal columns, k = min(m, n). */
  readonly u: Tensor;
  /** [.., k], ≥ 0, descending. */
  readonly s: Tensor;
  /** [.., n, k] with orthonormal columns (not transposed). */
  readonly v: Tensor;
}

/**
 * a = u·diag(s)·vᵀ for any a, [.., m, n], reduced. NaN where an element is not finite. By Householder reflections and
 * implicit QR steps (Golub and Van Loan 2013, §8.6): values exact to a few n·ε·‖a‖, vectors orthogonal to n·ε.
 *
 * Where singular values coincide or vanish their vectors have no derivative: the coefficients 1/(sⱼ² − sᵢ²) and 1/s are
 * taken as 0.
 *
 * @example
 * svd([[0, 2], [1, 0]]).s.toArray() // [2, 1]
 */
export function svd(a: TensorLike): SVD {
  const [u, s, v] = applyAll(svdOperation, [toMatrices("svd", a)]) as [Tensor, Tensor, Tensor];
  return { u, s, v };
}
