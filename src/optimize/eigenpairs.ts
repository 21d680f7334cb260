/** Eigenvalues and -vectors of a symmetric matrix of the outer loops: small ones in plain loops, large ones compiled. */
import { constant } from "../graph/tensor.ts";
import { eigh } from "../ops/linalg/eigh.ts";
import { eigh as plainEigh } from "../ops/linalg/numerics/eigh.ts";
import type { Vector } from "./vector.ts";

export interface Eigenpairs {
  /** Ascending. */
  readonly values: Vector;
  /** In the columns, row-major. */
  readonly vectors: Vector;
}

/** Rows from which on the routine that runs in WebAssembly is worth its call, and its one compilation. */
const heavy = 60;

export function eigenpairs(a: Vector, n: number): Eigenpairs {
  if (n < heavy) {
    const [values, vectors] = [new Float64Array(n), new Float64Array(n * n)];
    plainEigh(a, n, values, vectors);
    return { values, vectors };
  }
  const { values, vectors } = eigh(constant(a, [n, n]));
  return { values: values.data as Vector, vectors: vectors.data as Vector };
}
