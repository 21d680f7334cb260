/** Reductions: sums, extrema, cumulative sums, and what is composed of them. Long because the compositions stand beside. */
import { allocate, type Data } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import type { Bounds } from "../base/interval.ts";
import { checkOptions } from "../base/options.ts";
import {
  broadcastStrides,
  checkAxes,
  checkAxis,
  keepAxes,
  removeAxes,
  type Shape,
  showShape,
  sizeOf,
  stridesOf,
} from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import type { NormOptions, ReduceOptions } from "../graph/methods.ts";
import type { LawCase, Operation, Type } from "../graph/operation.ts";
import { apply, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import {
  abs,
  add,
  div,
  equal,
  isFinite as finite,
  greater,
  isNaN,
  logicalAnd,
  maximum,
  mul,
  notEqual,
  scale,
  square,
  sub,
  where,
} from "./arithmetic.ts";
import { exp, log, pow, sqrt } from "./math.ts";
import { broadcastTo, concatenate, flip, moveAxis, reshape, slice } from "./movement.ts";
import { computeIn, convert, forEachOffset, operation } from "./record.ts";
import { summed } from "./support.ts";

/** The axes that the options name. */
function axesOf(what: string, options: ReduceOptions, rank: number): number[] {
  checkOptions(what, options, "{ axis: 0 }");
  return checkAxes(what, options.axis, rank);
}

interface ReduceAttributes {
  readonly axes: readonly number[];
}

const only = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;
const shiftAxes = (axes: readonly number[]): number[] => axes.map((a) => a + 1);

/** Combines elements start, start + step, … of the data. */
type Combine = (data: Data, start: number, step: number, count: number) => number;

/** Reduces adjacent axes where they are; others from a copy in which they come last. */
function reduceData(data: Data, { shape, dtype }: Type, axes: readonly number[], result: Type, combine: Combine): Data {
  const out = allocate(result.dtype, sizeOf(result.shape));
  const first = axes[0] as number;
  if (axes.at(-1) !== first + axes.length - 1) {
    const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
    const order = [...kept, ...axes];
    const strides = stridesOf(shape);
    const copy = allocate(dtype, data.length);
    const moved = order.map((i) => shape[i] as number);
    forEachOffset(moved, [order.map((i) => strides[i] as number)], ([offset], i) => {
      copy[i] = data[offset as number] as number;
    });
    const last = axes.map((_, i) => kept.length + i);
    return reduceData(copy, { shape: moved, dtype }, last, result, combine);
  }
  let count = 1;
  for (const axis of axes) count *= shape[axis] as number;
  let step = 1;
  for (let axis = first + axes.length; axis < shape.length; axis++) step *= shape[axis] as number;
  for (let i = 0; i < out.length; i++) {
    const inner = i % step;
    out[i] = combine(data, (i - inner) * count + inner, step, count);
  }
  return out;
}

/** Pairwise summation (Higham 1993): the error grows with log n instead of n. */
function pairwiseSum(data: Data, start: number, step: number, count: number): number {
  if (count <= 64) {
    let total = 0;
    for (let k = 0, at = start; k < count; k++, at += step) total += data[at] as number;
    return total;
  }
  const half = count >> 1;
  return pairwiseSum(data, start, step, half) + pairwiseSum(data, start + half * step, step, count - half);
}

const reduceCases = (f: (x: Tensor, options: ReduceOptions) => Tensor): LawCase[] => [
  { label: "[2,3] all", shapes: [[2, 3]], apply: (x) => f(x as Tensor, {}) },
  { label: "[2,3,4] axis 1", shapes: [[2, 3, 4]], apply: (x) => f(x as Tensor, { axis: 1 }) },
  { label: "[3,5] axis −1 kept", shapes: [[3, 5]], apply: (x) => f(x as Tensor, { axis: -1, keepDims: true }) },
  { label: "[33] all", shapes: [[33]], apply: (x) => f(x as Tensor, {}) },
  { label: "[19,9] axis 0", shapes: [[19, 9]], apply: (x) => f(x as Tensor, { axis: 0 }) },
];

const inferReduce = ([x]: readonly Type[], { axes }: ReduceAttributes): Type => ({
  shape: removeAxes((x as Type).shape, axes),
  dtype: (x as Type).dtype,
});

export const sumOperation: Operation = operation<ReduceAttributes>({
  name: "sum",
  kind: "routine",
  infer: inferReduce,
  evaluate: (values, inputs, { axes }, result) => {
    return reduceData(values[0] as Data, inputs[0] as Type, axes, result, pairwiseSum);
  },
  increases: { terms: ([x], { axes }) => sizeOf(axes.map((a) => (x as Type).shape[a] as number)) },
  linear: { how: "separately" },
  transpose: (ct, _index, inputs, { axes }) =>
    broadcastTo(reshape(ct, keepAxes(only(inputs).shape, axes)), only(inputs).shape),
  batch: (inputs, _batched, _size, { axes }) => apply(sumOperation, [only(inputs)], { axes: shiftAxes(axes) }),
  supports: ([sets], { union, types, result }, { axes }) => {
    const { shape } = types[0] as Type;
    const strides = broadcastStrides(keepAxes(shape, axes), shape);
    return sets && summed(sets, shape, strides, sizeOf(result.shape), union);
  },
  kernel: (_inputs, { axes }) => ({ name: "reduce", parameters: { how: "sum", axes } }),
  laws: { cases: reduceCases((x, o) => sum(x, o)), integer: true },
});

function extremum(name: "max" | "min"): Operation {
  // NaN if there is one; −0 is less than 0.
  const further = Math[name];
  const record: Operation = operation<ReduceAttributes>({
    name,
    kind: "routine",
    infer: (inputs, attributes) => {
      const x = inputs[0] as Type;
      if (attributes.axes.some((a) => x.shape[a] === 0)) {
        throw new NablaError(
          "E-SHAPE",
          `${name}: no elements along axis ${attributes.axes} of ${showShape(x.shape)}`,
          "at least one element; concatenate a bound if there may be none",
        );
      }
      return inferReduce(inputs, attributes);
    },
    evaluate: (values, inputs, { axes }, result) => {
      return reduceData(values[0] as Data, inputs[0] as Type, axes, result, (data, start, step, count) => {
        let best = data[start] as number;
        for (let i = 1; i < count; i++) best = further(best, data[start + i * step] as number);
        return best;
      });
    },
    increases: {},
    curvature: name === "max" ? "convex" : "concave",
    // Elements that attain the extremum share the derivative equally.
    jvp: ([tangent], inputs, output, { axes }) => {
      if (tangent === undefined) return undefined;
      const x = only(inputs);
      const best = reshape(output, keepAxes(x.shape, axes));
      const attains = convert(equal(x, best), x.dtype);
      const count = sum(attains, { axis: axes, keepDims: true });
      // At least one attains it, unless it is NaN: then the share is 0/0.
      const share = div(attains, where(isNaN(best), count, maximum(count, 1)));
      return sum(scale(share, tangent), { axis: axes });
    },
    batch: (inputs, _batched, _size, { axes }) => apply(record, [only(inputs)], { axes: shiftAxes(axes) }),
    undefinedAt: [
      {
        at: (x) => notEqual(x as Tensor, x as Tensor),
        within: ([x], output, { axes }) => {
          const kept = keepAxes((x as Tensor).shape, axes as number[]);
          const attains = equal(x as Tensor, reshape(output, kept));
          return logicalAnd(attains, greater(sum(attains, { axis: axes as number[], keepDims: true }), 1));
        },
        why: `${name} has a kink where several elements tie`,
        convention: "the elements that attain it share the derivative equally",
        sides: () => (name === "max" ? [0, 1] : [1, 0]),
      },
    ],
    kernel: (_inputs, { axes }) => ({ name: "reduce", parameters: { how: name, axes } }),
    laws: {
      cases: reduceCases((x, o) => reduce(name, record, x, o)),
      integer: true,
    },
  });
  return record;
}

export const maxOperation = extremum("max");
export const minOperation = extremum("min");

const arg = (name: "argmax" | "argmin", better: (a: number, b: number) => boolean): Operation => {
  const record: Operation = operation<{ axis: number }>({
    name,
    kind: "routine",
    infer: ([x], { axis }) => {
      const { shape } = x as Type;
      if (shape[axis] === 0)
        throw new NablaError(
          "E-SHAPE",
          `${name}: no elements along axis ${axis} of ${showShape(shape)}`,
          "at least one element; concatenate a bound if there may be none",
        );
      return { shape: removeAxes(shape, [axis]), dtype: "int32" };
    },
    evaluate: (values, inputs, { axis }, result) => {
      return reduceData(values[0] as Data, inputs[0] as Type, [axis], result, (data, start, step, count) => {
        let best = 0;
        for (let i = 1; i < count; i++) {
          const v = data[start + i * step] as number;
          const w = data[start + best * step] as number;
          if (better(v, w) || (Number.isNaN(v) && !Number.isNaN(w))) best = i;
        }
        return best;
      });
    },
    interval: ([x], [type], { axis }, result) => {
      const { low, high } = x as Bounds;
      const [sure, likely] = name === "argmax" ? [low, high] : [high, low];
      /** Whoever may be no worse than the best of what is sure. */
      const candidates = (from: number, step: number, count: number): number[] => {
        const places = Array.from({ length: count }, (_, i) => from + i * step);
        const reach = places.map((at) => sure[at] as number).reduce((best, v) => (better(v, best) ? v : best));
        return places.flatMap((at, i) => (better(reach, likely[at] as number) ? [] : [i]));
      };
      const extreme = (end: 0 | -1): Float64Array =>
        Float64Array.from(
          reduceData(low, type as Type, [axis], result, (_, from, step, count) => {
            return candidates(from, step, count).at(end) as number;
          }),
        );
      return { low: extreme(0), high: extreme(-1) };
    },
    batch: (inputs, _batched, _size, { axis }) => apply(record, [only(inputs)], { axis: axis + 1 }),
    kernel: (_inputs, { axis }) => ({ name: "argreduce", parameters: { how: name, axis } }),
    laws: {
      cases: [
        {
          label: "[3,4] axis 1",
          shapes: [[3, 4]],
          apply: (x) => apply(record, [x as Tensor], { axis: 1 }),
          differentiable: false,
        },
      ],
      integer: true,
    },
  });
  return record;
};

export const argmaxOperation = arg("argmax", (a, b) => a > b);
export const argminOperation = arg("argmin", (a, b) => a < b);

export const cumsumOperation: Operation = operation<{ axis: number; reverse: boolean }>({
  name: "cumsum",
  kind: "routine",
  infer: ([x]) => x as Type,
  evaluate: (values, inputs, { axis, reverse }, result) => {
    const data = values[0] as Data;
    const { shape } = inputs[0] as Type;
    const out = allocate(result.dtype, data.length);
    const n = shape[axis] as number;
    const inner = sizeOf(shape.slice(axis + 1));
    for (let outer = 0; outer < data.length; outer += n * inner) {
      for (let j = 0; j < inner; j++) {
        let total = 0;
        for (let k = 0; k < n; k++) {
          const at = outer + (reverse ? n - 1 - k : k) * inner + j;
          total += data[at] as number;
          out[at] = total;
        }
      }
    }
    return out;
  },
  increases: { terms: ([x], { axis }) => (x as Type).shape[axis] as number },
  linear: { how: "separately" },
  transpose: (ct, _index, _inputs, { axis, reverse }) => apply(cumsumOperation, [ct], { axis, reverse: !reverse }),
  batch: (inputs, _batched, _size, { axis, reverse }) =>
    apply(cumsumOperation, [only(inputs)], { axis: axis + 1, reverse }),
  supports: ([sets], { union, types }, { axis, reverse }) => {
    const { shape } = types[0] as Type;
    const [n, inner] = [shape[axis] as number, sizeOf(shape.slice(axis + 1))];
    const out = sets?.slice();
    forEachOffset(keepAxes(shape, [axis]), [stridesOf(shape)], ([start]) => {
      let before = 0;
      for (let k = 0; k < n && out; k++) {
        const at = (start as number) + (reverse ? n - 1 - k : k) * inner;
        before = union(before, out[at] as number);
        out[at] = before;
      }
    });
    return out;
  },
  kernel: (_inputs, { axis, reverse }) => ({ name: "cumsum", parameters: { axis, reverse } }),
  laws: {
    cases: [
      { label: "[2,5] axis 1", shapes: [[2, 5]], apply: (x) => cumsum(x as Tensor, { axis: 1 }) },
      {
        label: "[4,3] axis 0 reversed",
        shapes: [[4, 3]],
        apply: (x) => cumsum(x as Tensor, { axis: 0, reverse: true }),
      },
    ],
    integer: true,
  },
});

function reduce(name: string, record: Operation, x: TensorLike, options: ReduceOptions): Tensor {
  const t = toTensor(name, x);
  const axes = axesOf(name, options, t.rank);
  const input = convert(t, computeIn(name, "number", t.dtype));
  const result = axes.length === 0 ? input : apply(record, [input], { axes });
  return options.keepDims ? reshape(result, keepAxes(t.shape, axes)) : result;
}

/**
 * Σ x over axes; summed pairwise.
 *
 * @example
 * sum([[1, 2], [3, 4]], { axis: 0, keepDims: true }).toArray() // [[4, 6]]
 */
export const sum = (x: TensorLike, options: ReduceOptions = {}): Tensor => reduce("sum", sumOperation, x, options);

/**
 * The greatest element; NaN if there is one. Ties share the derivative.
 *
 * @example
 * max([[1, 5], [7, 2]], { axis: 1 }).toArray() // [5, 7]
 */
export const max = (x: TensorLike, options: ReduceOptions = {}): Tensor => reduce("max", maxOperation, x, options);

/**
 * The least element; NaN if there is one. Ties share the derivative.
 *
 * @example
 * min([[1, 5], [7, 2]], { axis: 1 }).toArray() // [1, 2]
 */
export const min = (x: TensorLike, options: ReduceOptions = {}): Tensor => reduce("min", minOperation, x, options);

/**
 * The arithmetic mean over axes; of integers in float64.
 *
 * @example
 * mean([1, 2, 6]).item() // 3
 */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const whole = toTensor("mean", x);
  const t = convert(whole, computeIn("mean", "float", whole.dtype)); // a sum of integers would wrap
  const axes = axesOf("mean", options, t.rank);
  const count = axes.reduce((n, a) => n * (t.shape[a] as number), 1);
  return div(sum(t, options), count);
}

