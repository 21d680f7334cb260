/** Runs a function of the library over arrays. */
import { i32, ModuleBuilder, v128 } from "../../src/backend/wasm/encode.js";
import { mathLibrary } from "../../src/backend/wasm/math/library.js";
export const widths = ["f32x4", "f64x2"];
/** `run(bytes)`: z[i] = f(x[i], y[i]) with x, y and z at 0, 2^20 and 2^21 bytes. */
export function moduleOf(name, width) {
    const module = new ModuleBuilder({ initialPages: 64 });
    const { arity, [width]: build } = mathLibrary[name];
    const run = module.function(["i32"], undefined, (f, bytes) => f.for(i32.const(0), bytes.get, 16, (at) => {
        const x = v128.load(at);
        const y = v128.load(at, 2 ** 20);
        return v128.store(at, arity === 1 ? build(module, f, x) : build(module, f, x, y), 2 ** 21);
    }));
    module.export("run", run);
    return module.toBytes();
}
export function runner(name, width) {
    const memory = new WebAssembly.Memory({ initial: 64 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(name, width)), { env: { memory } });
    const run = instance.exports.run;
    const make = (offset, length) => width === "f32x4"
        ? new Float32Array(memory.buffer, offset, length)
        : new Float64Array(memory.buffer, offset, length);
    return (x, y = []) => {
        const size = width === "f32x4" ? 4 : 8;
        const length = Math.ceil((x.length * size) / 16) * 16;
        make(0, x.length).set(x);
        make(2 ** 20, y.length).set(y);
        run(length);
        return make(2 ** 21, x.length).slice();
    };
}
