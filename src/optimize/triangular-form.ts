/** The part of a linear least-squares problem that its solutions depend on. */
import { constant, type Tensor } from "../graph/tensor.ts";
import { matmul } from "../ops/contract.ts";
import { svd as plainSvd } from "../ops/linalg/numerics/svd.ts";
import { qr } from "../ops/linalg/qr.ts";
import { svd } from "../ops/linalg/svd.ts";
import { matrixTranspose, slice } from "../ops/movement.ts";
import { eigenpairs } from "./eigenpairs.ts";
import { orthogonalizeRows } from "./orthogonal-rows.ts";
import { along, column, dot, norm } from "./vector.ts";

/** ‖J·p + r‖² = ‖S·Vᵀ·D·p + c‖² + a part that no p changes. */
export interface Factors {
  /** D: what each column is divided by first, so that no unit of a parameter counts more than another. */
  readonly scale: Float64Array;
  /** S, descending. */
  readonly s: Float64Array;
  /** V, row-major, [n, k]. */
  readonly v: Float64Array;
  /** c = Uᵀ·r: the part of the residuals that the columns of J can reach. */
  readonly c: Float64Array;
  readonly residualNorm: number;
  /** How many singular values stand out from rounding. */
  readonly rank: number;
}

/** Lengths of the columns of a, [m, n], safe from overflow. */
export function columnNorms(a: Float64Array, n: number): Float64Array {
  const big = new Float64Array(n);
  for (let i = 0; i < a.length; i += n)
    for (let j = 0; j < n; j++) big[j] = Math.max(big[j] as number, Math.abs(a[i + j] as number));
  const squares = new Float64Array(n);
  for (let i = 0; i < a.length; i += n)
    for (let j = 0; j < n; j++)
      if (a[i + j] !== 0) squares[j] = (squares[j] as number) + ((a[i + j] as number) / (big[j] as number)) ** 2;
  return squares.map((v, j) => (big[j] as number) * Math.sqrt(v));
}

/** D that makes each column of J a unit vector; 1 for a column of zeros. */
export const unitScale = ({ jacobian, x }: { jacobian: Float64Array; x: Float64Array }): Float64Array =>
  columnNorms(jacobian, x.length).map((d) => d || 1);

/** Elements × columns from which on the routine that runs in WebAssembly is worth its call, and its one compilation. */
const heavy = 2e5;

/**
 * J·D⁻¹ = U·S·Vᵀ: the normal equations, whose condition is the square, are never formed (Golub and Van Loan 2013,
 * §5.3.3).
 */
