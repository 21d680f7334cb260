/** The code of one fused loop: outer loops over strided addresses, the innermost in vectors and a remainder. */
import { byteSize, type DType } from "../../base/dtype.ts";
import type { Instruction, ReduceHow } from "../target.ts";
import { type Accumulator, accumulator } from "./accumulate.ts";
import { loadVector, storeVector } from "./element.ts";
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
  whileDo,
} from "./encode.ts";
import { valuesOf } from "./instructions.ts";
import type { Width } from "./vector.ts";

/** Vectors side by side: how many elements of each count. */
type Span = readonly number[];

/** Statements of a body of which four, or two, are interleaved. */
const mostFour = 64;
const mostTwo = 160;
/** Rounds of vectors side by side that are worth their code, and a sum for each of them. */
const leastRounds = 4;
/** A body of more statements takes longer than a sum needs to take in its vectors one after the other. */
const mostWaiting = 8;
/** After fewer rounds, what is left of a row is a good part of it. */
const shortRow = 16;
/** An axis of no more terms, as a pooling window has it, costs less written out than counted. */
const fewTerms = 4;

export interface Axis {
  readonly n: number;
  readonly reduced: boolean;
  /** Element stride of every operand: reads, then writes, then reductions. */
  readonly strides: readonly number[];
}

export interface LoopKernel {
  readonly axes: readonly Axis[];
  readonly reads: readonly DType[];
  readonly instructions: readonly Instruction[];
  readonly writes: readonly { readonly value: number; readonly dtype: DType }[];
  readonly reductions: readonly { readonly value: number; readonly how: ReduceHow; readonly dtype: DType }[];
}

/** Elements of a vector. */
export const widthOf = ({ reads, writes, reductions, instructions }: LoopKernel): Width =>
  reads.includes("float64") || [...writes, ...reductions, ...instructions].some((x) => x.dtype === "float64") ? 2 : 4;

/** Bytes of an element of every operand. */
export const sizesOf = ({ reads, writes, reductions }: LoopKernel): number[] =>
  [...reads, ...[...writes, ...reductions].map((r) => r.dtype)].map((dtype) => byteSize[dtype]);

export const vectorsOf = (kernel: LoopKernel): number =>
  kernel.axes.reduce((n, axis) => n * axis.n, 1) / widthOf(kernel);

/** Whether some vectors side by side may be worth it. */
export const isLong = (kernel: LoopKernel): boolean => vectorsOf(kernel) >= 4 * leastRounds;

export class LoopWriter {
  readonly #module: ModuleBuilder;
  readonly #f: FunctionBuilder;
  readonly #kernel: LoopKernel;
  readonly #width: Width;
  /** Bytes of an element of every operand. */
  readonly #sizes: readonly number[];
  /** One list for each vector that is reduced side by side. */
  readonly #accumulators: readonly (readonly Accumulator[])[];
  /** How many vectors a round computes side by side. */
  readonly #copies: number;

  /** `statements`: of one vector, if the loop is long. */
  constructor(module: ModuleBuilder, f: FunctionBuilder, kernel: LoopKernel, statements: number) {
    this.#module = module;
    this.#f = f;
    this.#kernel = kernel;
    const { reductions } = kernel;
    this.#width = widthOf(kernel);
    this.#sizes = sizesOf(kernel);
    // Vectors side by side hide each other's latency; too many of them only spill registers.
    this.#copies = !isLong(kernel) || statements > mostTwo ? 1 : statements > mostFour ? 2 : 4;
    const { n } = kernel.axes.at(-1) as Axis;
    const waits = statements <= mostWaiting && n >= leastRounds * this.#copies * this.#width;
    this.#accumulators = Array.from({ length: waits || this.#reducesColumns ? this.#copies : 1 }, () =>
      reductions.map((r) => accumulator(f, r.how, r.dtype, this.#width)),
    );
  }

  get #totals(): readonly Accumulator[] {
    return this.#accumulators[0] as readonly Accumulator[];
  }

  /** Bytes of what the reductions know between two pieces of a loop. */
  get stateBytes(): number {
    return 16 * this.#totals.reduce((n, { state }) => n + state.length, 0);
  }

