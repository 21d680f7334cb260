/** Small singular value problems in place: what a step of least squares asks for some thousand times a second. */

/** Sweeps: five to eight do; what has not converged by then has elements that are not numbers. */
const most = 40;

/**
 * Rotates the rows of a, [k, n + 1], until they are orthogonal in their first n elements, the longest first: one-sided
 * Jacobi (Hestenes 1958; de Rijk, SIAM J. Sci. Stat. Comput. 10, 1989). With [R | Qᵀr] = [U·S·Vᵀ | Qᵀr] it becomes
 * [S·Vᵀ | Uᵀ·Qᵀr]: U itself is not needed. Small singular values come out as exact as R has them (Demmel and Veselić,
 * SIAM J. Matrix Anal. Appl. 13, 1992), and for some ten rows it is several times as quick as the bidiagonal form.
 */
export function orthogonalizeRows(a: Float64Array, k: number, n: number): void {
  const width = n + 1;
  const tolerance = Number.EPSILON * Math.sqrt(n);
  for (let sweep = 0, turned = true; turned && sweep < most; sweep++) {
    turned = false;
    for (let p = 0; p < k * width; p += width)
      for (let q = p + width; q < k * width; q += width) {
        let [alpha, beta, gamma] = [0, 0, 0];
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[p + i] as number, a[q + i] as number];
          alpha += x * x;
          beta += y * y;
          gamma += x * y;
        }
        const apart = Math.abs(gamma) > tolerance * Math.sqrt(alpha) * Math.sqrt(beta);
        const swap = alpha < beta;
        if (!apart && !swap) continue;
        let [c, s] = [1, 0];
        if (apart) {
          const zeta = (beta - alpha) / (2 * gamma);
          const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
          c = 1 / Math.sqrt(1 + t * t);
          s = c * t;
          turned = true;
        }
        for (let i = 0; i < width; i++) {
          const [x, y] = [a[p + i] as number, a[q + i] as number];
          const [one, other] = [c * x - s * y, s * x + c * y];
          a[p + i] = swap ? other : one;
          a[q + i] = swap ? one : other;
        }
      }
  }
}
