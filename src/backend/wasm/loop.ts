/** A fused loop as functions: over merged axes, whole, or in parts for several threads. */
import { byteSize } from "../../base/dtype.ts";
import type { LoopStep } from "../target.ts";
import { FunctionBuilder, type FunctionReference, type Local, type ModuleBuilder } from "./encode.ts";
import { type Compiled, mostThreads, runsOf } from "./kernel.ts";
import { type Axis, type LoopKernel, LoopWriter } from "./loop-writer.ts";

/** Fewer nanoseconds, roughly, are not worth a second thread; a statement takes so many for a vector. */
const leastWork = 8000;
const statementTime = 0.4;

/** Parameters of its functions: addresses of the reads, the writes, the reductions. */
export function loopCode(module: ModuleBuilder, step: LoopStep, threads: number): Compiled {
  const kernel = normalise(step);
  const whole: Compiled = { parts: [{ run: functionOf(module, kernel), offsets: [] }] };
  const { width, statements } = new LoopWriter(module, new FunctionBuilder(0), kernel);
  const vectors = kernel.axes.reduce((n, axis) => n * axis.n, 1) / width;
  if (vectors * statements * statementTime < leastWork) return whole;
  if (kernel.axes.every((axis) => axis.reduced)) return inPieces(module, kernel) ?? whole;
  return threads === 1 ? whole : (inParts(module, kernel, threads) ?? whole);
}

/** An innermost axis is cut between whole rounds of vectors. */
const stepOf = ({ axes }: LoopKernel, i: number, width: number): number => (i === axes.length - 1 ? 4 * width : 1);

const operandsOf = ({ reads, writes, reductions }: LoopKernel): number =>
  reads.length + writes.length + reductions.length;

/** Pieces of a kernel along one of its axes, and where each begins, in bytes of every operand. */
function along(kernel: LoopKernel, i: number, pieces: number, width: number) {
  const axis = kernel.axes[i] as Axis;
  const sizes = [...kernel.reads, ...[...kernel.writes, ...kernel.reductions].map((r) => r.dtype)].map(
    (dtype) => byteSize[dtype],
  );
  return runsOf(axis.n, pieces, stepOf(kernel, i, width)).map(({ start, size: n }) => ({
    kernel: { ...kernel, axes: kernel.axes.with(i, { ...axis, n }) },
    offsets: axis.strides.map((stride, k) => start * stride * (sizes[k] as number)),
  }));
}

/** A part for each thread, along the axis that shares the work best; the outermost such. */
function inParts(module: ModuleBuilder, kernel: LoopKernel, threads: number): Compiled | undefined {
  const { width } = new LoopWriter(module, new FunctionBuilder(0), kernel);
  const balance = ({ n, reduced }: Axis, i: number): number => {
    const step = stepOf(kernel, i, width);
    return reduced || n < threads * step ? 0 : n / (threads * step * Math.ceil(n / threads / step));
  };
  const balances = kernel.axes.map(balance);
  const best = Math.max(...balances);
  if (best === 0) return undefined;
  const parts = along(kernel, balances.indexOf(best), threads, width);
  return { parts: parts.map((part) => ({ run: functionOf(module, part.kernel), offsets: part.offsets })) };
}

/** A loop that reduces all its axes: always the same pieces, so that the bits do not depend on the threads. */
function inPieces(module: ModuleBuilder, kernel: LoopKernel): Compiled | undefined {
  const { width, stateBytes } = new LoopWriter(module, new FunctionBuilder(0), kernel);
  if ((kernel.axes[0] as Axis).n < mostThreads * stepOf(kernel, 0, width)) return undefined;
  const pieces = along(kernel, 0, mostThreads, width);
  const operands = kernel.reads.length + kernel.writes.length;
  const parts = pieces.map((piece) => ({
    run: module.once(`piece:${keyOf(piece.kernel)}`, () =>
      module.function(addresses(operands + 1), undefined, (f, ...all) =>
        new LoopWriter(module, f, piece.kernel).writePiece(
          all.slice(0, operands) as Local<"i32">[],
          all[operands] as Local<"i32">,
        ),
      ),
    ),
    offsets: piece.offsets.slice(0, operands),
  }));
  const finish = module.once(`finish:${pieces.length},${JSON.stringify(kernel.reductions)}`, () =>
    module.function(addresses(kernel.reductions.length + 1), undefined, (f, state, ...results) =>
      new LoopWriter(module, f, kernel).writeFinish(pieces.length, state as Local<"i32">, results as Local<"i32">[]),
    ),
  );
  return { parts, finish: { run: finish, stateBytes } };
}

