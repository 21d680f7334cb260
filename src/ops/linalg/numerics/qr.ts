/** Householder reflections (Golub and Van Loan 2013, §5.2). */

/**
 * a = q·r with q: [m, k] of orthonormal columns, r: [k, n] upper triangular, k = min(m, n), and no negative number on
 * the diagonal of r.
 */
export function qr(a: Float64Array, m: number, n: number, q: Float64Array, r: Float64Array): void {
  const k = Math.min(m, n);
  const w = a.slice();
  // Row j holds the vector of reflection j: 1 − β·v·vᵀ.
  const reflections = new Float64Array(k * m);
  const betas = new Float64Array(k);
  const row = new Float64Array(n);
  for (let j = 0; j < k; j++) {
    const v = reflections.subarray(j * m, (j + 1) * m);
    const beta = reflection(w, m, n, j, v);
    betas[j] = beta;
    if (beta !== 0) reflect(w, m, n, j, j, v, beta, row);
  }
  q.fill(0);
  for (let j = 0; j < k; j++) q[j * k + j] = 1;
  for (let j = k - 1; j >= 0; j--) {
    const beta = betas[j] as number;
    if (beta !== 0) reflect(q, m, k, j, j, reflections.subarray(j * m, (j + 1) * m), beta, row);
  }
  r.fill(0);
  for (let i = 0; i < k; i++) {
    const flip = (w[i * n + i] as number) < 0;
    for (let j = i; j < n; j++) r[i * n + j] = flip ? -(w[i * n + j] as number) : (w[i * n + j] as number);
    if (flip) for (let p = 0; p < m; p++) q[p * k + i] = -(q[p * k + i] as number);
  }
}

/** v with v[j] = 1 and β, so that 1 − β·v·vᵀ turns column j below row j to 0; β = 0 if it is 0 there already. */
function reflection(w: Float64Array, m: number, n: number, j: number, v: Float64Array): number {
  let big = 0;
  for (let i = j + 1; i < m; i++) {
    const size = Math.abs(w[i * n + j] as number);
    if (size > big) big = size;
  }
  if (big === 0) return 0;
  const head = w[j * n + j] as number;
  if (Math.abs(head) > big) big = Math.abs(head);
  let sum = 0;
  for (let i = j; i < m; i++) {
    const x = (w[i * n + j] as number) / big;
    sum += x * x;
  }
  const length = big * Math.sqrt(sum);
  const alpha = head > 0 ? -length : length;
  const first = head - alpha;
  v[j] = 1;
  for (let i = j + 1; i < m; i++) v[i] = (w[i * n + j] as number) / first;
  return -first / alpha;
}

/** Rows and columns from `from` on of w ([m, n]) become (1 − β·v·vᵀ)·w. */
function reflect(
  w: Float64Array,
  m: number,
  n: number,
  from: number,
  column: number,
  v: Float64Array,
  beta: number,
  row: Float64Array,
): void {
  row.fill(0);
  for (let i = from; i < m; i++) {
    const c = v[i] as number;
    for (let p = column; p < n; p++) row[p] = (row[p] as number) + c * (w[i * n + p] as number);
  }
  for (let i = from; i < m; i++) {
    const c = beta * (v[i] as number);
    for (let p = column; p < n; p++) w[i * n + p] = (w[i * n + p] as number) - c * (row[p] as number);
  }
}
