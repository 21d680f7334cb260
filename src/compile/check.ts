/**
 * The verifier of steps and plans, which runs between passes in tests. It knows nothing of how lives and addresses were
 * found: it follows the program, and keeps for each buffer whether its elements are there. A write makes those of one
 * buffer, and takes away those of all others whose bytes it touches; reading what is not there is an error.
 */
import {
  type Buffer,
  type CopyStep,
  type Epilogue,
  type Instruction,
  type LoopStep,
  type Plan,
  type Read,
  type RepeatStep,
  type RoutineStep,
  readsThrough,
  type Step,
  type WhileStep,
  writesOf,
} from "../backend/target.ts";
import { byteSize, type DType } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import type { Type, View } from "../graph/operation.ts";
import { showType } from "../graph/text.ts";
import type { Steps } from "./lower.ts";
import { showPlan } from "./text.ts";
import { owner } from "./touch.ts";

const bytesOf = ({ type }: Buffer): number => sizeOf(type.shape) * byteSize[type.dtype];

/** Where a buffer's bytes are; before addresses are known, buffers lie apart. */
type Overlap = (a: Buffer, b: Buffer) => boolean;

/**
 * Each buffer that is read was written before and not overwritten since, also in the next round of a loop; views stay
 * within their buffers; types and sizes agree; constants stay; state ends where it began. Returns the plan.
 */
export function checkPlan<P extends Steps | Plan>(plan: P, where = "plan"): P {
  const broken = (why: string): never => {
    throw new NablaError("E-INTERNAL", `${where}: ${why}\n${showPlan(plan)}`);
  };
  const overlap = "address" in plan ? checkAddresses(plan, broken) : (a: Buffer, b: Buffer) => owner(a) === owner(b);
  const known = new Set<Buffer>([...plan.inputs, ...plan.buffers.filter((b) => b.constant !== undefined)]);
  new Walk(overlap, broken).all(plan.steps, known);
  for (const output of plan.outputs)
    if (!known.has(output) && bytesOf(output) > 0) broken(`the output ${describe(output)} is not there`);
  if (new Set(plan.outputs).size < plan.outputs.length) broken("two outputs are one buffer");
  plan.outputs.forEach((output, i) => {
    const input = plan.inputs.indexOf(output);
    if (input >= 0 && input !== i) broken(`the state ${i} ends where the input ${input} begins`);
  });
  return plan;
}

const describe = (buffer: Buffer): string =>
  `${buffer.slice === undefined ? "" : "slice "}${showType(buffer.type)} (buffer ${buffer.id})`;

function checkAddresses(plan: Plan, broken: (why: string) => never): Overlap {
  const range = (buffer: Buffer): readonly [number, number] => {
    const from = plan.address.get(owner(buffer)) ?? broken(`${describe(buffer)} has no address`);
    return [from, from + bytesOf(owner(buffer))];
  };
  for (const [buffer, from] of plan.address) {
    const [, to] = range(buffer);
    if (buffer.slice !== undefined) broken(`the slice ${describe(buffer)} has an address of its own`);
    if (from % 16 !== 0) broken(`${describe(buffer)} is not aligned`);
    if (to > plan.bytes) broken(`${describe(buffer)} ends beyond the arena`);
  }
  return (a, b) => {
    const [[from, to], [start, end]] = [range(a), range(b)];
    return from < end && start < to;
  };
}

class Walk {
  readonly #overlap: Overlap;
  readonly #broken: (why: string) => never;

  constructor(overlap: Overlap, broken: (why: string) => never) {
    this.#overlap = overlap;
    this.#broken = broken;
  }

  all(steps: readonly Step[], known: Set<Buffer>): void {
    for (const step of steps) this.#step(step, known);
  }

