/**
 * A logarithm and a normal quantile made of exactly rounded operations alone (+, −, ×, ÷, √, comparisons): the same bits
 * on every backend and machine, unlike Math.log. Numbers and lanes take the same steps in the same order.
 */
import { unknown } from "../../base/interval.ts";
import type { Lane, Lanes } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { div, mul, square } from "../arithmetic.ts";
import { increasing, within } from "../enclosure.ts";
import { exp } from "../math.ts";
import { type UnaryFunction, unary } from "../record.ts";
import { normalQuantileTables as tables } from "./quantile-coefficients.ts";

function polynomial(x: number, coefficients: readonly number[]): number {
  let value = coefficients[coefficients.length - 1] as number;
  for (let i = coefficients.length - 2; i >= 0; i--) value = value * x + (coefficients[i] as number);
  return value;
}

interface Ratio {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

const ratio = (x: number, { above, below }: Ratio): number => polynomial(x, above) / polynomial(x, below);

const polynomialLanes = (k: Lanes, x: Lane, coefficients: readonly number[]): Lane =>
  coefficients
    .slice(0, -1)
    .reduceRight(
      (value, c) => k.add(k.mul(value, x), k.constant(c, x.dtype)),
      k.constant(coefficients.at(-1) as number, x.dtype),
    );

/** Steps to √½ ≤ m ≤ √2: multiply by 2^power if m lies below (power > 0) or above (power < 0) the bound. */
const powers = [32, 16, 8, 4, 2, 1, -32, -16, -8, -4, -2, -1, 1, -1];
const factors = powers.map((power) => 2 ** power);
const bounds = powers.map((power, i) => (i < 12 ? 2 ** -power : power > 0 ? Math.SQRT1_2 : Math.SQRT2));
/** 2·artanh z = 2·z·Σ z²ᵏ/(2k + 1), to 2⁻⁵⁹ for |z| ≤ 3 − 2√2. */
const artanhSeries = Array.from({ length: 11 }, (_, i) => 2 / (2 * i + 1));
/** log 2 in two parts, the first with 21 trailing zeros. */
const [log2High, log2Low] = [0.6931471803691238, 1.9082149292705877e-10];

/** x = m·2ᵉ with √½ ≤ m ≤ √2; log x = e·log 2 + 2·artanh((m − 1)/(m + 1)). */
function logarithm(x: number): number {
  let m = x;
  let e = 0;
  for (let i = 0; i < powers.length; i++) {
    const power = powers[i] as number;
    const bound = bounds[i] as number;
    if (power > 0 ? m < bound : bound < m) {
      m *= factors[i] as number;
      e -= power;
    }
  }
  const z = (m - 1) / (m + 1);
  return e * log2High + (z * polynomial(z * z, artanhSeries) + e * log2Low);
}

function logarithmLanes(k: Lanes, x: Lane): Lane {
  const c = (value: number): Lane => k.constant(value, x.dtype);
  let m = k.hold(x);
  let e = c(0);
  powers.forEach((power, i) => {
    const bound = c(bounds[i] as number);
    const outside = k.hold(power > 0 ? k.less(m, bound) : k.less(bound, m));
    m = k.hold(k.select(outside, k.mul(m, c(factors[i] as number)), m));
    e = k.hold(k.select(outside, k.sub(e, c(power)), e));
  });
  const z = k.hold(k.div(k.sub(m, c(1)), k.add(m, c(1))));
  const fraction = k.mul(z, polynomialLanes(k, k.hold(k.mul(z, z)), artanhSeries));
  return k.add(k.mul(e, c(log2High)), k.add(fraction, k.mul(e, c(log2Low))));
}

/** Where (p − ½)² is less, the middle formula holds. */
const middle = 0.180625;

/** Wichura 1988, "Algorithm AS 241: the percentage points of the normal distribution" (PPND16). */
function quantile(p: number): number {
  const q = p - 0.5;
  const inside = middle - q * q;
  if (!(inside < 0)) return q * ratio(inside, tables.central);
  const r = Math.sqrt(0 - logarithm(q < 0 ? p : 1 - p));
  const size = r > 5 ? ratio(r - 5, tables.far) : ratio(r - 1.6, tables.near);
  return q < 0 ? 0 - size : size;
}

function quantileLanes(k: Lanes, given: Lane): Lane {
  const p = k.hold(given);
  const c = (value: number): Lane => k.constant(value, p.dtype);
  const ratio = (given: Lane, { above, below }: Ratio): Lane => {
    const x = k.hold(given);
    return k.div(polynomialLanes(k, x, above), polynomialLanes(k, x, below));
  };
  const q = k.hold(k.sub(p, c(0.5)));
  const inside = k.hold(k.sub(c(middle), k.mul(q, q)));
  const lower = k.hold(k.less(q, c(0)));
  const tail = k.select(lower, p, k.sub(c(1), p));
  const r = k.hold(k.sqrt(k.sub(c(0), logarithmLanes(k, tail))));
  const far = ratio(k.sub(r, c(5)), tables.far);
  const near = ratio(k.sub(r, c(1.6)), tables.near);
  const size = k.hold(k.select(k.less(c(5), r), far, near));
  const outer = k.select(lower, k.sub(c(0), size), size);
  return k.select(k.less(inside, c(0)), outer, k.mul(q, ratio(inside, tables.central)));
}

/** log x for 2⁻⁶³ ≤ x ≤ 2⁶³, with an error of about 1 ulp (elsewhere meaningless). */
export const exactLog: UnaryFunction = unary({
  name: "exactLog",
  doc: "log x for 2⁻⁶³ ≤ x ≤ 2⁶³ by exactly rounded operations",
  evaluate: (x) => logarithm(x as number),
  partials: [(_, x) => div(1, x as Tensor)],
  interval: within(([low] = unknown) => low > 0, increasing(Math.log, { ulps: 8 })),
  lower: (k, x) => logarithmLanes(k, x as Lane),
  ranges: [[0.1, 3]],
});

/** x with Φ(x) = p for 0 < p < 1, relative error about 10⁻¹⁵ (elsewhere meaningless). */
export const normalQuantile: UnaryFunction = unary({
  name: "normalQuantile",
  doc: "the normal quantile by exactly rounded operations",
  evaluate: (p) => quantile(p as number),
  // dx/dp = 1/φ(x)
  partials: [(x) => mul(exp(div(square(x), 2)), Math.sqrt(2 * Math.PI))],
  interval: within(([low, high] = unknown) => low > 0 && high < 1, increasing(quantile, { ulps: 16 })),
  lower: (k, p) => quantileLanes(k, p as Lane),
  ranges: [[0.02, 0.98]],
});
