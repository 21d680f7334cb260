/** Plane rotations (Golub and Van Loan 2013, §5.1.8). */

/** √(x² + y²) by exactly rounded operations, without overflow. */
export function hypotenuse(x: number, y: number): number {
  const [a, b] = [Math.abs(x), Math.abs(y)];
  const [big, small] = a > b ? [a, b] : [b, a];
  if (big === 0) return 0;
  const q = small / big;
  return big * Math.sqrt(1 + q * q);
}

export interface Rotation {
  readonly c: number;
  readonly s: number;
  readonly r: number;
}

/** c² + s² = 1, c·f + s·g = r, c·g − s·f = 0. */
export function rotationOf(f: number, g: number): Rotation {
  const r = hypotenuse(f, g);
  return r === 0 ? { c: 1, s: 0, r } : { c: f / r, s: g / r, r };
}

/** Rows i and i + 1 of z, [.., n]: (x, y) becomes (c·x + s·y, c·y − s·x). */
export function rotateRows(z: Float64Array, n: number, i: number, { c, s }: Rotation): void {
  for (let k = i * n; k < (i + 1) * n; k++) {
    const [x, y] = [z[k] as number, z[k + n] as number];
    z[k] = s * y + c * x;
    z[k + n] = c * y - s * x;
  }
}