  #step(step: Step, known: Set<Buffer>): void {
    switch (step.kind) {
      case "loop":
        this.#loop(step);
        this.#effects(step, step.reads, writesOf(step), known);
        break;
      case "routine":
        step.inputs.forEach((read, i) => {
          const { shape, dtype } = step.inputTypes[i] as Type;
          this.#view(read, shape, readsThrough(step.request, read.view, shape));
          this.#same(read.buffer.type.dtype, dtype, step.request.name);
        });
        step.outputs.forEach((buffer, i) => {
          const { shape, dtype } = step.outputTypes[i] as Type;
          this.#same(dtype, buffer.type.dtype, step.request.name);
          if (sizeOf(shape) !== sizeOf(buffer.type.shape))
            this.#broken(`${describe(buffer)} takes ${showShape(shape)}`);
        });
        if (step.epilogue !== undefined) this.#epilogue(step, step.epilogue);
        this.#effects(step, step.inputs, step.outputs, known);
        break;
      case "copy":
        this.#same(step.from.type.dtype, step.to.type.dtype, "copy");
        if (bytesOf(step.from) !== bytesOf(step.to))
          this.#broken(`copies ${describe(step.from)} into ${describe(step.to)}`);
        this.#effects(step, [{ buffer: step.from, view: { offset: 0, strides: [] } }], [step.to], known);
        break;
      case "repeat":
        this.#repeat(step, known);
        break;
      case "while":
        this.#while(step, known);
        break;
      case "branch": {
        this.#predicate(step.predicate, known);
        const [yes, no] = [new Set(known), new Set(known)];
        this.all(step.yes, yes);
        this.all(step.no, no);
        known.clear();
        for (const b of yes) if (no.has(b)) known.add(b);
        break;
      }
    }
  }

  #repeat({ loop, length, body }: RepeatStep, known: Set<Buffer>): void {
    // The second round finds what the first one overwrote.
    for (let round = 0; length > 0 && round < 2; round++) {
      for (const b of [...known]) if (isSlice(b, loop)) known.delete(b);
      this.all(body, known);
    }
    for (const b of [...known]) {
      if (!isSlice(b, loop)) continue;
      known.delete(b);
      // Each slice was written, so the whole is there.
      if (b.slice?.loop === loop) known.add(b.slice.of);
    }
  }

  #while({ condition, going, body }: WhileStep, known: Set<Buffer>): void {
    for (let round = 0; round < 2; round++) {
      this.#test(condition, going, known);
      const inside = new Set(known);
      this.all(body, inside);
      // The body may not run: what it makes is not there afterwards, what it takes is gone.
      for (const b of [...known]) if (!inside.has(b)) known.delete(b);
    }
    this.#test(condition, going, known);
  }

  #test(condition: readonly Step[], going: Buffer, known: Set<Buffer>): void {
    this.all(condition, known);
    this.#predicate(going, known);
  }

  #predicate(buffer: Buffer, known: ReadonlySet<Buffer>): void {
    this.#there(buffer, known);
    if (buffer.type.dtype !== "bool" || sizeOf(buffer.type.shape) !== 1)
      this.#broken(`${describe(buffer)} decides, and is no bool`);
  }

  /** A slice is there if it was written, or if the whole is. */
  #there(buffer: Buffer, known: ReadonlySet<Buffer>): void {
    for (let b: Buffer | undefined = buffer; b !== undefined; b = b.slice?.of) if (known.has(b)) return;
    if (bytesOf(buffer) > 0) this.#broken(`reads ${describe(buffer)}, which is not there`);
  }

  #effects(
    step: LoopStep | RoutineStep | CopyStep,
    reads: readonly Read[],
    writes: readonly Buffer[],
    known: Set<Buffer>,
  ): void {
    for (const { buffer } of reads) this.#there(buffer, known);
    writes.forEach((to, i) => {
      if (bytesOf(to) === 0) return;
      if (writes.some((other, k) => k < i && this.#overlap(other, to)))
        this.#broken(`${describe(to)} is written twice`);
      for (const read of reads) {
        if (this.#overlap(read.buffer, to) && !mayOverwrite(step, read, to))
          this.#broken(`${describe(to)} is written while ${describe(read.buffer)} is read`);
      }
    });
    for (const to of writes) {
      for (const b of [...known]) {
        if (b === to || bytesOf(to) === 0 || !this.#overlap(b, to)) continue;
        if (b.constant !== undefined) this.#broken(`the constant ${describe(b)} is overwritten by ${describe(to)}`);
        known.delete(b);
      }
    }
    for (const to of writes) known.add(to);
  }

  #loop(step: LoopStep): void {
    for (const read of step.reads) {
      if (read.view.strides.length !== step.shape.length)
        this.#broken(`a view of ${describe(read.buffer)} has other axes`);
      this.#view(read, step.shape, true);
    }
    this.#instructions(
      step.instructions,
      step.reads.map((read) => read.buffer.type.dtype),
    );
    const kept = step.shape.filter((_, axis) => !step.axes.includes(axis));
    const check = (value: number, buffer: Buffer, size: number): void => {
      if (sizeOf(buffer.type.shape) !== size) this.#broken(`${describe(buffer)} holds not ${size} elements`);
      if (step.instructions[value] === undefined) this.#broken(`${describe(buffer)} is made of no value`);
    };
    for (const { value, buffer } of step.writes) {
      check(value, buffer, sizeOf(step.shape));
      this.#same(step.instructions[value]?.dtype, buffer.type.dtype, "a write");
    }
    for (const { value, buffer } of step.reductions) check(value, buffer, sizeOf(kept));
  }

  #instructions(instructions: readonly Instruction[], reads: readonly DType[]): void {
    instructions.forEach((instruction, i) => {
      if (instruction.kind === "read") this.#same(reads[instruction.read], instruction.dtype, "a read");
      if (instruction.kind === "operation" && instruction.args.some((arg) => arg < 0 || arg >= i))
        this.#broken(`${instruction.operation.name} reads a value before it is computed`);
    });
  }

  #epilogue({ inputTypes, outputs }: RoutineStep, { type, own, instructions, values }: Epilogue): void {
    this.#instructions(instructions, [type.dtype, ...inputTypes.slice(own).map((t) => t.dtype)]);
    outputs.forEach((buffer, i) => {
      this.#same(instructions[values[i] as number]?.dtype, buffer.type.dtype, "an epilogue");
      if (sizeOf(buffer.type.shape) !== sizeOf(type.shape))
        this.#broken(`${describe(buffer)} holds not ${sizeOf(type.shape)} elements`);
    });
  }

  #same(a: DType | undefined, b: DType, what: string): void {
    if (a !== b) this.#broken(`${what}: ${a} is taken for ${b}`);
  }

  #view({ buffer, view }: Read, shape: Shape, strided: boolean): void {
    const [low, high] = reach(view, shape);
    const size = sizeOf(buffer.type.shape);
    if (sizeOf(shape) > 0 && (low < 0 || high >= size))
      this.#broken(`a view of ${describe(buffer)} reaches elements ${low} … ${high}`);
    if (!strided && (sizeOf(shape) !== size || !inOrder(view, shape)))
      this.#broken(`${describe(buffer)} is not read in the order of its elements`);
  }
}

