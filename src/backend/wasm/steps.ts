/**
 * The steps of a plan as code. With several threads all of them run the same code: steps in parts fall to each, the
 * others to thread 0; where one needs what another wrote, they meet. Without threads there is nothing of that.
 */
import { byteSize } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import { type Buffer, type LoopStep, type Plan, type Read, type RoutineStep, type Step, writesOf } from "../target.ts";
import { barrier } from "./barrier.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  call,
  type Expr,
  type FunctionBuilder,
  i32,
  type Local,
  loop,
  type ModuleBuilder,
  memory,
  when,
} from "./encode.ts";
import { type Compiled, type Part, statusAddress } from "./kernel.ts";

export interface Context {
  readonly module: ModuleBuilder;
  readonly plan: Plan;
  readonly compiled: ReadonlyMap<Step, Compiled>;
  readonly threads: number;
  /** Address and size of the scratch memory; the part of each thread has its own. */
  readonly scratch: number;
  readonly scratchSize: number;
  /** Steps in parts, and the control flow around them. */
  readonly shared: ReadonlySet<Step>;
  /** What has been written since the threads last met. */
  pending: "nothing" | "by thread 0" | "in parts";
}

export interface Threads {
  readonly thread: Local<"i32">;
  readonly count: Local<"i32">;
}

export const bytesOf = ({ type }: Buffer): number => sizeOf(type.shape) * byteSize[type.dtype];

export class StepWriter {
  readonly #context: Context;
  readonly #f: FunctionBuilder;
  readonly #threads: Threads | undefined;
  readonly #counters = new Map<number, Local<"i32">>();

  constructor(context: Context, f: FunctionBuilder, threads?: Threads) {
    this.#context = context;
    this.#f = f;
    this.#threads = threads;
  }

  all(steps: readonly Step[]): Code {
    if (this.#threads === undefined) return steps.map((step) => this.#step(step));
    const { thread } = this.#threads;
    const code: Code[] = [];
    let alone: Code[] = [];
    const flush = (): void => {
      if (alone.length > 0) code.push(when(i32.eqz(thread.get), alone));
      alone = [];
    };
    for (const step of steps) {
      if (this.#context.shared.has(step)) {
        flush();
        code.push(this.meet(), this.#sharedStep(step));
      } else {
        if (this.#context.pending === "in parts") code.push(this.meet());
        alone.push(this.#step(step));
        this.#context.pending = "by thread 0";
      }
    }
    flush();
    return code;
  }

  /** All threads wait for each other, if anything has been written since they last did. */
  meet(): Code {
    if (this.#threads === undefined || this.#context.pending === "nothing") return [];
    this.#context.pending = "nothing";
    return this.#barrier();
  }

  #barrier(): Code {
    if (this.#threads === undefined) return [];
    const { thread, count } = this.#threads;
    return call(barrier(this.#context.module), thread.get, count.get);
  }

  #sharedStep(step: Step): Code {
    if (step.kind !== "loop" && step.kind !== "routine") return this.#step(step);
    const { thread, count } = this.#threads as Threads;
    const { threads, compiled } = this.#context;
    const { parts, finish } = compiled.get(step) as Compiled;
    this.#context.pending = "in parts";
    const calls = parts.map((_, i) =>
      when(
        i32.or(
          i32.eq(count.get, i32.const(1)),
          i32.eq(thread.get, i32.const(Math.floor((i * threads) / parts.length))),
        ),
        this.#part(step, i),
      ),
    );
    if (finish === undefined) return calls;
    const met = this.meet();
    this.#context.pending = "by thread 0";
    return [calls, met, when(i32.eqz(thread.get), this.#finish(step))];
  }

  #part(step: LoopStep | RoutineStep, i: number): Code {
    const { compiled, scratch, scratchSize } = this.#context;
    const { parts, finish } = compiled.get(step) as Compiled;
    const { run, offsets } = parts[i] as Part;
    const reads = step.kind === "loop" ? step.reads : step.inputs;
    const operands = [
      ...reads.map((read, k) => this.#seen(read, offsets[k] ?? 0)),
      ...writesOf(step).map((buffer, k) => this.#address(buffer, offsets[reads.length + k] ?? 0)),
    ];
    if (finish !== undefined) {
      const state = i32.const(scratch + i * finish.stateBytes);
      return call(run, ...operands.slice(0, reads.length + (step as LoopStep).writes.length), state);
    }
    return call(run, ...operands, ...(step.kind === "routine" ? [i32.const(scratch + i * scratchSize)] : []));
  }

  #finish(step: LoopStep | RoutineStep): Code {
    const { finish } = this.#context.compiled.get(step) as Compiled;
    if (finish === undefined || step.kind !== "loop") return [];
    const results = step.reductions.map(({ buffer }) => this.#address(buffer));
    return call(finish.run, i32.const(this.#context.scratch), ...results);
  }

  #address(buffer: Buffer, bytes = 0): Expr<"i32"> {
    const { slice } = buffer;
    if (slice === undefined) return i32.const((this.#context.plan.address.get(buffer) as number) + bytes);
    const counter = this.#counters.get(slice.loop) as Local<"i32">;
    return i32.add(this.#address(slice.of, bytes), i32.mul(counter.get, i32.const(bytesOf(buffer))));
  }

  #seen({ buffer, view }: Read, bytes: number): Expr<"i32"> {
    return this.#address(buffer, view.offset * byteSize[buffer.type.dtype] + bytes);
  }

  #step(step: Step): Code {
    switch (step.kind) {
      case "loop":
      case "routine":
        return [
          (this.#context.compiled.get(step) as Compiled).parts.map((_, i) => this.#part(step, i)),
          this.#finish(step),
        ];
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
          loop([this.#inside(step, step.body), counter.set(i32.add(counter.get, i32.const(by))), branchIf(more, 0)]),
        ];
      }
      case "while": {
        const going = this.#f.local("i32");
        const failed = this.#f.local("i32");
        return block(
          loop([
            this.#inside(step, step.condition),
            going.set(i32.load8u(this.#address(step.going))),
            failed.set(i32.load(i32.const(statusAddress))),
            this.#read(step),
            branchIf(i32.or(i32.eqz(going.get), failed.get), 1),
            this.#inside(step, step.body),
            branch(0),
          ]),
        );
      }
      case "branch": {
        const taken = this.#f.local("i32");
        return [
          taken.set(i32.load8u(this.#address(step.predicate))),
          this.#read(step),
          when(taken.get, this.#inside(step, step.yes), this.#inside(step, step.no)),
        ];
      }
    }
  }

  /** The steps of a body; threads leave it together. */
  #inside(around: Step, body: readonly Step[]): Code {
    if (this.#context.shared.has(around)) return [this.all(body), this.meet()];
    return body.map((step) => this.#step(step));
  }

  /** Every thread has read what decides its way, before another may overwrite it. */
  #read(around: Step): Code {
    return this.#context.shared.has(around) ? this.#barrier() : [];
  }
}
