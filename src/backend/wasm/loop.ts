/** A fused loop as one function: outer loops over strided addresses, the innermost in vectors and a remainder. */
import { byteSize, type DType } from "../../base/dtype.ts";
import type { Instruction, LoopStep, ReduceHow } from "../target.ts";
import { type Accumulator, accumulator } from "./accumulate.ts";
import { loadSingle, loadVector, storeSingle, storeVector } from "./element.ts";
import {
  type Code,
  type Expr,
  FunctionBuilder,
  type FunctionReference,
  i32,
  type Local,
  type ModuleBuilder,
  whileDo,
} from "./encode.ts";
import { type VectorLane, VectorLanes, type Width } from "./vector.ts";

/** So many vectors side by side, or one element. */
type Span = number | "single";

/** Statements of a body of which four, or two, are interleaved. */
const mostFour = 64;
const mostTwo = 160;

interface Axis {
  readonly n: number;
  readonly reduced: boolean;
  /** Element stride of every operand: reads, then writes, then reductions. */
  readonly strides: readonly number[];
}

interface LoopKernel {
  readonly axes: readonly Axis[];
  readonly reads: readonly DType[];
  readonly instructions: readonly Instruction[];
  readonly writes: readonly { readonly value: number; readonly dtype: DType }[];
  readonly reductions: readonly { readonly value: number; readonly how: ReduceHow; readonly dtype: DType }[];
}

/** Parameters: addresses of the reads, the writes, the reductions. */
export function loopFunction(module: ModuleBuilder, step: LoopStep): FunctionReference<undefined> {
  const kernel = normalise(step);
  return module.once(keyOf(kernel), () => emit(module, kernel));
}

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

function emit(module: ModuleBuilder, kernel: LoopKernel): FunctionReference<undefined> {
  const operands = kernel.reads.length + kernel.writes.length + kernel.reductions.length;
  const parameters = new Array<"i32">(operands).fill("i32");
  return module.function(parameters, undefined, (f, ...addresses) =>
    new LoopWriter(module, f, kernel).write(addresses as Local<"i32">[]),
  );
}

class LoopWriter {
  readonly #module: ModuleBuilder;
  readonly #f: FunctionBuilder;
  readonly #kernel: LoopKernel;
  readonly #width: Width;
  readonly #sizes: readonly number[];
  /** One list for each vector that columns are reduced side by side. */
  readonly #accumulators: readonly (readonly Accumulator[])[];
  /** How many vectors a round computes side by side. */
  readonly #copies: number;

  constructor(module: ModuleBuilder, f: FunctionBuilder, kernel: LoopKernel) {
    this.#module = module;
    this.#f = f;
    this.#kernel = kernel;
    const { reads, writes, reductions, instructions } = kernel;
    const dtypes = [...reads, ...writes.map((w) => w.dtype), ...reductions.map((r) => r.dtype)];
    this.#width = [...dtypes, ...instructions.map((i) => i.dtype)].includes("float64") ? 2 : 4;
    this.#sizes = dtypes.map((dtype) => byteSize[dtype]);
    this.#copies = this.#copiesFor();
    this.#accumulators = Array.from({ length: this.#reducesColumns ? this.#copies : 1 }, () =>
      reductions.map((r) => accumulator(f, r.how, r.dtype, this.#width)),
    );
  }

  /** The innermost axis stays: every lane reduces a column of its own. */
  get #reducesColumns(): boolean {
    const { axes, reductions } = this.#kernel;
    return reductions.length > 0 && !(axes.at(-1) as Axis).reduced;
  }

