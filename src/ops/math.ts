/**
 * Elementary and special functions: each one states its meaning, its derivative and its undefined points.
 * Long because it is a table of small records.
 */

import { type Interval, rootDown, rootUp, unknown, up } from "../base/interval.ts";
import {
  erfc as erfcReference,
  erf as erfReference,
  lgamma as lgammaReference,
  polygamma as polygammaReference,
} from "../base/special.ts";
import { meet } from "../graph/convert.ts";
import type { Lane, Lanes, UndefinedRule } from "../graph/operation.ts";
import { filled, type Tensor, type TensorLike, uniformValue } from "../graph/tensor.ts";
import {
  abs,
  add,
  div,
  equal,
  greater,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  mul,
  neg,
  notEqual,
  round,
  sub,
  where,
} from "./arithmetic.ts";
import {
  atCorners,
  decreasing,
  type ElementRule,
  increasing,
  powers,
  tangent,
  valley,
  wave,
  within,
} from "./enclosure.ts";
import { binary, convert, type UnaryFunction, unary } from "./record.ts";

type Edges = readonly (readonly number[])[];
const everywhere: Edges = [
  [0],
  [-0],
  [1],
  [-1],
  [Number.NaN],
  [Infinity],
  [-Infinity],
  [1e-310],
  [1e300],
  [-1e300],
  [3e-8],
];
const call =
  (name: string) =>
  (k: Lanes, ...x: Lane[]) =>
    k.call(name, ...x);
const square = (x: Tensor): Tensor => mul(x, x);

const positive: Interval = [0, Infinity];
const from = (least: number, rule: ElementRule): ElementRule => within(([low] = unknown) => low >= least, rule);
const inUnit = (rule: ElementRule): ElementRule => within(([low, high] = unknown) => low >= -1 && high <= 1, rule);

/** One-argument function: `slope(y, x)` is its derivative by its value y and its argument x. */
export const elementary = (
  name: string,
  doc: string,
  evaluate: (x: number) => number,
  slope: (y: Tensor, x: Tensor) => Tensor,
  more: {
    readonly undefinedAt?: readonly UndefinedRule[];
    readonly range?: readonly [number, number];
    readonly exact?: boolean;
    readonly interval?: ElementRule;
    lower?(k: Lanes, x: Lane): Lane;
  } = {},
): UnaryFunction =>
  unary({
    name,
    doc,
    evaluate: (x) => evaluate(x as number),
    partials: [(y, x) => slope(y, x as Tensor)],
    ...(more.undefinedAt ? { undefinedAt: more.undefinedAt } : {}),
    ...(more.range ? { ranges: [more.range] } : {}),
    ...(more.exact ? { exact: true } : {}),
    ...(more.interval ? { interval: more.interval } : {}),
    lower: (k, x) => (more.lower ?? call(name))(k, x as Lane),
    edges: everywhere,
  });

const outside = (name: string, at: (x: Tensor) => Tensor, where: string): UndefinedRule => ({
  at: (x) => at(x as Tensor),
  why: `${name}(x) has no finite derivative ${where}`,
  convention: "the formula of the derivative as floating point gives it",
});

/**
 * eˣ.
 *
 * @example
 * exp([0, 1]).toArray() // [1, Math.E], up to rounding
 */
export const exp = elementary("exp", "eˣ", Math.exp, (y) => y, { interval: increasing(Math.exp, { range: positive }) });

/**
 * 2ˣ.
 *
 * @example
 * exp2([0, 3, -1]).toArray() // [1, 8, 0.5]
 */
export const exp2 = (x: TensorLike): Tensor => pow(2, x);

/**
 * eˣ − 1, exact near 0.
 *
 * @example
 * expm1(1e-20).item() // 1e-20
 */
export const expm1 = elementary("expm1", "eˣ − 1, exact near 0", Math.expm1, (y) => add(y, 1), {
  interval: increasing(Math.expm1, { range: [-1, Infinity] }),
});

// log(x + h) ≈ log x + h / x

/**
 * The natural logarithm; −∞ at 0, NaN below.
 *
 * @example
 * log([1, Math.E]).toArray() // [0, 1], up to rounding
 */
