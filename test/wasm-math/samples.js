/** mulberry32. */
export function random(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}
const everyExponent = (u, from, to) => {
    const exponent = Math.floor(from + u() * (to - from + 1));
    const significand = 1 + u() + u() * 2 ** -32;
    return (u() < 0.5 ? -1 : 1) * significand * 2 ** Math.max(exponent, -1000) * 2 ** Math.min(exponent + 1000, 0);
};
const between = (u, low, high) => low + (u() + u() * 2 ** -32) * (high - low);
/** What lies in the domain, and a range of ordinary arguments. */
const domains = {
    exp: { range: [-90, 90] },
    exp2: { range: [-130, 130] },
    expm1: { range: [-2, 2] },
    log: { range: [0.5, 2], valid: (x) => x > 0 },
    log1p: { range: [-0.9, 2], valid: (x) => x > -1 },
    log2: { range: [0.5, 2], valid: (x) => x > 0 },
    log10: { range: [0.5, 2], valid: (x) => x > 0 },
    asin: { range: [-1, 1], valid: (x) => Math.abs(x) <= 1 },
    acos: { range: [-1, 1], valid: (x) => Math.abs(x) <= 1 },
    acosh: { range: [1, 3], valid: (x) => x >= 1 },
    atanh: { range: [-1, 1], valid: (x) => Math.abs(x) < 1 },
    sin: { range: [-10, 10] },
    cos: { range: [-10, 10] },
    tan: { range: [-10, 10] },
    erf: { range: [-6, 6] },
    erfc: { range: [-1, 27] },
    lgamma: { range: [-20, 20], valid: (x) => Math.abs(x) < 1e15 && (x > 0 || (x > -40 && !Number.isInteger(x))) },
};
const limits = { f32x4: [-149, 127], f64x2: [-1074, 1023] };
/** Where the value neither overflows nor stays the same for ever. */
const reach = {
    exp: 750,
    exp2: 1080,
    expm1: 720,
    sinh: 715,
    cosh: 715,
    tanh: 25,
    erf: 7,
    erfc: 28,
};
export function samples(name, width, u, count) {
    const round = width === "f32x4" ? Math.fround : (x) => x;
    const [least, most] = limits[width];
    const { range, valid = () => true } = domains[name] ?? { range: [-4, 4] };
    const bound = reach[name] ?? Number.POSITIVE_INFINITY;
    const x = [];
    const y = [];
    while (x.length < count) {
        const wide = u() < 0.5;
        let a = round(wide ? everyExponent(u, least, most) : between(u, range[0], range[1]));
        let b = round(wide ? everyExponent(u, least, most) : between(u, -4, 4));
        if (name === "pow") {
            a = u() < 0.1 ? -Math.abs(a) : Math.abs(a);
            b = round(between(u, width === "f32x4" ? -110 : -750, width === "f32x4" ? 95 : 715) / (Math.log(Math.abs(a)) || 1));
            if (a < 0)
                b = Math.round(b);
            if (!Number.isFinite(b))
                continue;
        }
        if (name === "polygamma")
            [a, b] = [Math.floor(u() * 9), round(wide ? 10 ** between(u, -3, 4) : between(u, -6, 12))];
        if (name === "rem" && Math.abs(b) < 2 ** least)
            continue;
        if (!valid(a) || Math.abs(a) > bound || (name === "pow" && a === 0))
            continue;
        x.push(a);
        y.push(b);
    }
    return { x, y };
}
