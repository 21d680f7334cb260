/** Functions that run as one WebAssembly call: traced once per signature, then planned, emitted and kept. */

import type { Plan } from "../backend/target.ts";
import { defaultThreads } from "../backend/wasm/host.ts";
import { arenaStart } from "../backend/wasm/kernel.ts";
import { Program, type ProgramOptions } from "../backend/wasm/program.ts";
import { copyOf, type Data } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkFlags, checkOptions } from "../base/options.ts";
import { sameShape, showShape } from "../base/shape.ts";
import { checkSameStructure, type Structure, unflatten } from "../base/tree.ts";
import { evaluateBy } from "../graph/evaluate.ts";
import { captured, type Graph, trace } from "../graph/graph.ts";
import { constant, type Resident, residentConstant, Tensor, type TensorLike } from "../graph/tensor.ts";
import { showGraph } from "../graph/text.ts";
import {
  callGiven,
  type FlatArguments,
  flattenArguments,
  flattenResults,
  type Inputs,
  rebuildArguments,
} from "../graph/trees.ts";
import { absorb } from "../transform/control/absorb.ts";
import { share } from "../transform/share.ts";
import { simplify } from "../transform/simplify.ts";
import { eagerly } from "./eager.ts";
import { passes } from "./passes.ts";
import { planWithin } from "./recompute/limit.ts";
import { type Leaf, Signature, signatureKey } from "./signature.ts";
import { showPlan } from "./text.ts";

// Where there is a compiler, constants profit from it too.
evaluateBy(eagerly);

/** What `compile` keeps, and how it runs. */
export interface CompileOptions {
  /** How many signatures (shapes and dtypes of the arguments) are kept; the least recently used goes. Default 32. */
  readonly cacheSize?: number;
  /**
   * The first argument is state: f returns `[next state, …results]`, the next state a tree like the first argument.
   * It stays in the program's memory from call to call; a state that was passed on cannot be read any more.
   */
  readonly state?: boolean;
  /**
   * Results are lent, not copied: they lie in the program's memory until the next call of the same signature, which
   * overwrites them; whoever reads one later gets an E-CONSUMED. For large results that are done with by then. Default
   * false.
   */
  readonly lend?: boolean;
  /**
   * How many threads may share the work of one call, the calling one included; by default as many as the machine has
   * cores, at most 8. The results are the same bits for any number.
   */
  readonly threads?: number;
  /**
   * The same bits on every machine. Without it products use fused multiply–add where the host has it (Node 22, current
   * browsers but Safari), whose last bits differ from those of hosts without. Default false.
   */
  readonly reproducible?: boolean;
  /**
   * The most bytes that a program may occupy: its arena and the scratch memory of its products. What does not fit is
   * not kept but computed again where it is needed, with as little work as the search finds
   * (docs/decisions/0005-recompute-on-steps.md); the results are the same bits. By default there is no limit.
   *
   * The plan says what it came to: `inspect(…).plan` has `bytes`, `lowerBound` and `recomputed`. A limit that cannot be
   * met is an E-LIMIT with the least that was reached, when the function is first called.
   */
  readonly memoryLimit?: number;
}

/** One compiled signature. Its graph and its plan print themselves: `String(f.inspect(x).plan)`. */
export interface Compiled {
  /** What f records, simplified. */
  readonly graph: Graph;
  /** The loops and routines that run, and where in memory each array lies. */
  readonly plan: Plan;
  /** The module and its memory. */
  readonly program: Program;
  readonly structure: Structure;
  readonly signature: Signature;
  /** How many inputs, and first outputs, are state. */
  readonly state: number;
  /** Whether results stay in the program's memory. */
  readonly lend: boolean;
  /** The state, and what was lent, that the last call returned. */
  latest: readonly Tensor[];
}

/** The function, compiled: called like the function itself. */
export interface CompiledFunction<A extends readonly unknown[], R> {
  (...args: Inputs<A>): R;
  /** What would run for these arguments: the simplified graph, the plan, the module's bytes. */
  inspect(...args: Inputs<A>): Compiled;
}

/** The same for a function of tensors. */
export interface SimplyCompiled<R> {
  (...args: TensorLike[]): R;
  inspect(...args: TensorLike[]): Compiled;
}

interface BuildOptions extends ProgramOptions {
  readonly state: boolean;
  readonly lend: boolean;
  readonly memoryLimit: number;
}

