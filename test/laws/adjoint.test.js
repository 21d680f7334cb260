/** Reverse mode is the transpose of forward mode: ⟨ct, J·t⟩ = ⟨ct·J, t⟩. */
import { jvp, vjp } from "nabla";
import { describe, expect, test } from "vitest";
import { differentiable, directions, dot, draw, floats } from "./cases.js";
describe.each(floats)("%s", (dtype) => {
    test.each(differentiable)("$name", (c) => {
        const f = (...a) => c.apply(...a);
        const x = draw(c, 2, dtype);
        const v = directions(x, 2, c);
        const [y, dy] = jvp(f, x, v);
        const ct = directions([y], 3);
        const back = vjp(f, ...x)[1](ct[0]);
        back.forEach((t, i) => {
            expect([t.dtype, ...t.shape]).toEqual([x[i]?.dtype, ...(x[i]?.shape ?? [])]);
        });
        const [forward, reverse] = [dot(ct, [dy]), dot(back, v)];
        const single = dtype === "float32" || y.dtype === "float32";
        const size = dot([dy.abs()], [ct[0]?.abs()]);
        expect(Math.abs(forward - reverse)).toBeLessThan((single ? 1e-5 : 1e-12) * Math.max(1, size));
    });
});
