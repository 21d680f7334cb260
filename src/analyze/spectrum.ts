/** Eigenvalues and eigenvectors of the Hessian: all of them, or for many parameters the ends of the spectrum. */
import { constant } from "../graph/tensor.ts";
import { eigh, random } from "../index.ts";
import { pseudoSolve, type RitzPair, ritzPairs } from "../optimize/ritz.ts";
import { along, dot, norm, times } from "../optimize/vector.ts";
import { hessianAt, hessianProduct, type Point } from "./point.ts";

export interface Spectrum {
  /** Ascending. */
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
  /** How far each value may be from an eigenvalue; 0 but for Lanczos. */
  readonly residuals: readonly number[];
  /** Whether these are all of them. */
  readonly complete: boolean;
  /** ‖H‖₂ */
  readonly size: number;
  /** ‖H − Hᵀ‖ / ‖H‖ of the Hessian as it was computed. */
  readonly symmetryError: number;
  readonly multiply: (v: Float64Array) => Float64Array;
  /** The eigenpairs on the part of the space that powers of H reach from b. */
  readonly reached: (b: Float64Array) => readonly RitzPair[];
}

/** How many eigenvalues at each end of the spectrum are looked for, and by how many products with the Hessian. */
const ends = 3;
const mostProducts = 200;

export function spectrumAt(point: Point, most: number): Spectrum {
  return point.x.length <= most ? completeSpectrum(hessianAt(point, point.x)) : extremeSpectrum(point);
}

function completeSpectrum(hessian: Float64Array): Spectrum {
  const n = Math.sqrt(hessian.length);
  const asymmetry = hessian.map((h, k) => h - (hessian[(k % n) * n + Math.floor(k / n)] as number));
  const { values, vectors } = eigh(constant(hessian, [n, n]));
  const list = [...values.data];
  const columns = list.map((_, k) => Float64Array.from({ length: n }, (_, i) => vectors.data[i * n + k] as number));
  const pairs = list.map((value, k) => ({ value, vector: () => columns[k] as Float64Array, residual: 0 }));
  return {
    values: list,
    vectors: columns,
    residuals: list.map(() => 0),
    complete: true,
    size: Math.max(...list.map(Math.abs)),
    symmetryError: norm(asymmetry) / (norm(hessian) || 1),
    multiply: (v) => times(hessian, v),
    reached: () => pairs,
  };
}

function extremeSpectrum(point: Point): Spectrum {
  const multiply = hessianProduct(point, point.x);
  const draw = (seed: number): Float64Array =>
    Float64Array.from(random.normal(random.key(seed), [point.x.length]).data);
  const extreme = (pairs: readonly RitzPair[]): RitzPair[] => [...pairs.slice(0, ends), ...pairs.slice(-ends)];
  const sizeOf = (pairs: readonly RitzPair[]): number => Math.max(...pairs.map(({ value }) => Math.abs(value)));
  const pairs = ritzPairs(multiply, draw(0), mostProducts, (sofar) =>
    extreme(sofar).every(({ residual }) => residual <= 1e-8 * sizeOf(sofar)),
  );
  const found = pairs.length > 2 * ends ? extreme(pairs) : pairs;
  const [u, v] = [draw(1), draw(2)];
  const [left, right] = [dot(u, multiply(v)), dot(v, multiply(u))];
  return {
    values: found.map(({ value }) => value),
    vectors: found.map(({ vector }) => vector()),
    residuals: found.map(({ residual }) => residual),
    complete: false,
    size: sizeOf(pairs),
    symmetryError: Math.abs(left - right) / (sizeOf(pairs) * norm(u) * norm(v) || 1),
    multiply,
    reached: (b) => ritzPairs(multiply, b, mostProducts / 2, (sofar) => solved(sofar, b, multiply)),
  };
}

/** Whether H·y = b on the space of these pairs. */
function solved(pairs: readonly RitzPair[], b: Float64Array, multiply: (v: Float64Array) => Float64Array): boolean {
  return norm(along(multiply(pseudoSolve(pairs, b, 0)), -1, b)) <= 1e-8 * norm(b);
}
