/**
 * What holds for the eigenvalues of every symmetric matrix between two bounds. All statements are proved in float64:
 * by Rohn's bounds (SIAM J. Matrix Anal. Appl. 15, 1994), Rump's Cholesky test (BIT 46, 2006) and interval LDLᵀ
 * (Alefeld and Mayer, J. Comput. Appl. Math. 44, 1993).
 */
import {
  added,
  type Bounds,
  divided,
  type Interval,
  magnitude,
  multiplied,
  squared,
  subtracted,
  sumDown,
  sumUp,
  up,
} from "../base/interval.ts";
import { cholesky } from "../ops/linalg/numerics/cholesky.ts";
import { eigh } from "../ops/linalg/numerics/eigh.ts";

export interface Spectrum {
  /** No eigenvalue of any of the matrices is less. */
  readonly least: number;
  /** None is greater. */
  readonly greatest: number;
}

const at = ({ low, high }: Bounds, k: number): Interval => [low[k] as number, high[k] as number];

/** Both halves say the same of a symmetric matrix: what both allow. */
export function symmetric(a: Bounds, n: number): Bounds {
  const [low, high] = [a.low.slice(), a.high.slice()];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const other = j * n + i;
      const bound = Math.max(a.low[i * n + j] as number, a.low[other] as number);
      // Rounding may leave them apart only if one of them is wrong; NaN stays.
      low[i * n + j] = bound;
      high[i * n + j] = Math.min(a.high[i * n + j] as number, a.high[other] as number);
    }
  }
  return { low, high };
}

/** The middle of each element, and a distance within which the bounds lie. */
function centred(a: Bounds): { readonly centre: Float64Array; readonly radius: Float64Array } {
  const centre = a.low.map((low, k) => low / 2 + (a.high[k] as number) / 2);
  const radius = centre.map((c, k) => Math.max(sumUp(a.high[k] as number, -c), sumUp(c, -(a.low[k] as number))));
  return { centre, radius };
}

/** An upper bound of the spectral radius of a matrix ≥ 0: max (Rx)ᵢ/xᵢ for any x > 0 (Collatz 1942). */
function radiusBound(r: Float64Array, n: number): number {
  let x = new Float64Array(n).fill(1);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const y = new Float64Array(n);
    let [ratio, top] = [0, 0];
    for (let i = 0; i < n; i++) {
      let total = 0;
      for (let j = 0; j < n; j++) total += (r[i * n + j] as number) * (x[j] as number);
      y[i] = total;
      ratio = Math.max(ratio, total / (x[i] as number));
      top = Math.max(top, total);
    }
    best = Math.min(best, ratio);
    if (!(top > 0)) break;
    // Kept away from 0, where the quotients would explode.
    x = y.map((v) => v / top + 1e-3);
  }
  return up(best * (1 + 4 * (n + 2) * 2 ** -53));
}

/** The approximate eigenvalues and vectors of a matrix, ascending; vectors in the columns. */
export function eigen(a: Float64Array, n: number): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const [values, vectors] = [new Float64Array(n), new Float64Array(n * n)];
  eigh(a, n, values, vectors);
  return { values, vectors };
}

/** Whether all eigenvalues of c are certainly ≥ s: the Cholesky factorization succeeds with room for its rounding. */
function exceeds(c: Float64Array, n: number, s: number): boolean {
  const shifted = c.slice();
  let sizes = 0;
  for (let i = 0; i < n; i++) {
    shifted[i * n + i] = (c[i * n + i] as number) - s;
    sizes += Math.abs(c[i * n + i] as number) + Math.abs(s);
  }
  const room = 4 * (n + 2) * 2 ** -53 * sizes + 1e-290;
  for (let i = 0; i < n; i++) shifted[i * n + i] = (shifted[i * n + i] as number) - room;
  const factor = new Float64Array(n * n);
  cholesky(shifted, n, factor);
  for (let i = 0; i < n; i++) if (!((factor[i * n + i] as number) > 0)) return false;
  return true;
}

/** A lower bound of the eigenvalues of a symmetric matrix, close to the least. */
function leastOf(c: Float64Array, n: number, guess: number): number {
  const size = c.reduce((s, v) => s + Math.abs(v), 0);
  for (const slack of [1e-13, 1e-11, 1e-8]) {
    const s = guess - slack * size - 1e-280;
    if (exceeds(c, n, s)) return s;
  }
  return gershgorin({ low: c, high: c }, n).least;
}

/** Every eigenvalue lies in a disc about a diagonal element (Gershgorin 1931). */
function gershgorin(a: Bounds, n: number): Spectrum {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    let reach = 0;
    for (let j = 0; j < n; j++) if (j !== i) reach = sumUp(reach, magnitude(at(a, i * n + j)));
    least = Math.min(least, sumDown(a.low[i * n + i] as number, -reach));
    greatest = Math.max(greatest, sumUp(a.high[i * n + i] as number, reach));
  }
  return { least, greatest };
}

/** Bounds of all eigenvalues; NaN where an element is unknown. */
export function spectrumOf(a: Bounds, n: number): Spectrum {
  const discs = gershgorin(a, n);
  if (n === 1 || !a.low.every(Number.isFinite) || !a.high.every(Number.isFinite)) return discs;
  const { centre, radius } = centred(a);
  const reach = radiusBound(radius, n);
  const { values } = eigen(centre, n);
  const least = sumDown(leastOf(centre, n, values[0] as number), -reach);
  const negative = centre.map((v) => -v);
  const greatest = sumUp(-leastOf(negative, n, -(values[n - 1] as number)), reach);
  return { least: Math.max(discs.least, least), greatest: Math.min(discs.greatest, greatest) };
}

/** Whether xᵀAx ≥ 0 for all x and every matrix between the bounds: all pivots of an interval LDLᵀ are ≥ 0. */
export function isSemidefinite(a: Bounds, n: number): boolean {
  const rows: Interval[] = Array.from({ length: n * n }, (_, k) => at(a, k));
  for (let k = 0; k < n; k++) {
    const pivot = rows[k * n + k] as Interval;
    const row = (j: number): Interval => rows[k * n + j] as Interval;
    let alone = true;
    for (let j = k + 1; j < n; j++) alone &&= row(j)[0] === 0 && row(j)[1] === 0;
    if (alone ? !(pivot[0] >= 0) : !(pivot[0] > 0)) return false;
    if (alone) continue;
    for (let i = k + 1; i < n; i++) {
      const factor = divided(row(i), pivot);
      for (let j = i; j < n; j++) {
        const product = j === i ? divided(squared(row(i)), pivot) : multiplied(factor, row(j));
        rows[i * n + j] = subtracted(rows[i * n + j] as Interval, product);
      }
    }
  }
  return true;
}

/** vᵀAv for every matrix between the bounds. */
export function curvatureAlong(a: Bounds, v: Float64Array): Interval {
  const n = v.length;
  let total: Interval = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const weight = multiplied([v[i] as number, v[i] as number], [v[j] as number, v[j] as number]);
      total = added(total, multiplied(at(a, i * n + j), weight));
    }
  }
  return total;
}
