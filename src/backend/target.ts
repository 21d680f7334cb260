/** What a compiled program is made of: steps over buffers. Backends read it; `compile` writes it. */
import type { DType } from "../base/dtype.ts";
import type { Attributes, KernelRequest, Operation, Type, View } from "../graph/operation.ts";

/** A contiguous array in the arena. */
export interface Buffer {
  readonly id: number;
  readonly type: Type;
  /** Elements known when the program is made. */
  readonly constant?: ArrayLike<number>;
  /** One slice of a stacked array, chosen by the counter of a loop. */
  readonly slice?: { readonly of: Buffer; readonly loop: number };
}

/** How a loop reads a buffer: element offset + Σ index·stride over the loop's axes. */
export interface Read {
  readonly buffer: Buffer;
  readonly view: View;
}

/** A value inside a loop; operations refer to earlier values by their place in the list. */
export type Instruction =
  | { readonly kind: "read"; readonly read: number; readonly dtype: DType }
  | { readonly kind: "constant"; readonly value: number; readonly dtype: DType }
  | {
      readonly kind: "operation";
      readonly operation: Operation;
      readonly attributes: Attributes;
      readonly args: readonly number[];
      readonly dtype: DType;
    };

export type ReduceHow = "sum" | "max" | "min";

/** Elementwise instructions over all indices of `shape`; some values are stored, some reduced over `axes`. */
export interface LoopStep {
  readonly kind: "loop";
  readonly shape: readonly number[];
  readonly reads: readonly Read[];
  readonly instructions: readonly Instruction[];
  readonly writes: readonly { readonly value: number; readonly buffer: Buffer }[];
  readonly axes: readonly number[];
  readonly reductions: readonly { readonly value: number; readonly how: ReduceHow; readonly buffer: Buffer }[];
}

export interface RoutineStep {
  readonly kind: "routine";
  readonly request: KernelRequest;
  /** Contiguous, unless the request says otherwise (`readsThrough`). */
  readonly inputs: readonly Read[];
  readonly inputTypes: readonly Type[];
  readonly outputs: readonly Buffer[];
  /** What the routine makes: a buffer may hold it in another shape. */
  readonly outputTypes: readonly Type[];
  readonly epilogue?: Epilogue;
}

/**
 * What becomes of each element of a routine's result before it is stored. Read 0 is the element itself, the others are
 * the step's inputs behind the routine's own, seen over the result's axes; the outputs are `values`.
 */
export interface Epilogue {
  /** Of the result that is not stored. */
  readonly type: Type;
  /** How many inputs are the routine's own. */
  readonly own: number;
  readonly instructions: readonly Instruction[];
  readonly values: readonly number[];
}

/** Bytes of one buffer into another of the same size. */
export interface CopyStep {
  readonly kind: "copy";
  readonly from: Buffer;
  readonly to: Buffer;
}

/** `for` with a known number of iterations; `loop` names its counter. */
export interface RepeatStep {
  readonly kind: "repeat";
  readonly loop: number;
  readonly length: number;
  readonly reverse: boolean;
  readonly body: readonly Step[];
}

/** Runs `condition`, leaves if its bool is false, runs `body`, and again. */
export interface WhileStep {
  readonly kind: "while";
  readonly condition: readonly Step[];
  readonly going: Buffer;
  readonly body: readonly Step[];
}

export interface BranchStep {
  readonly kind: "branch";
  readonly predicate: Buffer;
  readonly yes: readonly Step[];
  readonly no: readonly Step[];
}

export type Step = LoopStep | RoutineStep | CopyStep | RepeatStep | WhileStep | BranchStep;

/** Whether the kernel reads an input of this shape where it lies, rather than a copy in order. */
export const readsThrough = ({ strided }: KernelRequest, { strides }: View, shape: readonly number[]): boolean =>
  strided === true || (strided === "rows" && (shape.at(-1) === 1 || strides.at(-1) === 1));

/** The buffers that a loop or routine writes. */
export const writesOf = (step: LoopStep | RoutineStep): Buffer[] =>
  step.kind === "routine" ? [...step.outputs] : [...step.writes, ...step.reductions].map((w) => w.buffer);

export interface Plan {
  readonly inputs: readonly Buffer[];
  readonly outputs: readonly Buffer[];
  readonly steps: readonly Step[];
  readonly buffers: readonly Buffer[];
  /** Byte address of every buffer without a slice. */
  readonly address: ReadonlyMap<Buffer, number>;
  /** Bytes of the arena. */
  readonly bytes: number;
  /** The most bytes alive at one time: no arena can be smaller. */
  readonly lowerBound: number;
  /** How many operations run again, so that their results need not be kept. */
  readonly recomputed: number;
}
