/**
 * Products whose rows, columns or terms are several axes. Axes that lie in one run become one; if one of each is left,
 * it is a matmul. Else the operand that has more is packed through tables of its elements' places, and outer axes of
 * the terms are loops whose products add up: a table is as long as an image, not as a batch of them.
 */
import { byteSize } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { type Code, type FunctionReference, i32, type ModuleBuilder } from "../encode.ts";
import { type Kernel, type KernelMaker, type Part, runsOf } from "../kernel.ts";
import { blockColumns } from "../matmul/block.ts";
import { blockProduct } from "../matmul/blocks.ts";
import { lanesOf } from "../matmul/lanes.ts";
import { fillTable, type PlaceAxis, type Places, tableBytes } from "../matmul/places.ts";
import { type BlockProduct, leastWork, type MatmulSpec, planBlocks, scratchBytes } from "../matmul/plan.ts";
import { type Int, int, plus, times } from "./memory.ts";
import { matmul } from "./product.ts";

/** Element strides of the operands that have the axis, and of the result. */
interface Axis<K extends "a" | "b" | "out"> {
  readonly n: number;
  readonly strides: Readonly<Record<K, number>>;
}
type BatchAxis = Axis<"a" | "b" | "out">;
type InnerAxis = Axis<"a" | "b">;

interface Contraction {
  readonly batch: readonly BatchAxis[];
  readonly rows: readonly Axis<"a">[];
  readonly inner: readonly InnerAxis[];
  readonly columns: readonly Axis<"b">[];
}

const sizeOfAxes = (axes: readonly { readonly n: number }[]): number => sizeOf(axes.map(({ n }) => n));

/** Axes of size 1 go; neighbours that every array passes in one run become one. */
function merged<K extends "a" | "b" | "out">(axes: readonly Axis<K>[]): Axis<K>[] {
  const result: Axis<K>[] = [];
  for (const axis of axes) {
    if (axis.n === 1) continue;
    const last = result.at(-1);
    const keys = Object.keys(axis.strides) as K[];
    if (last !== undefined && keys.every((k) => last.strides[k] === axis.strides[k] * axis.n))
      result[result.length - 1] = { ...axis, n: last.n * axis.n };
    else result.push(axis);
  }
  return result;
}

export const contract: KernelMaker = (module, parameters, [a, b], [result], threads = 1) => {
  const [x, y, z] = [a as Type, b as Type, result as Type];
  const contraction = read(parameters as unknown as Request, x, y);
  const { batch, rows, inner, columns } = contraction;
  if (sizeOf(z.shape) > 0 && inner.every(({ n }) => n > 0) && Math.max(rows.length, inner.length, columns.length) > 1)
    return throughPlaces(module, contraction, z, threads);
  const lead = batch.map(({ n }) => n);
  const [m, k, n] = [sizeOfAxes(rows), sizeOfAxes(inner), sizeOfAxes(columns)];
  const strides = [
    ...[...batch.map((axis) => axis.strides.a), rows[0]?.strides.a ?? 0, inner[0]?.strides.a ?? 0],
    ...[...batch.map((axis) => axis.strides.b), inner[0]?.strides.b ?? 0, columns[0]?.strides.b ?? 0],
  ];
  const types = [
    [...lead, m, k],
    [...lead, k, n],
    [...lead, m, n],
  ].map((shape): Type => ({ shape, dtype: z.dtype }));
  return matmul(module, { strides }, types.slice(0, 2), types.slice(2), threads);
};

/** Multiply–adds of a contraction. */
export const multiplyAdds = (a: Type, result: Type, inner: number): number =>
  sizeOf(result.shape) * sizeOf(a.shape.slice(a.shape.length - inner));

interface Request {
  readonly batch: number;
  readonly inner: number;
  readonly strides: readonly number[];
}

