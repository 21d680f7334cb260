/** Determinants. */
import type { Operation } from "../../graph/operation.ts";
import { apply, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { abs, mul, sign } from "../arithmetic.ts";
import { log } from "../math.ts";
import { diagonal } from "../movement.ts";
import { prod, sum } from "../reduce.ts";
import { cofactor } from "./cofactor.ts";
import { luFactors, luSolve, regular } from "./lu.ts";
import { toSquareMatrices } from "./matrix.ts";
import { held, stated } from "./stated.ts";
import { trace } from "./trace.ts";

/** Without its derivative. */
export function plainDeterminant(a: Tensor): Tensor {
  const { factors, sign: parity } = luFactors(held(a));
  return mul(parity, prod(diagonal(factors), { axis: -1 }));
}

// d det = Σ cofactor ∘ da (Jacobi's formula)
/** Inputs: value, a. */
export const detOperation: Operation = stated({
  name: "det",
  jvp: ([da], [a]) => da && sum(mul(cofactor(a as Tensor), da), { axis: [-2, -1] }),
  laws: {
    cases: [
      { label: "[3,3]", shapes: [[3, 3]], apply: (a) => det(a as Tensor) },
      { label: "[2,4,4]", shapes: [[2, 4, 4]], apply: (a) => det(a as Tensor) },
    ],
  },
});

/**
 * The determinant of square a, [.., n, n], by LU factors. Its gradient, the cofactors, and its second derivatives are
 * right for singular a, too; third derivatives are only for regular a.
 *
 * @example
 * det([[1, 2], [3, 4]]).item() // -2
 */
export function det(a: TensorLike): Tensor {
  const t = toSquareMatrices("det", a);
  return apply(detOperation, [plainDeterminant(t), t]);
}

// d log |det a| = tr(a⁻¹·da)
/** Inputs: value, a, and its LU factors. */
export const logDetOperation: Operation = stated({
  name: "logdet",
  jvp: ([da], args) => {
    const [a, factors, order] = args as [Tensor, Tensor, Tensor];
    return da && trace(luSolve(a, { factors, order, sign: a }, da));
  },
  laws: {
    cases: [
      { label: "[3,3]", shapes: [[3, 3]], apply: (a) => slogdet(regular(a as Tensor)).logdet },
      { label: "[2,4,4]", shapes: [[2, 4, 4]], apply: (a) => slogdet(regular(a as Tensor)).logdet },
    ],
  },
});

/** det a = sign·exp(logdet). */
export interface SignedLogDeterminant {
  /** −1, 0 or 1. */
  readonly sign: Tensor;
  /** log |det a|. */
  readonly logdet: Tensor;
}

/**
 * Sign and logarithm of the determinant, which does not overflow: det a = sign·exp(logdet). Singular: 0 and −∞.
 *
 * @example
 * slogdet([[-2, 0], [0, 1]]).sign.item() // -1
 */
export function slogdet(a: TensorLike): SignedLogDeterminant {
  const t = toSquareMatrices("slogdet", a);
  const { factors, order, sign: parity } = luFactors(t);
  const pivots = diagonal(held(factors));
  const value = sum(log(abs(pivots)), { axis: -1 });
  return {
    sign: mul(parity, prod(sign(pivots), { axis: -1 })),
    logdet: apply(logDetOperation, [value, t, factors, order]),
  };
}