export const log = elementary("log", "the natural logarithm", Math.log, (_, x) => div(1, x), {
  interval: from(0, increasing(Math.log)),
  undefinedAt: [outside("log", (x) => lessEqual(x, 0), "for x ≤ 0")],
  range: [0.1, 3],
});

/**
 * log(1 + x), exact near 0.
 *
 * @example
 * log1p(1e-20).item() // 1e-20
 */
export const log1p = elementary("log1p", "log(1 + x), exact near 0", Math.log1p, (_, x) => div(1, add(1, x)), {
  interval: from(-1, increasing(Math.log1p)),
  undefinedAt: [outside("log1p", (x) => lessEqual(x, -1), "for x ≤ −1")],
  range: [-0.8, 2],
});

/**
 * The logarithm to base 2.
 *
 * @example
 * log2([8, 0.5]).toArray() // [3, -1]
 */
export const log2 = elementary("log2", "the logarithm to base 2", Math.log2, (_, x) => div(Math.LOG2E, x), {
  interval: from(0, increasing(Math.log2)),
  undefinedAt: [outside("log2", (x) => lessEqual(x, 0), "for x ≤ 0")],
  range: [0.1, 3],
});

/**
 * The logarithm to base 10.
 *
 * @example
 * log10([1000, 1]).toArray() // [3, 0], up to rounding
 */
export const log10 = elementary("log10", "the logarithm to base 10", Math.log10, (_, x) => div(Math.LOG10E, x), {
  interval: from(0, increasing(Math.log10)),
  undefinedAt: [outside("log10", (x) => lessEqual(x, 0), "for x ≤ 0")],
  range: [0.1, 3],
});

// √(x + h) ≈ √x + h / (2√x)

/**
 * √x; slope +∞ at 0, NaN below.
 *
 * @example
 * sqrt([4, 9]).toArray() // [2, 3]
 */
export const sqrt = elementary("sqrt", "√x; slope +∞ at 0, NaN below", Math.sqrt, (y) => div(0.5, y), {
  interval: from(0, (_, [low, high] = unknown) => [rootDown(low), rootUp(high)]),
  undefinedAt: [
    {
      at: (x) => lessEqual(x as Tensor, 0),
      why: "√x has a vertical tangent at 0 and is not real below",
      convention: "1/(2√x): +∞ at 0, NaN below (a zero cotangent stays 0)",
      sides: (x) => (x === 0 ? [undefined, Infinity] : [undefined, undefined]),
    },
  ],
  range: [0.1, 3],
  exact: true,
  lower: (k, x) => k.sqrt(x),
});

/**
 * 1/√x.
 *
 * @example
 * rsqrt([4, 16]).toArray() // [0.5, 0.25]
 */
export const rsqrt = (x: TensorLike): Tensor => div(1, sqrt(x));

/**
 * The cube root, real for all x.
 *
 * @example
 * cbrt([8, -27]).toArray() // [2, -3], up to rounding
 */
export const cbrt = elementary("cbrt", "the cube root, real for all x", Math.cbrt, (y) => div(1 / 3, square(y)), {
  interval: increasing(Math.cbrt),
  undefinedAt: [
    {
      at: (x) => equal(x as Tensor, 0),
      why: "∛x has a vertical tangent at 0",
      convention: "+∞",
      sides: () => [Infinity, Infinity],
    },
  ],
  range: [0.2, 3],
});

/**
 * The sine, x in radians.
 *
 * @example
 * sin([0, Math.PI / 2]).toArray() // [0, 1]
 */
export const sin = elementary("sin", "the sine, x in radians", Math.sin, (_, x) => cos(x), {
  interval: wave(Math.sin, Math.PI / 2),
});

/**
 * The cosine, x in radians.
 *
 * @example
 * cos([0, Math.PI]).toArray() // [1, -1]
 */
export const cos = elementary("cos", "the cosine, x in radians", Math.cos, (_, x) => neg(sin(x)), {
  interval: wave(Math.cos, 0),
});

/**
 * The tangent, x in radians.
 *
 * @example
 * tan([0, Math.PI / 4]).toArray() // [0, 1], up to rounding
 */
export const tan = elementary("tan", "the tangent, x in radians", Math.tan, (y) => add(1, square(y)), {
  interval: tangent,
  range: [-1.2, 1.2],
});
const beyondOne = (name: string) => outside(name, (x) => logicalNot(less(abs(x), 1)), "for |x| ≥ 1");

