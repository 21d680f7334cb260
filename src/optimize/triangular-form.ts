/** The part of a linear least-squares problem that its solutions depend on. */
import { constant } from "../graph/tensor.ts";
import { matmul } from "../ops/contract.ts";
import { svd as plainSvd } from "../ops/linalg/numerics/svd.ts";
import { svd } from "../ops/linalg/svd.ts";
import { dot, norm } from "./vector.ts";

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

function byRoutine(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Pick<Factors, "s" | "v" | "c"> {
  const [m, n] = [r.length, scale.length];
  const scaled = jacobian.map((value, at) => value / (scale[at % n] as number));
  const { u, s, v } = svd(constant(scaled, [m, n]));
  const c = matmul(constant(r, [m]), u);
  return { s: Float64Array.from(s.data), v: Float64Array.from(v.data), c: Float64Array.from(c.data) };
}

/** J·D⁻¹ = Q·R first, without Q, then R = U·S·Vᵀ (Chan, ACM TOMS 8, 1982). */
function byReflections(jacobian: Float64Array, r: Float64Array, scale: Float64Array): Pick<Factors, "s" | "v" | "c"> {
  const [m, n] = [r.length, scale.length];
  const columns = Array.from(scale, (d, j) =>
    Float64Array.from({ length: m }, (_, i) => (jacobian[i * n + j] as number) / d),
  );
  const rest = r.slice();
  const k = Math.min(m, n);
  const triangle = new Float64Array(k * n);
  for (let j = 0; j < k; j++) {
    const v = (columns[j] as Float64Array).subarray(j);
    triangle[j * n + j] = reflector(v);
    for (let p = j + 1; p < n; p++) {
      const column = columns[p] as Float64Array;
      reflect(v, column.subarray(j));
      triangle[j * n + p] = column[j] as number;
    }
    reflect(v, rest.subarray(j));
  }
  const [u, s, v] = [new Float64Array(k * k), new Float64Array(k), new Float64Array(n * k)];
  plainSvd(triangle, k, n, u, s, v);
  const c = s.map((_, j) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (u[i * k + j] as number) * (rest[i] as number);
    return sum;
  });
  return { s, v, c };
}

/** v becomes the vector of the reflection 1 − v·vᵀ that maps it to (α, 0, …, 0); α is returned. */
function reflector(v: Float64Array): number {
  const length = norm(v);
  if (length === 0) return 0;
  const head = v[0] as number;
  const alpha = head > 0 ? -length : length;
  // ‖v − α·e₁‖² = 2·length·(length + |head|)
  const unit = 1 / (Math.sqrt(length) * Math.sqrt(length + Math.abs(head)));
  v[0] = head - alpha;
  for (let i = 0; i < v.length; i++) v[i] = (v[i] as number) * unit;
  return alpha;
}

function reflect(v: Float64Array, y: Float64Array): void {
  const product = dot(v, y);
  for (let i = 0; i < v.length; i++) y[i] = (y[i] as number) - product * (v[i] as number);
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
