export const abs = (a) => (a < 0n ? -a : a);
export const bitLength = (a) => {
    const hex = abs(a).toString(16);
    return a === 0n ? 0 : 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex[0] ?? "0", 16)));
};
function isqrt(a) {
    if (a < 2n)
        return a;
    let x = 1n << BigInt((bitLength(a) + 1) >> 1);
    for (;;) {
        const y = (x + a / x) >> 1n;
        if (y >= x)
            return x;
        x = y;
    }
}
/** x exactly: significand · 2^exponent. */
export function parts(x) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, x);
    const bits = view.getBigUint64(0);
    const biased = Number((bits >> 52n) & 0x7ffn);
    const fraction = bits & ((1n << 52n) - 1n);
    const significand = biased === 0 ? fraction : fraction | (1n << 52n);
    return { significand: bits >> 63n ? -significand : significand, exponent: Math.max(biased, 1) - 1075 };
}
export const shift = (a, by) => (by >= 0 ? a << BigInt(by) : a >> BigInt(-by));
export class FixedPoint {
    bits;
    one;
    #pi;
    #ln2;
    constructor(bits) {
        this.bits = bits;
        this.one = 1n << BigInt(bits);
    }
    of(x) {
        const { significand, exponent } = parts(x);
        return shift(significand, exponent + this.bits);
    }
    mul(a, b) {
        return (a * b) >> BigInt(this.bits);
    }
    div(a, b) {
        return (a << BigInt(this.bits)) / b;
    }
    sqrt(a) {
        return isqrt(a << BigInt(this.bits));
    }
    /** x ± x³/3 + x⁵/5 ± … */
    #arcSeries(x, sign) {
        const square = sign * this.mul(x, x);
        let power = x;
        let sum = x;
        for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
            power = this.mul(power, square);
            sum += power / n;
        }
        return sum;
    }
    get pi() {
        const inverse = (n) => this.#arcSeries(this.one / n, -1n);
        this.#pi ??= 16n * inverse(5n) - 4n * inverse(239n);
        return this.#pi;
    }
    get ln2() {
        this.#ln2 ??= 2n * this.#arcSeries(this.one / 3n, 1n);
        return this.#ln2;
    }
    exp(a) {
        const n = a / this.ln2;
        const halvings = 12n;
        const guard = new FixedPoint(this.bits + 32);
        const r = ((a - n * this.ln2) << 32n) >> halvings;
        let term = guard.one;
        let sum = guard.one;
        for (let i = 1n; term !== 0n && term !== -1n; i++) {
            term = guard.mul(term, r) / i;
            sum += term;
        }
        for (let i = 0n; i < halvings; i++)
            sum = guard.mul(sum, sum);
        return shift(sum, Number(n) - 32);
    }
    log(a) {
        const e = bitLength(a) - 1 - this.bits;
        const m = shift(a, -e);
        return 2n * this.#arcSeries(this.div(m - this.one, m + this.one), 1n) + BigInt(e) * this.ln2;
    }
    atan(a) {
        if (a < 0n)
            return -this.atan(-a);
        if (a > this.one)
            return this.pi / 2n - this.atan(this.div(this.one, a));
        let x = a;
        for (let i = 0; i < 3; i++)
            x = this.div(x, this.one + this.sqrt(this.one + this.mul(x, x)));
        return 8n * this.#arcSeries(x, -1n);
    }
    sinCos(a) {
        const extra = Math.max(0, bitLength(a) - this.bits) + 8;
        const wide = new FixedPoint(this.bits + extra);
        const quarter = wide.pi / 2n;
        const whole = a << BigInt(extra);
        const n = (2n * whole + quarter) / (2n * quarter) - (whole < 0n ? 1n : 0n);
        const r = (whole - n * quarter) >> BigInt(extra);
        const square = -this.mul(r, r);
        let [cosine, sine] = [this.one, r];
        let term = this.one;
        for (let i = 2n; term !== 0n && term !== -1n; i += 2n) {
            term = this.mul(term, square) / (i * (i - 1n));
            cosine += term;
        }
        term = r;
        for (let i = 3n; term !== 0n && term !== -1n; i += 2n) {
            term = this.mul(term, square) / (i * (i - 1n));
            sine += term;
        }
        const turns = [
            [sine, cosine],
            [cosine, -sine],
            [-sine, -cosine],
            [-cosine, sine],
        ];
        return turns[Number(((n % 4n) + 4n) % 4n)] ?? [0n, 0n];
    }
    /** 2/√π·e^(−x²)·Σ 2ⁿ x^(2n+1) / (2n + 1)!! */
    erf(x) {
        const square = this.mul(x, x);
        let term = x;
        let sum = x;
        for (let n = 1n; abs(term) > 1n; n++) {
            term = (2n * this.mul(term, square)) / (2n * n + 1n);
            sum += term;
        }
        return this.div(2n * sum, this.mul(this.exp(square), this.sqrt(this.pi)));
    }
    cbrt(a) {
        if (a < 0n)
            return -this.cbrt(-a);
        const target = a << BigInt(2 * this.bits);
        let x = 1n << BigInt(Math.ceil(bitLength(target) / 3));
        for (;;) {
            const y = (2n * x + target / (x * x)) / 3n;
            if (y >= x)
                return x;
            x = y;
        }
    }
    /** log |Γ(x)| by Stirling's series at x + n. */
    lgamma(x) {
        let y = x;
        let logs = 0n;
        let product = this.one;
        while (y < 60n * this.one) {
            product = this.mul(product, abs(y));
            y += this.one;
            if (bitLength(product) > 2 * this.bits || y >= 60n * this.one) {
                logs += this.log(product);
                product = this.one;
            }
        }
        const half = this.one / 2n;
        let sum = this.mul(y - half, this.log(y)) - y + this.log(2n * this.pi) / 2n - logs;
        let power = y;
        for (let k = 1n; k <= 30n; k++) {
            const [n, d] = bernoulli(2 * Number(k));
            sum += this.div(n * this.one, d * 2n * k * (2n * k - 1n) * power);
            power = this.mul(this.mul(power, y), y);
        }
        return sum;
    }
    /** ψ⁽ⁿ⁾(x) by the recurrence up to 60 + n and the derivatives of Stirling's series. */
    polygamma(order, x) {
        const n = BigInt(order);
        const sign = order % 2 === 0 ? -1n : 1n;
        const factorial = range(1n, n).reduce((a, b) => a * b, 1n);
        const reciprocal = (y, power) => {
            let value = this.one;
            for (let i = 0; i < power; i++)
                value = this.div(value, y);
            return value;
        };
        let y = x;
        let sum = 0n;
        for (; y < (60n + n) * this.one; y += this.one)
            sum += sign * factorial * reciprocal(y, order + 1);
        if (order === 0)
            sum += this.log(y) - this.div(this.one, 2n * y);
        else {
            sum += (sign * factorial * reciprocal(y, order)) / n;
            sum += (sign * factorial * reciprocal(y, order + 1)) / 2n;
        }
        let power = reciprocal(y, order + 2);
        const inverse = this.div(this.one, this.mul(y, y));
        for (let k = 1n; k <= 30n; k++) {
            const [b, d] = bernoulli(2 * Number(k));
            const rising = range(2n * k + 1n, 2n * k + n - 1n).reduce((a, c) => a * c, 1n);
            const factor = order === 0 ? [b, d * 2n * k] : [b * rising, d];
            sum += (sign * (factor[0] ?? 0n) * power) / (factor[1] ?? 1n);
            power = this.mul(power, inverse);
        }
        return sum;
    }
}
const range = (from, to) => Array.from({ length: Math.max(0, Number(to - from) + 1) }, (_, i) => from + BigInt(i));
const numbers = [[1n, 1n]];
const gcd = (a, b) => (b === 0n ? abs(a) : gcd(b, a % b));
/** Bₘ as a fraction, by Σ binomial(m + 1, j)·Bⱼ = 0. */
function bernoulli(m) {
    for (let i = numbers.length; i <= m; i++) {
        let [n, d] = [0n, 1n];
        let binomial = 1n;
        for (let j = 0; j < i; j++) {
            const [bn, bd] = numbers[j] ?? [0n, 1n];
            [n, d] = [n * bd + binomial * bn * d, d * bd];
            const g = gcd(n, d);
            [n, d] = [n / g, d / g];
            binomial = (binomial * BigInt(i + 1 - j)) / BigInt(j + 1);
        }
        numbers.push([-n, d * BigInt(i + 1)]);
    }
    return numbers[m] ?? [0n, 1n];
}
