/** What every WebAssembly kernel of a routine agrees on. */
import type { KernelRequest, Type } from "../../graph/operation.ts";
import type { FunctionReference, ModuleBuilder } from "./encode.ts";

export interface Kernel {
  /**
   * Parameters, all i32 byte addresses: every input, every result, scratch memory. Arrays are contiguous,
   * row-major, 16-byte aligned and do not overlap; a bool is one byte, 0 or 1.
   */
  readonly run: FunctionReference<undefined>;
  /** Bytes of scratch memory. */
  readonly scratch: number;
}

export type KernelMaker = (
  module: ModuleBuilder,
  parameters: KernelRequest["parameters"],
  inputs: readonly Type[],
  results: readonly Type[],
) => Kernel;

/** At this address a kernel stores a non-zero i32 where it met an error; the caller throws after the run. */
export const statusAddress = 0;
export const statusCodes = { indexOutOfRange: 1 } as const;
/** The first address that belongs to a program. */
export const arenaStart = 16;
