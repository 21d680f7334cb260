/** Second and third derivatives: derivatives of derivatives, against finite differences of the first. */
import { grad, jvp, vjp } from "nabla";
import { describe, expect, test } from "vitest";
import { all, awayFromKinks, cost, differences, directions, distance, dot, numbers, shifted, smooth } from "./cases.js";
const along = (f, x, v) => jvp(f, x, v)[1];
/** d/dh slope(x + h·v): forward mode and finite differences. */
function check(c, stream, slope, tolerance) {
    awayFromKinks(c, stream, (x, v) => {
        const numeric = differences((h) => slope(...shifted(x, v, h)).flatMap(numbers));
        if (numeric === undefined)
            return false;
        const exact = along(slope, x, v).flatMap(numbers);
        expect(distance(exact, numeric)).toBeLessThan(tolerance * (c.loose?.[0] ?? 1));
        return true;
    });
}
describe("second: forward over reverse", () => {
    test.each(smooth)("$name", (c) => {
        check(c, 4, grad(cost(c), { wrt: all(c) }), 1e-8);
    });
});
describe("second: reverse over reverse", () => {
    test.each(smooth)("$name", (c) => {
        const slope = grad(cost(c), { wrt: all(c) });
        awayFromKinks(c, 5, (x, v) => {
            // ⟨w, H·v⟩ by forward over reverse, ⟨w·H, v⟩ by reverse over reverse.
            const w = directions(x, 6, c);
            const forward = dot(w, along(slope, x, v));
            const [, pullback] = vjp(slope, ...x);
            const reverse = dot(pullback(w), v);
            expect(Math.abs(forward - reverse)).toBeLessThan(1e-10 * Math.max(1, Math.abs(forward)));
            return true;
        });
    });
});
describe("second: reverse over forward", () => {
    test.each(smooth)("$name", (c) => {
        awayFromKinks(c, 7, (x, v) => {
            const slope = grad(cost(c), { wrt: all(c) });
            const expected = along(slope, x, v).flatMap(numbers);
            const rate = (...a) => jvp(cost(c), a, v)[1];
            const actual = grad(rate, { wrt: all(c) })(...x).flatMap(numbers);
            expect(distance(actual, expected)).toBeLessThan(1e-10);
            return true;
        });
    });
});
describe("third", () => {
    test.each(smooth.filter((c) => c.operation?.kind === "elementwise"))("$name", (c) => {
        const slope = grad(cost(c), { wrt: all(c) });
        const second = (...x) => along(slope, x, directions(x, 8, c));
        check(c, 9, second, 1e-7);
    });
});
