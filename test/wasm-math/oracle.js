/** Exact values of the library's functions and errors in units in the last place. */
import { abs, bitLength, FixedPoint, parts, shift } from "./fixed.js";
const sinh = (q, x) => (q.exp(x) - q.exp(-x)) / 2n;
const cosh = (q, x) => (q.exp(x) + q.exp(-x)) / 2n;
const asin = (q, x) => abs(x) === q.one ? (x * q.pi) / (2n * q.one) : q.atan(q.div(x, q.sqrt(q.mul(q.one - x, q.one + x))));
export const exact = {
    exp: (q, x) => q.exp(x),
    exp2: (q, x) => q.exp(q.mul(x, q.ln2)),
    expm1: (q, x) => q.exp(x) - q.one,
    log: (q, x) => q.log(x),
    log1p: (q, x) => q.log(q.one + x),
    log2: (q, x) => q.div(q.log(x), q.ln2),
    log10: (q, x) => q.div(q.log(x), q.log(10n * q.one)),
    cbrt: (q, x) => q.cbrt(x),
    pow: (q, x, y) => {
        const n = y >> BigInt(q.bits);
        const odd = n << BigInt(q.bits) === y && (n & 1n) === 1n;
        const size = q.exp(q.mul(y, q.log(abs(x))));
        return x < 0n && odd ? -size : size;
    },
    sin: (q, x) => q.sinCos(x)[0],
    cos: (q, x) => q.sinCos(x)[1],
    tan: (q, x) => {
        const [s, c] = q.sinCos(x);
        return q.div(s, c);
    },
    asin,
    acos: (q, x) => (x < 0n ? q.pi / 2n + asin(q, -x) : 2n * asin(q, q.sqrt((q.one - x) / 2n))),
    atan: (q, x) => q.atan(x),
    atan2: (q, y, x) => {
        if (x === 0n)
            return y > 0n ? q.pi / 2n : -q.pi / 2n;
        const base = q.atan(q.div(y, x));
        return x > 0n ? base : y >= 0n ? base + q.pi : base - q.pi;
    },
    sinh,
    cosh,
    tanh: (q, x) => q.div(sinh(q, x, 0n), cosh(q, x, 0n)),
    asinh: (q, x) => (x < 0n ? -1n : 1n) * q.log(abs(x) + q.sqrt(q.mul(x, x) + q.one)),
    acosh: (q, x) => q.log(x + q.sqrt(q.mul(x, x) - q.one)),
    atanh: (q, x) => q.log(q.div(q.one + x, q.one - x)) / 2n,
    erf: (q, x) => q.erf(x),
    erfc: (q, x) => q.one - q.erf(x),
    lgamma: (q, x) => q.lgamma(x),
    polygamma: (q, n, x) => q.polygamma(Number(n >> BigInt(q.bits)), x),
    rem: (_q, x, y) => x % y,
};
const points = new Map();
const fixedPoint = (bits) => {
    const known = points.get(bits) ?? new FixedPoint(bits);
    points.set(bits, known);
    return known;
};
const lowest = (x) => (x === 0 ? 0 : Math.max(0, -parts(x).exponent));
/** f(x, y) to at least 70 significant bits, or as 0 where it is below 2^-1100. */
export function evaluate(name, x, y = 0) {
    const f = exact[name];
    if (f === undefined)
        throw new Error(`no oracle for ${name}`);
    const start = Math.max(160, lowest(x), lowest(y)) + 48;
    for (let bits = 64 * Math.ceil(start / 64);; bits += 64 * Math.ceil(bits / 128)) {
        const q = fixedPoint(bits);
        const value = f(q, q.of(x), q.of(y));
        if (bitLength(value) > 110 || bits > 1800 || name === "rem")
            return { value, bits };
    }
}
/** |got − exact| in units of the last place of the exact value. */
export function ulps(got, { value, bits }, precision) {
    const [least, most] = precision === 52 ? [-1074, 1024] : [-149, 128];
    const unit = Math.max(bitLength(value) - 1 - bits - precision, least);
    if (!Number.isFinite(got)) {
        const limit = (1n << BigInt(precision + 2)) - 1n;
        const overflows = abs(value) >= shift(limit, most - precision - 2 + bits);
        return overflows && Number.isNaN(got) === false && got > 0 === value > 0n ? 0 : Number.POSITIVE_INFINITY;
    }
    const { significand, exponent } = parts(got);
    const grow = Math.max(0, -exponent - bits, 16 - unit - bits);
    const difference = shift(significand, exponent + bits + grow) - shift(value, grow);
    return Number(shift(abs(difference), 16 - (unit + bits + grow))) / 2 ** 16;
}