/**
 * The arc sine, from −π/2 to π/2; NaN outside [−1, 1].
 *
 * @example
 * asin([0, 1]).toArray() // [0, Math.PI / 2], up to rounding
 */
export const asin = elementary("asin", "the arc sine", Math.asin, (_, x) => div(1, sqrt(mul(sub(1, x), add(1, x)))), {
  interval: inUnit(increasing(Math.asin)),
  undefinedAt: [beyondOne("asin")],
  range: [-0.9, 0.9],
});

/**
 * The arc cosine, from 0 to π; NaN outside [−1, 1].
 *
 * @example
 * acos([1, 0]).toArray() // [0, Math.PI / 2], up to rounding
 */
export const acos = elementary(
  "acos",
  "the arc cosine",
  Math.acos,
  (_, x) => div(-1, sqrt(mul(sub(1, x), add(1, x)))),
  { interval: inUnit(decreasing(Math.acos)), undefinedAt: [beyondOne("acos")], range: [-0.9, 0.9] },
);

/**
 * The arc tangent, from −π/2 to π/2.
 *
 * @example
 * atan([0, 1]).toArray() // [0, Math.PI / 4], up to rounding
 */
export const atan = elementary("atan", "the arc tangent", Math.atan, (_, x) => div(1, add(1, square(x))), {
  interval: increasing(Math.atan),
});

/**
 * (eˣ − e⁻ˣ)/2.
 *
 * @example
 * sinh([0, Math.LN2]).toArray() // [0, 0.75], up to rounding
 */
export const sinh = elementary("sinh", "(eˣ − e⁻ˣ)/2", Math.sinh, (_, x) => cosh(x), {
  interval: increasing(Math.sinh),
});

/**
 * (eˣ + e⁻ˣ)/2.
 *
 * @example
 * cosh([0, Math.LN2]).toArray() // [1, 1.25], up to rounding
 */
export const cosh = elementary("cosh", "(eˣ + e⁻ˣ)/2", Math.cosh, (_, x) => sinh(x), {
  interval: valley(Math.cosh, 0, 1),
});

/**
 * sinh x / cosh x, from −1 to 1.
 *
 * @example
 * tanh([0, Math.LN2]).toArray() // [0, 0.6], up to rounding
 */
export const tanh = elementary("tanh", "sinh x / cosh x", Math.tanh, (y) => mul(sub(1, y), add(1, y)), {
  interval: increasing(Math.tanh, { range: [-1, 1] }),
});

/**
 * The inverse of sinh.
 *
 * @example
 * asinh([0, 0.75]).toArray() // [0, Math.LN2], up to rounding
 */
export const asinh = elementary("asinh", "the inverse of sinh", Math.asinh, (_, x) => div(1, hypot1(x)), {
  interval: increasing(Math.asinh),
});

/**
 * The inverse of cosh, ≥ 0; NaN below 1.
 *
 * @example
 * acosh([1, 1.25]).toArray() // [0, Math.LN2], up to rounding
 */
export const acosh = elementary(
  "acosh",
  "the inverse of cosh",
  Math.acosh,
  // the product of the two could overflow
  (_, x) => div(1, mul(sqrt(sub(x, 1)), sqrt(add(x, 1)))),
  {
    interval: from(1, increasing(Math.acosh, { range: positive })),
    undefinedAt: [outside("acosh", (x) => lessEqual(x, 1), "for x ≤ 1")],
    range: [1.2, 3],
  },
);

/**
 * The inverse of tanh; ±∞ at ±1, NaN beyond.
 *
 * @example
 * atanh([0, 0.6]).toArray() // [0, Math.LN2], up to rounding
 */
export const atanh = elementary(
  "atanh",
  "the inverse of tanh",
  Math.atanh,
  (_, x) => div(1, mul(sub(1, x), add(1, x))),
  { interval: inUnit(increasing(Math.atanh)), undefinedAt: [beyondOne("atanh")], range: [-0.9, 0.9] },
);

