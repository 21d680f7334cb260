/** Cofactors: the derivative of the determinant, right also where the matrix is singular. */
import type { Operation } from "../../graph/operation.ts";
import { apply, type Tensor } from "../../graph/tensor.ts";
import { add, div, equal, mul, sign, sub, where } from "../arithmetic.ts";
import { expandDims, matrixTranspose } from "../movement.ts";
import { convert } from "../record.ts";
import { prod, sum } from "../reduce.ts";
import { plainDeterminant } from "./determinant.ts";
import { luFactors, luSolve, regular } from "./lu.ts";
import { columnsOf, identity, masked, times, toSquareMatrices } from "./matrix.ts";
import { held, stated } from "./stated.ts";
import { svd } from "./svd.ts";
import { trace } from "./trace.ts";

interface Products {
  readonly u: Tensor;
  readonly v: Tensor;
  /** det u · det v = ±1, [.., 1, 1]. */
  readonly sign: Tensor;
  /** Π sₗ over l ≠ i, [.., 1, n]. */
  readonly withoutOne: Tensor;
  /** Π sₗ over l ≠ i, j (only meant for i ≠ j), [.., n, n]. */
  readonly withoutTwo: Tensor;
}

/** From a = u·diag(s)·vᵀ. Quotients of a product are as exact as the product itself; only exact zeros are set apart. */
function productsOf(a: Tensor): Products {
  const { u, s, v } = svd(held(a));
  const zero = equal(s, 0);
  const regularPart = where(zero, 1, s);
  const all = expandDims(prod(regularPart, { axis: -1, keepDims: true }), -2);
  const [across, down] = [expandDims(regularPart, -2), expandDims(regularPart, -1)];
  const count = convert(zero, a.dtype);
  const zeros = expandDims(sum(count, { axis: -1, keepDims: true }), -2);
  const [zeroAcross, zeroDown] = [expandDims(count, -2), expandDims(count, -1)];
  return {
    u,
    v,
    sign: expandDims(sign(mul(plainDeterminant(u), plainDeterminant(v))), [-1, -2]),
    withoutOne: where(equal(zeros, zeroAcross), div(all, across), 0),
    withoutTwo: where(equal(zeros, add(zeroAcross, zeroDown)), div(div(all, across), down), 0),
  };
}

// In the basis of the singular vectors, E = uᵀ·e·v, the cofactors of diag(s) + E change by polynomials in s:
// at (i, i) by Σ Eₖₖ·Π_{l≠i,k} sₗ over k ≠ i, at (i, j) by −Eⱼᵢ·Π_{l≠i,j} sₗ.
/** Inputs: value, a, e. The derivative of the cofactors at a in the direction e; bilinear and symmetric. */
export const cofactorChangeOperation: Operation = stated({
  name: "cofactorChange",
  linear: [1],
  transpose: (ct, _index, [a]) => cofactorChange(a as Tensor, ct),
  jvp: ([da, de], args) => {
    const [a, e] = args as [Tensor, Tensor];
    const second = da && changeBySolving(a, e, da);
    if (de === undefined) return second;
    return second === undefined ? cofactorChange(a, de) : add(second, cofactorChange(a, de));
  },
  laws: {
    cases: [
      {
        label: "[3,3] [3,3]",
        shapes: [
          [3, 3],
          [3, 3],
        ],
        apply: (a, e) => cofactorChange(regular(a as Tensor), e as Tensor),
      },
    ],
  },
});

function cofactorChange(a: Tensor, direction: Tensor): Tensor {
  const n = columnsOf(a);
  const { u, v, sign: orientation, withoutTwo } = productsOf(a);
  const e = times(matrixTranspose(u), times(held(direction), v));
  const diagonalOf = identity(n, a);
  const beside = mul(
    withoutTwo,
    masked(n, n, (i, j) => (i === j ? 0 : 1), a),
  );
  const own = times(beside, sum(mul(e, diagonalOf), { axis: -1, keepDims: true }));
  const change = sub(mul(diagonalOf, own), mul(beside, matrixTranspose(e)));
  const value = mul(orientation, times(u, times(change, matrixTranspose(v))));
  return apply(cofactorChangeOperation, [value, a, direction]);
}

// With C the cofactors, R = e·a⁻¹ and Q = da·a⁻¹, the change is T = tr(R)·C − Rᵀ·C, hence
// dT = −tr(Q·R)·C + tr(R)·dC + (R·Q)ᵀ·C − Rᵀ·dC. Needs a regular a.
function changeBySolving(a: Tensor, e: Tensor, da: Tensor): Tensor {
  const lu = luFactors(a);
  const overA = (x: Tensor): Tensor => matrixTranspose(luSolve(a, lu, matrixTranspose(x), true));
  const [r, q] = [overA(e), overA(da)];
  const c = cofactor(a);
  const dc = cofactorChange(a, da);
  const scalar = (x: Tensor): Tensor => expandDims(trace(x), [-1, -2]);
  const first = sub(mul(scalar(r), dc), mul(scalar(times(q, r)), c));
  const second = sub(times(matrixTranspose(times(r, q)), c), times(matrixTranspose(r), dc));
  return add(first, second);
}

/** Inputs: value, a. */
export const cofactorOperation: Operation = stated({
  name: "cofactor",
  jvp: ([da], [a]) => da && cofactorChange(a as Tensor, da),
  laws: {
    cases: [
      { label: "[3,3]", shapes: [[3, 3]], apply: (a) => cofactor(regular(a as Tensor)) },
      { label: "[2,2,2]", shapes: [[2, 2, 2]], apply: (a) => cofactor(regular(a as Tensor)) },
    ],
  },
});

/**
 * det(a)·a⁻ᵀ, and its limit where a is singular: ∂det/∂a. Its own derivative is exact there, too; third derivatives
 * of the determinant need a regular a.
 */
export function cofactor(a: Tensor): Tensor {
  const t = toSquareMatrices("cofactor", a);
  const { u, v, sign: orientation, withoutOne } = productsOf(t);
  return apply(cofactorOperation, [mul(orientation, times(mul(u, withoutOne), matrixTranspose(v))), t]);
}
