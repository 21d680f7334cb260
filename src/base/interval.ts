/**
 * Intervals of real numbers with outward rounding: bounds are rounded away from the interval only where the operation
 * in float64 was not exact, so that integers stay integers (Knuth's and Dekker's exact errors of a sum and a product;
 * Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed. 2018, §4.3–4.4).
 */

/** All numbers from low to high. NaN, NaN: nothing is known, not even that it is a number. */
export type Interval = readonly [low: number, high: number];

/** The bounds of each element of an array. */
export interface Bounds {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export const unknown: Interval = [Number.NaN, Number.NaN];
export const isKnown = ([low, high]: Interval): boolean => low <= high;
export const point = (x: number): Interval => [x, x];

const unit = 2 ** -53 * (1 + 2 ** -52);

/** A number above x, at most the second next (Rump, Zimmermann, Boldo and Melquiond 2009, BIT 49, 419–431). */
export const up = (x: number): number =>
  x === Number.NEGATIVE_INFINITY ? -Number.MAX_VALUE : x + (unit * Math.abs(x) + Number.MIN_VALUE);
export const down = (x: number): number => -up(-x);

/** Below and above a value that is right up to so many units in the last place. */
export const above = (x: number, ulps: number): number => (ulps === 0 ? x : up(x + ulps * 2 ** -52 * Math.abs(x)));
export const below = (x: number, ulps: number): number => -above(-x, ulps);

/** An upper bound of x + y. */
export function sumUp(x: number, y: number): number {
  const s = x + y;
  const t = s - x;
  const error = x - (s - t) + (y - t);
  if (error <= 0) return s;
  if (error > 0) return up(s);
  return s === Number.NEGATIVE_INFINITY && x > s && y > s ? -Number.MAX_VALUE : s;
}
export const sumDown = (x: number, y: number): number => -sumUp(-x, -y);

const splitter = 2 ** 27 + 1;

/** x·y − p for p = x·y as float64 rounds it; NaN where this cannot be told. */
function productError(x: number, y: number, p: number): number {
  const size = Math.abs(p);
  if (!(size > 2 ** -960 && size < 2 ** 1000 && Math.abs(x) < 2 ** 990 && Math.abs(y) < 2 ** 990)) return Number.NaN;
  const cx = splitter * x;
  const xh = cx - (cx - x);
  const xl = x - xh;
  const cy = splitter * y;
  const yh = cy - (cy - y);
  const yl = y - yh;
  return xl * yl - (p - xh * yh - xl * yh - xh * yl);
}

/** An upper bound of x·y; 0 times an infinite bound is 0. */
export function productUp(x: number, y: number): number {
  if (x === 0 || y === 0) return 0;
  const p = x * y;
  const error = productError(x, y, p);
  if (error <= 0) return p;
  if (!Number.isFinite(p) && (Math.abs(x) === Number.POSITIVE_INFINITY || Math.abs(y) === Number.POSITIVE_INFINITY))
    return p;
  return up(p);
}
export const productDown = (x: number, y: number): number => -productUp(-x, y);

/** An upper bound of x/y for y ≠ 0; infinite over infinite, which only bounds can be, is 0 or beyond. */
export function quotientUp(x: number, y: number): number {
  if (x === 0) return 0;
  const q = x / y;
  if (Number.isNaN(q)) return x < 0 === y < 0 ? Number.POSITIVE_INFINITY : 0;
  if (!Number.isFinite(y) || Math.abs(x) === Number.POSITIVE_INFINITY) return q;
  return q * y === x && productError(q, y, x) === 0 ? q : up(q);
}
export const quotientDown = (x: number, y: number): number => -quotientUp(-x, y);

/** √x is rounded correctly; exact where its square is x. */
const isSquare = (root: number, x: number): boolean => root * root === x && productError(root, root, x) === 0;
export function rootUp(x: number): number {
  const root = Math.sqrt(x);
  return isSquare(root, x) || x === 0 ? root : up(root);
}
export function rootDown(x: number): number {
  const root = Math.sqrt(x);
  return isSquare(root, x) || x === 0 ? root : Math.max(0, down(root));
}

export const added = ([a, b]: Interval, [c, d]: Interval): Interval => [sumDown(a, c), sumUp(b, d)];
export const negated = ([a, b]: Interval): Interval => [-b, -a];
export const subtracted = (x: Interval, y: Interval): Interval => added(x, negated(y));

export function multiplied([a, b]: Interval, [c, d]: Interval): Interval {
  if (a >= 0) {
    if (c >= 0) return [productDown(a, c), productUp(b, d)];
    return d <= 0 ? [productDown(b, c), productUp(a, d)] : [productDown(b, c), productUp(b, d)];
  }
  if (b <= 0) {
    if (c >= 0) return [productDown(a, d), productUp(b, c)];
    return d <= 0 ? [productDown(b, d), productUp(a, c)] : [productDown(a, d), productUp(a, c)];
  }
  if (c >= 0) return [productDown(a, d), productUp(b, d)];
  if (d <= 0) return [productDown(b, c), productUp(a, c)];
  return [Math.min(productDown(a, d), productDown(b, c)), Math.max(productUp(a, c), productUp(b, d))];
}

export function squared([a, b]: Interval): Interval {
  const [low, high] = a > 0 ? [a, b] : b < 0 ? [-b, -a] : [0, Math.max(-a, b)];
  return [productDown(low, low), productUp(high, high)];
}

/** Unknown where the divisor may be 0: there the quotient is no number. */
export function divided([a, b]: Interval, [c, d]: Interval): Interval {
  if (c <= 0 && d >= 0) return unknown;
  if (c < 0) return divided([-b, -a], [-d, -c]);
  return [quotientDown(a, a >= 0 ? d : c), quotientUp(b, b >= 0 ? c : d)];
}

export const hull = ([a, b]: Interval, [c, d]: Interval): Interval =>
  // NaN in any of them: unknown
  [Math.min(a, c), Math.max(b, d)];

/** The greatest absolute value. */
export const magnitude = ([a, b]: Interval): number => Math.max(Math.abs(a), Math.abs(b));
/** The least absolute value. */
export const mignitude = ([a, b]: Interval): number => (a > 0 ? a : b < 0 ? -b : 0);

// — truth: 0 false, 1 true, [0, 1] either —

export const no: Interval = [0, 0];
export const yes: Interval = [1, 1];
export const maybe: Interval = [0, 1];
/** Certainly, certainly not, or neither. */
export const truth = (certain: boolean, impossible: boolean): Interval => (certain ? yes : impossible ? no : maybe);
