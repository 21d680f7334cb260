/** The ends of a large symmetric matrix's spectrum from products with it, as far as Lanczos's process shows them. */
import { constant } from "../graph/tensor.ts";
import { eigh } from "../index.ts";
import { lanczos } from "../optimize/lanczos.ts";
import { along, norm } from "../optimize/vector.ts";

export interface RitzPair {
  readonly value: number;
  readonly vector: () => Float64Array;
  /** ‖A·v − λ·v‖: an eigenvalue lies within this distance of `value` (Parlett 1998, theorem 4.5.1). */
  readonly residual: number;
}

/**
 * Ritz pairs of A on span{b, A·b, A²·b, …}, ascending, on ever larger spaces up to `most` products.
 *
 * @param done whether the pairs so far are good enough
 */
export function ritzPairs(
  multiply: (v: Float64Array) => Float64Array,
  b: Float64Array,
  most: number,
  done: (pairs: readonly RitzPair[]) => boolean,
): readonly RitzPair[] {
  if (norm(b) === 0) return [];
  for (let dimension = 25; ; dimension *= 2) {
    const { basis, matrix, rest } = lanczos(multiply, b, Math.min(dimension, most));
    const m = basis.length;
    const { values, vectors } = eigh(constant(matrix, [m, m]));
    const pairs = Array.from(values.data, (value, k): RitzPair => {
      const weight = (i: number): number => vectors.data[i * m + k] as number;
      const vector = (): Float64Array => basis.reduce((v, q, i) => along(v, weight(i), q), new Float64Array(b.length));
      return { value, vector, residual: rest * Math.abs(weight(m - 1)) };
    });
    if (rest === 0 || dimension >= most || done(pairs)) return pairs;
  }
}
