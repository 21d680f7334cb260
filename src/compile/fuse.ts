/**
 * Elementwise nodes gather in loops: a node joins the loop that made its latest input if both run over the same
 * indices; a reduction ends such a loop. Values that others need are written, all others stay in registers.
 */

import type { Buffer, Instruction, LoopStep, Read, ReduceHow } from "../backend/target.ts";
import type { DType } from "../base/dtype.ts";
import { type Shape, sameShape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Beyond this many instructions a body is compiled badly: many locals, slow first calls. */
export const mostInstructions = 64;

/** A loop that still takes in nodes. */
export class OpenLoop {
  readonly kind = "open";
  readonly shape: Shape;
  #axes: readonly number[] | undefined;
  readonly #reads: Read[] = [];
  readonly #readKeys = new Map<string, number>();
  readonly #instructions: Instruction[] = [];
  readonly #writes = new Map<number, Buffer>();
  readonly #reductions: { value: number; how: ReduceHow; buffer: Buffer }[] = [];

  constructor(shape: Shape) {
    this.shape = shape;
  }

  get isFull(): boolean {
    return this.#instructions.length >= mostInstructions;
  }

  #push(instruction: Instruction): number {
    this.#instructions.push(instruction);
    return this.#instructions.length - 1;
  }

  /** The value of a buffer's element, read once a loop. */
  read(read: Read, dtype: DType): number {
    const key = `${read.buffer.id}@${read.view.offset},${read.view.strides}`;
    const known = this.#readKeys.get(key);
    if (known !== undefined) return known;
    this.#reads.push(read);
    const value = this.#push({ kind: "read", read: this.#reads.length - 1, dtype });
    this.#readKeys.set(key, value);
    return value;
  }

  constant(value: number, dtype: DType): number {
    return this.#push({ kind: "constant", value, dtype });
  }

  compute(node: Tensor, args: readonly number[]): number {
    return this.#push({
      kind: "operation",
      operation: node.operation,
      attributes: node.attributes,
      args,
      dtype: node.dtype,
    });
  }

  /** The buffer that holds a value after the loop. */
  write(value: number, make: () => Buffer): Buffer {
    const known = this.#writes.get(value);
    if (known !== undefined) return known;
    const buffer = make();
    this.#writes.set(value, buffer);
    return buffer;
  }

  takesReduction(axes: readonly number[]): boolean {
    return this.#axes === undefined || sameShape(this.#axes, axes);
  }

  reduce(value: number, how: ReduceHow, axes: readonly number[], buffer: Buffer): void {
    this.#axes = axes;
    this.#reductions.push({ value, how, buffer });
  }

  /** Values that neither leave the loop nor are used in it disappear. */
  close(): LoopStep | undefined {
    const live = new Set<number>([...this.#writes.keys(), ...this.#reductions.map((r) => r.value)]);
    if (live.size === 0) return undefined;
    for (let i = this.#instructions.length - 1; i >= 0; i--) {
      const instruction = this.#instructions[i] as Instruction;
      if (live.has(i) && instruction.kind === "operation") for (const arg of instruction.args) live.add(arg);
    }
    const order = [...live].sort((a, b) => a - b);
    const place = new Map(order.map((old, i) => [old, i]));
    const at = (old: number): number => place.get(old) as number;
    const reads: Read[] = [];
    const instructions = order.map((old): Instruction => {
      const instruction = this.#instructions[old] as Instruction;
      if (instruction.kind === "constant") return instruction;
      if (instruction.kind === "operation") return { ...instruction, args: instruction.args.map(at) };
      reads.push(this.#reads[instruction.read] as Read);
      return { ...instruction, read: reads.length - 1 };
    });
    return {
      kind: "loop",
      shape: this.shape,
      reads,
      instructions,
      writes: [...this.#writes].map(([value, buffer]) => ({ value: at(value), buffer })),
      axes: this.#axes ?? [],
      reductions: this.#reductions.map((r) => ({ ...r, value: at(r.value) })),
    };
  }
}
