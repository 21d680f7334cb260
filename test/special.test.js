import cephes from "cephes";
import { beforeAll, describe, expect, test } from "vitest";
import { erf, erfc, erfinv, lgamma, polygamma } from "../src/base/special.js";
import { evaluate, ulps } from "./wasm-math/oracle.js";
import { random } from "./wasm-math/samples.js";
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`special: SEED=${seed}`);
const draw = (count, low, high) => {
    const u = random(seed);
    return Array.from({ length: count }, () => low + (high - low) * u());
};
const close = (got, want, relative, what) => expect(Math.abs(got - want), `${what}: ${got}, not ${want}, SEED=${seed}`).toBeLessThanOrEqual(relative * Math.abs(want));
describe("against exact values", () => {
    test("erf within 2 ulp", () => {
        for (const x of [...draw(300, -6, 6), 1e-300, 5e-324, -1e-10]) {
            expect(ulps(erf(x), evaluate("erf", x), 52), `erf(${x})`).toBeLessThanOrEqual(2);
        }
    });
    test("erfc within 6 ulp, down to where it vanishes", () => {
        for (const x of draw(100, -5, 26.5)) {
            expect(ulps(erfc(x), evaluate("erfc", x), 52), `erfc(${x})`).toBeLessThanOrEqual(6);
        }
    });
});
describe("against Cephes", () => {
    beforeAll(() => cephes.compiled);
    test("erf and erfc", () => {
        for (const x of draw(1000, -5, 25)) {
            close(erf(x), cephes.erf(x), 1e-15, `erf(${x})`);
            close(erfc(x), cephes.erfc(x), 1e-13, `erfc(${x})`);
        }
    });
    test("lgamma", () => {
        for (const x of [...draw(1000, 0.01, 200), 1e6, 1e100, 1e-10]) {
            if (Math.abs(x - 1) < 0.1 || Math.abs(x - 2) < 0.1)
                continue;
            close(lgamma(x), cephes.lgam(x), 2e-14, `lgamma(${x})`);
        }
    });
    test("digamma and the Hurwitz zeta function", () => {
        let factorial = 1;
        for (let n = 1; n <= 12; n++) {
            factorial *= n;
            for (const x of draw(100, 0.1, 50)) {
                const sign = n % 2 === 0 ? -1 : 1;
                close(polygamma(n, x), sign * factorial * cephes.zeta(n + 1, x), 2e-14, `polygamma(${n}, ${x})`);
            }
        }
        for (const x of draw(1000, 2, 100))
            close(polygamma(0, x), cephes.psi(x), 1e-14, `digamma(${x})`);
    });
});
describe("known values", () => {
    const gamma = 0.5772156649015329;
    test.each([
        [0, 1, -gamma],
        [0, 0.5, -gamma - 2 * Math.LN2],
        [0, -0.5, 0.03648997397857652],
        [1, 1, Math.PI ** 2 / 6],
        [1, 0.5, Math.PI ** 2 / 2],
        [1, -0.5, Math.PI ** 2 / 2 + 4],
        [2, 1, -2 * 1.2020569031595942],
        [3, 0.25, Math.PI ** 4 * 8 + 96 * 0.9889445517411053 * 8],
    ])("polygamma(%d, %d)", (n, x, want) => close(polygamma(n, x), want, 1e-13, "polygamma"));
    test("poles and infinities", () => {
        expect(lgamma(0)).toBe(Infinity);
        expect(lgamma(-3)).toBe(Infinity);
        expect(lgamma(-Infinity)).toBe(Infinity);
        expect(lgamma(1)).toBeCloseTo(0, 300);
        expect(polygamma(0, 0)).toBeNaN();
        expect(polygamma(0, -4)).toBeNaN();
        expect(polygamma(1, -4)).toBe(Infinity);
        expect(polygamma(2, -4)).toBeNaN();
        expect(polygamma(0, Infinity)).toBe(Infinity);
        expect(polygamma(0.5, 1)).toBeNaN();
        expect(polygamma(-1, 1)).toBeNaN();
        expect([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity)]).toEqual([1, -1, 0, 2]);
        expect([erfinv(1), erfinv(-1)]).toEqual([Infinity, -Infinity]);
        expect(Object.is(erf(-0), -0) && Object.is(erfinv(-0), -0)).toBe(true);
        for (const f of [erf, erfc, erfinv, lgamma])
            expect(f(Number.NaN)).toBeNaN();
        expect(erfinv(1.5)).toBeNaN();
    });
});
/** erfinv(x) against a Newton step on the exact error function: the correction must be below one ulp or so. */
test("erfinv inverts erf to 1e-15", () => {
    const tails = draw(60, 1, 52).map((e) => 1 - 2 ** -e);
    for (const x of [...draw(200, -1, 1), ...tails, 1e-300, 1e-9, 1e-7]) {
        const y = erfinv(x);
        const { value, bits } = evaluate("erf", y);
        const rest = value - (BigInt(Math.round(x * 2 ** 60)) << BigInt(bits - 60));
        const exactly = Math.abs(x) > 2 ** -7;
        const error = exactly ? Number(rest >> BigInt(bits - 200)) / 2 ** 200 : erf(y) - x;
        const correction = (error * Math.sqrt(Math.PI) * Math.exp(y * y)) / 2;
        expect(Math.abs(correction / y), `erfinv(${x}), SEED=${seed}`).toBeLessThanOrEqual(1e-15);
    }
});
