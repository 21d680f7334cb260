/** Forward mode = central finite differences, which share nothing with it. */
import { jvp } from "nabla";
import { expect, test } from "vitest";
import { awayFromKinks, differences, distance, numbers, shifted, smooth } from "./cases.js";
test.each(smooth)("$name", (c) => {
    awayFromKinks(c, 1, (x, v) => {
        const numeric = differences((h) => numbers(c.apply(...shifted(x, v, h))));
        if (numeric === undefined)
            return false;
        const [y, tangent] = jvp((...a) => c.apply(...a), x, v);
        expect(tangent.shape).toEqual(y.shape);
        expect(tangent.dtype).toBe(y.dtype);
        expect(distance(numbers(y), numbers(c.apply(...x)))).toBe(0);
        expect(distance(numbers(tangent), numeric)).toBeLessThan(1e-9 * (c.loose?.[0] ?? 1));
        return true;
    });
});
