/** vmap = a loop over the batch, for every choice of batched inputs, of functions and of their derivatives. */
import { grad, jvp, stack, vjp, vmap } from "nabla";
import { describe, expect, test } from "vitest";
import { all, cases, cost, differentiable, directions, distance, draw, numbers } from "./cases.js";
const size = 3;
const batchOf = (c) => Array.from({ length: size }, (_, k) => draw(c, 11 + k));
/** The arguments of each member if only the inputs of `mask` are batched: the others are those of member 0. */
const members = (batch, mask) => batch.map((x) => x.map((t, i) => (mask & (1 << i) ? t : batch[0]?.[i])));
const columns = (batch, mask) => (batch[0] ?? []).map((t, i) => (mask & (1 << i) ? stack(batch.map((x) => x[i])) : t));
const axes = (c, mask) => c.shapes.map((_, i) => (mask & (1 << i) ? 0 : null));
function eachMask(c, f, tolerance) {
    const batch = batchOf(c);
    for (let mask = 1; mask < 2 ** c.shapes.length; mask++) {
        const run = vmap(f, { inAxes: axes(c, mask) });
        const together = run(...columns(batch, mask));
        const apart = members(batch, mask).map((x) => f(...x));
        together.forEach((t, i) => {
            const expected = apart.map((r) => r[i]);
            expect(t.shape, `mask ${mask}`).toEqual([size, ...(expected[0]?.shape ?? [])]);
            expect(t.dtype).toBe(expected[0]?.dtype);
            expect(distance(numbers(t), expected.flatMap(numbers)), `mask ${mask}`).toBeLessThan(tolerance);
        });
    }
}
describe("functions", () => {
    test.each(cases)("$name", (c) => eachMask(c, (...x) => [c.apply(...x)], 1e-13));
});
describe("gradients", () => {
    test.each(differentiable)("$name", (c) => {
        eachMask(c, grad(cost(c), { wrt: all(c) }), 1e-12);
    });
});
describe("along an axis that is not the first", () => {
    test.each(cases.filter((c) => c.shapes.every((s) => s.length > 0)))("$name", (c) => {
        const batch = batchOf(c);
        const f = vmap((...x) => c.apply(...x), { inAxes: -1 });
        const together = f(...(batch[0] ?? []).map((_, i) => stack(batch.map((x) => x[i]), -1)));
        expect(distance(numbers(together), batch.flatMap((x) => numbers(c.apply(...x))))).toBeLessThan(1e-13);
    });
});
describe("twice", () => {
    test.each(cases)("$name", (c) => {
        const batch = batchOf(c);
        const x = columns(batch, -1);
        const f = vmap(vmap((...a) => c.apply(...a)));
        const together = f(...x.map((t) => stack([t, t])));
        const once = batch.flatMap((a) => numbers(c.apply(...a)));
        expect(distance(numbers(together), [...once, ...once])).toBeLessThan(1e-13);
    });
});
describe("derivatives of vmap", () => {
    test.each(differentiable)("$name", (c) => {
        const batch = batchOf(c);
        const f = (...x) => c.apply(...x);
        const x = columns(batch, -1);
        const v = batch.map((t, k) => directions(t, 20 + k, c));
        const [, tangent] = jvp(vmap(f), x, columns(v, -1));
        const each = batch.map((a, k) => jvp(f, a, v[k])[1]);
        expect(distance(numbers(tangent), each.flatMap(numbers))).toBeLessThan(1e-12);
        const cts = each.map((t, k) => directions([t], 30 + k)[0]);
        const back = vjp(vmap(f), ...x)[1](stack(cts));
        const backs = batch.map((a, k) => vjp(f, ...a)[1](cts[k]));
        back.forEach((t, i) => {
            expect(distance(numbers(t), backs.flatMap((b) => numbers(b[i])))).toBeLessThan(1e-12);
        });
    });
});
