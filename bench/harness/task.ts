/** What the parent process and the contestants' processes say to each other: a line of JSON each. */

export interface Task {
  readonly engine: Engine;
  readonly threads: number;
  readonly row: string;
  readonly case: number;
  /** Of a solver: which one of the engine's. */
  readonly method: string | undefined;
  /** nabla's built entry. */
  readonly entry: string;
}

export type Engine = "nabla" | "hand" | "tensorflow" | "tensorflow-cpu" | "jax" | "torch" | "numpy" | Peer;

/** Optimisers beside nabla's. */
export type Peer = "scipy" | "fmin" | "ml-levenberg-marquardt";

/** Once ready: how long the first call took, tracing and compiling included, and what was computed. */
export interface Ready {
  readonly first: number;
  readonly check: readonly number[];
  readonly program?: ProgramFacts;
}

export interface ProgramFacts {
  readonly nodes: number;
  readonly moduleBytes: number;
  readonly peakBytes: number;
  readonly lowerBound: number;
}

/** Milliseconds to spend; the answer in nanoseconds a call. */
export interface Request {
  readonly budget: number;
}

export interface Timing {
  readonly time: number;
  readonly value?: number;
}
