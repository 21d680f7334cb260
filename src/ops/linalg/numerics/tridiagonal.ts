/**
 * A symmetric matrix to tridiagonal form by Householder reflections (Golub and Van Loan 2013, §8.3.1). The update of
 * one step and the product with the next vector are one pass over the matrix (Van Zee, van de Geijn, Quintana-Ortí and
 * Elizondo 2012).
 */
import { keep, noReflections, type Reflections } from "./block-reflector.ts";
import { reflection } from "./reflection.ts";

/**
 * Of a, [n, n], whose upper triangle is read and overwritten: a = Q·T·Qᵀ with Q the product of the reflections, T with
 * the diagonal d and beside it e[0], …, e[n − 2]; e[n − 1] = 0.
 */
export function tridiagonalize(a: Float64Array, n: number, d: Float64Array, e: Float64Array): Reflections {
  const reflections = noReflections(n, n - 1, 1);
  // What is still to be subtracted: v·wᵀ + w·vᵀ.
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  const update = (i: number, k: number): number => {
    const change = (v[i] as number) * (w[k] as number) + (w[i] as number) * (v[k] as number);
    a[i * n + k] = (a[i * n + k] as number) - change;
    return a[i * n + k] as number;
  };
  for (let j = 0; j < n; j++) {
    for (let k = j; k < n; k++) update(j, k);
    d[j] = a[j * n + j] as number;
    e[j] = 0;
    if (j === n - 1) break;
    const first = j + 1;
    const x = a.slice(j * n + first, (j + 1) * n);
    const { beta, alpha } = reflection(x);
    e[j] = alpha;
    keep(reflections, j, x, beta);
    const y = new Float64Array(n - first);
    for (let i = first; i < n; i++) {
      const own = update(i, i) * (x[i - first] as number);
      const sums: [number, number] = [0, 0];
      for (let k = i + 1; k < n; k++) {
        const element = update(i, k);
        y[k - first] = (y[k - first] as number) + (x[i - first] as number) * element;
        sums[((k - first) & 1) as 0 | 1] += element * (x[k - first] as number);
      }
      y[i - first] = (y[i - first] as number) + own + (sums[0] + sums[1]);
    }
    const sums: [number, number] = [0, 0];
    for (let i = 0; i < y.length; i++) {
      y[i] = beta * (y[i] as number);
      sums[(i & 1) as 0 | 1] += (y[i] as number) * (x[i] as number);
    }
    const half = 0.5 * beta * (sums[0] + sums[1]);
    for (let i = 0; i < y.length; i++) {
      v[first + i] = x[i] as number;
      w[first + i] = (y[i] as number) - half * (x[i] as number);
    }
  }
  return reflections;
}