  write(addresses: readonly Local<"i32">[]): Code {
    const { axes, reductions } = this.#kernel;
    const last = axes.at(-1) as Axis;
    const outer = axes.slice(0, -1);
    const keptOuter = outer.filter((a) => !a.reduced);
    const reducedOuter = outer.filter((a) => a.reduced);
    if (reductions.length === 0)
      return this.#nest(outer, addresses, (at) =>
        this.#vectorLoop(last, at, this.#copies, (p, span) => this.#body(p, last, span, false)),
      );
    if (this.#reducesColumns) {
      return this.#nest(keptOuter, addresses, (at) =>
        this.#vectorLoop(last, at, this.#copies, (p, span) => {
          const active = this.#accumulators.slice(0, span === "single" ? 1 : span);
          return [
            active.flat().map((a) => a.start()),
            this.#nest(reducedOuter, p, (inner) => this.#body(inner, last, span, false)),
            active.map((list, copy) =>
              list.map((a, i) => a.storeLanes(this.#resultAddress(p, i, copy), span === "single")),
            ),
          ];
        }),
      );
    }
    const totals = this.#accumulators[0] as readonly Accumulator[];
    return this.#nest(keptOuter, addresses, (at) => [
      totals.map((a) => a.start()),
      this.#nest(reducedOuter, at, (inner) =>
        this.#vectorLoop(last, inner, this.#copies, (p, span) => this.#body(p, last, span, true)),
      ),
      totals.map((a, i) => a.storeTotal(this.#resultAddress(at, i))),
    ]);
  }

  /** Where result i goes; of columns side by side, those of vector `copy`. */
  #resultAddress(at: readonly Local<"i32">[], i: number, copy = 0): Expr<"i32"> {
    const { reads, writes } = this.#kernel;
    const k = reads.length + writes.length + i;
    const address = (at[k] as Local<"i32">).get;
    return copy === 0 ? address : i32.add(address, i32.const(copy * this.#width * (this.#sizes[k] as number)));
  }

  /** Pointers that move along an axis are locals of its loop; the others stay those of the loop around it. */
  #pointers(
    axis: Axis,
    at: readonly Local<"i32">[],
  ): { readonly start: Code; readonly inside: Local<"i32">[]; advance(elements: number): Code } {
    const start: Code[] = [];
    const inside = at.map((outside, i) => {
      if (axis.strides[i] === 0) return outside;
      const local = this.#f.local("i32");
      start.push(local.set(outside.get));
      return local;
    });
    const advance = (elements: number): Code =>
      inside.map((local, i) => {
        const bytes = (axis.strides[i] as number) * (this.#sizes[i] as number) * elements;
        return bytes === 0 ? [] : local.set(i32.add(local.get, i32.const(bytes)));
      });
    return { start, inside, advance };
  }

  #count(times: number, body: Code): Code {
    if (times === 0) return [];
    if (times === 1) return body;
    const left = this.#f.local("i32");
    return [left.set(i32.const(times)), whileDo(left.get, [body, left.set(i32.sub(left.get, i32.const(1)))])];
  }

  #nest(axes: readonly Axis[], at: readonly Local<"i32">[], body: (at: readonly Local<"i32">[]) => Code): Code {
    const [axis, ...rest] = axes;
    if (axis === undefined) return body(at);
    const { start, inside, advance } = this.#pointers(axis, at);
    return [start, this.#count(axis.n, [this.#nest(rest, inside, body), advance(1)])];
  }

  #vectorLoop(
    axis: Axis,
    at: readonly Local<"i32">[],
    copies: number,
    body: (at: readonly Local<"i32">[], span: Span) => Code,
  ): Code {
    const { start, inside, advance } = this.#pointers(axis, at);
    const vectors = Math.floor(axis.n / this.#width);
    const rest = axis.n - vectors * this.#width;
    const rounds = copies > 1 ? Math.floor(vectors / copies) : 0;
    return [
      start,
      this.#count(rounds, [body(inside, copies), advance(copies * this.#width)]),
      this.#count(vectors - rounds * copies, [body(inside, 1), advance(this.#width)]),
      this.#count(rest, [body(inside, "single"), advance(1)]),
    ];
  }

  /** Some vectors (or one element) of every value: loads, operations, stores, accumulation. */
  #body(at: readonly Local<"i32">[], axis: Axis, span: Span, masked: boolean): Code {
    const { reads, writes, reductions } = this.#kernel;
    const single = span === "single";
    const address = (i: number): Expr<"i32"> => (at[i] as Local<"i32">).get;
    const copies = Array.from({ length: single ? 1 : span }, (_, copy) => {
      const offset = (i: number): number =>
        copy * this.#width * (axis.strides[i] as number) * (this.#sizes[i] as number);
      const { statements, value } = this.#values(this.#f, (i) => {
        const dtype = reads[i] as DType;
        return single
          ? loadSingle(dtype, address(i))
          : loadVector(dtype, address(i), axis.strides[i] as number, this.#width, offset(i));
      });
      const stores = writes.map((w, k) => {
        const i = reads.length + k;
        return single
          ? storeSingle(w.dtype, address(i), value(w.value))
          : storeVector(w.dtype, address(i), value(w.value), this.#width, offset(i), axis.strides[i] as number);
      });
      const sums = reductions.map((r, i) => {
        const list = this.#accumulators[this.#reducesColumns ? copy : 0] as readonly Accumulator[];
        return (list[i] as Accumulator).add(value(r.value), single && masked);
      });
      return { statements, after: [stores, sums] };
    });
    const first = copies[0]?.statements ?? [];
    return [first.map((_, k) => copies.map((c) => c.statements[k] as Code)), copies.map((c) => c.after)];
  }

  /** The instructions for one vector as a list of statements, and the values that they leave. */
  #values(
    f: FunctionBuilder,
    read: (i: number) => Expr<"v128">,
  ): { statements: Code[]; value(i: number): Expr<"v128"> } {
    const lanes = new VectorLanes(this.#module, f, this.#width);
    const values: VectorLane[] = [];
    for (const instruction of this.#kernel.instructions) {
      if (instruction.kind === "constant") values.push(lanes.constant(instruction.value, instruction.dtype));
      else if (instruction.kind === "read") {
        values.push(lanes.hold({ dtype: instruction.dtype, code: read(instruction.read) } as VectorLane));
      } else {
        const { operation, attributes, args, dtype } = instruction;
        const inputs = args.map((i) => values[i] as VectorLane);
        const result = operation.lower?.(lanes, inputs, attributes, { shape: [], dtype }) as VectorLane;
        values.push(lanes.hold(result));
      }
    }
    return { statements: lanes.statements, value: (i) => (values[i] as VectorLane).code };
  }

  /** Vectors side by side hide each other's latency; too many of them only spill registers. */
  #copiesFor(): number {
    const scratch = new FunctionBuilder(0);
    const { length } = this.#values(scratch, () => scratch.local("v128").get).statements;
    return length <= mostFour ? 4 : length <= mostTwo ? 2 : 1;
  }
}
