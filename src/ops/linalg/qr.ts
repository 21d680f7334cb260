/** Orthogonal times upper triangular. */
import { sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { applyAll, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, mul, sub } from "../arithmetic.ts";
import { matrixTranspose, slice, tril } from "../movement.ts";
import { operation } from "../record.ts";
import { columnsOf, cubic, eachMatrix, leading, masked, rowsOf, times, toMatrices } from "./matrix.ts";
import { qr as decompose } from "./numerics/qr.ts";
import { solveTriangular } from "./triangular.ts";

const typesOf = (a: Type): Type[] => {
  const k = Math.min(rowsOf(a), columnsOf(a));
  return [
    { shape: [...leading(a.shape), rowsOf(a), k], dtype: a.dtype },
    { shape: [...leading(a.shape), k, columnsOf(a)], dtype: a.dtype },
  ];
};

/** The first k columns. */
const firstColumns = (t: Tensor, k: number): Tensor => slice(t, [...t.shape.slice(0, -1).map(() => null), [0, k]]);

// With C = da₁·r₁⁻¹ for the first k columns and S = qᵀ·C: qᵀ·dq = Ω, the skew matrix with the lower triangle of S;
// dq = q·(Ω − S) + C, dr = qᵀ·da − Ω·r (Walter and Lehmann 2018, "Algorithmic differentiation of linear algebra
// functions"; wide a: the columns beyond k only follow)
export const qrOperation: Operation = operation<object>({
  name: "qr",
  kind: "control",
  infer: ([a]) => typesOf(a as Type),
  evaluateAll: (values, inputs) => {
    const a = inputs[0] as Type;
    return eachMatrix(values, inputs, typesOf(a), sizeOf(leading(a.shape)), ([x], [q, r]) => {
      decompose(x as Float64Array, rowsOf(a), columnsOf(a), q as Float64Array, r as Float64Array);
    });
  },
  jvpAll: ([da], _inputs, outputs) => {
    if (da === undefined) return [undefined, undefined];
    const [q, r] = outputs as [Tensor, Tensor];
    const k = columnsOf(q);
    const [da1, r1] = [firstColumns(da, k), firstColumns(r, k)];
    const c = matrixTranspose(solveTriangular(r1, matrixTranspose(da1), { lower: false, transpose: true }));
    const qt = matrixTranspose(q);
    const s = times(qt, c);
    const below = tril(s, -1);
    const omega = sub(below, matrixTranspose(below));
    return [add(times(q, sub(omega, s)), c), sub(times(qt, da), times(omega, r))];
  },
  batchAll: ([a]) => ({ outputs: applyAll(qrOperation, [a as Tensor]), batched: [true, true] }),
  kernel: () => ({ name: "qr", parameters: {} }),
  work: cubic(5),
  laws: {
    cases: (
      [
        [3, 3],
        [4, 2],
        [2, 4],
        [2, 3, 3],
      ] as const
    ).flatMap((shape) => [
      { label: `q [${shape}]`, shapes: [shape], apply: (x) => qr(steep(x as Tensor)).q },
      { label: `r [${shape}]`, shapes: [shape], apply: (x) => qr(steep(x as Tensor)).r },
    ]),
  },
});

/** x with a dominant diagonal. */
const steep = (x: Tensor): Tensor =>
  add(
    x,
    mul(
      masked(rowsOf(x), columnsOf(x), (i, j) => (i === j ? 1 : 0), x),
      6,
    ),
  );

/** a = q·r. */
export interface QR {
  /** [.., m, k] with orthonormal columns, k = min(m, n). */
  readonly q: Tensor;
  /** [.., k, n], upper triangular. */
  readonly r: Tensor;
}

/**
 * a = q·r for any a, [.., m, n], reduced. The diagonal of r is not negative, which makes the factors unique if the
 * first min(m, n) columns are independent; otherwise the derivative is infinite or NaN. By Householder reflections.
 *
 * @example
 * qr([[3, 1], [4, 2]]).r.toArray() // [[5, 2.2], [0, 0.4]], up to rounding
 */
export function qr(a: TensorLike): QR {
  const [q, r] = applyAll(qrOperation, [toMatrices("qr", a)]) as [Tensor, Tensor];
  return { q, r };
}
