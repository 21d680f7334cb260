/**
 * A square matrix to upper bidiagonal form by Householder reflections from both sides (Golub and Van Loan 2013,
 * §5.4.8). The update of one step and the product with the next left vector are one pass over the matrix (Howell,
 * Demmel, Fulton, Hammarling and Marmol 2008).
 */
import { keep, noReflections, type Reflections } from "./block-reflector.ts";
import { reflection } from "./reflection.ts";

const dot = (x: Float64Array, y: Float64Array): number => {
  const sums: [number, number] = [0, 0];
  for (let i = 0; i < y.length; i++) sums[(i & 1) as 0 | 1] += (x[i] as number) * (y[i] as number);
  return sums[0] + sums[1];
};

/**
 * Of a, [n, n], which is overwritten: a = U·B·Vᵀ with U and V the products of the reflections, B with the diagonal d
 * and above it e[0], …, e[n − 2]; e[n − 1] = 0.
 */
export function bidiagonalize(
  a: Float64Array,
  n: number,
  d: Float64Array,
  e: Float64Array,
): { readonly left: Reflections; readonly right: Reflections } {
  const [left, right] = [noReflections(n, n, 0), noReflections(n, n - 1, 1)];
  // What is still to be subtracted: u·yᵀ + x·vᵀ.
  const [u, y, x, v] = [new Float64Array(n), new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const updated = (i: number, k: number): number =>
    (a[i * n + k] as number) - ((u[i] as number) * (y[k] as number) + (x[i] as number) * (v[k] as number));
  for (let j = 0; j < n; j++) {
    const p = Float64Array.from({ length: n - j }, (_, i) => updated(j + i, j));
    const { beta, alpha } = reflection(p);
    d[j] = alpha;
    keep(left, j, p, beta);
    e[j] = 0;
    if (j === n - 1) break;
    const first = j + 1;
    const z = new Float64Array(n - first);
    for (let i = j; i < n; i++) {
      for (let k = first; k < n; k++) {
        const element = updated(i, k);
        a[i * n + k] = element;
        z[k - first] = (z[k - first] as number) + (p[i - j] as number) * element;
      }
    }
    for (let k = 0; k < z.length; k++) z[k] = beta * (z[k] as number);
    const q = z.map((value, k) => (a[j * n + first + k] as number) - value);
    const across = reflection(q);
    e[j] = across.alpha;
    keep(right, j, q, across.beta);
    const overlap = dot(z, q);
    for (let i = first; i < n; i++) {
      const along = dot(a.subarray(i * n + first, (i + 1) * n), q);
      u[i] = p[i - j] as number;
      x[i] = across.beta * (along - (u[i] as number) * overlap);
    }
    y.set(z, first);
    v.set(q, first);
  }
  return { left, right };
}