  /** The innermost axis stays: every lane reduces a column of its own. */
  get #reducesColumns(): boolean {
    const { axes, reductions } = this.#kernel;
    return reductions.length > 0 && !(axes.at(-1) as Axis).reduced;
  }

  /** The loop whole. Addresses: of the reads, the writes, the results of the reductions. */
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
        this.#vectorLoop(
          last,
          at,
          this.#copies,
          (p, span) => {
            const active = this.#accumulators.slice(0, span.length);
            return [
              active.flat().map((a) => a.start()),
              this.#nest(reducedOuter, p, (inner) => this.#body(inner, last, span, false), fewTerms),
              active.map((list, copy) =>
                list.map((a, i) => a.storeLanes(this.#resultAddress(p, i, copy), span[copy] as number)),
              ),
            ];
          },
          this.#kernel.writes.length === 0,
        ),
      );
    }
    return this.#nest(keptOuter, addresses, (at) => [
      this.#accumulate(reducedOuter, last, at),
      this.#totals.map((a, i) => a.storeTotal(this.#resultAddress(at, i))),
    ]);
  }

  /** A piece of a loop that reduces all its axes. Addresses: of the reads, the writes, and where the state goes. */
  writePiece(addresses: readonly Local<"i32">[], state: Local<"i32">): Code {
    const { axes } = this.#kernel;
    return [
      this.#accumulate(axes.slice(0, -1), axes.at(-1) as Axis, addresses),
      this.#totals.flatMap((a) => a.state).map((local, i) => v128.store(state.get, local.get, 16 * i)),
    ];
  }

  /** The results, from the states that so many pieces left one after the other. */
  writeFinish(pieces: number, state: Local<"i32">, results: readonly Local<"i32">[]): Code {
    return [
      this.#totals.map((a) => a.start()),
      this.#count(pieces, [this.#mergeStates(state), state.set(i32.add(state.get, i32.const(this.stateBytes)))]),
      this.#totals.map((a, i) => a.storeTotal((results[i] as Local<"i32">).get)),
    ];
  }

  #mergeStates(state: Local<"i32">): Code {
    let next = 0;
    return this.#totals.map((a) => a.merge(a.state.map(() => v128.load(state.get, 16 * next++))));
  }

  #accumulate(outer: readonly Axis[], last: Axis, at: readonly Local<"i32">[]): Code {
    const [totals, ...others] = this.#accumulators as [readonly Accumulator[], ...(readonly Accumulator[])[]];
    return [
      this.#accumulators.flat().map((a) => a.start()),
      this.#nest(outer, at, (inner) =>
        this.#vectorLoop(last, inner, this.#copies, (p, span) => this.#body(p, last, span, true)),
      ),
      others.map((list) => totals.map((a, i) => a.merge((list[i] as Accumulator).state.map((local) => local.get)))),
    ];
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

  /** Axes of up to `unrolled` steps are written out one after the other. */
  #nest(
    axes: readonly Axis[],
    at: readonly Local<"i32">[],
    body: (at: readonly Local<"i32">[]) => Code,
    unrolled = 1,
  ): Code {
    const [axis, ...rest] = axes;
    if (axis === undefined) return body(at);
    const { start, inside, advance } = this.#pointers(axis, at);
    const once = this.#nest(rest, inside, body, unrolled);
    if (axis.n > unrolled) return [start, this.#count(axis.n, [once, advance(1)])];
    return [start, Array.from({ length: axis.n }, (_, i) => [i === 0 ? [] : advance(1), once])];
  }

  #vectorLoop(
    axis: Axis,
    at: readonly Local<"i32">[],
    copies: number,
    body: (at: readonly Local<"i32">[], span: Span) => Code,
    mayRepeat = false,
  ): Code {
    const { start, inside, advance } = this.#pointers(axis, at);
    const width = this.#width;
    const vectors = Math.floor(axis.n / width);
    const rest = axis.n - vectors * width;
    const rounds = copies > 1 ? Math.floor(vectors / copies) : 0;
    const left = vectors - rounds * copies;
    const full = (n: number): Span => new Array<number>(n).fill(width);
    const some = (span: Span): Code => (span.length === 0 ? [] : body(inside, span));
    const tail = rest === 0 ? [] : [rest];
    return [
      start,
      this.#count(rounds, [body(inside, full(copies)), advance(copies * width)]),
      // What may be computed again is: one more vector, that ends with the last element, for the remainder.
      mayRepeat && vectors > 0 && rest > 1
        ? [this.#count(left, [body(inside, full(1)), advance(width)]), advance(rest - width), body(inside, full(1))]
        : copies > 1 && rounds < shortRow
          ? some([...full(left), ...tail])
          : [this.#count(left, [body(inside, full(1)), advance(width)]), some(tail)],
    ];
  }

  /** Some vectors of every value: loads, operations, stores, accumulation. */
  #body(at: readonly Local<"i32">[], axis: Axis, span: Span, masked: boolean): Code {
    const { reads, writes, reductions } = this.#kernel;
    const address = (i: number): Expr<"i32"> => (at[i] as Local<"i32">).get;
    const width = this.#width;
    const copies = span.map((lanes, copy) => {
      const offset = (i: number): number => copy * width * (axis.strides[i] as number) * (this.#sizes[i] as number);
      const { statements, value } = valuesOf(this.#module, this.#f, width, this.#kernel.instructions, (i) => {
        const dtype = reads[i] as DType;
        return loadVector(dtype, address(i), axis.strides[i] as number, width, offset(i), lanes);
      });
      const stores = writes.map((w, k) => {
        const i = reads.length + k;
        return storeVector(w.dtype, address(i), value(w.value), width, offset(i), axis.strides[i] as number, lanes);
      });
      const sums = reductions.map((r, i) => {
        const list = this.#accumulators[copy] ?? this.#totals;
        return (list[i] as Accumulator).add(value(r.value), masked ? lanes : width);
      });
      return { statements, after: [stores, sums] };
    });
    const first = copies[0]?.statements ?? [];
    return [first.map((_, k) => copies.map((c) => c.statements[k] as Code)), copies.map((c) => c.after)];
  }
}
