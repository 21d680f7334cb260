/** Symmetric eigenproblems. */
import { sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { applyAll, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, div, equal, greater, mul, sub, where } from "../arithmetic.ts";
import { diagonal, expandDims, matrixTranspose } from "../movement.ts";
import { operation } from "../record.ts";
import { sum } from "../reduce.ts";
import { columnsOf, cubic, eachMatrix, leading, masked, symmetricPart, times, toSquareMatrices } from "./matrix.ts";
import { eigh as decompose } from "./numerics/eigh.ts";

const typesOf = ({ shape, dtype }: Type): Type[] => [
  { shape: shape.slice(0, -1), dtype },
  { shape, dtype },
];

/** 1/(bⱼ − bᵢ) at (i, j), and 0 where the difference is 0. */
export function inverseDifferences(b: Tensor): Tensor {
  const gap = sub(expandDims(b, -2), expandDims(b, -1));
  const same = equal(gap, 0);
  return where(same, 0, div(1, where(same, 1, gap)));
}

// a·v = v·λ, M = vᵀ·da·v: dλ = diag M, dv = v·(M ∘ 1/(λⱼ − λᵢ)) (Giles 2008, §3.1)
export const eighOperation: Operation = operation<object>({
  name: "eigh",
  kind: "control",
  infer: ([a]) => typesOf(a as Type),
  evaluateAll: (values, inputs) => {
    const a = inputs[0] as Type;
    return eachMatrix(values, inputs, typesOf(a), sizeOf(leading(a.shape)), ([x], [w, v]) => {
      decompose(x as Float64Array, columnsOf(a), w as Float64Array, v as Float64Array);
    });
  },
  jvpAll: ([da], _inputs, [values, vectors]) => {
    if (da === undefined) return [undefined, undefined];
    const [w, v] = [values as Tensor, vectors as Tensor];
    const m = times(matrixTranspose(v), times(symmetricPart(da), v));
    return [diagonal(m), times(v, mul(inverseDifferences(w), m))];
  },
  batchAll: ([a]) => ({ outputs: applyAll(eighOperation, [a as Tensor]), batched: [true, true] }),
  undefinedAt: [
    {
      at: (a) => {
        const { values } = eigh(a as Tensor);
        const ties = equal(expandDims(values, -2), expandDims(values, -1));
        return greater(sum(ties, { axis: -1 }), 1);
      },
      why: "eigenvectors of equal eigenvalues are not determined",
      convention: "they do not turn into each other; the derivative of the eigenvalues' sum stays right",
    },
  ],
  kernel: () => ({ name: "eigh", parameters: {} }),
  work: cubic(10),
  laws: {
    cases: [
      { label: "values [3,3]", shapes: [[3, 3]], apply: (x) => eigh(apart(x as Tensor)).values },
      { label: "vectors [3,3]", shapes: [[3, 3]], apply: (x) => weighted(apart(x as Tensor)) },
      { label: "vectors [2,4,4]", shapes: [[2, 4, 4]], apply: (x) => weighted(apart(x as Tensor)) },
    ],
  },
});

/** x + diag(0, 9, 18, …): its eigenvalues keep apart. */
const apart = (x: Tensor): Tensor =>
  add(
    x,
    masked(columnsOf(x), columnsOf(x), (i, j) => (i === j ? 9 * i : 0), x),
  );
/** v·diag(1, 2, 4, …)·vᵀ, which does not depend on the signs of the vectors. */
function weighted(a: Tensor): Tensor {
  const { vectors } = eigh(a);
  return times(
    mul(
      vectors,
      masked(1, columnsOf(a), (_, j) => 2 ** j, a),
    ),
    matrixTranspose(vectors),
  );
}

/** a = vectors·diag(values)·vectorsᵀ. */
export interface Eigen {
  /** [.., n], ascending. */
  readonly values: Tensor;
  /** [.., n, n]: column j belongs to value j, orthonormal; each is determined up to its sign. */
  readonly vectors: Tensor;
}

/**
 * Eigenvalues and eigenvectors of symmetric a, [.., n, n]: a = vectors·diag(values)·vectorsᵀ. What is read, and
 * differentiated by, is the symmetric part (a + aᵀ)/2. NaN where an element is not finite. By Householder reflections
 * and implicit QL steps: values exact to a few n·ε·‖a‖, vectors orthogonal to n·ε.
 *
 * Where eigenvalues coincide their vectors have no derivative: the coefficient 1/(λⱼ − λᵢ) is taken as 0.
 *
 * @example
 * eigh([[2, 1], [1, 2]]).values.toArray() // [1, 3], up to rounding
 */
export function eigh(a: TensorLike): Eigen {
  const [values, vectors] = applyAll(eighOperation, [toSquareMatrices("eigh", a)]) as [Tensor, Tensor];
  return { values, vectors };
}
