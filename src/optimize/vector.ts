/** Vectors of float64 in plain loops: the outer loops of optimisation are too short for anything else. */

export type Vector = Float64Array;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** ‖a‖₂, without overflow or underflow where the result has neither. */
export function norm(a: Vector): number {
  const largest = maxNorm(a);
  if (!(largest > 0) || largest === Number.POSITIVE_INFINITY) return largest;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** ‖a‖∞; NaN if an element is. */
export function maxNorm(a: Vector): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const size = Math.abs(a[i] as number);
    if (!(size <= largest)) largest = size;
  }
  return largest;
}

/** x + t·d */
export function along(x: Vector, t: number, d: Vector): Vector {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) y[i] = (x[i] as number) + t * (d[i] as number);
  return y;
}

/** s·a + t·b */
export function combine(s: number, a: Vector, t: number, b: Vector): Vector {
  const y = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) y[i] = s * (a[i] as number) + t * (b[i] as number);
  return y;
}

export const minus = (a: Vector, b: Vector): Vector => along(a, -1, b);
export const negative = (a: Vector): Vector => scaled(-1, a);

export function scaled(t: number, a: Vector): Vector {
  const y = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) y[i] = t * (a[i] as number);
  return y;
}

export function isFiniteVector(a: Vector): boolean {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i])) return false;
  return true;
}

/** y += t·d, for a vector that belongs to the caller alone. */
export function addTo(y: Vector, t: number, d: Vector): void {
  for (let i = 0; i < y.length; i++) y[i] = (y[i] as number) + t * (d[i] as number);
}

/** A·x for a matrix of n rows. */
export function times(a: Vector, x: Vector): Vector {
  const columns = x.length;
  const y = new Float64Array(a.length / columns);
  for (let i = 0; i < y.length; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += (a[i * columns + j] as number) * (x[j] as number);
    y[i] = sum;
  }
  return y;
}

/** Column j of a matrix with n columns. */
export const column = (a: Vector, n: number, j: number): Vector =>
  Float64Array.from({ length: a.length / n }, (_, i) => a[i * n + j] as number);
