/** The Cholesky factor of one matrix, row by row (Golub and Van Loan 2013, §4.2). */

/**
 * Lower L with L·Lᵀ = (a + aᵀ)/2. Where that is not positive definite the lower triangle is NaN.
 * `out` is [n, n]; its upper triangle is set to 0.
 */
export function cholesky(a: Float64Array, n: number, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s = ((a[i * n + j] as number) + (a[j * n + i] as number)) / 2;
      for (let k = 0; k < j; k++) s -= (out[i * n + k] as number) * (out[j * n + k] as number);
      if (j < i) out[i * n + j] = s / (out[j * n + j] as number);
      else if (s > 0) out[i * n + i] = Math.sqrt(s);
      else {
        for (let r = 0; r < n; r++) out.fill(Number.NaN, r * n, r * n + r + 1);
        return;
      }
    }
  }
}