/** √(1 + x²) without overflow. */
const hypot1 = (x: Tensor): Tensor => {
  const big = greater(abs(x), 1e9);
  return where(big, abs(x), sqrt(add(1, square(where(big, 0, x)))));
};

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/**
 * The error function, 2/√π ∫₀ˣ e^(−t²) dt.
 *
 * @example
 * erf([0, Infinity]).toArray() // [0, 1]
 */
export const erf = elementary(
  "erf",
  "2/√π ∫₀ˣ e^(−t²) dt",
  erfReference,
  (_, x) => mul(twoOverRootPi, exp(neg(square(x)))),
  { interval: increasing(erfReference, { ulps: 8, range: [-1, 1] }) },
);

/**
 * 1 − erf x, exact for large x.
 *
 * @example
 * erfc([0, -Infinity]).toArray() // [1, 2]
 */
export const erfc = elementary(
  "erfc",
  "1 − erf x, exact for large x",
  erfcReference,
  (_, x) => mul(-twoOverRootPi, exp(neg(square(x)))),
  { interval: decreasing(erfcReference, { ulps: 16, range: [0, 2] }) },
);

/** Right to about 1e-14 of the value or, near its zero, of what the argument carries. */
const gammaError = (value: number, x: number, slope: number): number => 1e-13 * (Math.abs(value) + Math.abs(x * slope));

/** log Γ(x) for x > 0: it falls to −0.1214… at 1.4616…, then it rises. */
const gammaLogarithms: ElementRule = (_, [low, high] = unknown) => {
  if (!(low > 0)) return unknown;
  const [p, q] = [lgammaReference(low), lgammaReference(high)];
  const [onLow, onHigh] = [low, high].map((x, i) => gammaError(i === 0 ? p : q, x, polygammaReference(0, x))) as [
    number,
    number,
  ];
  const least =
    low <= 1.4616321449683625 && high >= 1.4616321449683622 ? -0.1214862905358497 : Math.min(p - onLow, q - onHigh);
  return [least, Math.max(p + onLow, q + onHigh)];
};

/** ψ⁽ⁿ⁾ for x > 0: increasing for even n, else decreasing. */
const polygammas: ElementRule = (_, [n, same] = unknown, [low, high] = unknown) => {
  if (n !== same || !Number.isInteger(n) || !(low > 0)) return unknown;
  const [a, b] = n % 2 === 0 ? [low, high] : [high, low];
  const [p, q] = [polygammaReference(n, a), polygammaReference(n, b)];
  return [p - gammaError(p, a, polygammaReference(n + 1, a)), q + gammaError(q, b, polygammaReference(n + 1, b))];
};

const poles = (name: string): UndefinedRule =>
  outside(name, (x) => logicalAnd(lessEqual(x, 0), equal(x, round(x))), "at 0, −1, −2, …");

/**
 * log |Γ(x)|.
 *
 * @example
 * lgamma([1, 5]).toArray() // [0, Math.log(24)], up to rounding
 */
export const lgamma = elementary("lgamma", "log |Γ(x)|", lgammaReference, (_, x) => digamma(x), {
  interval: gammaLogarithms,
  undefinedAt: [poles("lgamma")],
  range: [0.3, 4],
});

const polygammaBinary = binary({
  name: "polygamma",
  doc: "the n-th derivative of ψ at x, n = 0, 1, 2, …",
  evaluate: (n, x) => polygammaReference(n as number, x as number),
  // ψ⁽ⁿ⁾′ = ψ⁽ⁿ⁺¹⁾
  partials: [undefined, (_, n, x) => polygammaBinary(add(n as Tensor, 1), x as Tensor)],
  undefinedAt: [{ ...poles("polygamma"), at: (_, x) => poles("polygamma").at(x as Tensor) }],
  interval: polygammas,
  lower: (k, n, x) => k.call("polygamma", n as Lane, x as Lane),
  ranges: [
    [0, 0],
    [0.5, 4],
  ],
  edges: [
    [0, 1],
    [1, 2.5],
    [2, 30],
    [0, 100],
  ],
});

/**
 * ψ⁽ⁿ⁾(x), the n-th derivative of the digamma function.
 *
 * @example
 * polygamma(1, 1).item() // Math.PI ** 2 / 6, up to rounding
 */
export const polygamma: typeof polygammaBinary = polygammaBinary;