/** The least and the greatest element that a view reaches. */
function reach({ offset, strides }: View, shape: Shape): readonly [number, number] {
  const ends = strides.map((s, i) => s * ((shape[i] as number) - 1));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, offset);
  return [sum(ends.map((e) => Math.min(e, 0))), sum(ends.map((e) => Math.max(e, 0)))];
}

function inOrder({ offset, strides }: View, shape: Shape): boolean {
  const own = stridesOf(shape);
  return sizeOf(shape) === 0 || (offset === 0 && strides.every((s, i) => s === own[i] || shape[i] === 1));
}

/** Element by element in the same order, or where the kernel says so. */
function mayOverwrite(step: LoopStep | RoutineStep | CopyStep, { buffer, view }: Read, to: Buffer): boolean {
  if (buffer !== to) return false;
  if (step.kind === "routine") {
    const { request, inputs, epilogue } = step;
    const all = inputs.flatMap((r, i) => (r.buffer === to ? [i] : []));
    const own = epilogue === undefined ? inputs.length : epilogue.own;
    if (epilogue !== undefined && all.every((i) => i >= own)) return inOrder(view, epilogue.type.shape);
    return all.length === 1 && all[0] === request.inPlace;
  }
  return step.kind === "loop" && step.writes.some((w) => w.buffer === to) && inOrder(view, step.shape);
}

/** Whether it is a slice by this counter, or a slice of one. */
const isSlice = (buffer: Buffer, loop: number): boolean =>
  buffer.slice !== undefined && (buffer.slice.loop === loop || isSlice(buffer.slice.of, loop));