/**
 * Π x over axes, by a tree of products: its derivative is right where factors are 0.
 *
 * @example
 * prod([[1, 2], [3, 4]], { axis: 1 }).toArray() // [2, 12]
 */
export function prod(x: TensorLike, options: ReduceOptions = {}): Tensor {
  let t = toTensor("prod", x);
  t = convert(t, computeIn("prod", "number", t.dtype));
  const axes = axesOf("prod", options, t.rank);
  const keptShape = removeAxes(t.shape, axes);
  const result = options.keepDims ? keepAxes(t.shape, axes) : keptShape;
  let rows = t;
  axes.forEach((a, i) => {
    rows = moveAxis(rows, a - i, rows.rank - 1);
  });
  let n = axes.reduce((count, a) => count * (t.shape[a] as number), 1);
  rows = reshape(rows, [...keptShape, n]);
  const lead = keptShape.map(() => null);
  if (n === 0) return filled(1, result, t.dtype);
  while (n > 1) {
    const half = n >> 1;
    const product = mul(slice(rows, [...lead, [0, half]]), slice(rows, [...lead, [half, 2 * half]]));
    rows = n % 2 === 0 ? product : concatenate([product, slice(rows, [...lead, [n - 1, n]])], keptShape.length);
    n = half + (n % 2);
  }
  return reshape(rows, result);
}

