/** A fused loop as functions: over merged axes, whole, or in parts for several threads. */
import type { LoopStep } from "../target.ts";
import { FunctionBuilder, type FunctionReference, type Local, ModuleBuilder } from "./encode.ts";
import { keyOfInstructions, statementsOf } from "./instructions.ts";
import { type Compiled, mostThreads, runsOf } from "./kernel.ts";
import { type Axis, isLong, type LoopKernel, LoopWriter, sizesOf, vectorsOf, widthOf } from "./loop-writer.ts";

/**
 * Fewer nanoseconds, roughly, are not worth a second thread, which takes 16 to 40 µs to wake where another program
 * wants its core; a statement takes so many for a vector.
 */
const leastWork = 30_000;
const statementTime = 0.4;

/** Parameters of its functions: addresses of the reads, the writes, the reductions. */
export function loopCode(module: ModuleBuilder, step: LoopStep, threads: number): Compiled {
  const kernel = normalise(step);
  return module.once(`loop:${keyOf(kernel)}`, () => {
    const statements = isLong(kernel) ? statementsOf(module, widthOf(kernel), kernel.instructions) : 0;
    const work = vectorsOf(kernel) * statements * statementTime;
    const writer = (f: FunctionBuilder, part: LoopKernel): LoopWriter => new LoopWriter(module, f, part, statements);
    const parts =
      work < leastWork
        ? undefined
        : kernel.axes.every((axis) => axis.reduced)
          ? inPieces(module, kernel, writer)
          : inParts(module, kernel, threads, writer);
    return parts ?? { parts: [{ run: wholeOf(module, kernel, writer), offsets: [] }] };
  });
}

/** About how many nanoseconds the loop takes on one thread. */
export function loopTime(step: LoopStep): number {
  const kernel = normalise(step);
  return vectorsOf(kernel) * statementsOf(new ModuleBuilder(), widthOf(kernel), kernel.instructions) * statementTime;
}

type MakeWriter = (f: FunctionBuilder, part: LoopKernel) => LoopWriter;

/** An innermost axis is cut between whole rounds of vectors. */
const stepOf = (kernel: LoopKernel, i: number): number => (i === kernel.axes.length - 1 ? 4 * widthOf(kernel) : 1);

const operandsOf = ({ reads, writes, reductions }: LoopKernel): number =>
  reads.length + writes.length + reductions.length;

/** Pieces of a kernel along one of its axes, and where each begins, in bytes of every operand. */
function along(kernel: LoopKernel, i: number, pieces: number) {
  const axis = kernel.axes[i] as Axis;
  const sizes = sizesOf(kernel);
  return runsOf(axis.n, pieces, stepOf(kernel, i)).map(({ start, size: n }) => ({
    kernel: { ...kernel, axes: kernel.axes.with(i, { ...axis, n }) },
    offsets: axis.strides.map((stride, k) => start * stride * (sizes[k] as number)),
  }));
}

/** A part for each thread, along the axis that shares the work best; the outermost such. */
function inParts(module: ModuleBuilder, kernel: LoopKernel, threads: number, writer: MakeWriter): Compiled | undefined {
  if (threads === 1) return undefined;
  const balance = ({ n, reduced }: Axis, i: number): number => {
    const step = stepOf(kernel, i);
    return reduced || n < threads * step ? 0 : n / (threads * step * Math.ceil(n / threads / step));
  };
  const balances = kernel.axes.map(balance);
  const best = Math.max(...balances);
  if (best === 0) return undefined;
  const parts = along(kernel, balances.indexOf(best), threads);
  const functionOf = (part: LoopKernel): FunctionReference<undefined> =>
    module.once(`part:${keyOf(part)}`, () => wholeOf(module, part, writer));
  return { parts: parts.map((part) => ({ run: functionOf(part.kernel), offsets: part.offsets })) };
}

/** A loop that reduces all its axes: always the same pieces, so that the bits do not depend on the threads. */
function inPieces(module: ModuleBuilder, kernel: LoopKernel, writer: MakeWriter): Compiled | undefined {
  if ((kernel.axes[0] as Axis).n < mostThreads * stepOf(kernel, 0)) return undefined;
  const pieces = along(kernel, 0, mostThreads);
  const operands = kernel.reads.length + kernel.writes.length;
  const parts = pieces.map((piece) => ({
    run: module.once(`piece:${keyOf(piece.kernel)}`, () =>
      module.function(addresses(operands + 1), undefined, (f, ...all) =>
        writer(f, piece.kernel).writePiece(all.slice(0, operands) as Local<"i32">[], all[operands] as Local<"i32">),
      ),
    ),
    offsets: piece.offsets.slice(0, operands),
  }));
  const finish = module.once(`finish:${pieces.length},${widthOf(kernel)},${JSON.stringify(kernel.reductions)}`, () =>
    module.function(addresses(kernel.reductions.length + 1), undefined, (f, state, ...results) =>
      writer(f, kernel).writeFinish(pieces.length, state as Local<"i32">, results as Local<"i32">[]),
    ),
  );
  return { parts, finish: { run: finish, stateBytes: writer(new FunctionBuilder(0), kernel).stateBytes } };
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

/** Equal keys, equal code. */
function keyOf({ axes, reads, instructions, writes, reductions }: LoopKernel): string {
  return [
    axes.map(({ n, reduced, strides }) => `${n}${reduced ? "reduced" : ""}[${strides}]`),
    reads,
    keyOfInstructions(instructions),
    writes.map(({ value, dtype }) => value + dtype),
    reductions.map(({ value, how, dtype }) => value + how + dtype),
  ].join(";");
}

const wholeOf = (module: ModuleBuilder, kernel: LoopKernel, writer: MakeWriter): FunctionReference<undefined> =>
  module.function(addresses(operandsOf(kernel)), undefined, (f, ...all) =>
    writer(f, kernel).write(all as Local<"i32">[]),
  );
