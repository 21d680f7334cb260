/**
 * Interval rules for the records: the bounds of an operation's values from the bounds of its inputs. They hold for the
 * mathematical value and for what float64 makes of it, here and in compiled code (hence the units in the last place).
 */
import type { Data, DType } from "../base/dtype.ts";
import { above, type Bounds, below, type Interval, isKnown, maybe, unknown, up } from "../base/interval.ts";
import { broadcastStrides, type Shape, sizeOf } from "../base/shape.ts";
import type { IntervalRule, Type } from "../graph/operation.ts";

/** The bounds of one element; `same`: two inputs that are one and the same value. */
export type ElementRule = ((same: boolean, ...x: readonly Interval[]) => Interval) & {
  /** It knows what to do with inputs of which nothing is known. */
  readonly evenUnknown?: boolean;
};
export const evenUnknown = (rule: ElementRule): ElementRule =>
  Object.assign((same: boolean, ...x: readonly Interval[]) => rule(same, ...x), { evenUnknown: true });

/** Elementary functions: 2 units in the last place in compiled code, and JavaScript's, which no standard bounds. */
const usual = 4;

/** The values at both ends, with these units in the last place, cut to where the function's values lie. */
const ends = (low: number, high: number, ulps: number, range: Interval): Interval => [
  Math.max(range[0], below(low, ulps)),
  Math.min(range[1], above(high, ulps)),
];
const everything: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

interface Precision {
  readonly ulps?: number;
  /** Where the values lie, exactly. */
  readonly range?: Interval;
}

export const increasing =
  (f: (x: number) => number, { ulps = usual, range = everything }: Precision = {}): ElementRule =>
  (_, [a, b] = unknown) =>
    ends(f(a), f(b), ulps, range);
export const decreasing =
  (f: (x: number) => number, { ulps = usual, range = everything }: Precision = {}): ElementRule =>
  (_, [a, b] = unknown) =>
    ends(f(b), f(a), ulps, range);

/** Decreasing up to `at`, where its least value is, increasing from there. */
export const valley =
  (f: (x: number) => number, at: number, least: number, ulps = usual): ElementRule =>
  (_, [a, b] = unknown) => {
    const top = Math.max(f(a), f(b));
    return a <= at && b >= at
      ? [below(least, ulps), above(top, ulps)]
      : ends(Math.min(f(a), f(b)), top, ulps, everything);
  };

/** A rule that holds where the arguments allow it, else nothing is known. */
export const within =
  (allowed: (...x: readonly Interval[]) => boolean, rule: ElementRule): ElementRule =>
  (same, ...x) =>
    allowed(...x) ? rule(same, ...x) : unknown;

const turn = 2 * Math.PI;
/** Whether [a, b] may hold a number `at` + k·period. */
function meets([a, b]: Interval, at: number, period: number): boolean {
  const slack = 1e-14 * (Math.abs(a) + Math.abs(b) + 10);
  return at + Math.ceil((a - slack - at) / period) * period <= b + slack;
}
const countable = ([a, b]: Interval): boolean => a > -(2 ** 26) && b < 2 ** 26;

/** A sine whose greatest value 1 is at `top`, its least half a turn on. */
export const wave =
  (f: (x: number) => number, top: number): ElementRule =>
  (_, x = unknown) => {
    const [a, b] = x;
    if (!countable(x) || b - a >= turn) return [-1, 1];
    const [least, greatest] = [Math.min(f(a), f(b)), Math.max(f(a), f(b))];
    return [
      meets(x, top + Math.PI, turn) ? -1 : Math.max(-1, below(least, usual)),
      meets(x, top, turn) ? 1 : Math.min(1, above(greatest, usual)),
    ];
  };

/** The tangent: increasing between its poles. */
export const tangent: ElementRule = (_, x = unknown) =>
  !countable(x) || meets(x, Math.PI / 2, Math.PI) ? unknown : ends(Math.tan(x[0]), Math.tan(x[1]), usual, everything);

