/** Directed rounding: bounds hold the exact result, and are the result where float64 holds it. */
import fc from "fast-check";
import type { Tensor } from "nabla";
import { lipschitz } from "nabla/analyze";
import { describe, expect, test } from "vitest";
import { eigen, isSemidefinite, spectrumOf } from "../src/analyze/interval-matrix.ts";
import {
  down,
  productDown,
  productUp,
  quotientDown,
  quotientUp,
  rootDown,
  rootUp,
  sumDown,
  sumUp,
  up,
} from "../src/base/interval.ts";

/** A float64 as an integer multiple of 2⁻¹⁰⁷⁴. */
function exact(x: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer)[0] as bigint;
  const exponent = bits >> 52n;
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -size : size;
}
const one = exact(1);

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: -1e3, max: 1e3, noNaN: true }),
);
const isWithin = (low: number, value: bigint, high: number, scale: bigint): boolean =>
  (low === -Infinity || exact(low) * scale <= value) && (high === Infinity || exact(high) * scale >= value);

describe("bounds hold the exact result", () => {
  const runs = { numRuns: 3000 };
  test("of neighbours", () => {
    fc.assert(
      fc.property(number, (x) => up(x) > x && down(x) < x),
      runs,
    );
    expect(up(-Infinity)).toBe(-Number.MAX_VALUE);
  });
  test("of sums", () => {
    fc.assert(
      fc.property(number, number, (x, y) => isWithin(sumDown(x, y), exact(x) + exact(y), sumUp(x, y), 1n)),
      runs,
    );
  });
  test("of products", () => {
    fc.assert(
      fc.property(number, number, (x, y) => isWithin(productDown(x, y), exact(x) * exact(y), productUp(x, y), one)),
      runs,
    );
  });
  test.each([5e-324, 1e-310, 1e-200, 1, 1e200, 1e308])("of the norm of two slopes of %d", (slope) => {
    const { lower, upper } = lipschitz((x: Tensor) => x.mul(slope).sum(), { lower: [0, 0], upper: [1, 1] });
    const square = 2n * exact(slope) ** 2n;
    expect(exact(lower) ** 2n <= square && square <= exact(upper) ** 2n).toBe(true);
  });
  test("of quotients", () => {
    fc.assert(
      fc.property(number, number, (x, y) => {
        if (y === 0) return true;
        const [low, high] = [quotientDown(x, y), quotientUp(x, y)];
        const sign = y < 0 ? -1n : 1n;
        const [value, size] = [sign * exact(x) * one, sign * exact(y)];
        return (low === -Infinity || exact(low) * size <= value) && (high === Infinity || exact(high) * size >= value);
      }),
      runs,
    );
  });
  test("of roots", () => {
    fc.assert(
      fc.property(number, (v) => {
        const x = Math.abs(v);
        return exact(rootDown(x)) ** 2n <= exact(x) * one && exact(rootUp(x)) ** 2n >= exact(x) * one;
      }),
      runs,
    );
  });
  test("and are it, where float64 holds it", () => {
    const integer = fc.integer({ min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(integer, integer, (x, y) => {
        const pairs = [
          [sumDown(x, y), sumUp(x, y), x + y],
          [productDown(x, y), productUp(x, y), x * y],
          [rootDown(x * x), rootUp(x * x), Math.abs(x)],
          ...(y === 0 ? [] : [[quotientDown(x * y, y), quotientUp(x * y, y), x]]),
        ] as const;
        return pairs.every(([low, high, value]) => low === value && high === value);
      }),
      runs,
    );
  });
});

describe("symmetric matrices between bounds", () => {
  const between = (min: number, max: number) =>
    fc.integer({ min: min * 2 ** 20, max: max * 2 ** 20 }).map((v) => v / 2 ** 20);
  const matrices = fc.integer({ min: 1, max: 5 }).chain((n) =>
    fc.record({
      n: fc.constant(n),
      middle: fc.array(between(-3, 3), { minLength: n * n, maxLength: n * n }),
      radius: fc.array(between(0, 0.5), { minLength: n * n, maxLength: n * n }),
      shift: between(0, 9),
      signs: fc.array(between(-1, 1), { minLength: n * n, maxLength: n * n }),
    }),
  );
  const mirrored = (a: readonly number[], n: number): Float64Array =>
    Float64Array.from(a, (_, k) => a[Math.min(k, (k % n) * n + Math.floor(k / n))] as number);

  test("have their eigenvalues where it is said", () => {
    fc.assert(
      fc.property(matrices, ({ n, middle, radius, shift, signs }) => {
        const centre = mirrored(middle, n).map((v, k) => (k % (n + 1) === 0 ? v + shift : v));
        const r = mirrored(radius, n);
        const bounds = {
          low: centre.map((c, k) => c - (r[k] as number)),
          high: centre.map((c, k) => c + (r[k] as number)),
        };
        const chosen = mirrored(signs, n);
        const inside = centre.map((c, k) => c + (chosen[k] as number) * (r[k] as number));
        const { values } = eigen(inside, n);
        const { least, greatest } = spectrumOf(bounds, n);
        const fits = (values[0] as number) >= least - 1e-12 && (values[n - 1] as number) <= greatest + 1e-12;
        return fits && (!isSemidefinite(bounds, n) || (values[0] as number) >= -1e-12);
      }),
      { numRuns: 2000 },
    );
  });

  test("singular ones are semidefinite if their elements are exact", () => {
    const a = Float64Array.of(2, 2, 4, 2, 2, 4, 4, 4, 8);
    expect(isSemidefinite({ low: a, high: a }, 3)).toBe(true);
    const b = a.with(8, 7.999);
    expect(isSemidefinite({ low: b, high: b }, 3)).toBe(false);
  });
});
