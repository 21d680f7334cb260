/**
 * Singular values by one-sided Jacobi rotations (Hestenes 1958; Demmel and Veselić 1992 on their accuracy), with the
 * larger column of each pair brought to the front (de Rijk 1989).
 */
import { allFinite, scaleOf } from "./scale.ts";

/** Passes over all pairs of columns; about ten are needed. */
export const maxSweeps = 60;
/** Squared length, after scaling, below which a column counts as 0. */
export const negligible = 1e-280;

/** a ([m, n]) = u·diag(s)·vᵀ; u: [m, k], s: [k] descending, v: [n, k]; k = min(m, n). NaN if an element is not finite. */
export function svd(a: Float64Array, m: number, n: number, u: Float64Array, s: Float64Array, v: Float64Array): void {
  const tall = m >= n;
  const [rows, k] = tall ? [m, n] : [n, m];
  if (k === 0) return;
  if (!allFinite(a)) {
    for (const out of [u, s, v]) out.fill(Number.NaN);
    return;
  }
  // w: the columns of a (of aᵀ if it is wide) as rows, scaled.
  const scale = scaleOf(a);
  const w = new Float64Array(k * rows);
  for (let j = 0; j < k; j++) {
    for (let i = 0; i < rows; i++)
      w[j * rows + i] = (tall ? (a[i * n + j] as number) : (a[j * n + i] as number)) * scale;
  }
  const r = new Float64Array(k * k);
  for (let j = 0; j < k; j++) r[j * k + j] = 1;
  rotateAll(w, r, k, rows);
  normalize(w, r, s, k, rows);
  const [left, right] = tall ? [u, v] : [v, u];
  for (let j = 0; j < k; j++) {
    s[j] = (s[j] as number) / scale;
    for (let i = 0; i < rows; i++) left[i * k + j] = w[j * rows + i] as number;
    for (let i = 0; i < k; i++) right[i * k + j] = r[j * k + i] as number;
  }
}

/** Rotates pairs of rows of w, and of r with them, until all rows of w are orthogonal. */
function rotateAll(w: Float64Array, r: Float64Array, k: number, rows: number): void {
  const tolerance = 2 ** -52 * Math.sqrt(rows);
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < k - 1; p++) {
      for (let q = p + 1; q < k; q++) {
        let [alpha, beta, gamma] = [0, 0, 0];
        for (let i = 0; i < rows; i++) {
          const x = w[p * rows + i] as number;
          const y = w[q * rows + i] as number;
          alpha += x * x;
          beta += y * y;
          gamma += x * y;
        }
        if (alpha < beta) {
          // A quarter turn: the rows change places.
          turn(w, p * rows, q * rows, rows, 0, -1);
          turn(r, p * k, q * k, k, 0, -1);
          const held = alpha;
          alpha = beta;
          beta = held;
          gamma = -gamma;
        }
        if (!(Math.abs(gamma) > tolerance * (Math.sqrt(alpha) * Math.sqrt(beta)))) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const size = Math.abs(zeta);
        const t = size > 1e150 ? 0.5 / size : 1 / (size + Math.sqrt(1 + zeta * zeta));
        const tangent = zeta < 0 ? -t : t;
        const c = 1 / Math.sqrt(1 + tangent * tangent);
        const s = c * tangent;
        turn(w, p * rows, q * rows, rows, c, s);
        turn(r, p * k, q * k, k, c, s);
      }
    }
    if (!rotated) return;
  }
}

/** (x, y) becomes (c·x − s·y, s·x + c·y). */
function turn(w: Float64Array, p: number, q: number, length: number, c: number, s: number): void {
  for (let i = 0; i < length; i++) {
    const x = w[p + i] as number;
    const y = w[q + i] as number;
    w[p + i] = c * x - s * y;
    w[q + i] = s * x + c * y;
  }
}

/** Lengths of the rows of w into s, descending; rows of length 0 become unit vectors orthogonal to the others. */
function normalize(w: Float64Array, r: Float64Array, s: Float64Array, k: number, rows: number): void {
  for (let j = 0; j < k; j++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += (w[j * rows + i] as number) * (w[j * rows + i] as number);
    s[j] = sum > negligible ? Math.sqrt(sum) : 0;
  }
  for (let j = 0; j < k; j++) {
    let best = j;
    for (let i = j + 1; i < k; i++) if ((s[i] as number) > (s[best] as number)) best = i;
    const held = s[j] as number;
    s[j] = s[best] as number;
    s[best] = held;
    if (best !== j) {
      turn(w, j * rows, best * rows, rows, 0, -1);
      turn(r, j * k, best * k, k, 0, -1);
    }
  }
  for (let j = 0; j < k; j++) {
    const length = s[j] as number;
    if (length === 0) complete(w, j, rows);
    else for (let i = 0; i < rows; i++) w[j * rows + i] = (w[j * rows + i] as number) / length;
  }
}

/** Row j becomes the first unit vector e₀, e₁, … far from the rows before, made orthogonal to them (twice: to rounding). */
function complete(w: Float64Array, j: number, rows: number): void {
  const at = j * rows;
  for (let unit = 0; unit < rows; unit++) {
    for (let i = 0; i < rows; i++) w[at + i] = i === unit ? 1 : 0;
    for (let round = 0; round < 2; round++) {
      for (let p = 0; p < j; p++) {
        let dot = 0;
        for (let i = 0; i < rows; i++) dot += (w[at + i] as number) * (w[p * rows + i] as number);
        for (let i = 0; i < rows; i++) w[at + i] = (w[at + i] as number) - dot * (w[p * rows + i] as number);
      }
    }
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += (w[at + i] as number) * (w[at + i] as number);
    // The squared distances of all unit vectors from the span of j < rows rows add up to rows − j ≥ 1.
    if (sum * (2 * rows) > 1) {
      const length = Math.sqrt(sum);
      for (let i = 0; i < rows; i++) w[at + i] = (w[at + i] as number) / length;
      return;
    }
  }
}
