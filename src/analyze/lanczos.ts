/**
 * The ends of a large symmetric matrix's spectrum from products with it (Lanczos 1950; Golub and Van Loan 2013, §10.1
 * to 10.3), with full reorthogonalisation: the basis is short.
 */
import { constant } from "../graph/tensor.ts";
import { eigh } from "../index.ts";
import { along, dot, norm, scaled } from "../optimize/vector.ts";

export interface RitzPair {
  readonly value: number;
  readonly vector: () => Float64Array;
  /** ‖A·v − λ·v‖: an eigenvalue lies within this distance of `value` (Parlett 1998, theorem 4.5.1). */
  readonly residual: number;
}

export interface Krylov {
  /** Ascending. */
  readonly pairs: readonly RitzPair[];
  /** The space is invariant: every pair is exact up to rounding. */
  readonly invariant: boolean;
}

/**
 * Ritz pairs of A on span{b, A·b, A²·b, …}.
 *
 * @param done whether the pairs so far are good enough; asked every ten steps
 */
export function lanczos(
  multiply: (v: Float64Array) => Float64Array,
  start: Float64Array,
  most: number,
  done: (pairs: readonly RitzPair[]) => boolean,
): Krylov {
  const basis = [scaled(1 / norm(start), start)];
  const diagonal: number[] = [];
  const beside: number[] = [];
  for (;;) {
    const q = basis.at(-1) as Float64Array;
    let next = multiply(q);
    diagonal.push(dot(q, next));
    // Twice is enough (Parlett 1998, §6.9).
    for (let pass = 0; pass < 2; pass++) for (const b of basis) next = along(next, -dot(b, next), b);
    const beta = norm(next);
    const size = Math.max(...diagonal.map(Math.abs), ...beside);
    const invariant = beta <= 2 ** -48 * size;
    const last = invariant || basis.length >= Math.min(most, start.length);
    if (last || basis.length % 10 === 0) {
      const pairs = ritzPairs(basis, diagonal, beside, invariant ? 0 : beta);
      if (last || done(pairs)) return { pairs, invariant };
    }
    beside.push(beta);
    basis.push(scaled(1 / beta, next));
  }
}

function ritzPairs(
  basis: readonly Float64Array[],
  diagonal: readonly number[],
  beside: readonly number[],
  beta: number,
): RitzPair[] {
  const m = diagonal.length;
  const t = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    t[i * m + i] = diagonal[i] as number;
    if (i + 1 < m) t[i * m + i + 1] = t[(i + 1) * m + i] = beside[i] as number;
  }
  const { values, vectors } = eigh(constant(t, [m, m]));
  return Array.from(values.data, (value, k) => {
    const weight = (i: number): number => vectors.data[i * m + k] as number;
    const vector = (): Float64Array =>
      basis.reduce((v, q, i) => along(v, weight(i), q), new Float64Array((basis[0] as Float64Array).length));
    return { value, vector, residual: beta * Math.abs(weight(m - 1)) };
  });
}