/** Two arguments, monotone in each while the other is held: the extremes are at the corners. */
export const atCorners =
  (f: (x: number, y: number) => number, { ulps = usual, range = everything }: Precision = {}): ElementRule =>
  (_, [a, b] = unknown, [c, d] = unknown) => {
    const values = [f(a, c), f(a, d), f(b, c), f(b, d)];
    return ends(Math.min(...values), Math.max(...values), ulps, range);
  };

/** Exact on single values; of anything wider nothing is known. */
export const onPoints =
  (f: (...x: number[]) => number): ElementRule =>
  (_, ...x) => {
    if (!x.every(([a, b]) => a === b)) return unknown;
    const value = f(...x.map(([a]) => a));
    return [value, value];
  };

/** xʸ. */
export const powers: ElementRule = (_, [a, b] = unknown, [c, d] = unknown) => {
  const raise = (x: number, y: number): number => x ** y;
  if (c !== d)
    return a > 0 || (a === 0 && c > 0) ? atCorners(raise, { range: [0, Infinity] })(false, [a, b], [c, d]) : unknown;
  if (c === 0) return [1, 1];
  if (!Number.isInteger(c) || Math.abs(c) > 2 ** 52) return a > 0 || (a === 0 && c > 0) ? powerEnds(a, b, c) : unknown;
  if (c < 0 && a <= 0 && b >= 0) return unknown;
  if (c % 2 !== 0 || a >= 0) return powerEnds(a, b, c);
  return b <= 0 ? powerEnds(-b, -a, c) : powerEnds(0, Math.max(-a, b), c);
};
function powerEnds(a: number, b: number, y: number): Interval {
  const [p, q] = [a ** y, b ** y];
  const range: Interval = a >= 0 ? [0, Infinity] : everything;
  // 0 and ±1 are powers exactly.
  const exact = (x: number): boolean => x === 0 || x === 1 || x === -1;
  const [low, from, high, to] = p <= q ? [p, a, q, b] : [q, b, p, a];
  return [
    exact(from) ? low : Math.max(range[0], below(low, usual)),
    exact(to) ? high : Math.min(range[1], above(high, usual)),
  ];
}

/** x − y·⌊x/y⌋ for a known y: itself moved, or anything up to y. */
export const remainders =
  (f: (x: number, y: number) => number): ElementRule =>
  (_, [a, b] = unknown, [c, d] = unknown) => {
    if (c !== d || c === 0) return unknown;
    const [p, q] = [f(a, c), f(b, c)];
    // Within one period both ends are moved by the same multiple.
    if (b - a < Math.abs(c) && p <= q && a >= 0 === b >= 0) return [below(p, 1), above(q, 1)];
    const size = Math.abs(c);
    return [-size, size];
  };

// — from the bounds of elements to those of arrays —

const wholes: Readonly<Partial<Record<DType, Interval>>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bool: maybe,
};

/** Integers that may have wrapped, or of which nothing is known, are any of their type. */
export function settled(x: Interval, dtype: DType): Interval {
  const all = wholes[dtype];
  if (all === undefined) return isKnown(x) ? x : unknown;
  return x[0] >= all[0] && x[1] <= all[1] ? x : all;
}

export const boundsOf = (size: number): Bounds => ({ low: new Float64Array(size), high: new Float64Array(size) });

/** The rule of an elementwise operation from that of one element; inputs broadcast. */
export function elementwiseIntervals(rule: ElementRule): IntervalRule {
  return (inputs, types, _attributes, { shape, dtype }) => {
    const size = sizeOf(shape);
    const out = boundsOf(size);
    const same = inputs.length === 2 && inputs[0] === inputs[1];
    const places = types.map((t) => placesOf(t.shape, shape, size));
    for (let i = 0; i < size; i++) {
      const x = inputs.map(({ low, high }, k): Interval => {
        const at = places[k]?.[i] ?? 0;
        return [low[at] as number, high[at] as number];
      });
      const [low, high] = settled(rule.evenUnknown || x.every(isKnown) ? rule(same, ...x) : unknown, dtype);
      out.low[i] = low;
      out.high[i] = high;
    }
    return out;
  };
}

