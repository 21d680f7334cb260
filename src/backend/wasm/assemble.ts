/** A plan becomes one WebAssembly module with one exported function, `run`. */
import { byteSize } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Buffer, LoopStep, Plan, Read, RoutineStep, Step } from "../target.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  call,
  type Expr,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  type Local,
  loop,
  ModuleBuilder,
  memory,
  when,
} from "./encode.ts";
import { type Kernel, statusAddress } from "./kernel.ts";
import { copyKernel } from "./kernels/copy.ts";
import { kernels } from "./kernels/index.ts";
import { loopFunction } from "./loop.ts";

export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of memory, scratch included. */
  readonly memory: number;
}

const pageSize = 65536;
const stepsPerPart = 128;
export const pagesFor = (bytes: number): number => Math.max(1, Math.ceil(bytes / pageSize));
const bytesOf = ({ type }: Buffer): number => sizeOf(type.shape) * byteSize[type.dtype];

export function assemble(plan: Plan): Assembled {
  const scratchStart = Math.ceil(plan.bytes / 16) * 16;
  const module = new ModuleBuilder({ initialPages: 1 });
  const routines = new Map<RoutineStep, Kernel>();
  let scratch = 0;
  everyStep(plan.steps, (step) => {
    if (step.kind === "loop") functionOf(module, step);
    if (step.kind !== "routine") return;
    const kernel = routineKernel(module, step);
    routines.set(step, kernel);
    scratch = Math.max(scratch, kernel.scratch);
  });
  // V8 compiles large bodies slowly: a long program is a list of calls to its parts.
  const parts = Array.from({ length: Math.ceil(plan.steps.length / stepsPerPart) }, (_, i) =>
    module.function([], undefined, (f) =>
      new StepWriter(module, plan, routines, scratchStart, f).all(
        plan.steps.slice(i * stepsPerPart, (i + 1) * stepsPerPart),
      ),
    ),
  );
  const run = module.function([], undefined, () => parts.map((part) => call(part)));
  module.export("run", run);
  return { bytes: module.toBytes(), memory: scratchStart + scratch };
}

function everyStep(steps: readonly Step[], visit: (step: Step) => void): void {
  for (const step of steps) {
    visit(step);
    if (step.kind === "repeat") everyStep(step.body, visit);
    else if (step.kind === "while") everyStep([...step.condition, ...step.body], visit);
    else if (step.kind === "branch") everyStep([...step.yes, ...step.no], visit);
  }
}

function routineKernel(module: ModuleBuilder, step: RoutineStep): Kernel {
  const make = kernels[step.request.name];
  if (make === undefined) throw new NablaError("E-INTERNAL", `there is no WebAssembly kernel ${step.request.name}`);
  const strides = step.inputs.flatMap((input) => input.view.strides);
  const parameters = step.request.strided ? { ...step.request.parameters, strides } : step.request.parameters;
  return make(
    module,
    parameters,
    step.inputTypes,
    step.outputs.map((buffer) => buffer.type),
  );
}

/** A loop that only puts elements in order is a copy, which has kernels of its own for transposed views. */
function functionOf(module: ModuleBuilder, step: LoopStep): FunctionReference<undefined> {
  const [read, ...reads] = step.reads;
  const [write, ...writes] = step.writes;
  const copies =
    read !== undefined &&
    write !== undefined &&
    reads.length + writes.length + step.reductions.length === 0 &&
    step.instructions.length === 1 &&
    (read.buffer.slice?.of ?? read.buffer) !== (write.buffer.slice?.of ?? write.buffer);
  if (!copies) return loopFunction(module, step);
  return copyKernel(module, write.buffer.type.dtype, step.shape, { offset: 0, strides: read.view.strides });
}

class StepWriter {
  readonly #module: ModuleBuilder;
  readonly #plan: Plan;
  readonly #routines: ReadonlyMap<RoutineStep, Kernel>;
  readonly #scratch: number;
  readonly #f: FunctionBuilder;
  readonly #counters = new Map<number, Local<"i32">>();

  constructor(
    module: ModuleBuilder,
    plan: Plan,
    routines: ReadonlyMap<RoutineStep, Kernel>,
    scratch: number,
    f: FunctionBuilder,
  ) {
    this.#module = module;
    this.#plan = plan;
    this.#routines = routines;
    this.#scratch = scratch;
    this.#f = f;
  }

  all(steps: readonly Step[]): Code {
    return steps.map((step) => this.#step(step));
  }

  #address(buffer: Buffer, bytes = 0): Expr<"i32"> {
    const { slice } = buffer;
    if (slice === undefined) return i32.const((this.#plan.address.get(buffer) as number) + bytes);
    const counter = this.#counters.get(slice.loop) as Local<"i32">;
    return i32.add(this.#address(slice.of, bytes), i32.mul(counter.get, i32.const(bytesOf(buffer))));
  }

  #seen({ buffer, view }: Read): Expr<"i32"> {
    return this.#address(buffer, view.offset * byteSize[buffer.type.dtype]);
  }

  #step(step: Step): Code {
    switch (step.kind) {
      case "loop": {
        const operands = [...step.writes, ...step.reductions].map(({ buffer }) => this.#address(buffer));
        return call(functionOf(this.#module, step), ...step.reads.map((read) => this.#seen(read)), ...operands);
      }
      case "routine": {
        const { run } = this.#routines.get(step) as Kernel;
        const operands = [
          ...step.inputs.map((read) => this.#seen(read)),
          ...step.outputs.map((buffer) => this.#address(buffer)),
        ];
        return call(run, ...operands, i32.const(this.#scratch));
      }
      case "copy": {
        const bytes = bytesOf(step.to);
        return bytes === 0 ? [] : memory.copy(this.#address(step.to), this.#address(step.from), i32.const(bytes));
      }
      case "repeat": {
        if (step.length === 0) return [];
        const counter = this.#f.local("i32");
        this.#counters.set(step.loop, counter);
        const [first, by] = step.reverse ? [step.length - 1, -1] : [0, 1];
        const more = step.reverse ? i32.geS(counter.get, i32.const(0)) : i32.ltS(counter.get, i32.const(step.length));
        return [
          counter.set(i32.const(first)),
          loop([this.all(step.body), counter.set(i32.add(counter.get, i32.const(by))), branchIf(more, 0)]),
        ];
      }
      case "while": {
        const going = i32.load8u(this.#address(step.going));
        const failed = i32.load(i32.const(statusAddress));
        return block(
          loop([
            this.all(step.condition),
            branchIf(i32.eqz(going), 1),
            this.all(step.body),
            branchIf(failed, 1),
            branch(0),
          ]),
        );
      }
      case "branch":
        return when(i32.load8u(this.#address(step.predicate)), this.all(step.yes), this.all(step.no));
    }
  }
}
