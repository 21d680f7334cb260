/**
 * Eigenvalues and eigenvectors of a symmetric matrix: tridiagonal form, then QL steps with implicit shifts
 * (Bowdler, Martin, Reinsch and Wilkinson 1968, EISPACK's tql2).
 */
import { formProduct, formTriangles } from "./block-reflector.ts";
import { hypotenuse } from "./rotation.ts";
import { allFinite, scaleOf } from "./scale.ts";
import { tridiagonalize } from "./tridiagonal.ts";

/** QL steps for one eigenvalue; there are never nearly as many. */
export const maxSteps = 100;

/**
 * Of (a + aᵀ)/2: values ascending, vectors in the columns. NaN if an element is not finite.
 */
export function eigh(a: Float64Array, n: number, values: Float64Array, vectors: Float64Array): void {
  if (n === 0) return;
  const z = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) z[i * n + j] = ((a[i * n + j] as number) + (a[j * n + i] as number)) / 2;
  }
  const e = new Float64Array(n);
  let fine = allFinite(z);
  const scale = scaleOf(z);
  if (fine) {
    for (let i = 0; i < z.length; i++) z[i] = (z[i] as number) * scale;
    const reflections = tridiagonalize(z, n, values, e);
    formTriangles(reflections);
    formProduct(reflections, vectors, n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) z[i * n + j] = vectors[j * n + i] as number;
    fine = diagonalize(z, n, values, e);
  }
  if (!fine) {
    values.fill(Number.NaN);
    vectors.fill(Number.NaN);
    return;
  }
  for (let i = 0; i < n; i++) {
    let least = i;
    for (let j = i + 1; j < n; j++) if ((values[j] as number) < (values[least] as number)) least = j;
    const value = values[least] as number;
    values[least] = values[i] as number;
    values[i] = value / scale;
    for (let k = 0; k < n; k++) {
      const v = z[least * n + k] as number;
      z[least * n + k] = z[i * n + k] as number;
      vectors[k * n + i] = v;
    }
  }
}

/** Beside a matrix of size 1; what is less would overflow as a divisor. */
export const negligible = 2 ** -1000;

/** Rotates the tridiagonal matrix (d, e) to diagonal form, and the rows of z with it. False: no convergence. */
function diagonalize(z: Float64Array, n: number, d: Float64Array, e: Float64Array): boolean {
  let shift = 0;
  let size = 0;
  for (let l = 0; l < n; l++) {
    size = Math.max(size, Math.abs(d[l] as number) + Math.abs(e[l] as number));
    const small = Math.max(2 ** -52 * size, negligible);
    let m = l;
    while (Math.abs(e[m] as number) > small) m++;
    if (m > l) {
      let steps = 0;
      do {
        if (steps++ === maxSteps) return false;
        const first = d[l] as number;
        const off = e[l] as number;
        let p = ((d[l + 1] as number) - first) / (2 * off);
        const r = p < 0 ? -hypotenuse(p, 1) : hypotenuse(p, 1);
        d[l] = off / (p + r);
        d[l + 1] = off * (p + r);
        const second = d[l + 1] as number;
        const h = first - (d[l] as number);
        for (let i = l + 2; i < n; i++) d[i] = (d[i] as number) - h;
        shift += h;
        p = d[m] as number;
        let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
        const beside = e[l + 1] as number;
        for (let i = m - 1; i >= l; i--) {
          c3 = c2;
          c2 = c;
          s2 = s;
          const ei = e[i] as number;
          const di = d[i] as number;
          const g = c * ei;
          const t = c * p;
          const length = hypotenuse(p, ei);
          e[i + 1] = s * length;
          s = ei / length;
          c = p / length;
          p = c * di - s * g;
          d[i + 1] = t + s * (c * g + s * di);
          for (let k = 0; k < n; k++) {
            const u = z[i * n + k] as number;
            const v = z[i * n + n + k] as number;
            z[i * n + n + k] = s * u + c * v;
            z[i * n + k] = c * u - s * v;
          }
        }
        p = (-s * s2 * c3 * beside * (e[l] as number)) / second;
        e[l] = s * p;
        d[l] = c * p;
      } while (Math.abs(e[l] as number) > small);
    }
    d[l] = (d[l] as number) + shift;
    e[l] = 0;
  }
  return true;
}
