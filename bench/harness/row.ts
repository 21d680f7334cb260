/** A row of the table: one workload at several sizes, written for every engine as its users would write it. */
import type * as JaxModule from "@jax-js/jax";
import type * as TensorFlowModule from "@tensorflow/tfjs";
import type * as NablaModule from "nabla";
import type { Compiled, CompileOptions } from "nabla";
import type * as OptimizeModule from "nabla/optimize";
import type { SolverTitle } from "./solvers.ts";

export type Optimize = typeof OptimizeModule;
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
  /** Of a row of solvers: f at the minimum, and where it is, if that is known. */
  readonly minimum?: number;
  readonly solution?: readonly number[];
}

/** What a solver is given: the case, and which method it is to be. */
export type Asked<S> = S & { readonly method: string };

export interface RowDefinition<S> {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case<S>[];
  readonly nabla: (nabla: Nabla, size: S, options: CompileOptions, entry: string) => Contestant | Promise<Contestant>;
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
  /** A row of solvers, which stands in a table of its own: who takes part. A check gives f and the parameters reached. */
  readonly solvers?: readonly SolverTitle[];
  /** Python: defines `problem(size)`, of which solve.py says what it returns. */
  readonly scipy?: string;
  readonly fmin?: (size: S) => Promise<Contestant>;
  readonly "ml-levenberg-marquardt"?: (size: S) => Promise<Contestant>;
}

export interface Row extends Omit<RowDefinition<never>, "cases"> {
  readonly cases: readonly Case<unknown>[];
}

/** Forgets the type of the sizes: a row is only ever given its own. */
export const row = <S>(definition: RowDefinition<S>): Row => definition;
