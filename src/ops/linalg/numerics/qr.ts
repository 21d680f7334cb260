/** Orthogonal factors by Householder reflections, a block at a time (Golub and Van Loan 2013, §5.2.3; LAPACK's dgeqrf). */
import { applyBlock, blockSize, formProduct, formTriangle, keep, noReflections } from "./block-reflector.ts";
import { reflection } from "./reflection.ts";

/**
 * a = q·r with q: [m, k] of orthonormal columns, r: [k, n] upper triangular, k = min(m, n), and no negative number on
 * the diagonal of r.
 */
export function qr(a: Float64Array, m: number, n: number, q: Float64Array, r: Float64Array): void {
  const k = Math.min(m, n);
  const w = a.slice();
  const reflections = noReflections(m, k, 0);
  for (let from = 0; from < k; from += blockSize) {
    const end = Math.min(from + blockSize, k);
    for (let j = from; j < end; j++) {
      const v = Float64Array.from({ length: m - j }, (_, i) => w[(j + i) * n + j] as number);
      const { beta, alpha } = reflection(v);
      keep(reflections, j, v, beta);
      w[j * n + j] = alpha;
      reflect(w, n, j, end, v, beta);
    }
    formTriangle(reflections, from / blockSize);
    applyBlock(reflections, from / blockSize, true, w, n, end);
  }
  formProduct(reflections, q, k);
  r.fill(0);
  for (let i = 0; i < k; i++) {
    const flip = (w[i * n + i] as number) < 0;
    for (let j = i; j < n; j++) r[i * n + j] = flip ? -(w[i * n + j] as number) : (w[i * n + j] as number);
    if (flip) for (let p = 0; p < m; p++) q[p * k + i] = -(q[p * k + i] as number);
  }
}

/** Columns after j and before `end` of w, with n columns, become (1 − β·v·vᵀ)·w; v from row j on. */
function reflect(w: Float64Array, n: number, j: number, end: number, v: Float64Array, beta: number): void {
  const row = new Float64Array(end - j - 1);
  for (let i = 0; i < v.length; i++) {
    for (let p = 0; p < row.length; p++) {
      row[p] = (row[p] as number) + (v[i] as number) * (w[(j + i) * n + j + 1 + p] as number);
    }
  }
  for (let p = 0; p < row.length; p++) row[p] = beta * (row[p] as number);
  for (let i = 0; i < v.length; i++) {
    for (let p = 0; p < row.length; p++) {
      const at = (j + i) * n + j + 1 + p;
      w[at] = (w[at] as number) - (v[i] as number) * (row[p] as number);
    }
  }
}
