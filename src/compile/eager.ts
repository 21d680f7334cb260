/**
 * Uncompiled code is not slow where it matters: an operation on constants that would keep the reference busy runs as a
 * small program of its own. Programs are made when about as much time has gone into a signature as making one takes
 * (as one rents skis until the rent would have bought them), and kept within a budget of memory.
 */
import { arenaStart } from "../backend/wasm/kernel.ts";
import { Program } from "../backend/wasm/program.ts";
import { copyOf } from "../base/dtype.ts";
import type { Evaluator } from "../graph/evaluate.ts";
import { trace } from "../graph/graph.ts";
import type { Attributes, Operation, Type } from "../graph/operation.ts";
import { apply, applyAll } from "../graph/tensor.ts";
import { passes } from "./passes.ts";

/** Nanoseconds: of a call that is looked at, and of all calls of a signature that buy a program. */
const leastWork = 20_000;
const price = 5_000_000;
/** Bytes of the programs that are kept, and signatures of which the work is counted. */
const budget = 64 * 2 ** 20;
const mostSignatures = 1000;

const spent = new Map<string, number>();
/** The most recently used comes last. */
const programs = new Map<string, Program>();

/** Declines small work, and signatures that have not come often enough. */
export const eagerly: Evaluator = (operation, inputs, attributes, results, values) => {
  const work = operation.work?.(inputs, attributes, results[0] as Type) ?? 0;
  if (!(work >= leastWork)) return undefined;
  const key = JSON.stringify([operation.name, attributes, inputs.map(({ shape, dtype }) => [shape, dtype])]);
  const known = programs.get(key);
  if (known === undefined && !isBought(key, work)) return undefined;
  const program = known ?? programOf(operation, inputs, attributes);
  keep(key, program);
  program.inputs.forEach((place, i) => {
    place.set(values[i] as ArrayLike<number>);
  });
  program.run();
  return program.outputs.map(copyOf);
};

function isBought(key: string, work: number): boolean {
  const total = (spent.get(key) ?? 0) + work;
  if (spent.size >= mostSignatures) spent.clear();
  spent.set(key, total);
  return total >= price;
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