/**
 * The variance; `correction` 0 divides by n, 1 by n − 1.
 *
 * @example
 * variance([1, 3], { correction: 1 }).item() // 2
 */
export function variance(x: TensorLike, options: ReduceOptions & { readonly correction?: number } = {}): Tensor {
  const t = toTensor("variance", x);
  const axes = axesOf("variance", options, t.rank);
  const count = axes.reduce((n, a) => n * (t.shape[a] as number), 1);
  const centred = sub(t, mean(t, { axis: axes, keepDims: true }));
  return div(sum(square(centred), options), Math.max(0, count - (options.correction ?? 0)));
}

/**
 * The standard deviation, √variance.
 *
 * @example
 * std([1, 3]).item() // 1
 */
export function std(x: TensorLike, options: ReduceOptions & { readonly correction?: number } = {}): Tensor {
  checkOptions("std", options, "{ axis: 0 }");
  return sqrt(variance(x, options));
}

/**
 * log Σ eˣ without overflow.
 *
 * @example
 * logsumexp([1000, 1000]).item() // 1000 + Math.log(2)
 */
export function logsumexp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const whole = toTensor("logsumexp", x);
  const t = convert(whole, computeIn("logsumexp", "float", whole.dtype));
  const axes = axesOf("logsumexp", options, t.rank);
  if (axes.length === 0) return t;
  const shift = heldMax(t, axes);
  const value = add(log(sum(exp(sub(t, shift)), { axis: axes, keepDims: true })), shift);
  return options.keepDims ? value : reshape(value, removeAxes(t.shape, axes));
}

