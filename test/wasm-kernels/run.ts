/** Runs kernels of one module on arrays between canaries and compares with what the operation means. */
import { ModuleBuilder } from "../../src/backend/wasm/encode.ts";
import { arenaStart, type Kernel, statusAddress } from "../../src/backend/wasm/kernel.ts";
import { kernels } from "../../src/backend/wasm/kernels/index.ts";
import { byteSize, type Data, viewOf } from "../../src/base/dtype.ts";
import { NablaError } from "../../src/base/error.ts";
import { sizeOf, stridesOf } from "../../src/base/shape.ts";
import type { Attributes, Operation, Type } from "../../src/graph/operation.ts";

export interface KernelCase {
  readonly name: string;
  readonly operation: Operation;
  readonly attributes: Attributes;
  readonly inputs: readonly Type[];
  readonly values: readonly Data[];
  /** What the kernel gets instead of `values`: elements in another order, and the strides that put it right. */
  readonly stored?: readonly { readonly data: Data; readonly offset: number; readonly strides: readonly number[] }[];
  /** The result is written over the input that the operation allows. */
  readonly inPlace?: boolean;
}

const guard = 48;
const canary = 0xa5;
const page = 65536;
const aligned = (n: number): number => Math.ceil(n / 16) * 16;
const isIndexError = (error: unknown): boolean => error instanceof NablaError && error.code === "E-INDEX";

/** One module for all cases: kernels that share a body by a wrong key are caught too. What is wrong, by case. */
export function runCases(cases: readonly KernelCase[]): string[] {
  const module = new ModuleBuilder();
  const made = cases.map((c, i) => {
    const result = c.operation.infer(c.inputs, c.attributes) as Type;
    const request = c.operation.kernel?.(c.inputs, c.attributes, result);
    const maker = kernels[request?.name ?? ""];
    if (request === undefined || maker === undefined) throw new Error(`${c.name}: no kernel`);
    const strides = c.inputs.flatMap((t, k) => c.stored?.[k]?.strides ?? stridesOf(t.shape));
    const parameters = request.strided ? { ...request.parameters, strides } : request.parameters;
    const kernel = maker(module, parameters, c.inputs, [result]);
    module.export(`k${i}`, kernel.run);
    return { kernel, result, over: c.inPlace ? request.inPlace : undefined };
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  return cases.flatMap((c, i) => {
    const { kernel, result, over } = made[i] as (typeof made)[number];
    const problem = check(c, kernel, result, over, exports[`k${i}`] as (...a: number[]) => void, memory);
    return problem === undefined ? [] : [`${c.name}: ${problem}`];
  });
}

function check(
  c: KernelCase,
  kernel: Kernel,
  result: Type,
  over: number | undefined,
  run: (...addresses: number[]) => void,
  memory: WebAssembly.Memory,
): string | undefined {
  const given = c.values.map((data, k) => c.stored?.[k]?.data ?? data);
  const bytes = [...given.map((d) => d.byteLength), sizeOf(result.shape) * byteSize[result.dtype], kernel.scratch];
  let end = arenaStart + guard;
  const starts = bytes.map((n) => {
    const start = aligned(end);
    end = start + n + guard;
    return start;
  });
  const missing = Math.ceil(end / page) - memory.buffer.byteLength / page;
  if (missing > 0) memory.grow(missing);
  const all = new Uint8Array(memory.buffer, 0, end);
  all.fill(canary, arenaStart);
  const status = new Int32Array(memory.buffer, statusAddress, 4);
  status.fill(0);
  given.forEach((data, k) => {
    viewOf(c.inputs[k]?.dtype as Type["dtype"], memory.buffer, starts[k] as number, data.length).set(data);
  });
  const before = all.slice();
  const out = over === undefined ? given.length : over;
  const addresses = given.map(
    (_, k) => (starts[k] as number) + (c.stored?.[k]?.offset ?? 0) * byteSize[(c.inputs[k] as Type).dtype],
  );
  run(...addresses, starts[out] as number, starts[given.length + 1] as number);

  const mayChange = (at: number, k: number): boolean =>
    at >= (starts[k] as number) && at < (starts[k] as number) + (bytes[k] as number);
  const touched = all.findIndex(
    (byte, at) => at >= 4 && byte !== before[at] && !mayChange(at, out) && !mayChange(at, given.length + 1),
  );
  if (touched >= 0) return `wrote at ${touched}; buffers start at ${starts}`;

  let expected: Data;
  try {
    expected = c.operation.evaluate(c.values, c.inputs, c.attributes, result);
  } catch (error) {
    if (!isIndexError(error)) throw error;
    return status[0] === 0 ? "no error where the reference throws" : undefined;
  }
  if (status[0] !== 0) return `status ${status[0]} where the reference has a result`;
  const actual = viewOf(result.dtype, memory.buffer, starts[out] as number, expected.length);
  const wrong = expected.findIndex((v, k) => !Object.is(v, actual[k]));
  return wrong < 0 ? undefined : `element ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`;
}
