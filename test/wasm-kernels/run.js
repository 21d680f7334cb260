/** Runs kernels of one module on arrays between canaries and compares with what the operation means. */
import { ModuleBuilder } from "../../src/backend/wasm/encode.js";
import { arenaStart, statusAddress } from "../../src/backend/wasm/kernel.js";
import { kernels } from "../../src/backend/wasm/kernels/index.js";
import { byteSize, viewOf } from "../../src/base/dtype.js";
import { NablaError } from "../../src/base/error.js";
import { sizeOf, stridesOf } from "../../src/base/shape.js";
const guard = 48;
const canary = 0xa5;
const page = 65536;
const aligned = (n) => Math.ceil(n / 16) * 16;
const isIndexError = (error) => error instanceof NablaError && error.code === "E-INDEX";
/** One module for all cases: kernels that share a body by a wrong key are caught too. What is wrong, by case. */
export function runCases(cases) {
    const module = new ModuleBuilder();
    const made = cases.map((c, i) => {
        const result = c.operation.infer(c.inputs, c.attributes);
        const request = c.operation.kernel?.(c.inputs, c.attributes, result);
        const maker = kernels[request?.name ?? ""];
        if (request === undefined || maker === undefined)
            throw new Error(`${c.name}: no kernel`);
        const strides = c.inputs.flatMap((t, k) => c.stored?.[k]?.strides ?? stridesOf(t.shape));
        const parameters = request.strided ? { ...request.parameters, strides } : request.parameters;
        const kernel = maker(module, parameters, c.inputs, [result]);
        module.export(`k${i}`, kernel.run);
        return { kernel, result, over: c.inPlace ? request.inPlace : undefined };
    });
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
    return cases.flatMap((c, i) => {
        const { kernel, result, over } = made[i];
        const problem = check(c, kernel, result, over, exports[`k${i}`], memory);
        return problem === undefined ? [] : [`${c.name}: ${problem}`];
    });
}
function check(c, kernel, result, over, run, memory) {
    const given = c.values.map((data, k) => c.stored?.[k]?.data ?? data);
    const bytes = [...given.map((d) => d.byteLength), sizeOf(result.shape) * byteSize[result.dtype], kernel.scratch];
    let end = arenaStart + guard;
    const starts = bytes.map((n) => {
        const start = aligned(end);
        end = start + n + guard;
        return start;
    });
    const missing = Math.ceil(end / page) - memory.buffer.byteLength / page;
    if (missing > 0)
        memory.grow(missing);
    const all = new Uint8Array(memory.buffer, 0, end);
    all.fill(canary, arenaStart);
    const status = new Int32Array(memory.buffer, statusAddress, 4);
    status.fill(0);
    given.forEach((data, k) => {
        viewOf(c.inputs[k]?.dtype, memory.buffer, starts[k], data.length).set(data);
    });
    const before = all.slice();
    const out = over === undefined ? given.length : over;
    const addresses = given.map((_, k) => starts[k] + (c.stored?.[k]?.offset ?? 0) * byteSize[c.inputs[k].dtype]);
    run(...addresses, starts[out], starts[given.length + 1]);
    const mayChange = (at, k) => at >= starts[k] && at < starts[k] + bytes[k];
    const touched = all.findIndex((byte, at) => at >= 4 && byte !== before[at] && !mayChange(at, out) && !mayChange(at, given.length + 1));
    if (touched >= 0)
        return `wrote at ${touched}; buffers start at ${starts}`;
    let expected;
    try {
        expected = c.operation.evaluate(c.values, c.inputs, c.attributes, result);
    }
    catch (error) {
        if (!isIndexError(error))
            throw error;
        return status[0] === 0 ? "no error where the reference throws" : undefined;
    }
    if (status[0] !== 0)
        return `status ${status[0]} where the reference has a result`;
    const actual = viewOf(result.dtype, memory.buffer, starts[out], expected.length);
    const wrong = expected.findIndex((v, k) => !Object.is(v, actual[k]));
    return wrong < 0 ? undefined : `element ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`;
}
