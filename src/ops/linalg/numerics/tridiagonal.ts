/**
 * A symmetric matrix to tridiagonal form by Householder reflections, and the product of the reflections: the method
 * of Martin, Reinsch and Wilkinson 1968 (EISPACK's tred2). Matrices are kept transposed, so inner loops run along rows.
 */

/**
 * z is [n, n] and holds the symmetric matrix at first, at last the orthogonal Z (row j: column j of the
 * transformation); d becomes the diagonal, e the subdiagonal in e[1], …, e[n − 1].
 */
export function tridiagonalize(z: Float64Array, n: number, d: Float64Array, e: Float64Array): void {
  const last = n - 1;
  for (let j = 0; j < n; j++) d[j] = z[j * n + last] as number;
  for (let i = last; i > 0; i--) {
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k] as number);
    if (scale === 0) {
      e[i] = d[i - 1] as number;
      for (let j = 0; j < i; j++) {
        d[j] = z[j * n + i - 1] as number;
        z[j * n + i] = 0;
        z[i * n + j] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        const v = (d[k] as number) / scale;
        d[k] = v;
        h += v * v;
      }
      const top = d[i - 1] as number;
      const g = top > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= top * g;
      d[i - 1] = top - g;
      for (let j = 0; j < i; j++) e[j] = 0;
      // e = (matrix)·d, from the lower triangle alone
      for (let j = 0; j < i; j++) {
        const f = d[j] as number;
        z[i * n + j] = f;
        let sum = (e[j] as number) + (z[j * n + j] as number) * f;
        for (let k = j + 1; k < i; k++) {
          const v = z[j * n + k] as number;
          sum += v * (d[k] as number);
          e[k] = (e[k] as number) + v * f;
        }
        e[j] = sum;
      }
      let f = 0;
      for (let j = 0; j < i; j++) {
        const v = (e[j] as number) / h;
        e[j] = v;
        f += v * (d[j] as number);
      }
      const half = f / (h + h);
      for (let j = 0; j < i; j++) e[j] = (e[j] as number) - half * (d[j] as number);
      for (let j = 0; j < i; j++) {
        const u = d[j] as number;
        const v = e[j] as number;
        for (let k = j; k < i; k++) {
          z[j * n + k] = (z[j * n + k] as number) - (u * (e[k] as number) + v * (d[k] as number));
        }
        d[j] = z[j * n + i - 1] as number;
        z[j * n + i] = 0;
      }
    }
    d[i] = h;
  }
  accumulate(z, n, d);
  e[0] = 0;
}

/** The product of the reflections, from the smallest on; the diagonal waits in the last column meanwhile. */
function accumulate(z: Float64Array, n: number, d: Float64Array): void {
  const last = n - 1;
  for (let i = 0; i < last; i++) {
    z[i * n + last] = z[i * n + i] as number;
    z[i * n + i] = 1;
    const h = d[i + 1] as number;
    const next = (i + 1) * n;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = (z[next + k] as number) / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += (z[next + k] as number) * (z[j * n + k] as number);
        for (let k = 0; k <= i; k++) z[j * n + k] = (z[j * n + k] as number) - g * (d[k] as number);
      }
    }
    for (let k = 0; k <= i; k++) z[next + k] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = z[j * n + last] as number;
    z[j * n + last] = 0;
  }
  z[last * n + last] = 1;
}
