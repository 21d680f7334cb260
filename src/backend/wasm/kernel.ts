/** What every WebAssembly kernel of a routine agrees on. */
import type { KernelRequest, Type } from "../../graph/operation.ts";
import type { Epilogue } from "../target.ts";
import type { FunctionReference, ModuleBuilder } from "./encode.ts";

export interface Kernel {
  /**
   * Parameters, all i32 byte addresses: every input, every result, scratch memory. Arrays are contiguous,
   * row-major, 16-byte aligned and do not overlap; a bool is one byte, 0 or 1.
   */
  readonly run: FunctionReference<undefined>;
  /** Bytes of scratch memory. */
  readonly scratch: number;
  /** The same work in pieces that may run at the same time, each with scratch memory of its own. */
  readonly parts?: readonly Part[];
}

/** A piece of a kernel: its function, and what is added to the address of every input and result. */
export interface Part {
  readonly run: FunctionReference<undefined>;
  readonly offsets: readonly number[];
}

/** The code of a step: one part, or several that may run at the same time. */
export interface Compiled {
  readonly parts: readonly Part[];
  /**
   * Each part leaves a state of so many bytes instead of results; this makes the results of them: (address of the
   * states, …results).
   */
  readonly finish?: { readonly run: FunctionReference<undefined>; readonly stateBytes: number };
}

/** Most threads of a program: more would meet more often than they work, at the sizes that one machine runs. */
export const mostThreads = 8;

/** Whole numbers from 0 to n in `parts` runs, each but the last a multiple of `step`. */
export function runsOf(n: number, parts: number, step: number): { readonly start: number; readonly size: number }[] {
  const size = Math.ceil(n / parts / step) * step;
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => ({
    start: i * size,
    size: Math.min(size, n - i * size),
  }));
}

export type KernelMaker = (
  module: ModuleBuilder,
  parameters: KernelRequest["parameters"],
  inputs: readonly Type[],
  results: readonly Type[],
  /** Into how many parts the work may be split. */
  threads?: number,
  /** What is made of each element of the result; its inputs follow the kernel's own. */
  epilogue?: Epilogue,
) => Kernel;

/** At this address a kernel stores a non-zero i32 where it met an error; the caller throws after the run. */
export const statusAddress = 0;
export const statusCodes = { indexOutOfRange: 1 } as const;
/**
 * Words through which threads meet: how many have arrived, the number of the meeting, how many sleep, and whether
 * thread 0 must stay awake.
 */
export const barrierAddress = 64;
export const awakeAddress = barrierAddress + 12;
/** The first address that belongs to a program, in a cache line of its own. */
export const arenaStart = 128;