const placeCache = new Map<string, Int32Array>();
/** For each element of the result the place of an input's element; undefined: it has one only. */
function placesOf(from: Shape, to: Shape, size: number): Int32Array | undefined {
  if (size === 1 || sizeOf(from) === 1) return undefined;
  const key = `${from}>${to}`;
  const known = placeCache.get(key);
  if (known !== undefined) return known;
  const strides = broadcastStrides(from, to);
  const places = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    let rest = i;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const n = to[axis] as number;
      places[i] = (places[i] as number) + (rest % n) * (strides[axis] as number);
      rest = Math.floor(rest / n);
    }
  }
  placeCache.set(key, places);
  return places;
}

/** Bounds of integers are computed in float64 too, where they do not wrap. */
const inFloat64 = ({ shape }: Type): Type => ({ shape, dtype: "float64" });

/** An operation that only copies, adds up or picks the greatest: it increases with every input. */
export interface Increases<A> {
  /** Over how many elements at most a result is a sum; default: it is none. */
  readonly terms?: (types: readonly Type[], attributes: A) => number;
  /** The inputs that are places, and must be known. */
  readonly places?: readonly number[];
}

/** The bounds of such an operation are its values at the bounds. */
export function atBounds<A>(
  evaluate: (values: readonly Data[], types: readonly Type[], attributes: A, result: Type) => Data,
  { terms = () => 0, places = [] }: Increases<A>,
): (inputs: readonly Bounds[], types: readonly Type[], attributes: A, result: Type) => Bounds {
  return (inputs, types, attributes, result) => {
    if (!places.every((k) => isSingle(inputs[k]))) return everywhere(result);
    const run = (part: (b: Bounds) => Float64Array): Float64Array =>
      Float64Array.from(
        evaluate(
          inputs.map((b, k) => (places.includes(k) ? b.low : part(b))),
          types.map(inFloat64),
          attributes,
          inFloat64(result),
        ),
      );
    const [low, high] = [run((b) => b.low), run((b) => b.high)];
    const count = terms(types, attributes);
    if (count > 1) {
      const sizes = run(magnitudes);
      if (!inputs.every(areIntegers) || !sizes.every((s) => s < 2 ** 53))
        sizes.forEach((size, i) => {
          const error = roundingOf(count, size);
          low[i] = (low[i] as number) - error;
          high[i] = (high[i] as number) + error;
        });
    }
    return settle({ low, high }, result.dtype);
  };
}

/** A bound of the error of a sum of so many terms, whose sizes add up to `size`, in any order (Higham 2002, §4.2). */
export const roundingOf = (terms: number, size: number): number => up(up(terms * 2 ** -52 * size));

const isSingle = (b: Bounds | undefined): boolean => b?.low.every((v, i) => v === b.high[i]) ?? false;
/** Sums of integers are exact, in any order. */
const areIntegers = ({ low, high }: Bounds): boolean => low.every(Number.isInteger) && high.every(Number.isInteger);
const magnitudes = ({ low, high }: Bounds): Float64Array =>
  low.map((a, i) => Math.max(Math.abs(a), Math.abs(high[i] as number)));

/** Nothing is known. */
export function everywhere({ shape, dtype }: Type): Bounds {
  const [low, high] = settled(unknown, dtype);
  const size = sizeOf(shape);
  return { low: new Float64Array(size).fill(low), high: new Float64Array(size).fill(high) };
}

export function settle(bounds: Bounds, dtype: DType): Bounds {
  bounds.low.forEach((a, i) => {
    [bounds.low[i], bounds.high[i]] = settled([a, bounds.high[i] as number], dtype) as [number, number];
  });
  return bounds;
}
