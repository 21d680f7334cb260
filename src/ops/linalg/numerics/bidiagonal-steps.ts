/**
 * Singular values of a bidiagonal matrix by QR steps with implicit shifts (Golub and Van Loan 2013, §8.6.2), by steps
 * without shift where the shift is small or a diagonal element is 0 (Demmel and Kahan 1990; LAPACK's dbdsqr).
 */
import { hypotenuse, type Rotation, rotationOf } from "./rotation.ts";

/** Steps for one singular value on average; about two are needed. */
export const maxSteps = 60;
const epsilon = 2 ** -52;

/** Rows i and i + 1 of the vectors are to be rotated. */
type Follow = (i: number, rotation: Rotation) => void;

/** The smaller singular value of [[f, g], [0, h]]. */
const smaller = (f: number, g: number, h: number): number =>
  Math.abs(f * h) / (0.5 * (hypotenuse(f + h, g) + hypotenuse(f - h, g)));

/**
 * The diagonal d and, above it, e become diagonal; e[n − 1] = 0. Elements of at most ε·max(|d| + |e|) count as 0.
 * False: no convergence.
 */
export function diagonalizeBidiagonal(
  d: Float64Array,
  e: Float64Array,
  n: number,
  left: Follow,
  right: Follow,
): boolean {
  let size = 0;
  for (let i = 0; i < n; i++) size = Math.max(size, Math.abs(d[i] as number) + Math.abs(e[i] as number));
  const small = epsilon * size;
  let last = n - 1;
  let steps = 0;
  while (last > 0) {
    if (Math.abs(e[last - 1] as number) <= small) {
      last--;
      continue;
    }
    if (steps++ === maxSteps * n) return false;
    let first = last - 1;
    while (first > 0 && Math.abs(e[first - 1] as number) > small) first--;
    let least = Number.POSITIVE_INFINITY;
    for (let i = first; i <= last; i++) {
      if (Math.abs(d[i] as number) <= small) d[i] = 0;
      least = Math.min(least, Math.abs(d[i] as number));
    }
    let shift = smaller(d[last - 1] as number, e[last - 1] as number, d[last] as number);
    const ratio = shift / (d[first] as number);
    if (least === 0 || ratio * ratio < epsilon) shift = 0;
    if (shift === 0) plainStep(d, e, first, last, left, right);
    else shiftedStep(d, e, first, last, shift, left, right);
  }
  return true;
}

function plainStep(d: Float64Array, e: Float64Array, first: number, last: number, left: Follow, right: Follow): void {
  let c = 1;
  let before: Rotation = { c: 1, s: 0, r: 0 };
  for (let i = first; i < last; i++) {
    const across = rotationOf((d[i] as number) * c, e[i] as number);
    if (i > first) e[i - 1] = before.s * across.r;
    before = rotationOf(before.c * across.r, (d[i + 1] as number) * across.s);
    d[i] = before.r;
    c = across.c;
    right(i, across);
    left(i, before);
  }
  const h = (d[last] as number) * c;
  d[last] = h * before.c;
  e[last - 1] = h * before.s;
}

function shiftedStep(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  shift: number,
  left: Follow,
  right: Follow,
): void {
  const head = d[first] as number;
  let f = (Math.abs(head) - shift) * ((head < 0 ? -1 : 1) + shift / head);
  let g = e[first] as number;
  for (let i = first; i < last; i++) {
    const across = rotationOf(f, g);
    if (i > first) e[i - 1] = across.r;
    const [di, ei, next] = [d[i] as number, e[i] as number, d[i + 1] as number];
    const own = across.c * ei - across.s * di;
    const below = across.c * next;
    const along = rotationOf(across.c * di + across.s * ei, across.s * next);
    d[i] = along.r;
    f = along.c * own + along.s * below;
    d[i + 1] = along.c * below - along.s * own;
    const beside = e[i + 1] as number;
    g = along.s * beside;
    if (i < last - 1) e[i + 1] = along.c * beside;
    right(i, across);
    left(i, along);
  }
  e[last - 1] = f;
}
