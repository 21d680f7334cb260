/** Special functions that JavaScript's Math lacks, scalar float64. */
import {
  digammaSeries,
  erfcxCoefficients,
  erfTail,
  eulerMaclaurin,
  lgammaNearTwo,
  stirlingSeries,
} from "./special-coefficients.ts";

const polynomial = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduceRight((value, c) => value * x + c, 0);

/** erfc x for x ≥ 0.62; e^(−x²) in two factors, the first with an exact square. */
function complement(x: number): number {
  if (x > 28) return 0;
  const cut = Math.fround(x);
  const gaussian = Math.exp(-cut * cut) * Math.exp((cut - x) * (cut + x));
  return (gaussian * polynomial((x - 3) / (x + 3), erfcxCoefficients)) / (1 + 2 * x);
}

/**
 * The error function (2/√π)·∫₀ˣ e^(−t²) dt.
 *
 * An odd minimax polynomial for |x| < 0.65, else 1 − erfc |x|.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 0.65) return x + x * polynomial(x * x, erfTail);
  return Number.isNaN(x) ? x : Math.sign(x) * (1 - complement(size));
}

/**
 * The complementary error function 1 − erf x, accurate where erf is near 1.
 *
 * e^(−x²)/(1 + 2x) times a minimax polynomial in (x − 3)/(x + 3), the form of Shepherd and Laframboise,
 * "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", Math. Comp. 36, 1981.
 */
export function erfc(x: number): number {
  if (Math.abs(x) < 0.65) return 1 - erf(x);
  if (Number.isNaN(x)) return x;
  return x > 0 ? complement(x) : 2 - complement(-x);
}

/**
 * The inverse error function: erf(erfinv(x)) = x on (−1, 1), ±∞ at ±1, NaN outside.
 *
 * Start from Winitzki, "A handy approximation for the error function and its inverse", 2008; then
 * Halley's iteration on erf or, in the tails, on erfc.
 */
export function erfinv(x: number): number {
  const size = Math.abs(x);
  if (!(size < 1)) return size === 1 ? x * Number.POSITIVE_INFINITY : Number.NaN;
  if (size < 1e-8) return (x * Math.sqrt(Math.PI)) / 2;
  const l = Math.log1p(-size * size);
  const b = 2 / (Math.PI * 0.147) + l / 2;
  let y = Math.sqrt(-l / 0.147 / (b + Math.sqrt(b * b - l / 0.147)));
  for (let round = 0; round < 3; round++) {
    const error = size < 0.5 ? erf(y) - size : 1 - size - erfc(y);
    const step = (error * Math.sqrt(Math.PI) * Math.exp(y * y)) / 2;
    y -= step / (1 + y * step);
  }
  return x < 0 ? -y : y;
}

/** |sin πx| and tan πx with an exact reduction. */
const turn = (x: number): number => Math.PI * (x - Math.round(x));

/** log Γ(x) for x ≥ 0. */
function positiveLgamma(x: number): number {
  if (x >= 8) {
    const w = 1 / x;
    return (x - 0.5) * (Math.log(x) - 1) + (0.41893853320467274 + w * polynomial(w * w, stirlingSeries));
  }
  const near = (t: number): number => t * polynomial(t, lgammaNearTwo);
  if (x < 0.5) return near(x) - Math.log(x * (x + 1));
  if (x < 1.5) return near(x - 1) - Math.log(x);
  let product = 1;
  let y = x;
  while (y > 2.5) {
    y -= 1;
    product *= y;
  }
  return near(y - 2) + Math.log(product);
}

/**
 * log |Γ(x)|; +∞ at 0, −1, −2, … and at ±∞.
 *
 * A minimax polynomial about 2 with the recurrence, Stirling's series from 8 on, the reflection
 * formula below 0 (Abramowitz and Stegun 6.1.15, 6.1.17, 6.1.41).
 */
export function lgamma(x: number): number {
  if (Math.abs(x) === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (!(x < -(2 ** -60))) return positiveLgamma(Math.abs(x));
  return Math.log(Math.PI / Math.abs(Math.sin(turn(x)))) - positiveLgamma(1 - x);
}

function digamma(x: number): number {
  if (x <= 0) {
    const angle = turn(x);
    return angle === 0 ? Number.NaN : digamma(1 - x) - Math.PI / Math.tan(angle);
  }
  if (x === Number.POSITIVE_INFINITY) return x;
  let sum = 0;
  let y = x;
  for (; y < 10; y++) sum += 1 / y;
  const w = 1 / y;
  return Math.log(y) - (w / 2 + w * w * polynomial(w * w, digammaSeries) + sum);
}

/** (n − 1)!·x^−n. */
function reciprocalFactorialPower(n: number, x: number): number {
  let value = 1 / x;
  for (let i = 1; i < n; i++) value *= i / x;
  return value;
}

/** n!·Σ (x + j)^−(n+1) over j ≥ 0, for x > 0 and n ≥ 1. */
function hurwitz(n: number, x: number): number {
  const s = n + 1;
  let sum = 0;
  let y = x;
  for (; y < s + 10; y++) sum += (x / y) ** s;
  const w = 1 / y;
  const series = eulerMaclaurin.reduceRight((inner, c, j) => c + (s + 2 * j + 1) * (s + 2 * j + 2) * w * w * inner, 0);
  const total = sum + (x / y) ** s * (y / n + 0.5 + s * w * series);
  return reciprocalFactorialPower(n, x) * (total * (n / x));
}

/**
 * The polygamma function ψ⁽ⁿ⁾(x): the n-th derivative of digamma = (log Γ)′, for integers 0 ≤ n < 2^20.
 * At its poles 0, −1, −2, …: +∞ for odd n, where both sides agree, else NaN.
 *
 * Recurrence and asymptotic series for n = 0; Euler–Maclaurin summation of n!·Σ (x + j)^−(n+1) for
 * n ≥ 1; below 0 reflection (Abramowitz and Stegun 6.3.7, 6.3.18, 6.4.10; 23.1.30).
 */
export function polygamma(n: number, x: number): number {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 20 || Number.isNaN(x)) return Number.NaN;
  if (n === 0) return digamma(x);
  const sign = n % 2 === 0 ? -1 : 1;
  if (x === Number.POSITIVE_INFINITY) return sign * 0;
  if (x > 0) return sign * hurwitz(n, x);
  const r = x - Math.round(x);
  if (r === 0) return sign > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  const own = reciprocalFactorialPower(n, r) * (n / r);
  return sign * (own + hurwitz(n, 1 + r) + sign * (hurwitz(n, 1 - r) - hurwitz(n, 1 - x)));
}