/**
 * ψ(x) = Γ′(x)/Γ(x).
 *
 * @example
 * digamma([1, 2]).sub(digamma(1)).toArray() // [0, 1], up to rounding
 */
export const digamma = (x: TensorLike): Tensor => polygamma(0, x);

// — two arguments —

/**
 * xʸ; 0⁰ = 1.
 *
 * @example
 * pow([2, 9], [3, 0.5]).toArray() // [8, 3]
 */
export const pow = binary({
  name: "pow",
  doc: "xʸ; NaN for x < 0 and fractional y",
  evaluate: (x, y) => (x as number) ** (y as number),
  // Without a logarithm, and rounded at most twice.
  instead: (x, y) => {
    if (y.shape.length > 0) return undefined;
    switch (uniformValue(y)) {
      case -1:
        return div(1, x);
      case 0:
        return filled(1, x.shape, x.dtype);
      case 1:
        return x;
      case 2:
        return mul(x, x);
      case 3:
        return mul(mul(x, x), x);
    }
    return undefined;
  },
  partials: [
    // y xʸ⁻¹, and 0 where y = 0 (also at x = 0)
    (_, x, y) => {
      const flat = equal(y as Tensor, 0);
      return where(flat, 0, mul(y as Tensor, pow(x as Tensor, sub(where(flat, 1, y as Tensor), 1))));
    },
    // xʸ log x, whose limit at x = 0 is 0 for y > 0
    (z, x, y) => {
      const base = x as Tensor;
      const limit = logicalAnd(equal(base, 0), greater(y as Tensor, 0));
      return where(limit, 0, mul(z, log(where(limit, 1, base))));
    },
  ],
  undefinedAt: [
    {
      at: (x, y) => logicalAnd(lessEqual(x as Tensor, 0), logicalOr(less(y as Tensor, 1), notInteger(y as Tensor))),
      why: "xʸ is not differentiable at x = 0 for y < 1, nor real for x < 0 with a fractional y",
      convention: "y·xʸ⁻¹ as floating point gives it; 0 where y = 0",
    },
    {
      by: 1,
      at: (x, y) => logicalOr(less(x as Tensor, 0), logicalAnd(equal(x as Tensor, 0), lessEqual(y as Tensor, 0))),
      why: "xʸ as a function of y is not real for x < 0, and jumps at y = 0 for x = 0",
      convention: "xʸ log x as floating point gives it",
    },
  ],
  interval: powers,
  lower: call2("pow"),
  ranges: [
    [0.2, 3],
    [-2, 2],
  ],
  edges: [
    [0, 0],
    [0, 1],
    [0, 2],
    [-8, 3],
    [-8, 1 / 3],
    [Infinity, 0],
    [2, -1],
    [1, Number.NaN],
    [Number.NaN, 0],
    [-0, -1],
    [1e200, 2],
    [0.5, Infinity],
  ],
});
function call2(name: string): (k: Lanes, ...x: Lane[]) => Lane {
  return (k, ...x) => k.call(name, ...x);
}
const notInteger = (y: Tensor): Tensor => notEqual(y, round(y));

/** The angles of a rectangle without the origin are extreme at its corners, unless it lies across the negative axis. */
const angles: ElementRule = (same, y = unknown, x = unknown) =>
  x[0] <= 0 && y[0] <= 0 && y[1] >= 0 ? [-up(Math.PI), up(Math.PI)] : atCorners(Math.atan2)(same, y, x);

const overSquare = (x: Tensor, r: Tensor): Tensor => div(div(x, r), r);

/**
 * The angle of the point (x, y): atan(y/x) in the right quadrant.
 *
 * @example
 * atan2([1, -1], [-1, 0]).toArray() // [3 * Math.PI / 4, -Math.PI / 2], up to rounding
 */
export const atan2 = binary({
  name: "atan2",
  doc: "the angle of (x, y), from −π to π; arguments in the order y, x",
  evaluate: (y, x) => Math.atan2(y as number, x as number),
  // x/(x² + y²) and −y/(x² + y²), the squares without overflow
  partials: [
    (_, y, x) => overSquare(x as Tensor, hypot(x as Tensor, y as Tensor)),
    (_, y, x) => neg(overSquare(y as Tensor, hypot(x as Tensor, y as Tensor))),
  ],
  undefinedAt: [
    {
      at: (y, x) => logicalAnd(equal(y as Tensor, 0), lessEqual(x as Tensor, 0)),
      why: "the angle is undefined at the origin and jumps on the negative x axis",
      convention: "x/(x² + y²), −y/(x² + y²)",
    },
  ],
  interval: angles,
  lower: call2("atan2"),
  ranges: [
    [0.2, 2],
    [-2, 2],
  ],
  edges: [
    [0, 0],
    [0, -1],
    [-0, -1],
    [1, 0],
    [Infinity, Infinity],
    [Number.NaN, 1],
  ],
});