const addresses = (n: number): "i32"[] => new Array<"i32">(n).fill("i32");

function normalise(step: LoopStep): LoopKernel {
  const { shape, reads, writes, reductions } = step;
  const full = rowMajor(shape, () => true);
  const kept = rowMajor(shape, (axis) => !step.axes.includes(axis));
  const strides = [...reads.map((r) => r.view.strides), ...writes.map(() => full), ...reductions.map(() => kept)];
  const axes: Axis[] = [];
  shape.forEach((n, i) => {
    if (n === 1) return;
    const axis: Axis = { n, reduced: step.axes.includes(i), strides: strides.map((s) => s[i] as number) };
    const last = axes.at(-1);
    // Neighbouring axes that every operand passes in one run are one axis.
    const mergeable =
      last !== undefined &&
      last.reduced === axis.reduced &&
      last.strides.every((s, k) => s === (axis.strides[k] as number) * n);
    if (mergeable) axes[axes.length - 1] = { ...axis, n: last.n * n };
    else axes.push(axis);
  });
  if (axes.length === 0) axes.push({ n: 1, reduced: false, strides: strides.map(() => 0) });
  return {
    axes: longInnermost(axes, reads.length + writes.length),
    reads: reads.map((r) => r.buffer.type.dtype),
    instructions: step.instructions,
    writes: writes.map(({ value, buffer }) => ({ value, dtype: buffer.type.dtype })),
    reductions: reductions.map(({ value, how, buffer }) => ({ value, how, dtype: buffer.type.dtype })),
  };
}

/** A last axis too short for a vector gives way to the one that most operands pass in steps of 1. */
function longInnermost(axes: readonly Axis[], firstResult: number): readonly Axis[] {
  const shortest = 4;
  if ((axes.at(-1) as Axis).n >= shortest) return axes;
  const runs = (axis: Axis): number => axis.strides.filter((s) => s <= 1).length;
  const fits = axes.filter(
    ({ n, reduced, strides }) => n >= shortest && (reduced || strides.slice(firstResult).every((s) => s === 1)),
  );
  const [best] = fits.toSorted((a, b) => runs(b) - runs(a) || b.n - a.n);
  return best === undefined ? axes : [...axes.filter((axis) => axis !== best), best];
}

function rowMajor(shape: readonly number[], counts: (axis: number) => boolean): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (!counts(i)) continue;
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

function keyOf(kernel: LoopKernel): string {
  const instructions = kernel.instructions.map((i) =>
    i.kind === "operation"
      ? [i.operation.name, JSON.stringify(i.attributes), i.args, i.dtype]
      : i.kind === "constant"
        ? [Object.is(i.value, -0) ? "-0" : String(i.value), i.dtype]
        : [i.read, i.dtype],
  );
  return `loop:${JSON.stringify([kernel.axes, kernel.reads, instructions, kernel.writes, kernel.reductions])}`;
}

function functionOf(module: ModuleBuilder, kernel: LoopKernel): FunctionReference<undefined> {
  return module.once(keyOf(kernel), () =>
    module.function(addresses(operandsOf(kernel)), undefined, (f, ...all) =>
      new LoopWriter(module, f, kernel).write(all as Local<"i32">[]),
    ),
  );
}
