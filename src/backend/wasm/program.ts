/** A plan, assembled and instantiated: its arena belongs to it and goes with it. */
import { type Data, viewOf } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Buffer, Plan } from "../target.ts";
import { type Assembled, assemble, pagesFor } from "./assemble.ts";
import { hasFused } from "./fused.ts";
import { hasThreads, maySleep } from "./host.ts";
import { awakeAddress, statusAddress } from "./kernel.ts";
import { type Team, teamOf } from "./team.ts";

const runsBefore = 3;

export interface ProgramOptions {
  readonly threads?: number;
  /** The same bits on every machine: no instruction whose rounding is the processor's. */
  readonly reproducible?: boolean;
}

const assembled = (plan: Plan, { threads = 1, reproducible = false }: ProgramOptions): Assembled =>
  assemble(plan, { threads: hasThreads() ? threads : 1, fused: () => !reproducible && hasFused() });

/** Bytes of the plan's arena and of the scratch memory that its kernels would get. */
export const memoryOf = (plan: Plan, options: ProgramOptions): number => assembled(plan, options).memory;

export class Program {
  readonly plan: Plan;
  /** The module's bytes, for whoever wants to look. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Data[];
  readonly outputs: readonly Data[];
  /** Bytes of the arena, scratch memory included. */
  readonly memoryBytes: number;
  /** How many threads it may run on. */
  readonly threads: number;
  readonly #module: WebAssembly.Module;
  readonly #memory: WebAssembly.Memory;
  readonly #run: (thread: number, threads: number) => void;
  readonly #status: Int32Array;
  #team: { readonly team: Team; readonly id: number } | undefined;
  #runs = 0;

  constructor(plan: Plan, options: ProgramOptions = {}) {
    const { bytes, memory: size, threads } = assembled(plan, options);
    const pages = pagesFor(size);
    if (pages > 65536)
      throw new NablaError(
        "E-LIMIT",
        `compile: the program needs ${(size / 2 ** 30).toFixed(1)} GiB; a WebAssembly memory has at most 4`,
        "smaller batches, or checkpoint around parts of the function",
      );
    const memory = new WebAssembly.Memory(
      threads > 1 ? { initial: pages, maximum: pages, shared: true } : { initial: pages },
    );
    const module = new WebAssembly.Module(bytes);
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    const view = (buffer: Buffer): Data =>
      viewOf(buffer.type.dtype, memory.buffer, plan.address.get(buffer) as number, sizeOf(buffer.type.shape));
    for (const buffer of plan.buffers) if (buffer.constant !== undefined) view(buffer).set(buffer.constant);
    if (threads > 1 && !maySleep()) new Int32Array(memory.buffer)[awakeAddress / 4] = 1;
    this.plan = plan;
    this.bytes = bytes;
    this.memoryBytes = size;
    this.inputs = plan.inputs.map(view);
    this.outputs = plan.outputs.map(view);
    this.threads = threads;
    this.#module = module;
    this.#memory = memory;
    this.#run = instance.exports.run as (thread: number, threads: number) => void;
    this.#status = new Int32Array(memory.buffer, statusAddress, 1);
  }

  /** Inputs must be in place; results are in `outputs` until the next run. */
  run(): void {
    const other = this.threads > 1 ? this.#others() : undefined;
    if (other === undefined) this.#run(0, 1);
    else {
      other.team.start(other.id);
      this.#run(0, this.threads);
    }
    if (this.#status[0] !== 0) {
      this.#status[0] = 0;
      throw new NablaError(
        "E-INDEX",
        "compiled function: an index is outside its axis, or a label no whole number",
        "the same call without compile, which names the operation and the index",
      );
    }
  }

  /** The other threads, once they have started; for one or two calls it is not worth starting them. */
  #others(): { readonly team: Team; readonly id: number } | undefined {
    if (this.#team === undefined) {
      if (++this.#runs < runsBefore) return undefined;
      const team = teamOf(this.threads);
      if (team === undefined) return undefined;
      this.#team = { team, id: team.add(this, this.#module, this.#memory) };
    }
    return this.#team.team.isReady ? this.#team : undefined;
  }
}
