/** A plan becomes one WebAssembly module with one exported function, `run`. */
import { NablaError } from "../../base/error.ts";
import type { LoopStep, Plan, RoutineStep, Step } from "../target.ts";
import { call, ModuleBuilder } from "./encode.ts";
import type { Compiled, Kernel } from "./kernel.ts";
import { copyParts } from "./kernels/copy.ts";
import { kernels } from "./kernels/index.ts";
import { loopCode } from "./loop.ts";
import { type Context, StepWriter } from "./steps.ts";

export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of memory, scratch included. */
  readonly memory: number;
  /** How many threads `run(thread, threads)` may be called on at the same time; 1: `run()`. */
  readonly threads: number;
}

const pageSize = 65536;
const stepsPerPart = 128;
export const pagesFor = (bytes: number): number => Math.max(1, Math.ceil(bytes / pageSize));

export interface Features {
  /** Into how many parts work may be split. */
  readonly threads: number;
  /** Whether products may use fused multiply–add: asked if there is one. */
  readonly fused: () => boolean;
}

export function assemble(plan: Plan, { threads, fused }: Features): Assembled {
  const module = new ModuleBuilder(undefined, { fused });
  const compiled = new Map<Step, Compiled>();
  let scratchSize = 0;
  const needs = (bytes: number): void => {
    scratchSize = Math.max(scratchSize, Math.ceil(bytes / 16) * 16);
  };
  everyStep(plan.steps, (step) => {
    if (step.kind === "loop") {
      const code = loopOrCopy(module, step, threads);
      compiled.set(step, code);
      needs((code.finish?.stateBytes ?? 0) * code.parts.length);
    } else if (step.kind === "routine") {
      const kernel = routineKernel(module, step, threads);
      compiled.set(step, { parts: kernel.parts ?? [{ run: kernel.run, offsets: [] }] });
      needs(kernel.scratch);
    }
  });
  const shared = threads === 1 ? new Set<Step>() : sharedSteps(plan.steps, compiled);
  const isShared = shared.size > 0;
  const scratch = Math.ceil(plan.bytes / 16) * 16;
  const context: Context = { module, plan, compiled, threads, scratch, scratchSize, shared, pending: "nothing" };

  // V8 compiles large bodies slowly: a long program is a list of calls to its parts.
  const pieces = Array.from({ length: Math.ceil(plan.steps.length / stepsPerPart) }, (_, i) =>
    plan.steps.slice(i * stepsPerPart, (i + 1) * stepsPerPart),
  );
  if (isShared) {
    const parts = pieces.map((steps) =>
      module.function(["i32", "i32"], undefined, (f, thread, count) =>
        new StepWriter(context, f, { thread, count }).all(steps),
      ),
    );
    const run = module.function(["i32", "i32"], undefined, (f, thread, count) => [
      parts.map((part) => call(part, thread.get, count.get)),
      new StepWriter(context, f, { thread, count }).meet(),
    ]);
    module.export("run", run);
  } else {
    const parts = pieces.map((steps) => module.function([], undefined, (f) => new StepWriter(context, f).all(steps)));
    module.export(
      "run",
      module.function([], undefined, () => parts.map((part) => call(part))),
    );
  }
  const bytes = module.toBytes(isShared ? { initialPages: 1, maximumPages: 65536, shared: true } : undefined);
  return { bytes, memory: scratch + scratchSize * (isShared ? threads : 1), threads: isShared ? threads : 1 };
}

function everyStep(steps: readonly Step[], visit: (step: Step) => void): void {
  for (const step of steps) {
    visit(step);
    everyStep(bodiesOf(step), visit);
  }
}

function bodiesOf(step: Step): readonly Step[] {
  if (step.kind === "repeat") return step.length === 0 ? [] : step.body;
  if (step.kind === "while") return [...step.condition, ...step.body];
  return step.kind === "branch" ? [...step.yes, ...step.no] : [];
}

/** Steps with parts, and the control flow around such. */
function sharedSteps(steps: readonly Step[], compiled: ReadonlyMap<Step, Compiled>): Set<Step> {
  const shared = new Set<Step>();
  const visit = (step: Step): boolean => {
    const inside = bodiesOf(step).map(visit).includes(true);
    const is = inside || (compiled.get(step)?.parts.length ?? 0) > 1;
    if (is) shared.add(step);
    return is;
  };
  steps.forEach(visit);
  return shared;
}

function routineKernel(module: ModuleBuilder, step: RoutineStep, threads: number): Kernel {
  const make = kernels[step.request.name];
  if (make === undefined) throw new NablaError("E-INTERNAL", `there is no WebAssembly kernel ${step.request.name}`);
  const strides = step.inputs.flatMap((input) => input.view.strides);
  const parameters = step.request.strided ? { ...step.request.parameters, strides } : step.request.parameters;
  return make(module, parameters, step.inputTypes, step.outputTypes, threads, step.epilogue);
}

/** A loop that only puts elements in order is a copy, which has kernels of its own for transposed views. */
function loopOrCopy(module: ModuleBuilder, step: LoopStep, threads: number): Compiled {
  const [read, ...reads] = step.reads;
  const [write, ...writes] = step.writes;
  const copies =
    read !== undefined &&
    write !== undefined &&
    reads.length + writes.length + step.reductions.length === 0 &&
    step.instructions.length === 1 &&
    (read.buffer.slice?.of ?? read.buffer) !== (write.buffer.slice?.of ?? write.buffer);
  if (!copies) return loopCode(module, step, threads);
  return { parts: copyParts(module, write.buffer.type.dtype, step.shape, read.view.strides, threads) };
}
