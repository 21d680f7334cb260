/** Factorisations of small symmetric matrices that are not ready-made: what Newton's method asks for. */
import { type Eigenpairs, eigenpairs } from "./eigenpairs.ts";
import type { Vector } from "./vector.ts";

/** L·diag(d)·Lᵀ with unit lower triangular L; row-major, L below the diagonal. */
export interface LDL {
  readonly l: Vector;
  readonly d: Vector;
}

/**
 * L D Lᵀ = A + E, positive definite, E = 0 where A is so by a margin: Gill, Murray & Wright (1981, § 4.4.2.2; Nocedal &
 * Wright 2006, p. 53), without interchanges. The bounds δ and β keep D from 0 and L from growing.
 */
export function modifiedCholesky(a: Vector, n: number): LDL {
  let diagonal = 0;
  let beyond = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const v = Math.abs(a[i * n + j] as number);
      if (i === j) diagonal = Math.max(diagonal, v);
      else beyond = Math.max(beyond, v);
    }
  const delta = Number.EPSILON * Math.max(diagonal + beyond, Number.MIN_VALUE / Number.EPSILON);
  const beta2 = Math.max(diagonal, beyond / Math.max(1, Math.sqrt(n * n - 1)), Number.EPSILON * (diagonal + beyond));
  const l = new Float64Array(n * n);
  const d = new Float64Array(n);
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) c[i * n + i] = a[i * n + i] as number;
  for (let j = 0; j < n; j++) {
    for (let s = 0; s < j; s++) l[j * n + s] = (c[j * n + s] as number) / (d[s] as number);
    let theta = 0;
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j] as number;
      for (let s = 0; s < j; s++) sum -= (l[j * n + s] as number) * (c[i * n + s] as number);
      c[i * n + j] = sum;
      theta = Math.max(theta, Math.abs(sum));
    }
    const pivot = Math.max(Math.abs(c[j * n + j] as number), theta ** 2 / beta2, delta);
    d[j] = pivot;
    l[j * n + j] = 1;
    for (let i = j + 1; i < n; i++) {
      const k = i * n + i;
      c[k] = (c[k] as number) - (c[i * n + j] as number) ** 2 / pivot;
    }
  }
  return { l, d };
}

export function solveLDL({ l, d }: LDL, b: Vector): Vector {
  const n = b.length;
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i] as number;
    for (let j = 0; j < i; j++) sum -= (l[i * n + j] as number) * (x[j] as number);
    x[i] = sum;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = (x[i] as number) / (d[i] as number);
    for (let j = i + 1; j < n; j++) sum -= (l[j * n + i] as number) * (x[j] as number);
    x[i] = sum;
  }
  return x;
}

/**
 * A symmetric matrix in coordinates that suit it: S·A·S with S diagonal and every row's largest element near 1 (Ruiz
 * 2001), and the eigenvalues and -vectors of that. The signs of the eigenvalues are A's own (Sylvester), also where
 * A's rows differ by so many powers of ten that its own small eigenvalues drown in rounding.
 */
export interface Spectrum extends Eigenpairs {
  readonly n: number;
  /** S; values and vectors are those of S·A·S. */
  readonly scale: Vector;
}

export function spectrum(a: Vector, n: number): Spectrum {
  return spectrumOf(equilibrated(a, n));
}

export function spectrumOf({ scale, matrix }: Equilibrated): Spectrum {
  const n = scale.length;
  return { n, scale, ...eigenpairs(matrix, n) };
}

/** S and S·A·S. */
export interface Equilibrated {
  readonly scale: Vector;
  readonly matrix: Vector;
}

export function equilibrated(a: Vector, n: number): Equilibrated {
  const scale = equilibration(a, n);
  const matrix = a.slice();
  for (let i = 0, k = 0; i < n; i++)
    for (let j = 0; j < n; j++, k++) matrix[k] = (matrix[k] as number) * (scale[i] as number) * (scale[j] as number);
  return { scale, matrix };
}

function equilibration(a: Vector, n: number): Vector {
  const scale = new Float64Array(n).fill(1);
  const largest = new Float64Array(n);
  for (let round = 0; round < 8; round++) {
    let balanced = true;
    for (let i = 0, k = 0; i < n; i++) {
      let most = 0;
      for (let j = 0; j < n; j++, k++) {
        const size = Math.abs((a[k] as number) * (scale[j] as number));
        if (!(size <= most)) most = size;
      }
      most *= scale[i] as number;
      largest[i] = most;
      if (most !== 0 && !(Math.abs(most - 1) < 0.1)) balanced = false;
    }
    if (balanced) break;
    for (let i = 0; i < n; i++)
      if ((largest[i] as number) > 0) scale[i] = (scale[i] as number) / Math.sqrt(largest[i] as number);
  }
  return scale;
}

/** The coordinates of a gradient in the eigenvectors: Qᵀ·S·g. */
export function coordinates({ n, scale, vectors }: Spectrum, g: Vector): Vector {
  const c = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const v = (scale[i] as number) * (g[i] as number);
    if (v !== 0) for (let j = 0; j < n; j++) c[j] = (c[j] as number) + v * (vectors[i * n + j] as number);
  }
  return c;
}

/** The step with these coordinates: S·Q·c. */
export function stepOf({ n, scale, vectors }: Spectrum, c: Vector): Vector {
  const step = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (vectors[i * n + j] as number) * (c[j] as number);
    step[i] = sum * (scale[i] as number);
  }
  return step;
}