function build(
  f: (...args: never[]) => unknown,
  inputs: readonly FlatArguments[],
  { state: hasState, lend, memoryLimit, ...options }: BuildOptions,
): Compiled {
  const tensors = inputs.flatMap((input) => input.tensors);
  let structure: Structure | undefined;
  const types = tensors.map(({ shape, dtype }) => ({ shape, dtype }));
  const traced = trace("compile", types, (leaves) => {
    const args = rebuildArguments(inputs, leaves);
    const returned = callGiven("compile", f, args);
    if (hasState) checkState(inputs[0] as FlatArguments, returned);
    const result = flattenResults("compile", returned);
    structure = result.structure;
    return result.tensors;
  });
  if (captured(traced).length > 0) {
    throw new NablaError(
      "E-LEAKED",
      "compile: the function reads a variable of an outer grad, vmap or scan",
      "passing it as an argument",
    );
  }
  const graph = printed(absorb(share(simplify(traced))), showGraph);
  const state = hasState ? (inputs[0] as FlatArguments).tensors.length : 0;
  const { coalesced, plan: free } = passes(graph, state, arenaStart);
  const plan = printed(planWithin(coalesced, free, memoryLimit, options), showPlan);
  const program = new Program(plan, options);
  const signature = new Signature(inputs);
  return { graph, plan, program, structure: structure as Structure, signature, state, lend, latest: [] };
}

const printed = <T extends object>(value: T, show: (value: T) => string): T => ({
  ...value,
  toString: () => show(value),
});

/** State goes out as it came in. */
function checkState(input: FlatArguments, returned: unknown): void {
  if (!Array.isArray(returned))
    throw new NablaError(
      "E-TREE",
      "compile: with { state: true } the function returns [next state, …results]",
      "return [nextState, loss]",
    );
  const next = flattenResults("compile", returned[0]);
  checkSameStructure("compile: the next state", input.structure, next.structure);
  next.tensors.forEach((t, i) => {
    const before = input.tensors[i] as Tensor;
    if (!sameShape(t.shape, before.shape) || t.dtype !== before.dtype) {
      const type = (x: Tensor): string => `${x.dtype}${showShape(x.shape)}`;
      throw new NablaError(
        "E-SHAPE",
        `compile: the state ${input.paths[i]} goes in as ${type(before)} and comes out as ${type(t)}`,
        "cast or reshape of the next state",
      );
    }
  });
}

/** Puts the arguments in place and forgets them; the state that is there already is not touched. */
function enter({ program, state, latest }: Compiled, leaves: Leaf[]): void {
  // Whoever holds a state that is about to be overwritten, and was not passed on, keeps its value; whoever holds what was
  // lent does not, but for an argument of this call.
  latest.forEach((t, i) => {
    if (i < state ? !isPresent(leaves[i], t) : leaves.includes(t)) t.data;
    else if (i >= state && t.resident !== undefined) t.resident = overwritten;
  });
  for (let i = 0; i < program.inputs.length; i++) {
    const leaf = leaves[i] as Leaf;
    const place = program.inputs[i] as Data;
    if (typeof leaf === "number") place[0] = leaf;
    else if (i < state && isPresent(leaf, latest[i])) continue;
    else if (leaf instanceof Tensor && leaf.resident !== undefined) leaf.resident.write(place);
    else {
      const data = leaf instanceof Tensor ? leaf.data : leaf;
      if (place.length === 1) place[0] = data[0] as number;
      else place.set(data);
    }
  }
  for (let i = 0; i < state; i++) {
    const leaf = leaves[i];
    if (isPresent(leaf, latest[i])) leaf.resident = consumed;
  }
  leaves.fill(0);
}

const isPresent = (leaf: Leaf | undefined, latest: Tensor | undefined): leaf is Tensor =>
  leaf === latest && latest?.resident !== undefined;

const gone = (message: string, repair: string): Resident => {
  const fail = (): never => {
    throw new NablaError("E-CONSUMED", message, repair);
  };
  return { read: fail, write: fail };
};
const consumed = gone(
  "compile: this state was passed on to the next call, which overwrote it",
  "reading it before that call, or the state that the call returned",
);
const overwritten = gone(
  "compile: this result was lent until the next call, which overwrote it",
  "reading it before that call, or compiling without { lend: true }",
);

