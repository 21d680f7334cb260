/**
 * Uncompiled code is not slow where it matters: an operation on constants that would keep the reference busy runs as a
 * small program of its own. Programs are made when about as much time has gone into a signature as making one takes
 * (as one rents skis until the rent would have bought them), and kept within a budget of memory.
 */
import { arenaStart } from "../backend/wasm/kernel.ts";
import { Program } from "../backend/wasm/program.ts";
import { allocate, copyOf, type Data } from "../base/dtype.ts";
import { sameShape, sizeOf } from "../base/shape.ts";
import type { Evaluator } from "../graph/evaluate.ts";
import { trace } from "../graph/graph.ts";
import type { Attributes, Operation, Type } from "../graph/operation.ts";
import { apply, applyAll } from "../graph/tensor.ts";
import { passes } from "./passes.ts";

/** Nanoseconds: of a call that is looked at, and of all calls of a signature that buy a program. */
const leastWork = 20_000;
const price = { chunks: 2_000_000, whole: 5_000_000 } as const;
/** Bytes of the programs that are kept, and signatures of which the work is counted. */
const budget = 64 * 2 ** 20;
const mostSignatures = 1000;
/** Elements. */
const chunk = 8192;

const spent = new Map<string, number>();
/** The most recently used comes last. */
const programs = new Map<string, Program>();

/** Declines small work, and signatures that have not come often enough. */
export const eagerly: Evaluator = (operation, inputs, attributes, results, values) => {
  const work = operation.work?.(inputs, attributes, results[0] as Type) ?? 0;
  if (!(work >= leastWork)) return undefined;
  if (operation.kind === "elementwise") {
    const result = results[0] as Type;
    const isInStep = inputs.every(({ shape }) => sizeOf(shape) === 1 || sameShape(shape, result.shape));
    return isInStep ? inChunks(operation, inputs, attributes, result, values, work) : undefined;
  }
  const program = find(operation, inputs, attributes, work, price.whole);
  if (program === undefined) return undefined;
  program.inputs.forEach((place, i) => {
    place.set(values[i] as ArrayLike<number>);
  });
  program.run();
  return program.outputs.map(copyOf);
};

/** Elements side by side, some at a time: one program for all shapes, and its memory stays in the cache. */
function inChunks(
  operation: Operation,
  inputs: readonly Type[],
  attributes: Attributes,
  { shape, dtype }: Type,
  values: readonly Data[],
  work: number,
): readonly Data[] | undefined {
  const types = inputs.map((t): Type => ({ shape: sizeOf(t.shape) === 1 ? [] : [chunk], dtype: t.dtype }));
  const program = find(operation, types, attributes, work, price.chunks);
  if (program === undefined) return undefined;
  const size = sizeOf(shape);
  const result = allocate(dtype, size);
  for (let start = 0; start < size; start += chunk) {
    const end = Math.min(start + chunk, size);
    program.inputs.forEach((place, i) => {
      const data = values[i] as Data;
      if (place.length > 1) place.set(data.subarray(start, end));
      else place[0] = data[0] as number;
    });
    program.run();
    const made = program.outputs[0] as Data;
    result.set(end - start === chunk ? made : made.subarray(0, end - start), start);
  }
  return [result];
}

/** The program of a signature, if it has been bought. */
function find(
  operation: Operation,
  inputs: readonly Type[],
  attributes: Attributes,
  work: number,
  cost: number,
): Program | undefined {
  const key = JSON.stringify([operation.name, attributes, inputs.map(({ shape, dtype }) => [shape, dtype])]);
  const known = programs.get(key);
  if (known === undefined && !isBought(key, work, cost)) return undefined;
  const program = known ?? programOf(operation, inputs, attributes);
  keep(key, program);
  return program;
}

function isBought(key: string, work: number, cost: number): boolean {
  const total = (spent.get(key) ?? 0) + work;
  if (spent.size >= mostSignatures) spent.clear();
  spent.set(key, total);
  return total >= cost;
}

function programOf(operation: Operation, inputs: readonly Type[], attributes: Attributes): Program {
  const graph = trace("compile", inputs, (leaves) =>
    operation.evaluateAll === undefined
      ? [apply(operation, leaves, attributes)]
      : applyAll(operation, leaves, attributes),
  );
  return new Program(passes(graph, 0, arenaStart).plan);
}

function keep(key: string, program: Program): void {
  programs.delete(key);
  programs.set(key, program);
  let bytes = 0;
  for (const { memoryBytes } of programs.values()) bytes += memoryBytes;
  for (const [oldest, { memoryBytes }] of programs) {
    if (bytes <= budget) break;
    programs.delete(oldest);
    bytes -= memoryBytes;
  }
}
