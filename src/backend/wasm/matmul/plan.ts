/** Which way a product goes: vectors or blocks, packed or read in place, in how many pieces. */
import { runsOf } from "../kernel.ts";
import { blockColumns } from "./block.ts";
import { type Epilogue, type MatrixStrides, type Operand, operandsOf } from "./epilogue.ts";
import { type Lanes, lanesOf, type MatmulType } from "./lanes.ts";

export interface MatmulSpec {
  readonly dtype: MatmulType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Element strides; any values incl. 0 (broadcast) and negative (flipped): transposed operands are just strides. */
  readonly a: MatrixStrides;
  readonly b: MatrixStrides;
  /** Elements from row to row of the result, if not n. */
  readonly outRow?: number;
  /** May use fused multiply–add. */
  readonly fused?: boolean;
  /** What is stored instead of the product. */
  readonly epilogue?: Epilogue;
}

/** out[batch, j] = Σ_depth matrix[j, depth]·x[depth], all strides in elements. */
export interface VectorProduct {
  readonly kind: "vector";
  readonly lanes: Lanes;
  /** "dot": lines are contiguous along the depth; "sum": a weighted sum of contiguous lines. */
  readonly order: "dot" | "sum" | "strided";
  readonly batch: number;
  readonly count: number;
  readonly depth: number;
  readonly matrix: { readonly batch: number; readonly line: number; readonly depth: number };
  readonly x: { readonly batch: number; readonly depth: number };
  readonly matrixFirst: boolean;
  /** The vector is first copied to scratch memory, where it is contiguous. */
  readonly packX: boolean;
}

