/** Functions that run as one WebAssembly call: traced once per signature, then planned, emitted and kept. */
import { NablaError } from "../base/error.ts";
import { showShape } from "../base/shape.ts";
import { showStructure, type Structure, unflatten } from "../base/tree.ts";
import { arenaStart } from "../backend/wasm/kernel.ts";
import { Program } from "../backend/wasm/program.ts";
import { captured, type Graph, trace } from "../graph/graph.ts";
import { constant, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenArguments, flattenResults, type FlatArguments, type Inputs } from "../graph/trees.ts";
import { share } from "../transform/share.ts";
import { simplify } from "../transform/simplify.ts";
import { lower } from "./lower.ts";
import { plan } from "./memory.ts";

export interface CompileOptions {
  /** How many signatures (shapes and dtypes of the arguments) are kept; the least recently used goes. Default 32. */
  readonly cacheSize?: number;
}

/** One compiled signature. */
export interface Compiled {
  readonly graph: Graph;
  readonly program: Program;
  readonly structure: Structure;
}

export interface CompiledFunction<A extends readonly unknown[], R> {
  (...args: Inputs<A>): R;
  /** What would run for these arguments: the optimised graph, the plan, the module's bytes. */
  inspect(...args: Inputs<A>): Compiled;
}

/** The same for a function of tensors. */
export interface SimplyCompiled<R> {
  (...args: TensorLike[]): R;
  inspect(...args: TensorLike[]): Compiled;
}

function build(f: (...args: never[]) => unknown, inputs: readonly FlatArguments[]): Compiled {
  const tensors = inputs.flatMap((input) => input.tensors);
  let structure: Structure | undefined;
  const types = tensors.map(({ shape, dtype }) => ({ shape, dtype }));
  const traced = trace("compile", types, (leaves) => {
    let at = 0;
    const args = inputs.map((input) => input.rebuild(leaves.slice(at, (at += input.tensors.length))));
    const result = flattenResults("compile", f(...(args as never[])));
    structure = result.structure;
    return result.tensors;
  });
  if (captured(traced).length > 0) {
    throw new NablaError("E-LEAKED", "compile: the function reads a variable of an outer grad, vmap or scan", "passing it as an argument");
  }
  const graph = share(simplify(traced));
  return { graph, program: new Program(plan(lower(graph), arenaStart)), structure: structure as Structure };
}

const signature = (inputs: readonly FlatArguments[]): string =>
  inputs.map((input) => `${showStructure(input.structure)}${JSON.stringify(input.kept)}${input.tensors.map((t) => `${t.dtype}${showShape(t.shape)}`).join()}`).join(";");

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
 */
export function compile<R = Tensor>(f: (...args: Tensor[]) => R, options?: CompileOptions): SimplyCompiled<R>;
export function compile<A extends readonly unknown[], R>(f: (...args: A) => R, options?: CompileOptions): CompiledFunction<A, R>;
export function compile(f: (...args: never[]) => unknown, { cacheSize = 32 }: CompileOptions = {}): unknown {
  if (!Number.isInteger(cacheSize) || cacheSize < 1) throw new NablaError("E-OPTION", `compile: cacheSize is ${cacheSize}, not an integer ≥ 1`);
  const cache = new Map<string, Compiled>();

  const find = (inputs: readonly FlatArguments[]): Compiled => {
    const key = signature(inputs);
    let compiled = cache.get(key);
    if (compiled === undefined) compiled = build(f, inputs);
    else cache.delete(key);
    cache.set(key, compiled);
    if (cache.size > cacheSize) cache.delete(cache.keys().next().value as string);
    return compiled;
  };
  const flat = (args: readonly unknown[]): FlatArguments[] => args.map((arg, i) => flattenArguments("compile", arg, `argument ${i}`));

  const call = (...args: unknown[]): unknown => {
    const inputs = flat(args);
    const tensors = inputs.flatMap((input) => input.tensors);
    if (tensors.some((t) => t.level > 0)) return f(...(inputs.map((input) => input.rebuild(input.tensors)) as never[]));
    const { program, structure } = find(inputs);
    tensors.forEach((t, i) => {
      program.inputs[i]?.set(t.data);
    });
    program.run();
    const results = program.plan.outputs.map(({ type }, i) => constant((program.outputs[i] as Float64Array).slice(), type.shape, type.dtype));
    return unflatten(structure, results);
  };
  return Object.assign(call, { inspect: (...args: unknown[]) => find(flat(args)) });
}