/** `max` whose derivative is zero: for shifts that cancel. */
export const maxHeld: Operation = (() => {
  const { jvp: _, undefinedAt: __, laws: ___, curvature: ____, ...rest } = maxOperation;
  return { ...rest, name: "maxHeld" };
})();

/** The greatest element over axes that stay with size 1, held; 0 where it is not finite or there is none. */
function heldMax(t: Tensor, axes: readonly number[]): Tensor {
  const shape = keepAxes(t.shape, axes);
  if (axes.some((a) => t.shape[a] === 0)) return filled(0, shape, t.dtype);
  const top = reshape(apply(maxHeld, [t], { axes }), shape);
  return where(finite(top), top, filled(0, [], t.dtype));
}

/**
 * eˣ / Σ eˣ along an axis.
 *
 * @example
 * softmax([1, 1]).toArray() // [0.5, 0.5]
 */
export function softmax(x: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  checkOptions("softmax", options, "{ axis: 0 }");
  const e = exp(shiftedDown("softmax", x, options.axis));
  return div(e, sum(e, { axis: options.axis ?? -1, keepDims: true }));
}

/**
 * log softmax(x) without overflow.
 *
 * @example
 * logSoftmax([0, 0]).toArray() // [-Math.LN2, -Math.LN2], up to rounding
 */
