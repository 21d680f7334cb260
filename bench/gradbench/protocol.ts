/**
 * What a message is answered with. A problem is a module of problems/, named like the suite's; its functions make an
 * input ready and say what runs.
 *
 * What is timed, as "evaluate": one call of the compiled function. Its arguments are tensors and are copied into the
 * program; its results have been computed when the call returns, in memory that the next call uses again, as the suite's
 * C++ does with its vectors. What is not, as "prepare": the input's JSON as tensors, and one call, in which the function
 * is traced and compiled (the suite's C++ tools prepare the same way, those that record a tape there too; JAX's counts
 * its compilation as part of the first run). Neither is the result's way to JSON.
 */
import { existsSync } from "node:fs";
import type { CompileOptions } from "nabla";

export type Message =
  | { readonly id: number; readonly kind: "start" | "analysis" | "end" }
  | { readonly id: number; readonly kind: "define"; readonly module: string }
  | {
      readonly id: number;
      readonly kind: "evaluate";
      readonly module: string;
      readonly function: string;
      readonly input: unknown;
    };

interface Timing {
  readonly name: "prepare" | "evaluate";
  readonly nanoseconds: number;
}

export interface Response {
  readonly id: number;
  readonly tool?: string;
  readonly success?: boolean;
  readonly output?: unknown;
  readonly timings?: readonly Timing[];
  readonly error?: string;
}

/** A function made ready for one input. */
export interface Ready<R> {
  /** What is timed. */
  readonly run: () => R;
  /** The result as the suite expects it. */
  readonly output: (result: R) => unknown;
}

/** A function of a problem; how it compiles is the tool's to say. */
export type Evaluation<I, R> = (input: I, options: CompileOptions) => Ready<R>;

/** How often a function is to run: at least so many times, and at least so long all together. */
interface Runs {
  readonly min_runs?: number;
  readonly min_seconds?: number;
}

async function problem(name: string): Promise<Readonly<Record<string, Evaluation<never, unknown>>>> {
  const file = new URL(`./problems/${name}.ts`, import.meta.url);
  if (!/^\w+$/.test(name) || !existsSync(file)) throw new Error(`there is no problem "${name}"`);
  return await import(file.href);
}

const since = (start: bigint): number => Number(process.hrtime.bigint() - start);

function evaluate(evaluation: Evaluation<never, unknown>, input: unknown, options: CompileOptions) {
  const { min_runs = 1, min_seconds = 0 } = (typeof input === "object" ? input : {}) as Runs;
  const start = process.hrtime.bigint();
  const { run, output } = evaluation(input as never, { ...options, lend: true });
  let result = run();
  const timings: Timing[] = [{ name: "prepare", nanoseconds: since(start) }];
  for (let runs = 0, elapsed = 0; runs < min_runs || elapsed < min_seconds * 1e9; runs++) {
    const start = process.hrtime.bigint();
    result = run();
    const nanoseconds = since(start);
    timings.push({ name: "evaluate", nanoseconds });
    elapsed += nanoseconds;
  }
  return { success: true, output: output(result), timings };
}

/** Every message has a response; what throws is its error. */
export async function respond(message: Message, options: CompileOptions): Promise<Response> {
  const { id } = message;
  try {
    if (message.kind === "start") return { id, tool: "nabla" };
    if (message.kind === "define") {
      await problem(message.module);
      return { id, success: true };
    }
    if (message.kind !== "evaluate") return { id };
    const functions = await problem(message.module);
    const evaluation = Object.hasOwn(functions, message.function) ? functions[message.function] : undefined;
    if (evaluation === undefined) throw new Error(`${message.module} has no function "${message.function}"`);
    return { id, ...evaluate(evaluation, message.input, options) };
  } catch (error) {
    return { id, success: false, error: String(error instanceof Error ? error.stack : error) };
  }
}