function read({ batch, inner, strides }: Request, a: Type, b: Type): Contraction {
  const of = (t: Type, own: readonly number[]) => t.shape.map((n, i) => ({ n, stride: own[i] as number }));
  const left = of(a, strides.slice(0, a.shape.length));
  const right = of(b, strides.slice(a.shape.length));
  const rows = left.slice(batch, left.length - inner).map(({ n, stride }) => ({ n, strides: { a: stride } }));
  const columns = right.slice(batch + inner).map(({ n, stride }) => ({ n, strides: { b: stride } }));
  const terms = left.slice(left.length - inner).map(({ n, stride }, i) => ({
    n,
    strides: { a: stride, b: (right[batch + i] as { stride: number }).stride },
  }));
  let out = sizeOfAxes(rows) * sizeOfAxes(columns);
  const common: BatchAxis[] = [];
  for (let i = batch - 1; i >= 0; i--) {
    const [p, q] = [left[i], right[i]] as [{ n: number; stride: number }, { n: number; stride: number }];
    const n = p.n === 1 ? q.n : p.n;
    common.unshift({ n, strides: { a: p.n === 1 ? 0 : p.stride, b: q.n === 1 ? 0 : q.stride, out } });
    out *= n;
  }
  return { batch: merged(common), rows: merged(rows), inner: merged(terms), columns: merged(columns) };
}

/** Products of fewer terms do not repay that they are added to the sums before them. */
const leastDepth = 64;

/** The operand's own axes: of its lines, and of the terms. */
interface Side {
  readonly across: readonly PlaceAxis[];
  readonly along: readonly PlaceAxis[];
  readonly isTabled: boolean;
}

function sideOf<K extends "a" | "b">(k: K, lines: readonly Axis<K>[], terms: readonly Axis<K>[], bytes: number): Side {
  const own = (axes: readonly Axis<K>[]): PlaceAxis[] =>
    merged<K>(axes.map(({ n, strides }) => ({ n, strides: { [k]: strides[k] } as Record<K, number> }))).map(
      ({ n, strides }) => ({ n, stride: strides[k] * bytes }),
    );
  const [across, along] = [own(lines), own(terms)];
  return { across, along, isTabled: across.length > 1 || along.length > 1 };
}

function throughPlaces(module: ModuleBuilder, contraction: Contraction, result: Type, threads: number): Kernel {
  const bytes = byteSize[result.dtype];
  const { batch, rows, inner, columns } = contraction;
  const work = sizeOf(result.shape) * sizeOfAxes(inner);
  const [m, n] = [sizeOfAxes(rows), sizeOfAxes(columns)];
  const whole = piece(module, contraction, result, { rows: [0, m], columns: [0, n] });
  if (threads === 1 || work < leastWork.blocks) return whole;
  const [first] = batch;
  const parts: { readonly kernel: Kernel; readonly offsets: Part["offsets"] }[] = [];
  if (first !== undefined && first.n >= threads) {
    for (const { start, size } of runsOf(first.n, threads, 1)) {
      const kernel = piece(module, { ...contraction, batch: [{ ...first, n: size }, ...batch.slice(1)] }, result, {
        rows: [0, m],
        columns: [0, n],
      });
      const { a, b, out } = first.strides;
      parts.push({ kernel, offsets: [a, b, out].map((stride) => start * stride * bytes) });
    }
  } else {
    // Every thread packs the other operand for itself: the smaller one, if the parts are as equal.
    const lanes = lanesOf(result.dtype as MatmulSpec["dtype"], module.fused());
    const largest = (size: number, step: number): number => Math.max(...runsOf(size, threads, step).map((r) => r.size));
    const [byRow, byColumn] = [largest(m, lanes.blockRows) / m, largest(n, blockColumns(lanes)) / n];
    const byRows = byRow < byColumn || (byRow === byColumn && m >= n);
    for (const { start, size } of runsOf(byRows ? m : n, threads, byRows ? lanes.blockRows : blockColumns(lanes))) {
      const range = byRows
        ? { rows: [start, size] as const, columns: [0, n] as const }
        : { rows: [0, m] as const, columns: [start, size] as const };
      parts.push({ kernel: piece(module, contraction, result, range), offsets: [] });
    }
  }
  if (parts.length < 2) return whole;
  return {
    ...whole,
    scratch: Math.max(whole.scratch, ...parts.map(({ kernel }) => kernel.scratch)),
    parts: parts.map(({ kernel, offsets }) => ({ run: kernel.run, offsets })),
  };
}

/** First line and how many. */
type Range = readonly [start: number, size: number];