export function logSoftmax(x: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  checkOptions("logSoftmax", options, "{ axis: 0 }");
  const shifted = shiftedDown("logSoftmax", x, options.axis);
  return sub(shifted, log(sum(exp(shifted), { axis: options.axis ?? -1, keepDims: true })));
}
/** x − max x along an axis: any shift gives the same softmax, hence no derivative through it. */
function shiftedDown(what: string, x: TensorLike, axis = -1): Tensor {
  const whole = toTensor(what, x);
  const t = convert(whole, computeIn(what, "float", whole.dtype));
  return sub(t, heldMax(t, [checkAxis(what, axis, t.rank)]));
}

/**
 * (Σ |x|ᵖ)^(1/p), scaled so that nothing overflows; its derivative at 0 is taken as 0.
 *
 * @example
 * norm([3, 4]).item() // 5
 */
export function norm(x: TensorLike, options: NormOptions = {}): Tensor {
  checkOptions("norm", options, "{ axis: 0, order: 1 }");
  const { order = 2 } = options;
  if (!(order > 0))
    throw new NablaError(
      "E-OPTION",
      `norm: order is ${order}, not a number > 0`,
      "1, 2, Infinity or another number > 0",
    );
  const t = toTensor("norm", x);
  const floating = convert(t, computeIn("norm", "float", t.dtype));
  if (order === Infinity) return max(abs(floating), options);
  if (order === 1) return sum(abs(floating), options);
  const axes = axesOf("norm", options, t.rank);
  if (axes.length === 0) return abs(floating);
  const top = heldMax(abs(floating), axes);
  const unit = where(greater(top, 0), top, filled(1, [], top.dtype));
  const small = div(floating, unit);
  const total =
    order === 2
      ? sqrt(sum(square(small), { axis: axes, keepDims: true }))
      : pow(sum(pow(abs(small), order), { axis: axes, keepDims: true }), 1 / order);
  const value = mul(total, unit);
  return options.keepDims ? value : reshape(value, removeAxes(t.shape, axes));
}

