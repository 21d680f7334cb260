/** The ends of a large symmetric matrix's spectrum from products with it, as far as Lanczos's process shows them. */
import { eigenpairs } from "./eigenpairs.ts";
import { lanczos } from "./lanczos.ts";
import { along, dot, norm, scaled, type Vector } from "./vector.ts";

export interface RitzPair {
  readonly value: number;
  readonly vector: () => Vector;
  /** ‖A·v − λ·v‖: an eigenvalue lies within this distance of `value` (Parlett 1998, theorem 4.5.1). */
  readonly residual: number;
}

/**
 * Ritz pairs of A on span{b, A·b, A²·b, …}, ascending, on ever larger spaces from `first` up to `most` products.
 *
 * @param done whether the pairs so far are good enough
 */
export function ritzPairs(
  multiply: (v: Vector) => Vector,
  b: Vector,
  most: number,
  done: (pairs: readonly RitzPair[]) => boolean,
  first = 25,
): readonly RitzPair[] {
  if (norm(b) === 0) return [];
  for (let dimension = first; ; dimension *= 2) {
    const { basis, matrix, rest } = lanczos(multiply, b, Math.min(dimension, most));
    const m = basis.length;
    const { values, vectors } = eigenpairs(matrix, m);
    const pairs = Array.from(values, (value, k): RitzPair => {
      const weight = (i: number): number => vectors[i * m + k] as number;
      const vector = (): Vector =>
        basis.reduce<Vector>((v, q, i) => along(v, weight(i), q), new Float64Array(b.length));
      return { value, vector, residual: rest * Math.abs(weight(m - 1)) };
    });
    if (rest === 0 || dimension >= most || done(pairs)) return pairs;
  }
}

/** A⁺·b: what b has along eigenvectors of eigenvalues not above `zero` is left out. */
export function pseudoSolve(pairs: readonly RitzPair[], b: Vector, zero: number): Vector {
  return pairs.reduce(
    (total, { value, vector }) => {
      if (Math.abs(value) <= zero) return total;
      const v = vector();
      return along(total, dot(v, b) / value, v);
    },
    scaled(0, b),
  );
}