function leave(compiled: Compiled): Tensor[] {
  const { graph, program, state, lend } = compiled;
  const results = new Array<Tensor>(program.outputs.length);
  for (let i = 0; i < results.length; i++) {
    const place = program.outputs[i] as Data;
    const { shape, dtype } = graph.outputs[i] as Tensor;
    results[i] =
      lend || i < state
        ? residentConstant({ shape, dtype }, { read: () => copyOf(place), write: (to) => to.set(place) })
        : constant(copyOf(place), shape, dtype);
  }
  if (lend) compiled.latest = results;
  else if (state > 0) compiled.latest = results.slice(0, state);
  return results;
}

const known = ["cacheSize", "state", "lend", "threads", "reproducible", "memoryLimit"];

/**
 * f as a program: traced once for each signature, differentiated and simplified as a graph, run as one call into
 * WebAssembly. Results equal those of f (docs/conventions.md says where the last bits may differ). What f reads from
 * outside its arguments is fixed when it is traced.
 *
 * Inside grad, vmap or another compile, f's graph is simply part of the graph around it.
 *
 * @example
 * const step = compile(valueAndGrad((x) => x.mul(x).sum()));
 * step([1, 2, 3])[1].toArray() // [2, 4, 6]
 * String(compile((x) => x.mul(2).sum()).inspect([1, 2, 3]).plan)
 * // arena: 128 … 176; at most 48 bytes alive at one time
 * // b0: float64[3]  128 … 152  input
 * // b1: float64[]  160 … 168  output
 * // run(b0):
 * //   loop [3]:
 * //     %0: float64 = b0
 * //     %2: float64 = mul %0, 2
 * //     b1 = sum {axes: [0]} %2
 * //   return b1
 */
export function compile<R = Tensor>(f: (...args: Tensor[]) => R, options?: CompileOptions): SimplyCompiled<R>;
export function compile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: CompileOptions,
): CompiledFunction<A, R>;
export function compile(f: (...args: never[]) => unknown, options: CompileOptions = {}): unknown {
  checkOptions("compile", options, "compile(f, { lend: true })", known);
  const {
    cacheSize = 32,
    state = false,
    lend = false,
    threads = defaultThreads(),
    reproducible = false,
    memoryLimit = Number.POSITIVE_INFINITY,
  } = options;
  checkFlags("compile", { state, lend, reproducible });
  if (!Number.isInteger(cacheSize) || cacheSize < 1)
    throw new NablaError(
      "E-OPTION",
      `compile: cacheSize is ${cacheSize}, not an integer ≥ 1`,
      "the number of signatures to keep",
    );
  if (!Number.isInteger(threads) || threads < 1)
    throw new NablaError(
      "E-OPTION",
      `compile: threads is ${threads}, not an integer ≥ 1`,
      "1, or the number of cores to use",
    );
  if (!(memoryLimit > 0))
    throw new NablaError(
      "E-OPTION",
      `compile: memoryLimit is ${memoryLimit}, not a number of bytes > 0`,
      "compile(f, { memoryLimit: 64 * 2 ** 20 })",
    );
  const cache = new Map<string, Compiled>();

  const find = (inputs: readonly FlatArguments[]): Compiled => {
    const key = signatureKey(inputs);
    const compiled = cache.get(key) ?? build(f, inputs, { state, lend, threads, reproducible, memoryLimit });
    // The most recently used comes last.
    cache.delete(key);
    cache.set(key, compiled);
    if (cache.size > cacheSize) cache.delete(cache.keys().next().value as string);
    return compiled;
  };
  const flat = (args: readonly unknown[]): FlatArguments[] =>
    args.map((arg, i) => flattenArguments("compile", arg, `argument ${i}`));

  let recent: Compiled | undefined;
  const leaves: Leaf[] = [];
  const call = (...args: unknown[]): unknown => {
    if (recent === undefined || !recent.signature.read(args, leaves)) {
      const inputs = flat(args);
      const tensors = inputs.flatMap((input) => input.tensors);
      if (tensors.some((t) => t.level > 0)) return callGiven("compile", f, rebuildArguments(inputs, tensors));
      recent = find(inputs);
      tensors.forEach((t, i) => {
        leaves[i] = t;
      });
    }
    enter(recent, leaves);
    recent.program.run();
    return unflatten(recent.structure, leave(recent));
  };
  return Object.assign(call, { inspect: (...args: unknown[]) => find(flat(args)) });
}