const argOf =
  (name: string, record: Operation) =>
  (x: TensorLike, options: { readonly axis?: number; readonly keepDims?: boolean } = {}): Tensor => {
    checkOptions(name, options, "{ axis: 0 }");
    const whole = toTensor(name, x);
    const t = options.axis === undefined ? reshape(whole, [-1]) : whole;
    const axis = checkAxis(name, options.axis ?? 0, t.rank);
    const result = apply(record, [convert(t, computeIn(name, "number", t.dtype))], { axis });
    return options.keepDims
      ? reshape(result, options.axis === undefined ? whole.shape.map(() => 1) : keepAxes(t.shape, [axis]))
      : result;
  };
/**
 * The place of the greatest element along an axis (of the flattened array by default); the first at a tie.
 *
 * @example
 * argmax([[1, 5], [7, 2]], { axis: 1 }).toArray() // [1, 0]
 */
export const argmax = argOf("argmax", argmaxOperation);

/**
 * The place of the least element, as argmax.
 *
 * @example
 * argmin([3, 1, 2]).item() // 1
 */
export const argmin = argOf("argmin", argminOperation);

const truth = (what: string, t: TensorLike): Tensor => convert(convert(toTensor(what, t), "bool"), "int32");

/**
 * Whether any element is true.
 *
 * @example
 * any([[0, 1], [0, 0]], { axis: 1 }).toArray() // [true, false]
 */
export const any = (x: TensorLike, options: ReduceOptions = {}): Tensor => nonEmpty("any", x, options, 0, max);

/**
 * Whether all elements are true.
 *
 * @example
 * all([[1, 1], [0, 1]], { axis: 1 }).toArray() // [true, false]
 */
export const all = (x: TensorLike, options: ReduceOptions = {}): Tensor => nonEmpty("all", x, options, 1, min);
function nonEmpty(
  what: string,
  x: TensorLike,
  options: ReduceOptions,
  empty: number,
  f: (x: TensorLike, options: ReduceOptions) => Tensor,
): Tensor {
  const t = truth(what, x);
  const axes = axesOf(what, options, t.rank);
  const shape: Shape = options.keepDims ? keepAxes(t.shape, axes) : removeAxes(t.shape, axes);
  return axes.some((a) => t.shape[a] === 0) ? filled(empty, shape, "bool") : convert(f(t, options), "bool");
}

/**
 * Sums of the elements so far along an axis.
 *
 * @example
 * cumsum([1, 2, 3]).toArray() // [1, 3, 6]
 */
export function cumsum(x: TensorLike, options: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor {
  checkOptions("cumsum", options, "{ axis: 0 }");
  const t = toTensor("cumsum", x);
  const axis = checkAxis("cumsum", options.axis ?? 0, t.rank);
  return apply(cumsumOperation, [convert(t, computeIn("cumsum", "number", t.dtype))], {
    axis,
    reverse: options.reverse ?? false,
  });
}

/**
 * Products of the elements so far along an axis, by doubling (Hillis and Steele 1986):
 * log₂ n steps of ordinary products, hence the right derivative where factors are 0.
 *
 * @example
 * cumprod([1, 2, 3]).toArray() // [1, 2, 6]
 */
export function cumprod(x: TensorLike, options: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor {
  checkOptions("cumprod", options, "{ axis: 0 }");
  let t = toTensor("cumprod", x);
  t = convert(t, computeIn("cumprod", "number", t.dtype));
  const axis = checkAxis("cumprod", options.axis ?? 0, t.rank);
  if (options.reverse) return flip(cumprod(flip(t, axis), { axis }), axis);
  const n = t.shape[axis] as number;
  const lead = t.shape.slice(0, axis).map(() => null);
  for (let shift = 1; shift < n; shift *= 2) {
    const head = slice(t, [...lead, [0, shift]]);
    const tail = mul(slice(t, [...lead, [shift, n]]), slice(t, [...lead, [0, n - shift]]));
    t = concatenate([head, tail], axis);
  }
  return t;
}