/** Some rows and columns of the products. */
function piece(
  module: ModuleBuilder,
  contraction: Contraction,
  { dtype }: Type,
  range: { readonly rows: Range; readonly columns: Range },
): Kernel {
  const { batch, rows, columns } = contraction;
  const type = dtype as MatmulSpec["dtype"];
  const lanes = lanesOf(type, module.fused());
  const { bytes } = lanes;
  const outer = outerTerms(contraction.inner);
  const inner = contraction.inner.slice(outer);
  const [a, b] = [sideOf("a", rows, inner, bytes), sideOf("b", columns, inner, bytes)];
  const [rowStart, m] = range.rows;
  const [columnStart, n] = range.columns;
  const k = sizeOfAxes(inner);
  const outRow = sizeOfAxes(columns);
  const stride = (axes: readonly PlaceAxis[]): number => (axes[0]?.stride ?? bytes) / bytes;
  const planned = planBlocks(
    {
      dtype: type,
      batch: 1,
      m,
      n,
      k,
      a: { batch: 0, row: stride(a.across), column: stride(a.along) },
      b: { batch: 0, row: stride(b.along), column: stride(b.across) },
      outRow,
      fused: module.fused(),
    },
    lanes,
  );
  const plan: BlockProduct = {
    ...planned,
    packA: planned.packA || a.isTabled,
    packB: planned.packB || b.isTabled,
  };
  const tables = [...(a.isTabled ? [a.across, a.along] : []), ...(b.isTabled ? [b.across, b.along] : [])];
  const starts = tables.map((_, i) =>
    tables.slice(0, i).reduce((sum, axes) => sum + tableBytes(sizeOfAxes(axes)), scratchBytes(plan)),
  );
  const scratch = tables.reduce((sum, axes) => sum + tableBytes(sizeOfAxes(axes)), scratchBytes(plan));
  const key = `contract:${JSON.stringify([dtype, module.fused(), contraction, range])}`;
  const run = module.once(
    key,
    (): FunctionReference<undefined> =>
      module.function(["i32", "i32", "i32", "i32"], undefined, (f, x, y, to, space) => {
        const table = (i: number): Int => plus(space.get, int(starts[i] as number));
        const placesFrom = (i: number, skipped: number): Places => ({
          across: plus(table(i), int(4 * skipped)),
          along: table(i + 1),
        });
        const aPlaces = a.isTabled ? placesFrom(0, rowStart) : undefined;
        const bPlaces = b.isTabled ? placesFrom(a.isTabled ? 2 : 0, columnStart) : undefined;
        const aStart = a.isTabled ? 0 : rowStart * (a.across[0]?.stride ?? 0);
        const bStart = b.isTabled ? 0 : columnStart * (b.across[0]?.stride ?? 0);
        const sums = (axes: readonly InnerAxis[], p: Int, q: Int, out: Int, continues?: Int): Code => {
          const [axis, ...rest] = axes;
          if (axis === undefined)
            return blockProduct(module, f, plan, { a: p, b: q, out, scratch: space.get, aPlaces, bPlaces, continues });
          return f.for(int(0), int(axis.n), 1, (i) =>
            sums(
              rest,
              plus(p, times(i, axis.strides.a * bytes)),
              plus(q, times(i, axis.strides.b * bytes)),
              out,
              continues === undefined ? i : i32.or(continues, i),
            ),
          );
        };
        const products = (axes: readonly BatchAxis[], p: Int, q: Int, out: Int): Code => {
          const [axis, ...rest] = axes;
          if (axis === undefined) return sums(contraction.inner.slice(0, outer), p, q, out);
          const { strides } = axis;
          return f.for(int(0), int(axis.n), 1, (i) => {
            const [p1, q1, o1] = [
              f.let(plus(p, times(i, strides.a * bytes))),
              f.let(plus(q, times(i, strides.b * bytes))),
              f.let(plus(out, times(i, strides.out * bytes))),
            ];
            return [p1[0], q1[0], o1[0], products(rest, p1[1].get, q1[1].get, o1[1].get)];
          });
        };
        return [
          tables.map((axes, i) => fillTable(f, table(i), axes)),
          products(
            batch,
            plus(x.get, int(aStart)),
            plus(y.get, int(bStart)),
            plus(to.get, int((rowStart * outRow + columnStart) * bytes)),
          ),
        ];
      }),
  );
  return { run, scratch };
}

/** How many of the terms' axes are loops around products. */
function outerTerms(inner: readonly InnerAxis[]): number {
  let outer = 0;
  while (inner.length - outer > 1 && sizeOfAxes(inner.slice(outer + 1)) >= leastDepth) outer++;
  return outer;
}
