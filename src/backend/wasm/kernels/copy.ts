/** A strided view, written out contiguously: whole runs where the input has them, small blocks where it is transposed. */
import { byteSize, type DType } from "../../../base/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../../base/shape.ts";
import type { View } from "../../../graph/operation.ts";
import {
  type Code,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  i64,
  type ModuleBuilder,
  memory,
  v128,
} from "../encode.ts";
import { type Part, runsOf } from "../kernel.ts";
import { type Int, int, move, plus } from "./memory.ts";
import { blockOf, transposed } from "./transposed.ts";

/** Sizes and strides in bytes: `from` of the input, `to` of the output. */
export interface CopyAxis {
  readonly n: number;
  readonly from: number;
  readonly to: number;
}

/** Below this many bytes the call behind memory.copy costs more than the bytes. */
const longRun = 128;

/** (input, output), byte addresses of arrays that do not overlap; the view's offset counts from `input`. */
export function copyKernel(
  module: ModuleBuilder,
  dtype: DType,
  shape: Shape,
  { offset, strides }: View,
): FunctionReference<undefined> {
  const bytes = byteSize[dtype];
  const axes = sizeOf(shape) === 0 ? [] : merged(shape, strides, bytes);
  return module.once(`copy:${JSON.stringify([sizeOf(shape), bytes, offset, axes])}`, () =>
    module.function(["i32", "i32"], undefined, (f, input, output) =>
      sizeOf(shape) === 0 ? [] : body(f, dtype, axes, plus(input.get, int(offset * bytes)), output.get),
    ),
  );
}

/** Fewer elements are not worth a second thread. */
const leastWork = 6e4;

/** The copy in pieces along its first axis, or whole. */
export function copyParts(
  module: ModuleBuilder,
  dtype: DType,
  shape: Shape,
  strides: readonly number[],
  threads: number,
): readonly Part[] {
  const axis = shape.findIndex((n) => n !== 1);
  const n = shape[axis] ?? 0;
  if (threads === 1 || sizeOf(shape) < leastWork || n < threads)
    return [{ run: copyKernel(module, dtype, shape, { offset: 0, strides }), offsets: [] }];
  return runsOf(n, threads, 1).map(({ start, size }) => ({
    run: copyKernel(module, dtype, shape.with(axis, size), { offset: 0, strides }),
    offsets: [strides, stridesOf(shape)].map((s) => start * (s[axis] as number) * byteSize[dtype]),
  }));
}

/** Axes of size 1 go; neighbours that both sides pass in one run become one. */
function merged(shape: Shape, strides: readonly number[], bytes: number): CopyAxis[] {
  const rowMajor = stridesOf(shape);
  const axes: CopyAxis[] = [];
  shape.forEach((n, i) => {
    if (n === 1) return;
    const axis = { n, from: (strides[i] as number) * bytes, to: (rowMajor[i] as number) * bytes };
    const last = axes.at(-1);
    if (last !== undefined && last.from === axis.from * n) axes[axes.length - 1] = { ...axis, n: last.n * n };
    else axes.push(axis);
  });
  return axes;
}

function body(f: FunctionBuilder, dtype: DType, axes: readonly CopyAxis[], from: Int, to: Int): Code {
  const bytes = byteSize[dtype];
  const last = axes.at(-1);
  if (last === undefined) return move(dtype, to, from);
  const outer = axes.slice(0, -1);
  if (last.from === bytes) return nest(f, outer, from, to, (source, target) => run(f, dtype, last.n, source, target));
  const across = outer.find((a) => a.from === bytes);
  if (across !== undefined && Math.min(across.n, last.n) >= blockOf(bytes)) {
    const others = outer.filter((a) => a !== across);
    return nest(f, others, from, to, (source, target) => transposed(f, dtype, across, last, source, target));
  }
  return nest(f, axes, from, to, (source, target) => move(dtype, target, source));
}

function nest(
  f: FunctionBuilder,
  axes: readonly CopyAxis[],
  from: Int,
  to: Int,
  inner: (from: Int, to: Int) => Code,
): Code {
  const [axis, ...rest] = axes;
  if (axis === undefined) return inner(from, to);
  const [start, source] = f.let(from);
  const [begin, target] = f.let(to);
  return [
    start,
    begin,
    f.for(int(0), int(axis.n), 1, () => [
      nest(f, rest, source.get, target.get, inner),
      source.set(plus(source.get, int(axis.from))),
      target.set(plus(target.get, int(axis.to))),
    ]),
  ];
}

function run(f: FunctionBuilder, dtype: DType, n: number, from: Int, to: Int): Code {
  const bytes = n * byteSize[dtype];
  if (bytes >= longRun) return memory.copy(to, from, int(bytes));
  if (bytes < 16) return shortRun(bytes, from, to);
  const vector = (i: Int): Code => v128.store(plus(to, i), v128.load(plus(from, i)));
  // The last vector may overlap the one before: it writes the same bytes again.
  const rest = bytes % 16 === 0 ? [] : vector(int(bytes - 16));
  return [f.for(int(0), int(bytes - (bytes % 16)), 16, vector), rest];
}

/** Less than a vector: words of 8 and 4 bytes, then single ones, written out. */
function shortRun(bytes: number, from: Int, to: Int): Code {
  const code: Code[] = [];
  let at = 0;
  for (; at + 8 <= bytes; at += 8) code.push(i64.store(to, i64.load(from, at), at));
  for (; at + 4 <= bytes; at += 4) code.push(i32.store(to, i32.load(from, at), at));
  for (; at < bytes; at++) code.push(i32.store8(to, i32.load8u(from, at), at));
  return code;
}