export function factorize(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Factors {
  const [m, n] = [r.length, scale.length];
  const { s, v, c } = m * n * n > heavy && m >= n ? byRoutine(jacobian, r, scale) : byReflections(jacobian, r, scale);
  const noise = Math.max(m, n, 10) * Number.EPSILON * (s[0] ?? 0);
  return { scale, s, v, c, residualNorm: norm(r), rank: s.filter((value) => value > noise).length };
}

/** [J·D⁻¹ | r], row-major. */
function augmented(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Tensor {
  const [m, n] = [r.length, scale.length];
  const w = new Float64Array(m * (n + 1));
  for (let i = 0, from = 0, to = 0; i < m; i++) {
    for (let j = 0; j < n; j++) w[to++] = (jacobian[from++] as number) / (scale[j] as number);
    w[to++] = r[i] as number;
  }
  return constant(w, [m, n + 1]);
}

/** As `byReflections`, whose steps it takes. */
function byRoutine(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Pick<Factors, "s" | "v" | "c"> {
  const n = scale.length;
  const rows = qr(augmented(jacobian, r, scale)).r;
  const { u, s, v } = svd(
    slice(rows, [
      [0, n],
      [0, n],
    ]),
  );
  const rest = slice(rows, [
    [0, n],
    [n, n + 1],
  ]);
  const c = matmul(matrixTranspose(rest), u);
  return { s: s.data as Float64Array, v: v.data as Float64Array, c: c.data as Float64Array };
}

/** Eigenvalues of the normal equations, beside the largest: above the first they tell c to 10⁻¹², below the second nothing. */
const [told, lost] = [1e-8, 1e-13];

/**
 * For steps of a descent, which ends long before the last digits: of a large problem by the eigenvalues of
 * D⁻¹·JᵀJ·D⁻¹ = V·S²·Vᵀ and c = S⁻¹·Vᵀ·D⁻¹·Jᵀr, where each of them is told well, or is none at all: a layout may move
 * as a whole. Otherwise, and for all that is judged, as above.
 */
export function factorizeRoughly(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Factors {
  const [m, n] = [r.length, scale.length];
  if (m * n * n <= heavy || m < n) return factorize(jacobian, r, scale);
  const w = augmented(jacobian, r, scale);
  const products = matmul(matrixTranspose(w), w);
  const square = slice(products, [
    [0, n],
    [0, n],
  ]).data as Float64Array;
  const g = slice(products, [
    [0, n],
    [n, n + 1],
  ]).data as Float64Array;
  const { values, vectors } = eigenpairs(square, n);
  const largest = values[n - 1] as number;
  const isTold = (value: number): boolean => value > told * largest;
  if (!values.every((value) => isTold(value) || value < lost * largest)) return factorize(jacobian, r, scale);
  const rank = values.filter(isTold).length;
  const [s, v, c] = [new Float64Array(n), new Float64Array(n * n), new Float64Array(n)];
  for (let j = 0; j < n; j++) {
    const from = n - 1 - j;
    for (let i = 0; i < n; i++) v[i * n + j] = vectors[i * n + from] as number;
    if (j >= rank) continue;
    s[j] = Math.sqrt(values[from] as number);
    let product = 0;
    for (let i = 0; i < n; i++) product += (v[i * n + j] as number) * (g[i] as number);
    c[j] = product / (s[j] as number);
  }
  return { scale, s, v, c, residualNorm: norm(r), rank };
}

/** Columns up to which rotations of rows are quicker than the bidiagonal form. */
const few = 16;

/** J·D⁻¹ = Q·R first, without Q, then R = U·S·Vᵀ (Chan, ACM TOMS 8, 1982). */
function byReflections(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Pick<Factors, "s" | "v" | "c"> {
  const [m, n] = [r.length, scale.length];
  const k = Math.min(m, n);
  const rows = triangle(jacobian, r, scale);
  if (k > few) {
    const [u, s, v] = [new Float64Array(k * k), new Float64Array(k), new Float64Array(n * k)];
    plainSvd(
      Float64Array.from({ length: k * n }, (_, at) => rows[Math.floor(at / n) * (n + 1) + (at % n)] as number),
      k,
      n,
      u,
      s,
      v,
    );
    const c = s.map((_, j) => {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += (u[i * k + j] as number) * (rows[i * (n + 1) + n] as number);
      return sum;
    });
    return { s, v, c };
  }
  orthogonalizeRows(rows, k, n);
  const [s, v, c] = [new Float64Array(k), new Float64Array(n * k), new Float64Array(k)];
  for (let j = 0; j < k; j++) {
    const row = rows.subarray(j * (n + 1), j * (n + 1) + n);
    const length = norm(row);
    s[j] = length;
    c[j] = rows[j * (n + 1) + n] as number;
    if (length > 0) for (let i = 0; i < n; i++) v[i * k + j] = (row[i] as number) / length;
    else complete(v, n, k, j);
  }
  return { s, v, c };
}

/** Into column j of V, [n, k], some unit vector that is orthogonal to the columns before. */
function complete(v: Float64Array, n: number, k: number, j: number): void {
  const before = Array.from({ length: j }, (_, p) => column(v, k, p));
  for (let e = 0; e < n; e++) {
    const unit = outside(before, n, e);
    if (unit === undefined) continue;
    for (let i = 0; i < n; i++) v[i * k + j] = unit[i] as number;
    return;
  }
}

/** What is left of the e-th unit vector beside an orthonormal basis, at length 1; undefined where that is too little. */
export function outside(basis: readonly Float64Array[], n: number, e: number): Float64Array | undefined {
  let rest: Float64Array = new Float64Array(n);
  rest[e] = 1;
  for (let twice = 0; twice < 2; twice++) for (const b of basis) rest = along(rest, -dot(b, rest), b);
  const length = norm(rest);
  return length > 0.1 / n ? rest.map((value) => value / length) : undefined;
}

/** [R | Qᵀ·r] of J·D⁻¹ = Q·R by Householder's reflections, row-major, [min(m, n), n + 1]. */
function triangle(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Float64Array {
  const [m, n] = [r.length, scale.length];
  // The columns one after the other, r the last.
  const w = new Float64Array(m * (n + 1));
  for (let i = 0, at = 0; i < m; i++)
    for (let j = 0; j < n; j++, at++) w[j * m + i] = (jacobian[at] as number) / (scale[j] as number);
  w.set(r, m * n);
  const k = Math.min(m, n);
  const rows = new Float64Array(k * (n + 1));
  for (let j = 0; j < k; j++) {
    const [from, to] = [j * m + j, j * m + m];
    rows[j * (n + 1) + j] = reflector(w, from, to);
    for (let p = j + 1; p <= n; p++) {
      const at = p * m + j;
      reflect(w, from, to, at);
      rows[j * (n + 1) + p] = w[at] as number;
    }
  }
  return rows;
}

/** w[from … to] becomes the vector of the reflection 1 − v·vᵀ that maps it to (α, 0, …, 0); α is returned. */
function reflector(w: Float64Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(w[i] as number));
  if (largest === 0) return 0;
  let squares = 0;
  for (let i = from; i < to; i++) squares += ((w[i] as number) / largest) ** 2;
  const length = largest * Math.sqrt(squares);
  const head = w[from] as number;
  const alpha = head > 0 ? -length : length;
  // ‖v − α·e₁‖² = 2·length·(length + |head|)
  const unit = 1 / (Math.sqrt(length) * Math.sqrt(length + Math.abs(head)));
  w[from] = head - alpha;
  for (let i = from; i < to; i++) w[i] = (w[i] as number) * unit;
  return alpha;
}

/** Reflects the elements from `at` on by the vector w[from … to]. */
function reflect(w: Float64Array, from: number, to: number, at: number): void {
  let product = 0;
  for (let i = from, k = at; i < to; i++, k++) product += (w[i] as number) * (w[k] as number);
  for (let i = from, k = at; i < to; i++, k++) w[k] = (w[k] as number) - product * (w[i] as number);
}

/** p = D⁻¹·V·z. */
export function fromFactors({ scale, v, s }: Factors, z: Float64Array): Float64Array {
  return scale.map((d, i) => dot(v.subarray(i * s.length, (i + 1) * s.length), z) / d);
}

/** z = Vᵀ·D·p. */
export function toFactors({ scale, v, s }: Factors, p: Float64Array): Float64Array {
  const z = new Float64Array(s.length);
  for (let i = 0; i < p.length; i++)
    for (let j = 0; j < s.length; j++)
      z[j] = (z[j] as number) + (v[i * s.length + j] as number) * (scale[i] as number) * (p[i] as number);
  return z;
}

/** ½‖c‖² − ½‖S·z + c‖²: by how much the linear problem gets smaller. */
export function decrease({ s, c }: Factors, z: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < z.length; j++) {
    const change = (s[j] as number) * (z[j] as number);
    sum -= change * ((c[j] as number) + change / 2);
  }
  return sum;
}

/** ‖c‖ over the directions that are determined. */
export const reachable = ({ c, rank }: Factors): number => norm(c.subarray(0, rank));
