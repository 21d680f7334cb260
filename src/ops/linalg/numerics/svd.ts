/**
 * Singular values: an orthogonal factor first where there are more rows than columns (Chan 1982), bidiagonal form, then
 * QR steps (Golub and Van Loan 2013, §8.6). The values are exact to a few n·ε·‖a‖, the vectors orthogonal to n·ε.
 */
import { bidiagonalize } from "./bidiagonal.ts";
import { diagonalizeBidiagonal } from "./bidiagonal-steps.ts";
import { formProduct, formTriangles, type Reflections } from "./block-reflector.ts";
import { qr } from "./qr.ts";
import { rotateRows } from "./rotation.ts";
import { allFinite, scaleOf } from "./scale.ts";

/** a ([m, n]) = u·diag(s)·vᵀ; u: [m, k], s: [k] descending, v: [n, k]; k = min(m, n). NaN if an element is not finite. */
export function svd(a: Float64Array, m: number, n: number, u: Float64Array, s: Float64Array, v: Float64Array): void {
  const tall = m >= n;
  const [rows, k] = tall ? [m, n] : [n, m];
  if (k === 0) return;
  let fine = allFinite(a);
  if (fine) {
    // w: a, or aᵀ if it is wide, scaled.
    const scale = scaleOf(a);
    const w = new Float64Array(rows * k);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < k; j++) w[i * k + j] = (tall ? (a[i * n + j] as number) : (a[j * n + i] as number)) * scale;
    }
    const [long, short] = tall ? [u, v] : [v, u];
    if (rows === k) fine = squareSvd(w, k, long, s, short);
    else {
      const [q, r, inner] = [new Float64Array(rows * k), new Float64Array(k * k), new Float64Array(k * k)];
      qr(w, rows, k, q, r);
      fine = squareSvd(r, k, inner, s, short);
      long.fill(0);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < k; j++) {
          const f = q[i * k + j] as number;
          for (let p = 0; p < k; p++) long[i * k + p] = (long[i * k + p] as number) + f * (inner[j * k + p] as number);
        }
      }
    }
    for (let j = 0; j < k; j++) s[j] = (s[j] as number) / scale;
  }
  if (!fine) for (const out of [u, s, v]) out.fill(Number.NaN);
}

/** The product of reflections, transposed: vectors in rows. */
function rowsOf(reflections: Reflections, n: number): Float64Array {
  const product = new Float64Array(n * n);
  formTriangles(reflections);
  formProduct(reflections, product, n);
  return product.map((_, at) => product[(at % n) * n + Math.floor(at / n)] as number);
}

/** Of a, [k, k], which is overwritten. False: no convergence. */
function squareSvd(a: Float64Array, k: number, u: Float64Array, s: Float64Array, v: Float64Array): boolean {
  const e = new Float64Array(k);
  const { left, right } = bidiagonalize(a, k, s, e);
  const [uRows, vRows] = [rowsOf(left, k), rowsOf(right, k)];
  const fine = diagonalizeBidiagonal(
    s,
    e,
    k,
    (i, rotation) => rotateRows(uRows, k, i, rotation),
    (i, rotation) => rotateRows(vRows, k, i, rotation),
  );
  for (let j = 0; j < k; j++) {
    if ((s[j] as number) < 0) {
      s[j] = -(s[j] as number);
      for (let i = 0; i < k; i++) vRows[j * k + i] = -(vRows[j * k + i] as number);
    }
  }
  for (let j = 0; j < k; j++) {
    let best = j;
    for (let i = j + 1; i < k; i++) if ((s[i] as number) > (s[best] as number)) best = i;
    const value = s[best] as number;
    s[best] = s[j] as number;
    s[j] = value;
    for (const [from, to] of [
      [uRows, u],
      [vRows, v],
    ] as const) {
      for (let i = 0; i < k; i++) {
        const held = from[best * k + i] as number;
        from[best * k + i] = from[j * k + i] as number;
        to[i * k + j] = held;
      }
    }
  }
  return fine;
}
