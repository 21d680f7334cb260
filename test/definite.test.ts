/** Factors within the envelope: L·Lᵀ is the matrix, solutions solve, and what is not positive definite has none. */
import { random } from "nabla";
import { describe, expect, test } from "vitest";
import { definite, unwhitened, whitened } from "../src/optimize/definite.ts";
import { equilibrated } from "../src/optimize/factor.ts";

const seed = 7;

/** Symmetric, with what lies farther than `band` from the diagonal 0, and `diagonal` on it. */
function banded(n: number, band: number, diagonal: number): Float64Array {
  const draws = random.uniform(random.key(seed + n + band), [n, n], { low: -1, high: 1 }).data;
  return Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    const near = Math.abs(i - j) <= band || (j === 0 && i === n - 1) || (i === 0 && j === n - 1);
    return i === j ? diagonal : near ? (draws[Math.min(i, j) * n + Math.max(i, j)] as number) : 0;
  });
}

describe.each([
  ["a number", 1, 0],
  ["a chain with one link from end to end", 9, 1],
  ["a band", 30, 4],
  ["all of a matrix", 17, 17],
])("%s", (_, n, band) => {
  test.each([0, 0.5, -1e-6])("shifted by %d", (shift) => {
    const a = banded(n, band, 2 * band + 3);
    const { scale, matrix } = equilibrated(a, n);
    const factor = definite({ scale, matrix }, shift);
    expect(factor).toBeDefined();
    if (factor === undefined) return;
    const at = (m: Float64Array, i: number, j: number): number => m[i * n + j] as number;
    const indices = Array.from({ length: n }, (_, i) => i);
    const g = Float64Array.from(indices, (i) => Math.cos(i));
    const x = unwhitened(factor, whitened(factor, g));
    for (const i of indices) {
      for (const j of indices) {
        const product = indices.reduce((sum, k) => sum + at(factor.l, i, k) * at(factor.l, j, k), 0);
        expect(product).toBeCloseTo(at(matrix, i, j) + (i === j ? shift : 0), 13);
      }
      const left = indices.reduce((sum, j) => sum + at(matrix, i, j) * (x[j] as number), shift * (x[i] as number));
      expect(left).toBeCloseTo((scale[i] as number) * (g[i] as number), 12);
    }
  });

  test("none where an eigenvalue is negative", () => {
    expect(definite(equilibrated(banded(n, band, 2 * band + 3), n), -3)).toBeUndefined();
    expect(definite(equilibrated(banded(n, band, Number.NaN), n), 0)).toBeUndefined();
  });
});
