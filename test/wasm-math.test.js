import { afterAll, describe, expect, test } from "vitest";
import wabtFactory from "wabt";
import { mathLibrary } from "../src/backend/wasm/math/library.js";
import * as special from "../src/base/special.js";
import { evaluate, ulps } from "./wasm-math/oracle.js";
import { moduleOf, runner, widths } from "./wasm-math/run.js";
import { random, samples } from "./wasm-math/samples.js";
const names = Object.keys(mathLibrary);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`wasm-math: SEED=${seed}`);
/** Doubles to check float32 against. */
const reference = {
    ...Object.fromEntries(names.filter((name) => name in Math).map((name) => [name, Math[name]])),
    exp2: (x) => 2 ** x,
    erf: special.erf,
    erfc: special.erfc,
    lgamma: special.lgamma,
    polygamma: special.polygamma,
    rem: (x, y) => x % y,
};
/** The bound on the error in units of the last place; lgamma and polygamma are judged apart. */
const bounds = { erfc: 4, rem: 0 };
const gammaFamily = (name) => name === "lgamma" || name === "polygamma";
const table = [];
afterAll(() => console.log(`largest error in ulp (gamma family: relative)\n${table.join("\n")}`));
function singleUlps(got, value) {
    if (!Number.isFinite(got) && Object.is(got, Math.fround(value)))
        return 0;
    if (value === 0)
        return got === 0 ? 0 : Number.POSITIVE_INFINITY;
    if (!Number.isFinite(got))
        return Math.abs(value) > 3.4028235e38 ? 0 : Number.POSITIVE_INFINITY;
    const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(value))) - 23, -149);
    return Math.abs(got - value) / unit;
}
function worstError(name, width) {
    const single = width === "f32x4";
    const { x, y } = samples(name, width, random(seed), single ? 20_000 : name === "erfc" ? 150 : 400);
    const got = runner(name, width)(x, y);
    let worst = { error: 0, at: [] };
    x.forEach((a, i) => {
        const b = y[i] ?? 0;
        const value = got[i] ?? Number.NaN;
        let error;
        if (gammaFamily(name)) {
            const exact = single ? (reference[name]?.(a, b) ?? 0) : toNumber(name, a, b);
            if (Math.fround(exact) === value || exact === value)
                return;
            error = Math.abs(value - exact) / Math.max(conditioned(name, a, b, exact), single ? 2 ** -126 : 0);
        }
        else if (single)
            error = singleUlps(value, reference[name]?.(a, b) ?? Number.NaN);
        else
            error = ulps(value, evaluate(name, a, b), 52);
        if (!(error <= worst.error))
            worst = { error, at: [a, b] };
    });
    return worst;
}
/** |f| or |x·f′|, whichever is greater: near a zero no more can be asked than the argument carries. */
function conditioned(name, a, b, value) {
    const slope = name === "lgamma" ? a * special.polygamma(0, a) : b * special.polygamma(a + 1, b);
    return Math.max(Math.abs(value), Number.isFinite(slope) ? Math.abs(slope) : 0);
}
function toNumber(name, x, y) {
    const { value, bits } = evaluate(name, x, y);
    const cut = Math.max(0, value.toString(2).length - 80);
    return (Number(value >> BigInt(cut)) * 2 ** (cut - bits / 2)) / 2 ** (bits / 2);
}
describe.each(widths)("%s", (width) => {
    test.each(names)("%s keeps its error bound over all exponents", (name) => {
        const { error, at } = worstError(name, width);
        table.push(`${name.padEnd(10)} ${width}  ${gammaFamily(name) ? error.toExponential(1) : error.toFixed(3)}`);
        const bound = gammaFamily(name) ? (width === "f32x4" ? 1.2e-7 : 1e-14) : (bounds[name] ?? 2);
        expect(error, `${name} at ${at.join()} with SEED=${seed}`).toBeLessThanOrEqual(bound);
    });
    const edges = [
        0,
        -0,
        Number.NaN,
        Infinity,
        -Infinity,
        1,
        -1,
        0.5,
        -0.5,
        2,
        -2,
        3,
        -3,
        1.5,
        -1.5,
        4,
        5e-324,
        -5e-324,
        1e-310,
        1e-45,
        -1e-45,
        1e-40,
        1e-300,
        1e300,
        -1e300,
        1e30,
        -1e30,
        1e38,
        3.4e38,
        89,
        -104,
        710.4,
        -745.2,
        800,
        -800,
        1e9,
        -1e9,
        1e10 + 0.5,
        2 ** 53,
        2 ** 53 - 1,
        1.7976931348623157e308,
        2 ** -1022,
        2 ** -126,
        2 ** 51 + 0.5,
        1023.5,
        1e22,
    ];
    const round = width === "f32x4" ? Math.fround : (x) => x;
    const pairs = edges.flatMap((a) => edges.map((b) => [round(a), round(b)]));
    test.each(names)("%s has the special values of JavaScript and C", (name) => {
        const xs = mathLibrary[name].arity === 1 ? edges.map((x) => [round(x), 0]) : pairs;
        const got = runner(name, width)(xs.map(([a]) => a), xs.map(([, b]) => b));
        xs.forEach(([a, b], i) => {
            const want = round(reference[name]?.(a, b) ?? Number.NaN);
            const value = got[i] ?? 0;
            const message = `${name}(${Object.is(a, -0) ? "-0" : a}, ${b}) is ${value}, not ${want}`;
            if (Number.isFinite(want) && want !== 0) {
                const slack = gammaFamily(name) ? 64 : 4;
                const scale = gammaFamily(name) ? conditioned(name, a, b, want) : Math.abs(want);
                const step = width === "f32x4" ? 2 ** -23 : 2 ** -52;
                const least = width === "f32x4" ? 2 ** -149 : 2 ** -1074;
                expect(Math.abs(value - want), message).toBeLessThanOrEqual(slack * Math.max(step * scale, least));
            }
            else
                expect(Object.is(value, want), message).toBe(true);
        });
    });
    test.each(names)("%s of an element does not depend on its neighbours", (name) => {
        const { x, y } = samples(name, width, random(seed + 1), 61);
        const [a, b] = [
            [...x, ...edges.map(round)],
            [...y, ...edges.map(round)],
        ];
        if (name === "polygamma")
            a.splice(0, a.length, ...a.map((n) => (n > 100 ? 3 : n)));
        const run = runner(name, width);
        const straight = run(a, b);
        const turned = run([7, 0.5, ...a].reverse(), [1, 2, ...b].reverse())
            .reverse()
            .subarray(2);
        straight.forEach((value, i) => {
            expect(Object.is(value, turned[i]), `${name}(${a[i]}, ${b[i]}): ${value}, ${turned[i]}`).toBe(true);
        });
    });
    test.each(names)("%s assembles to a module that wabt accepts", async (name) => {
        const bytes = moduleOf(name, width);
        expect(WebAssembly.validate(bytes)).toBe(true);
        const wabt = await wabtFactory();
        const module = wabt.readWasm(bytes, { simd: true });
        module.validate();
        module.destroy();
    });
});
