/** A plan, assembled and instantiated: its arena belongs to it and goes with it. */
import { type Data, viewOf } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Buffer, Plan } from "../target.ts";
import { assemble, pagesFor } from "./assemble.ts";
import { statusAddress } from "./kernel.ts";

export class Program {
  readonly plan: Plan;
  /** The module's bytes, for whoever wants to look. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Data[];
  readonly outputs: readonly Data[];
  /** Bytes of the arena, scratch memory included. */
  readonly memoryBytes: number;
  readonly #run: () => void;
  readonly #status: Int32Array;

  constructor(plan: Plan) {
    const { bytes, memory: size } = assemble(plan);
    const pages = pagesFor(size);
    if (pages > 65536)
      throw new NablaError(
        "E-LIMIT",
        `compile: the program needs ${(size / 2 ** 30).toFixed(1)} GiB; a WebAssembly memory has at most 4`,
        "smaller batches, or checkpoint around parts of the function",
      );
    const memory = new WebAssembly.Memory({ initial: pages });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    const view = (buffer: Buffer): Data =>
      viewOf(buffer.type.dtype, memory.buffer, plan.address.get(buffer) as number, sizeOf(buffer.type.shape));
    for (const buffer of plan.buffers) if (buffer.constant !== undefined) view(buffer).set(buffer.constant);
    this.plan = plan;
    this.bytes = bytes;
    this.memoryBytes = size;
    this.inputs = plan.inputs.map(view);
    this.outputs = plan.outputs.map(view);
    this.#run = instance.exports.run as () => void;
    this.#status = new Int32Array(memory.buffer, statusAddress, 1);
  }

  /** Inputs must be in place; results are in `outputs` until the next run. */
  run(): void {
    this.#run();
    if (this.#status[0] !== 0) {
      this.#status[0] = 0;
      throw new NablaError(
        "E-INDEX",
        "compiled function: an index is outside its axis",
        "the same call without compile, which names the operation and the index",
      );
    }
  }
}