/**
 * √(x² + y²) without overflow.
 *
 * @example
 * hypot(3, 4).item() // 5
 */
export function hypot(x: TensorLike, y: TensorLike): Tensor {
  const { tensors, dtype } = meet("hypot", [x, y]);
  const [a, b] = tensors.map((t) => convert(t, dtype === "float32" ? dtype : "float64")) as [Tensor, Tensor];
  const first = greater(abs(a), abs(b));
  const larger = where(first, a, b);
  const length = abs(larger);
  const plain = logicalOr(lessEqual(length, 0), equal(length, Infinity));
  // With its sign: |smaller| would have a kink at 0, where the length has none.
  const ratio = div(where(first, b, a), where(plain, 1, larger));
  return mul(length, sqrt(add(1, square(ratio))));
}

function logOfSum(x: number, y: number): number {
  return x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)));
}

/**
 * log(eˣ + eʸ) without overflow.
 *
 * @example
 * logaddexp(1000, 1000).item() // 1000 + Math.LN2, up to rounding
 */
export const logaddexp = binary({
  name: "logaddexp",
  doc: "log(eˣ + eʸ) without overflow",
  evaluate: (x, y) => logOfSum(x as number, y as number),
  // the weights of the two terms
  partials: [(_, x, y) => sigmoid(sub(x as Tensor, y as Tensor)), (_, x, y) => sigmoid(sub(y as Tensor, x as Tensor))],
  interval: atCorners(logOfSum, { ulps: 8 }),
  curvature: "convex",
  lower: (k, a, b) => {
    const [x, y] = [a as Lane, b as Lane];
    const gap = k.neg(k.abs(k.sub(x, y)));
    const apart = k.add(k.max(x, y), k.call("log1p", k.call("exp", gap)));
    return k.select(k.equal(x, y), k.add(x, k.constant(Math.LN2, x.dtype)), apart);
  },
  edges: [
    [1000, 1000],
    [-1000, 1000],
    [-Infinity, -Infinity],
    [Infinity, 1],
    [Number.NaN, 1],
    [0, 0],
  ],
});

// — of networks; ops/activation.ts has those with kinks —

const stableSigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * 1/(1 + e⁻ˣ), exact in both tails.
 *
 * @example
 * sigmoid([0, 1000, -1000]).toArray() // [0.5, 1, 0]
 */
export const sigmoid = elementary("sigmoid", "1/(1 + e⁻ˣ)", stableSigmoid, (y, x) => mul(y, sigmoid(neg(x))), {
  interval: increasing(stableSigmoid, { ulps: 8, range: [0, 1] }),
  lower: (k, x) => {
    const one = k.constant(1, x.dtype);
    const e = k.call("exp", k.neg(k.abs(x)));
    return k.div(k.select(k.less(x, k.constant(0, x.dtype)), e, one), k.add(one, e));
  },
});

/**
 * log(1 + eˣ) without overflow.
 *
 * @example
 * softplus([0, 1000]).toArray() // [Math.LN2, 1000], up to rounding
 */
export const softplus = elementary(
  "softplus",
  "log(1 + eˣ)",
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  (_, x) => sigmoid(x),
  {
    interval: increasing((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), { ulps: 8, range: positive }),
    lower: (k, x) => k.add(k.max(x, k.constant(0, x.dtype)), k.call("log1p", k.call("exp", k.neg(k.abs(x))))),
  },
);

/**
 * log(1/(1 + e⁻ˣ)) without overflow.
 *
 * @example
 * logSigmoid([0, -1000]).toArray() // [-Math.LN2, -1000], up to rounding
 */
export const logSigmoid = (x: TensorLike): Tensor => neg(softplus(neg(x)));
