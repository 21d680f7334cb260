/** Random elements with the values that go wrong: ties, signed zeros, NaN, infinities, the ends of integer ranges. */
import { allocate } from "../../src/base/dtype.js";
export function mulberry32(start) {
    let state = start;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}
export const pick = (random, list) => list[Math.floor(random() * list.length)];
const edges = {
    float64: [0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 53],
    float32: [0, -0, Number.NaN, Infinity, -Infinity, 2 ** -149, 2 ** 24],
    int32: [0, -(2 ** 31), 2 ** 31 - 1, -1],
    uint32: [0, 2 ** 32 - 1, 2 ** 31, 1],
    bool: [0, 1],
};
export function elements(random, dtype, length) {
    const out = allocate(dtype, length);
    const kind = random();
    for (let i = 0; i < length; i++) {
        const r = random();
        if (dtype === "bool")
            out[i] = r < 0.5 ? 1 : 0;
        else if (kind < 0.3 && r < 0.3)
            out[i] = pick(random, edges[dtype]);
        else if (kind < 0.6)
            out[i] = Math.floor(random() * 7) - (dtype === "uint32" ? 0 : 3);
        else
            out[i] = dtype === "int32" || dtype === "uint32" ? random() * 2 ** 32 : random() * 4 - 2;
    }
    return out;
}
/** Nonzero integers whose sums of products are exact in any order. */
export function exact(random, dtype, length) {
    return allocate(dtype, length).map(() => (1 + Math.floor(random() * 9)) * (dtype !== "uint32" && random() < 0.5 ? -1 : 1));
}
