/**
 * Lanczos's process with full reorthogonalisation (Golub & Van Loan 2013, § 10.1, 10.3): an orthonormal basis of the
 * Krylov space of a symmetric map, and the map within it, tridiagonal.
 */
import { along, dot, norm, scaled, type Vector } from "./vector.ts";

export interface Krylov {
  readonly basis: readonly Vector[];
  /** basisᵀ·A·basis, row-major. */
  readonly matrix: Vector;
  /** How far A leads out of the space from its last vector; 0 if the space is invariant. */
  readonly rest: number;
}

export function lanczos(apply: (v: Vector) => Vector, start: Vector, dimension: number): Krylov {
  const basis: Vector[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  const length = norm(start);
  if (!(length > 0)) return { basis, matrix: new Float64Array(0), rest: 0 };
  let v = scaled(1 / length, start);
  for (let k = 0; k < Math.min(dimension, start.length); k++) {
    basis.push(v);
    const applied = apply(v);
    const size = norm(applied);
    diagonal.push(dot(v, applied));
    let w = applied;
    for (let round = 0; round < 2; round++) for (const q of basis) w = along(w, -dot(q, w), q);
    const rest = norm(w);
    if (!(rest > 1e-12 * size)) break;
    beside.push(rest);
    v = scaled(1 / rest, w);
  }
  const m = basis.length;
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    matrix[i * m + i] = diagonal[i] as number;
    if (i + 1 < m) matrix[i * m + i + 1] = matrix[(i + 1) * m + i] = beside[i] as number;
  }
  return { basis, matrix, rest: m === start.length ? 0 : (beside[m - 1] ?? 0) };
}
