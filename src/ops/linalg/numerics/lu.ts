/** Gaussian elimination with partial pivoting (Golub and Van Loan 2013, §3.4). */
import { triangularSolve } from "./triangular.ts";

/**
 * P·a = L·U: `lu` becomes U with the multipliers of L (unit diagonal) below; row i of P·a is row order[i] of a.
 * Returns the sign of the permutation. A column without a pivot is not divided: U has a 0 on its diagonal.
 */
export function factor(a: Float64Array, n: number, lu: Float64Array, order: Int32Array): number {
  lu.set(a);
  let sign = 1;
  for (let i = 0; i < n; i++) order[i] = i;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(lu[i * n + k] as number) > Math.abs(lu[best * n + k] as number)) best = i;
    }
    if (best !== k) {
      for (let j = 0; j < n; j++) {
        const held = lu[k * n + j] as number;
        lu[k * n + j] = lu[best * n + j] as number;
        lu[best * n + j] = held;
      }
      const place = order[k] as number;
      order[k] = order[best] as number;
      order[best] = place;
      sign = -sign;
    }
    const pivot = lu[k * n + k] as number;
    for (let i = k + 1; i < n; i++) {
      const m = (lu[i * n + k] as number) / (pivot === 0 ? 1 : pivot);
      lu[i * n + k] = m;
      for (let j = k + 1; j < n; j++) lu[i * n + j] = (lu[i * n + j] as number) - m * (lu[k * n + j] as number);
    }
  }
  return sign;
}

/** a·x = b (or aᵀ·x = b) from the factors; x and b are [n, k]. NaN if U has a 0 on its diagonal. */
export function solveFactored(
  lu: Float64Array,
  order: Int32Array,
  n: number,
  b: Float64Array,
  k: number,
  transpose: boolean,
  x: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    if (lu[i * n + i] === 0) {
      x.fill(Number.NaN);
      return;
    }
  }
  if (!transpose) {
    for (let i = 0; i < n; i++) {
      for (let p = 0; p < k; p++) x[i * k + p] = b[(order[i] as number) * k + p] as number;
    }
    triangularSolve(lu, n, x, k, { lower: true, transpose: false, unitDiagonal: true });
    triangularSolve(lu, n, x, k, { lower: false, transpose: false, unitDiagonal: false });
    return;
  }
  // aᵀ = Uᵀ·Lᵀ·P
  const y = b.slice();
  triangularSolve(lu, n, y, k, { lower: false, transpose: true, unitDiagonal: false });
  triangularSolve(lu, n, y, k, { lower: true, transpose: true, unitDiagonal: true });
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < k; p++) x[(order[i] as number) * k + p] = y[i * k + p] as number;
  }
}
