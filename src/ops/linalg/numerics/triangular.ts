/** Substitution in triangular systems with several right-hand sides. */

export type TriangularForm = {
  readonly lower: boolean;
  /** The system is aᵀ·x = b. */
  readonly transpose: boolean;
  /** The diagonal counts as ones and is not read. */
  readonly unitDiagonal: boolean;
};

/** Solves in place: x is [n, k] and holds b at first. Known rows are subtracted in the order in which they are found. */
export function triangularSolve(a: Float64Array, n: number, x: Float64Array, k: number, form: TriangularForm): void {
  const { lower, transpose, unitDiagonal } = form;
  const down = lower !== transpose;
  for (let step = 0; step < n; step++) {
    const i = down ? step : n - 1 - step;
    for (let before = 0; before < step; before++) {
      const j = down ? before : n - 1 - before;
      const c = (transpose ? a[j * n + i] : a[i * n + j]) as number;
      for (let p = 0; p < k; p++) x[i * k + p] = (x[i * k + p] as number) - c * (x[j * k + p] as number);
    }
    if (unitDiagonal) continue;
    const d = a[i * n + i] as number;
    for (let p = 0; p < k; p++) x[i * k + p] = (x[i * k + p] as number) / d;
  }
}
