/** Arithmetic, comparison, choice and bits. Long because it is a table of small records. */

import { checkDType, type DType, isFloat } from "../base/dtype.ts";
import {
  added,
  divided,
  hull,
  type Interval,
  isKnown,
  magnitude,
  maybe,
  mignitude,
  multiplied,
  negated,
  no,
  point,
  squared,
  subtracted,
  truth,
  unknown,
  yes,
} from "../base/interval.ts";
import { broadcastShapes } from "../base/shape.ts";
import { meet, toTensor } from "../graph/convert.ts";
import type { Lane, Operation } from "../graph/operation.ts";
import { apply, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import {
  atCorners,
  type ElementRule,
  elementwiseIntervals,
  evenUnknown,
  increasing,
  onPoints,
  remainders,
} from "./enclosure.ts";
import { binary, convert, mapElements, mapWork, operation, type UnaryFunction, unary } from "./record.ts";

const exactly = { ulps: 0 } as const;
/** The products of derivatives: a factor that is 0 for certain annihilates what is unknown. */
const scaled = evenUnknown((same, x = unknown, y = unknown) => {
  if (x[0] === 0 && x[1] === 0) return no;
  if (y[0] === 0 && y[1] === 0) return no;
  return isKnown(x) && isKnown(y) ? (same ? squared(x) : multiplied(x, y)) : unknown;
});
const quotients = (same: boolean, x: Interval, y: Interval): Interval =>
  same && (y[0] > 0 || y[1] < 0) ? yes : divided(x, y);

/**
 * x + y; shapes broadcast.
 *
 * @example
 * add([1, 2], 3).toArray() // [4, 5]
 */
export const add = binary({
  name: "add",
  exact: true,
  doc: "x + y",
  domain: "number",
  evaluate: (x, y) => x + y,
  partials: [() => 1, () => 1],
  interval: (_, x, y) => added(x as Interval, y as Interval),
  lower: (k, x, y) => k.add(x as Lane, y as Lane),
  edges: [
    [0, -0],
    [Infinity, -Infinity],
    [Number.NaN, 1],
    [1e308, 1e308],
  ],
});

/**
 * x − y; shapes broadcast.
 *
 * @example
 * sub([1, 2], [[1], [2]]).toArray() // [[0, 1], [-1, 0]]
 */
export const sub = binary({
  name: "sub",
  exact: true,
  doc: "x − y",
  domain: "number",
  evaluate: (x, y) => x - y,
  partials: [() => 1, () => -1],
  interval: (same, x, y) => (same ? no : subtracted(x as Interval, y as Interval)),
  lower: (k, x, y) => k.sub(x as Lane, y as Lane),
  edges: [
    [0, 0],
    [Infinity, Infinity],
    [Number.NaN, 1],
  ],
});

/**
 * x · y, element by element; `matmul` is the product of matrices.
 *
 * @example
 * mul([1, 2], [3, 4]).toArray() // [3, 8]
 */
export const mul = binary({
  name: "mul",
  exact: true,
  doc: "x · y",
  domain: "number",
  evaluate: (x, y) => x * y,
  evaluateInteger: Math.imul,
  partials: [(_, __, y) => y as Tensor, (_, x) => x as Tensor],
  interval: (same, x, y) => (same ? squared(x as Interval) : multiplied(x as Interval, y as Interval)),
  lower: (k, x, y) => k.mul(x as Lane, y as Lane),
  edges: [
    [0, Infinity],
    [-0, 1],
    [Number.NaN, 0],
    [1e200, 1e200],
  ],
});

/**
 * The product inside derivatives: x · y, but 0 · anything = 0.
 * A value that has no influence passes none on, be the slope behind it infinite or NaN
 * (the branch that `where` did not take, the norm at 0).
 *
 * @example
 * scale([2, Infinity], [3, 0]).toArray() // [6, 0]
 */
export const scale = binary({
  name: "scale",
  exact: true,
  doc: "x · y, and 0 where either is 0",
  evaluate: (x, y) => (x === 0 || y === 0 ? 0 : x * y),
  partials: [(_, __, y) => y as Tensor, (_, x) => x as Tensor],
  interval: scaled,
  lower: (k, x, y) => {
    const zero = k.constant(0, (x as Lane).dtype);
    return k.select(k.or(k.equal(x as Lane, zero), k.equal(y as Lane, zero)), zero, k.mul(x as Lane, y as Lane));
  },
  edges: [
    [0, Infinity],
    [Number.NaN, 0],
    [-0, 3],
    [2, 3],
  ],
});

/**
 * x / y, a float also for integers; slope ±∞ or NaN at y = 0.
 *
 * @example
 * div([1, 2], 4).toArray() // [0.25, 0.5]
 */
export const div = binary({
  name: "div",
  exact: true,
  doc: "x / y, always a float",
  evaluate: (x, y) => x / y,
  // ∂(x/y)/∂x = 1/y, ∂(x/y)/∂y = −(x/y)/y
  partials: [(_, __, y) => div(1, y as Tensor), (z, _, y) => neg(div(z, y as Tensor))],
  undefinedAt: [
    {
      at: (_, y) => equal(y as Tensor, 0),
      why: "x / 0 is infinite or 0 / 0",
      convention: "the formula 1/y, −x/y² as floating point gives it",
    },
  ],
  interval: (same, x, y) => quotients(same, x as Interval, y as Interval),
  lower: (k, x, y) => k.div(x as Lane, y as Lane),
  ranges: [
    [-2, 2],
    [0.5, 2],
  ],
  edges: [
    [1, 0],
    [-1, 0],
    [0, 0],
    [1, Infinity],
    [Number.NaN, 1],
  ],
});

/**
 * −x.
 *
 * @example
 * neg([1, -2]).toArray() // [-1, 2]
 */
export const neg = unary({
  name: "neg",
  exact: true,
  doc: "−x",
  domain: "number",
  evaluate: (x) => -x,
  partials: [() => -1],
  interval: (_, x) => negated(x as Interval),
  lower: (k, x) => k.neg(x as Lane),
  edges: [[0], [Number.NaN], [Infinity]],
});

/**
 * |x|; slope 0 at 0.
 *
 * @example
 * abs([-3, 2]).toArray() // [3, 2]
 */
export const abs = unary({
  name: "abs",
  exact: true,
  doc: "|x|; slope 0 at 0",
  domain: "number",
  evaluate: Math.abs,
  partials: [(_, x) => sign(x as Tensor)],
  undefinedAt: [
    { at: (x) => equal(x as Tensor, 0), why: "|x| has a kink at 0", convention: "0", sides: () => [-1, 1] },
  ],
  interval: (_, x) => [mignitude(x as Interval), magnitude(x as Interval)],
  lower: (k, x) => k.abs(x as Lane),
  edges: [[-0], [-1], [Number.NaN], [-Infinity]],
});

/**
 * −1, 0 or 1; slope 0 everywhere.
 *
 * @example
 * sign([-3, 0, 2]).toArray() // [-1, 0, 1]
 */
export const sign = unary({
  name: "sign",
  exact: true,
  doc: "−1, 0 or 1",
  domain: "number",
  evaluate: Math.sign,
  undefinedAt: [{ at: (x) => equal(x as Tensor, 0), why: "sign(x) jumps at 0", convention: "0" }],
  interval: increasing(Math.sign, exactly),
  lower: (k, x) => {
    const value = x as Lane;
    const zero = k.constant(0, value.dtype);
    const one = k.constant(1, value.dtype);
    if (value.dtype === "uint32") return k.select(k.equal(value, zero), zero, one);
    const below = k.select(k.less(value, zero), k.constant(-1, value.dtype), value);
    return k.select(k.less(zero, value), one, below);
  },
  edges: [[0], [-0], [Number.NaN], [3]],
});

const tie = { at: (x: Tensor, y: Tensor) => equal(x, y), convention: "half to each" } as const;
const kinkAtTie = (which: string) => ({
  at: (...[x, y]: readonly Tensor[]) => tie.at(x as Tensor, y as Tensor),
  why: `${which}(x, y) has a kink where x = y`,
  convention: tie.convention,
  sides: (): readonly [number, number] => (which === "maximum" ? [0, 1] : [1, 0]),
});

/** 1 where x wins, 0 where y does, ½ at a tie. */
const share = (x: Tensor, y: Tensor): Tensor =>
  where(equal(x, y), filled(0.5, [], x.dtype), convert(greater(x, y), x.dtype));

/**
 * The greater of x and y, NaN if either is; slope ½ to each at a tie.
 *
 * @example
 * maximum([1, 5], 3).toArray() // [3, 5]
 */
export const maximum = binary({
  name: "maximum",
  exact: true,
  doc: "the greater of x and y; NaN if either is",
  domain: "number",
  evaluate: Math.max,
  partials: [(_, x, y) => share(x as Tensor, y as Tensor), (_, x, y) => share(y as Tensor, x as Tensor)],
  undefinedAt: [kinkAtTie("maximum")],
  interval: atCorners(Math.max, exactly),
  curvature: "convex",
  lower: (k, x, y) => k.max(x as Lane, y as Lane),
  edges: [
    [0, -0],
    [1, Number.NaN],
    [Number.NaN, 1],
    [-Infinity, 2],
  ],
});

/**
 * The lesser of x and y, NaN if either is; slope ½ to each at a tie.
 *
 * @example
 * minimum([1, 5], 3).toArray() // [1, 3]
 */
export const minimum = binary({
  name: "minimum",
  exact: true,
  doc: "the lesser of x and y; NaN if either is",
  domain: "number",
  evaluate: Math.min,
  partials: [(_, x, y) => share(y as Tensor, x as Tensor), (_, x, y) => share(x as Tensor, y as Tensor)],
  undefinedAt: [kinkAtTie("minimum")],
  interval: atCorners(Math.min, exactly),
  curvature: "concave",
  lower: (k, x, y) => k.min(x as Lane, y as Lane),
  edges: [
    [0, -0],
    [1, Number.NaN],
    [Number.NaN, 1],
    [-Infinity, 2],
  ],
});

const below = ([a, b]: Interval, [c, d]: Interval): Interval => truth(b < c, a >= d);
const equals = ([a, b]: Interval, [c, d]: Interval): Interval => truth(a === b && c === d && a === c, b < c || d < a);
const opposite = ([a, b]: Interval): Interval => [1 - b, 1 - a];

const comparison = (
  name: string,
  doc: string,
  evaluate: (x: number, y: number) => boolean,
  lower: (k: Lanes, x: Lane, y: Lane) => Lane,
  interval: (x: Interval, y: Interval) => Interval,
) =>
  binary({
    name,
    exact: true,
    doc,
    domain: "number",
    result: "bool",
    evaluate: (x, y) => (evaluate(x as number, y as number) ? 1 : 0),
    undefinedAt: [],
    interval: (same, x, y) => (same ? point(Number(evaluate(0, 0))) : interval(x as Interval, y as Interval)),
    lower: (k, x, y) => lower(k, x as Lane, y as Lane),
    edges: [
      [0, -0],
      [1, Number.NaN],
      [Number.NaN, Number.NaN],
      [2, 1],
      [1, 2],
      [Infinity, Infinity],
    ],
  });
type Lanes = Parameters<Parameters<typeof unary>[0]["lower"]>[0];

/**
 * x = y, as bool; NaN equals nothing.
 *
 * @example
 * equal([1, NaN], [1, NaN]).toArray() // [true, false]
 */
export const equal = comparison(
  "equal",
  "x = y",
  (x, y) => x === y,
  (k, x, y) => k.equal(x, y),
  equals,
);

/**
 * x ≠ y, as bool.
 *
 * @example
 * notEqual([1, 2], 2).toArray() // [true, false]
 */
export const notEqual = comparison(
  "notEqual",
  "x ≠ y",
  (x, y) => x !== y,
  (k, x, y) => k.notEqual(x, y),
  (x, y) => opposite(equals(x, y)),
);

/**
 * x < y, as bool.
 *
 * @example
 * less([1, 2], 2).toArray() // [true, false]
 */
export const less = comparison(
  "less",
  "x < y",
  (x, y) => x < y,
  (k, x, y) => k.less(x, y),
  below,
);

/**
 * x ≤ y, as bool.
 *
 * @example
 * lessEqual([1, 2, 3], 2).toArray() // [true, true, false]
 */
export const lessEqual = comparison(
  "lessEqual",
  "x ≤ y",
  (x, y) => x <= y,
  (k, x, y) => k.lessEqual(x, y),
  (x, y) => opposite(below(y, x)),
);

/**
 * x > y, as bool.
 *
 * @example
 * greater([1, 2, 3], 2).toArray() // [false, false, true]
 */
export const greater = comparison(
  "greater",
  "x > y",
  (x, y) => x > y,
  (k, x, y) => k.less(y, x),
  (x, y) => below(y, x),
);

/**
 * x ≥ y, as bool.
 *
 * @example
 * greaterEqual([1, 2, 3], 2).toArray() // [false, true, true]
 */
export const greaterEqual = comparison(
  "greaterEqual",
  "x ≥ y",
  (x, y) => x >= y,
  (k, x, y) => k.lessEqual(y, x),
  (x, y) => opposite(below(x, y)),
);

/** What it may be, over all truths that the inputs may have. */
const atTruths = (evaluate: (x: number, y: number) => number): ElementRule =>
  evenUnknown((same, x = maybe, y = maybe) => {
    const values = [...new Set(x)].flatMap((a) => (same ? [a] : [...new Set(y)]).map((b) => evaluate(a, b)));
    return [Math.min(...values), Math.max(...values)];
  });

const logic = (
  name: string,
  doc: string,
  evaluate: (x: number, y: number) => number,
  lower: (k: Lanes, x: Lane, y: Lane) => Lane,
) =>
  binary({
    name,
    exact: true,
    doc,
    domain: "bool",
    evaluate: (x, y) => evaluate(x as number, y as number),
    interval: atTruths(evaluate),
    lower: (k, x, y) => lower(k, x as Lane, y as Lane),
    edges: [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
  });

/**
 * x and y, as bool; numbers other than 0 are true.
 *
 * @example
 * logicalAnd([true, false], true).toArray() // [true, false]
 */
export const logicalAnd = logic(
  "logicalAnd",
  "x and y",
  (x, y) => x & y,
  (k, x, y) => k.and(x, y),
);

/**
 * x or y, as bool; numbers other than 0 are true.
 *
 * @example
 * logicalOr([true, false], false).toArray() // [true, false]
 */
export const logicalOr = logic(
  "logicalOr",
  "x or y",
  (x, y) => x | y,
  (k, x, y) => k.or(x, y),
);

/**
 * Either x or y, as bool; numbers other than 0 are true.
 *
 * @example
 * logicalXor([true, false], true).toArray() // [false, true]
 */
export const logicalXor = logic(
  "logicalXor",
  "x or y, not both",
  (x, y) => x ^ y,
  (k, x, y) => k.xor(x, y),
);

/**
 * not x, as bool; numbers other than 0 are true.
 *
 * @example
 * logicalNot([true, false]).toArray() // [false, true]
 */
export const logicalNot = unary({
  name: "logicalNot",
  exact: true,
  doc: "not x",
  domain: "bool",
  evaluate: (x) => 1 - (x as number),
  interval: (_, x) => opposite(x as Interval),
  lower: (k, x) => k.not(x as Lane),
  edges: [[0], [1]],
});

const bits = (
  name: string,
  doc: string,
  evaluate: (x: number, y: number) => number,
  lower: (k: Lanes, x: Lane, y: Lane) => Lane,
) =>
  binary({
    name,
    exact: true,
    doc,
    domain: "integer",
    evaluate: (x, y) => evaluate(x as number, y as number),
    interval: onPoints(evaluate),
    lower: (k, x, y) => lower(k, x as Lane, y as Lane),
    edges: [
      [5, 3],
      [-1, 1],
      [0, 7],
      [2 ** 31 - 1, 31],
    ],
  });

/**
 * The bits that both integers have.
 *
 * @example
 * bitwiseAnd(new Int32Array([12]), new Int32Array([10])).toArray() // [8]
 */
export const bitwiseAnd = bits(
  "bitwiseAnd",
  "x & y",
  (x, y) => x & y,
  (k, x, y) => k.and(x, y),
);

/**
 * The bits that either integer has.
 *
 * @example
 * bitwiseOr(new Int32Array([12]), new Int32Array([10])).toArray() // [14]
 */
export const bitwiseOr = bits(
  "bitwiseOr",
  "x | y",
  (x, y) => x | y,
  (k, x, y) => k.or(x, y),
);

/**
 * The bits in which two integers differ.
 *
 * @example
 * bitwiseXor(new Int32Array([12]), new Int32Array([10])).toArray() // [6]
 */
export const bitwiseXor = bits(
  "bitwiseXor",
  "x ^ y",
  (x, y) => x ^ y,
  (k, x, y) => k.xor(x, y),
);

/**
 * x · 2ʸ modulo 2³², for integers; y modulo 32.
 *
 * @example
 * shiftLeft(new Int32Array([3]), new Int32Array([2])).toArray() // [12]
 */
export const shiftLeft = bits(
  "shiftLeft",
  "x · 2ʸ, y modulo 32",
  (x, y) => x << y,
  (k, x, y) => k.shiftLeft(x, y),
);

/**
 * Fills with zeros for uint32, with the sign for int32.
 *
 * @example
 * shiftRight(new Int32Array([-5]), new Int32Array([1])).toArray() // [-3]
 */
export const shiftRight = binary({
  name: "shiftRight",
  exact: true,
  doc: "x / 2ʸ rounded down, y modulo 32",
  domain: "integer",
  evaluate: (x, y) =>
    (x as number) < 0 ? (x as number) >> (y as number) : Math.floor((x as number) / 2 ** ((y as number) & 31)),
  interval: onPoints((x, y) => (x < 0 ? x >> y : Math.floor(x / 2 ** (y & 31)))),
  lower: (k, x, y) => k.shiftRight(x as Lane, y as Lane),
  edges: [
    [5, 1],
    [-8, 2],
    [2 ** 31 - 1, 31],
  ],
});

const isWhole = (x: Tensor): Tensor => equal(x, round(x));
const rounding = (
  name: string,
  doc: string,
  evaluate: (x: number) => number,
  lower: (k: Lanes, x: Lane) => Lane,
  jumps: (x: Tensor) => Tensor = isWhole,
  where = "at integers",
): UnaryFunction =>
  unary({
    name,
    exact: true,
    doc: `${doc}; slope 0`,
    evaluate: (x) => evaluate(x as number),
    undefinedAt: [{ at: (x) => jumps(x as Tensor), why: `${name}(x) jumps ${where}`, convention: "0" }],
    interval: increasing(evaluate, exactly),
    lower: (k, x) => lower(k, x as Lane),
    edges: [[0.5], [1.5], [2.5], [-0.5], [-1.2], [Number.NaN], [Infinity], [-0], [1e300]],
  });

/**
 * The greatest integer ≤ x, in the dtype of x; slope 0.
 *
 * @example
 * floor([1.5, -1.5]).toArray() // [1, -2]
 */
export const floor = rounding("floor", "the greatest integer ≤ x", Math.floor, (k, x) => k.floor(x));

/**
 * The least integer ≥ x, in the dtype of x; slope 0.
 *
 * @example
 * ceil([1.5, -1.5]).toArray() // [2, -1]
 */
export const ceil = rounding("ceil", "the least integer ≥ x", Math.ceil, (k, x) => k.ceil(x));

/**
 * x without its fraction; slope 0.
 *
 * @example
 * trunc([1.5, -1.5]).toArray() // [1, -1]
 */
export const trunc = rounding(
  "trunc",
  "x without its fraction",
  Math.trunc,
  (k, x) => k.trunc(x),
  (x) => logicalAnd(isWhole(x), notEqual(x, 0)),
  "at integers other than 0",
);

/**
 * The nearest integer, halves to even as in NumPy; slope 0.
 *
 * @example
 * round([0.5, 1.5, 1.7]).toArray() // [0, 2, 2]
 */
export const round = rounding(
  "round",
  "the nearest integer, halves to even",
  roundHalfEven,
  (k, x) => k.nearest(x),
  (x) => equal(sub(x, floor(x)), 0.5),
  "halfway between integers",
);

function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : x < 0 && r === 0 ? -0 : r;
}

/** The integer (x − r)/y of a remainder r: the division may round up to the next, where x/y would. */
const quotient = (x: Tensor, y: Tensor, r: Tensor): Tensor => round(div(sub(x, r), y));
const remainderEdges = [
  [5, 3],
  [-5, 3],
  [5, -3],
  [1, 0],
  [1, 0.1],
  [Infinity, 2],
  [2, Infinity],
  [-2, Infinity],
  [Number.NaN, 1],
] as const;
const remainderRanges = [
  [0.1, 0.9],
  [1, 2],
] as const;

/**
 * x − y·trunc(x/y), the sign of x (C's fmod, JavaScript's %).
 *
 * @example
 * rem([-1, 5], 3).toArray() // [-1, 2]
 */
export const rem = binary({
  name: "rem",
  doc: "remainder of the division truncated to zero, sign of x",
  domain: "number",
  evaluate: (x, y) => (x as number) % (y as number),
  evaluateInteger: (x, y) => (y === 0 ? 0 : (x as number) % (y as number)),
  partials: [() => 1, (r, x, y) => neg(quotient(x as Tensor, y as Tensor, r))],
  undefinedAt: [
    {
      at: (x, y) => logicalAnd(equal(rem(x as Tensor, y as Tensor), 0), notEqual(x as Tensor, 0)),
      why: "the remainder jumps where x is a multiple of y other than 0",
      convention: "1 and −trunc(x/y)",
    },
  ],
  interval: remainders((x, y) => x % y),
  lower: (k, x, y) => k.call("rem", x as Lane, y as Lane),
  ranges: remainderRanges,
  edges: remainderEdges,
});

/** From the remainder with the sign of x that with the sign of y. */
const withSignOf = (y: number, r: number): number => (r !== 0 && r < 0 !== y < 0 ? r + y : r);

/**
 * The remainder with the sign of y, as NumPy's and Python's.
 *
 * @example
 * mod([-1, 5], 3).toArray() // [2, 2]
 */
export const mod = binary({
  name: "mod",
  doc: "remainder of the division rounded down, sign of y",
  domain: "number",
  evaluate: (x, y) => withSignOf(y as number, (x as number) % (y as number)),
  evaluateInteger: (x, y) => (y === 0 ? 0 : withSignOf(y as number, (x as number) % (y as number))),
  partials: [() => 1, (_, x, y) => neg(floorDivide(x as Tensor, y as Tensor))],
  undefinedAt: [
    {
      at: (x, y) => equal(mod(x as Tensor, y as Tensor), 0),
      why: "the remainder jumps where x is a multiple of y",
      convention: "1 and −⌊x/y⌋",
    },
  ],
  interval: remainders((x, y) => withSignOf(y, x % y)),
  lower: (k, x, y) => {
    const [divisor, r] = [y as Lane, k.hold(k.call("rem", x as Lane, y as Lane))];
    const zero = k.constant(0, r.dtype);
    const differs = k.xor(k.less(r, zero), k.less(divisor, zero));
    return k.select(k.and(k.notEqual(r, zero), differs), k.add(r, divisor), r);
  },
  ranges: remainderRanges,
  edges: remainderEdges,
});

/**
 * Whether x is not a number, as bool.
 *
 * @example
 * isNaN([1, NaN]).toArray() // [false, true]
 */
export const isNaN = unary({
  name: "isNaN",
  exact: true,
  doc: "whether x is not a number",
  result: "bool",
  evaluate: (x) => (Number.isNaN(x) ? 1 : 0),
  interval: () => no,
  lower: (k, x) => k.notEqual(x as Lane, x as Lane),
  edges: [[Number.NaN], [0], [Infinity]],
});

/**
 * Whether x is neither NaN nor infinite, as bool.
 *
 * @example
 * isFinite([1, NaN, Infinity]).toArray() // [true, false, false]
 */
export const isFinite = unary({
  name: "isFinite",
  exact: true,
  doc: "whether x is neither NaN nor infinite",
  result: "bool",
  evaluate: (x) => (Number.isFinite(x) ? 1 : 0),
  interval: (_, x) => truth(magnitude(x as Interval) < Infinity, false),
  lower: (k, x) => k.less(k.abs(x as Lane), k.constant(Infinity, (x as Lane).dtype)),
  edges: [[Number.NaN], [0], [Infinity], [-Infinity], [1e308]],
});

export const whereOperation: Operation = operation({
  name: "where",
  kind: "elementwise",
  infer: (inputs) => ({
    shape: broadcastShapes(
      "where",
      inputs.map((t) => t.shape),
    ),
    dtype: (inputs[1] as Tensor).dtype,
  }),
  evaluate: (values, inputs, _attributes, type) =>
    mapElements((c, a, b) => (c !== 0 ? a : b) as number, values, inputs, type),
  work: mapWork,
  linear: { how: "jointly", inputs: [1, 2] },
  transpose: (ct, index, [condition]) =>
    index === 1
      ? where(condition as Tensor, ct, filled(0, [], ct.dtype))
      : where(condition as Tensor, filled(0, [], ct.dtype), ct),
  interval: elementwiseIntervals(
    evenUnknown((_, c = maybe, a = unknown, b = unknown) => (c[0] === 1 ? a : c[1] === 0 ? b : hull(a, b))),
  ),
  lower: (k, [c, a, b]) => k.select(c as Lane, a as Lane, b as Lane),
  laws: {
    cases: [
      {
        label: "[2,3] [2,3]",
        shapes: [
          [2, 3],
          [2, 3],
        ],
        apply: (x, y) => where(greater(x as Tensor, 0.1), x as Tensor, y as Tensor),
      },
      {
        label: "[3] [2,1]",
        shapes: [[3], [2, 1]],
        apply: (x, y) => where([true, false, true], x as Tensor, y as Tensor),
      },
    ],
  },
});

/**
 * condition ? x : y, element by element; the branch not taken has no part in the derivative.
 *
 * @example
 * where([true, false], [1, 2], [3, 4]).toArray() // [1, 4]
 */
export function where(condition: TensorLike, x: TensorLike, y: TensorLike): Tensor {
  const c = convert(toTensor("where", condition), "bool");
  const { tensors, dtype } = meet("where", [x, y]);
  return apply(whereOperation, [c, ...tensors.map((t) => convert(t, dtype))]);
}

/**
 * min(max(x, low), high); slope 1 inside, 0 outside, ½ on the bounds.
 *
 * @example
 * clip([-2, 0.5, 2], -1, 1).toArray() // [-1, 0.5, 1]
 */
export function clip(x: TensorLike, low: TensorLike, high: TensorLike): Tensor {
  return minimum(maximum(x, low), high);
}

/**
 * The same numbers in another dtype; floats to integers truncate and saturate.
 *
 * @example
 * cast([1.7, -1.7], "int32").toArray() // [1, -1]
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  return convert(toTensor("cast", x), checkDType("cast", dtype));
}

/**
 * x², by one product.
 *
 * @example
 * square([2, -3]).toArray() // [4, 9]
 */
export const square = (x: TensorLike): Tensor => {
  const t = toTensor("square", x);
  return mul(t, t);
};

/**
 * 1/x.
 *
 * @example
 * reciprocal([2, 4]).toArray() // [0.5, 0.25]
 */
export const reciprocal = (x: TensorLike): Tensor => div(1, x);

/**
 * ⌊x / y⌋, with x = y·floorDivide(x, y) + mod(x, y): 1 // 0.1 is 9, although 1 / 0.1 is 10. Integers stay integers.
 *
 * @example
 * floorDivide([-1, 5], 3).toArray() // [-1, 1]
 */
export function floorDivide(x: TensorLike, y: TensorLike): Tensor {
  const { tensors, dtype } = meet("floorDivide", [x, y]);
  const [a, b] = tensors.map((t) => convert(t, dtype)) as [Tensor, Tensor];
  const ratio = div(a, b);
  if (!isFloat(dtype)) return cast(floor(ratio), dtype === "bool" ? "int32" : dtype);
  const r = rem(a, b);
  const toZero = quotient(a, b, r);
  return where(equal(b, 0), ratio, where(notEqual(mod(a, b), r), sub(toZero, 1), toZero));
}