export interface BlockProduct {
  readonly kind: "blocks";
  readonly lanes: Lanes;
  readonly spec: MatmulSpec;
  readonly packA: boolean;
  readonly packB: boolean;
  /** Sizes of the cache blocks. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

export type MatmulPlan =
  | { readonly kind: "nothing" }
  | { readonly kind: "zeros"; readonly bytes: number }
  | VectorProduct
  | BlockProduct;

/** Bytes: the rows of an operand within this reach stay in the cache, and packing it costs more than it saves. */
const smallReach = 80 * 1024;
const maximumOffset = 2 ** 24;

export function planMatmul(given: MatmulSpec): MatmulPlan {
  const lanes = lanesOf(given.dtype, given.fused);
  const elements = given.batch * given.m * given.n;
  if (elements === 0) return { kind: "nothing" };
  if (given.k === 0) return { kind: "zeros", bytes: elements * lanes.bytes };
  const spec = foldBatch(withoutIdleStrides(given));
  return spec.m === 1 || spec.n === 1 ? planVector(spec, lanes) : planBlocks(spec, lanes);
}

/** A product of part of the batch, the rows or the columns, and where it starts. */
export interface PartOfProduct {
  readonly spec: MatmulSpec;
  readonly start: MatrixStrides;
}

/**
 * Fewer multiply–adds are not worth a second thread: blocks do 10 to 30 a nanosecond; a vector's product waits for
 * memory. (An LSTM of 64 steps whose products of 2.6e5 were shared took 8.1 ms on two threads, 7.2 on one.)
 */
export const leastWork = { blocks: 1e6, vector: 2e5 } as const;

/**
 * The product in pieces for several threads. The terms of an element are summed in the same order: no piece becomes a
 * product of another kind.
 */
export function splitMatmul(given: MatmulSpec, threads: number): readonly PartOfProduct[] {
  const spec = foldBatch(withoutIdleStrides(given));
  const { batch, m, n, k } = spec;
  if (batch * m * n * k < leastWork[m === 1 || n === 1 ? "vector" : "blocks"]) return [];
  if (batch > 1) {
    return runsOf(batch, threads, 1).map(({ start, size }) => ({
      spec: { ...spec, batch: size },
      start: { batch: start, row: 0, column: 0 },
    }));
  }
  // Every thread packs the other operand for itself: the smaller one.
  const byRows = m >= n;
  const lanes = lanesOf(spec.dtype, spec.fused);
  const runs = runsOf(byRows ? m : n, threads, byRows ? lanes.blockRows : blockColumns(lanes));
  if (runs.length < 2 || runs.some(({ size }) => size < 2)) return [];
  return runs.map(({ start, size }) =>
    byRows
      ? { spec: { ...spec, m: size }, start: { batch: 0, row: start, column: 0 } }
      : { spec: { ...spec, n: size, outRow: n }, start: { batch: 0, row: 0, column: start } },
  );
}

/** The stride of an axis of length one is never used. */
function withoutIdleStrides(spec: MatmulSpec): MatmulSpec {
  const { batch, m, n, k, a, b } = spec;
  return {
    ...spec,
    a: { batch: batch === 1 ? 0 : a.batch, row: m === 1 ? 0 : a.row, column: k === 1 ? 1 : a.column },
    b: { batch: batch === 1 ? 0 : b.batch, row: k === 1 ? 0 : b.row, column: n === 1 ? 0 : b.column },
  };
}

/** A batch that shares one operand is a larger matrix where the strides allow it. */
function foldBatch(spec: MatmulSpec): MatmulSpec {
  const { batch, m, n, a, b, epilogue } = spec;
  if (batch === 1) return spec;
  if (epilogue !== undefined && (m === 1 || operandsOf(epilogue).some((o: Operand) => o.batch !== m * o.row)))
    return spec;
  if (b.batch === 0 && (m === 1 || a.batch === m * a.row))
    return { ...spec, batch: 1, m: batch * m, a: { ...a, batch: 0, row: m === 1 ? a.batch : a.row } };
  if (m === 1 && a.batch === 0 && (n === 1 || b.batch === n * b.column))
    return { ...spec, batch: 1, n: batch * n, b: { ...b, batch: 0, column: n === 1 ? b.batch : b.column } };
  return spec;
}

function planVector(spec: MatmulSpec, lanes: Lanes): VectorProduct {
  const { batch, m, n, k, a, b } = spec;
  const matrixFirst = n === 1;
  const matrix = matrixFirst
    ? { batch: a.batch, line: a.row, depth: a.column }
    : { batch: b.batch, line: b.column, depth: b.row };
  const x = matrixFirst ? { batch: b.batch, depth: b.row } : { batch: a.batch, depth: a.column };
  const reachable = matrix.depth >= 0 && matrix.depth < maximumOffset;
  const order = matrix.depth === 1 ? "dot" : matrix.line === 1 && reachable ? "sum" : "strided";
  return {
    kind: "vector",
    lanes,
    order,
    batch,
    count: matrixFirst ? m : n,
    depth: k,
    matrix,
    x,
    matrixFirst,
    packX: order === "dot" && x.depth !== 1,
  };
}

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Equal pieces, multiples of `step`, none above `limit`. */
const pieces = (total: number, limit: number, step: number): number =>
  roundUp(Math.ceil(total / Math.ceil(total / limit)), step);

export function planBlocks(spec: MatmulSpec, lanes: Lanes): BlockProduct {
  const { m, n, k, a, b } = spec;
  const direct = (stride: number): boolean => stride >= 0 && stride < maximumOffset;
  const strips = Math.ceil(n / blockColumns(lanes));
  const aReach = ((m - 1) * a.row + (k - 1) * a.column) * lanes.bytes;
  const bReach = ((k - 1) * b.row + n) * lanes.bytes;
  // The block kernel counts along a by its address, which therefore has to grow.
  const aDirect = direct(a.row) && direct(a.column) && a.column > 0;
  const packA = !aDirect || (aReach > smallReach && (strips > 4 || a.column !== 1));
  const packB = b.column !== 1 || !direct(b.row) || (bReach > smallReach && m > 4 * lanes.blockRows);
  return {
    kind: "blocks",
    lanes,
    spec,
    packA,
    packB,
    // A panel of b stays in the first cache, a block of a in the second, a block of b in the third.
    depth: pieces(k, lanes.bytes === 4 ? 384 : 256, 1),
    rows: pieces(m, 128, lanes.blockRows),
    columns: pieces(n, 1024, blockColumns(lanes)),
  };
}

/** Bytes of the packed block of a and of b, and of the sums that an epilogue waits for: multiples of 16. */
export function scratchParts(plan: BlockProduct): { readonly a: number; readonly b: number; readonly sums: number } {
  const { lanes, spec } = plan;
  const waits = spec.epilogue !== undefined && spec.k > plan.depth;
  return {
    a: plan.packA ? roundUp(plan.rows * plan.depth * lanes.bytes, 16) : 0,
    b: plan.packB ? roundUp(plan.columns * plan.depth * lanes.bytes, 16) : 0,
    sums: waits ? roundUp(spec.m * spec.n * lanes.bytes, 16) : 0,
  };
}

export function scratchBytes(plan: MatmulPlan): number {
  if (plan.kind === "vector") return plan.packX ? roundUp(plan.depth * plan.lanes.bytes, 16) : 0;
  if (plan.kind !== "blocks") return 0;
  const parts = scratchParts(plan);
  return parts.a + parts.b + parts.sums;
}
