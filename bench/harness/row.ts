/** A row of the table: one workload at several sizes, written for every engine as its users would write it. */
import type * as JaxModule from "@jax-js/jax";
import type * as TensorFlowModule from "@tensorflow/tfjs";
import type * as NablaModule from "nabla";
import type { Compiled, CompileOptions } from "nabla";

export type Nabla = typeof NablaModule;
export type Jax = typeof JaxModule;
export type JaxArray = JaxModule.Array;
export type TensorFlow = typeof TensorFlowModule;
export type TensorFlowTensor = TensorFlowModule.Tensor;

/** A workload, ready to run. */
export interface Contestant {
  /** What is timed. */
  readonly run: () => unknown;
  /** Numbers on which all contestants must agree; asked once, after one run. */
  readonly check: () => ArrayLike<number>;
  /** The function without its gradient. */
  readonly value?: () => unknown;
  /** nabla's program. */
  readonly inspect?: () => Compiled;
}

export interface Case<S> {
  readonly name: string;
  readonly size: S;
  /** Floating-point operations of one run, where GFLOP/s says more than a time. */
  readonly flops?: number;
  /** What the project set itself before its first line, for the machine described in docs/benchmarks.md. */
  readonly target?: string;
}

export interface RowDefinition<S> {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case<S>[];
  readonly nabla: (nabla: Nabla, size: S, options: CompileOptions, entry: string) => Contestant;
  /** False: several threads would measure the same again. */
  readonly threads?: false;
  /** Plain JavaScript, by somebody who knows how. */
  readonly hand?: (size: S) => Contestant;
  readonly tensorflow?: (tf: TensorFlow, size: S) => Contestant;
  /** TensorFlow.js also in plain JavaScript, for what its wasm backend lacks. */
  readonly tensorflowCpu?: boolean;
  readonly jax?: (jax: Jax, size: S) => Contestant;
  /** Python: defines `contestant(size)`, which returns run, check. */
  readonly torch?: string;
  readonly numpy?: string;
}

export interface Row extends Omit<RowDefinition<never>, "cases"> {
  readonly cases: readonly Case<unknown>[];
}

/** Forgets the type of the sizes: a row is only ever given its own. */
export const row = <S>(definition: RowDefinition<S>): Row => definition;
