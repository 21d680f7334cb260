/** Arithmetic on doubles that knows fractions: 5 · (1/3) is 5/3, 0.1 + 0.2 is 0.3, where rounding would say otherwise. */

const largestDenominator = 1000;

export type Fraction = readonly [numerator: number, denominator: number];

/** p/q in lowest terms with q ≤ 1000 whose quotient is this very double: by its continued fraction. */
export function fractionOf(v: number): Fraction | undefined {
  if (Number.isSafeInteger(v)) return [v, 1];
  if (!Number.isFinite(v) || Math.abs(v) > 1e9) return undefined;
  let [p, before, q, beneath] = [1, 0, 0, 1];
  let rest = v;
  for (;;) {
    const whole = Math.floor(rest);
    [p, before] = [whole * p + before, p];
    [q, beneath] = [whole * q + beneath, q];
    if (q > largestDenominator) return undefined;
    if (p / q === v) return [p, q];
    rest = 1 / (rest - whole);
  }
}

const quotient = (p: number, q: number, otherwise: number): number =>
  Number.isSafeInteger(p) && Number.isSafeInteger(q) && q !== 0 ? p / q : otherwise;

export function plus(a: number, b: number): number {
  const [x, y] = [fractionOf(a), fractionOf(b)];
  return x && y ? quotient(x[0] * y[1] + y[0] * x[1], x[1] * y[1], a + b) : a + b;
}

export function times(a: number, b: number): number {
  const [x, y] = [fractionOf(a), fractionOf(b)];
  return x && y ? quotient(x[0] * y[0], x[1] * y[1], a * b) : a * b;
}

/** aⁿ for a whole n. */
export function toPower(a: number, n: number): number {
  const x = fractionOf(a);
  if (x === undefined) return a ** n;
  const [p, q] = n < 0 ? [x[1], x[0]] : x;
  return quotient(p ** Math.abs(n), q ** Math.abs(n), a ** n);
}
