/**
 * Movement: the result's elements are elements of the input, elsewhere. Each is linear; its transpose moves back.
 * Long because one family of small records belongs together.
 */
import { allocate, type Data } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import type { Bounds } from "../base/interval.ts";
import {
  type Axes,
  broadcastShapes,
  broadcastStrides,
  checkAxes,
  checkAxis,
  checkShape,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
} from "../base/shape.ts";
import { meet, toTensor } from "../graph/convert.ts";
import type { Range } from "../graph/methods.ts";
import type { LawCase, Operation, Type, View } from "../graph/operation.ts";
import { apply, constant, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { where } from "./arithmetic.ts";
import { convert, forEachOffset, operation } from "./record.ts";
import { sum } from "./reduce.ts";

const linear = { how: "separately" } as const;
const only = (inputs: readonly Tensor[]): Tensor => inputs[0] as Tensor;
const one = (label: string, shape: Shape, f: (x: Tensor) => Tensor): LawCase => ({
  label,
  shapes: [shape],
  apply: (x) => f(x as Tensor),
});

/** Copies through a view: what a movement means. */
function copyView(data: Data, view: View, result: Type): Data {
  const out = allocate(result.dtype, sizeOf(result.shape));
  const n = result.shape.at(-1) ?? 1;
  const step = view.strides.at(-1) ?? 0;
  forEachOffset(result.shape.slice(0, -1), [view.strides.slice(0, -1)], ([offset], row) => {
    let from = view.offset + (offset as number);
    const end = (row + 1) * n;
    for (let i = row * n; i < end; i++, from += step) out[i] = data[from] as number;
  });
  return out;
}

/** A movement that is a change of offset and strides. */
export function viewing<A extends object>(record: {
  readonly name: string;
  infer(input: Type, attributes: A): Type;
  view(input: Type, view: View, attributes: A, result: Type): View | undefined;
  transpose(ct: Tensor, input: Tensor, attributes: A): Tensor;
  batch(x: Tensor, attributes: A): Tensor;
  block?(attributes: A): readonly number[] | undefined;
  readonly cases: readonly LawCase[];
}): Operation {
  return operation<A>({
    name: record.name,
    kind: "movement",
    infer: (inputs, attributes) => record.infer(inputs[0] as Type, attributes),
    evaluate: (values, inputs, attributes, result) => {
      const input = inputs[0] as Type;
      const view = record.view(input, { offset: 0, strides: stridesOf(input.shape) }, attributes, result) as View;
      return copyView(values[0] as Data, view, result);
    },
    increases: {},
    view: record.view,
    linear,
    ...(record.block && { block: record.block }),
    transpose: (ct, _index, inputs, attributes) => record.transpose(ct, only(inputs), attributes),
    batch: (inputs, _batched, _size, attributes) => record.batch(only(inputs), attributes),
    laws: { cases: record.cases, integer: true },
  });
}

// — reshape —

export const reshapeOperation: Operation = operation<{ shape: Shape }>({
  name: "reshape",
  kind: "movement",
  infer: ([x], { shape }) => ({ shape, dtype: (x as Type).dtype }),
  evaluate: (values) => values[0] as Data,
  interval: ([x]) => x as Bounds,
  view: (input, view, { shape }) => reshapeView(input.shape, view, shape),
  linear,
  transpose: (ct, _index, inputs) => reshape(ct, only(inputs).shape),
  batch: (inputs, _batched, size, { shape }) => reshape(only(inputs), [size, ...shape]),
  laws: {
    cases: [
      one("[2,3] to [3,2]", [2, 3], (x) => reshape(x, [3, 2])),
      one("[6] to [2,1,3]", [6], (x) => reshape(x, [2, 1, 3])),
    ],
    integer: true,
  },
});

/** Groups of axes with equal products keep their strides if each input group is contiguous in itself. */
export function reshapeView(from: Shape, view: View, to: Shape): View | undefined {
  const strides = new Array<number>(to.length).fill(0);
  if (sizeOf(to) === 0) return { offset: view.offset, strides };
  const source = from.map((n, i) => ({ n, stride: view.strides[i] as number })).filter(({ n }) => n !== 1);
  let at = 0;
  let i = 0;
  while (i < to.length) {
    if (to[i] === 1) {
      i++;
      continue;
    }
    let end = i;
    let last = at;
    let have = source[last]?.n ?? 1;
    let need = to[end] as number;
    while (have !== need) {
      if (have < need) have *= source[++last]?.n as number;
      else need *= to[++end] as number;
    }
    for (let k = at; k < last; k++) {
      const [outer, inner] = [source[k], source[k + 1]];
      if (outer === undefined || inner === undefined || outer.stride !== inner.stride * inner.n) return undefined;
    }
    let stride = source[last]?.stride ?? 0;
    for (let k = end; k >= i; k--) {
      strides[k] = stride;
      stride *= to[k] as number;
    }
    i = end + 1;
    at = last + 1;
  }
  return { offset: view.offset, strides };
}

/**
 * The same elements in row-major order under another shape; one size may be −1.
 *
 * @example
 * reshape(arange(6), [2, -1]).toArray() // [[0, 1, 2], [3, 4, 5]]
 */
export function reshape(x: TensorLike, shape: Shape | number): Tensor {
  const t = toTensor("reshape", x);
  const list = typeof shape === "number" ? [shape] : shape;
  const known = list.reduce((n, s) => (s === -1 ? n : n * s), 1);
  const target = checkShape(
    "reshape",
    list.map((s) => (s === -1 && known > 0 ? t.size / known : s)),
  );
  if (sizeOf(target) !== t.size) {
    throw new NablaError(
      "E-SHAPE",
      `reshape: ${showShape(t.shape)} has ${t.size} elements, ${showShape(list)} ${sizeOf(target)}`,
      "sizes that multiply to the number of elements; one of them may be −1",
    );
  }
  return sameShape(target, t.shape) ? t : apply(reshapeOperation, [t], { shape: target });
}

/**
 * All elements in row-major order, along one axis.
 *
 * @example
 * flatten([[1, 2], [3, 4]]).toArray() // [1, 2, 3, 4]
 */
export const flatten = (x: TensorLike): Tensor => reshape(x, [-1]);

/**
 * NumPy's other name for flatten.
 *
 * @example
 * ravel([[1], [2]]).toArray() // [1, 2]
 */
export const ravel: typeof flatten = flatten;

/**
 * Inserts axes of size 1 at these places of the result.
 *
 * @example
 * expandDims([1, 2], 0).shape // [1, 2]
 */
export function expandDims(x: TensorLike, axis: number | readonly number[]): Tensor {
  const t = toTensor("expandDims", x);
  const places = typeof axis === "number" ? [axis] : axis;
  const axes = checkAxes("expandDims", places, t.rank + places.length);
  const shape = [...t.shape];
  for (const place of axes) shape.splice(place, 0, 1);
  return reshape(t, shape);
}

/**
 * Removes axes of size 1 (all of them by default).
 *
 * @example
 * squeeze([[1, 2]]).shape // [2]
 */
export function squeeze(x: TensorLike, axis?: Axes): Tensor {
  const t = toTensor("squeeze", x);
  const axes =
    axis === undefined ? t.shape.flatMap((n, i) => (n === 1 ? [i] : [])) : checkAxes("squeeze", axis, t.rank);
  for (const a of axes) {
    if (t.shape[a] !== 1)
      throw new NablaError(
        "E-SHAPE",
        `squeeze: axis ${a} has size ${t.shape[a]}, not 1`,
        "reshape, or slice to one element first",
      );
  }
  return reshape(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

// — transpose —

export const transposeOperation: Operation = viewing<{ axes: readonly number[] }>({
  name: "transpose",
  infer: (x, { axes }) => ({ shape: axes.map((a) => x.shape[a] as number), dtype: x.dtype }),
  view: (_x, { offset, strides }, { axes }) => ({ offset, strides: axes.map((a) => strides[a] as number) }),
  transpose: (ct, _x, { axes }) => transpose(ct, inverse(axes)),
  batch: (x, { axes }) => transpose(x, [0, ...axes.map((a) => a + 1)]),
  cases: [
    one("[2,3]", [2, 3], (x) => transpose(x)),
    one("[2,3,4] by 2,0,1", [2, 3, 4], (x) => transpose(x, [2, 0, 1])),
  ],
});

const inverse = (axes: readonly number[]): number[] => {
  const result = new Array<number>(axes.length);
  axes.forEach((a, i) => {
    result[a] = i;
  });
  return result;
};

/**
 * Permutes the axes (reverses them by default): axis i of the result is axis axes[i] of x.
 *
 * @example
 * transpose([[1, 2], [3, 4]]).toArray() // [[1, 3], [2, 4]]
 */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  const t = toTensor("transpose", x);
  const order =
    axes === undefined ? t.shape.map((_, i) => t.rank - 1 - i) : axes.map((a) => checkAxis("transpose", a, t.rank));
  if (order.length !== t.rank || new Set(order).size !== t.rank) {
    throw new NablaError(
      "E-SHAPE",
      `transpose: axes [${axes}] are no permutation of the ${t.rank} axes of ${showShape(t.shape)}`,
      "each axis once",
    );
  }
  return order.every((a, i) => a === i) ? t : apply(transposeOperation, [t], { axes: order });
}

/**
 * The axes in order, but one moved.
 *
 * @example
 * moveAxis(zeros([2, 3, 4]), 0, -1).shape // [3, 4, 2]
 */
export function moveAxis(x: TensorLike, from: number, to: number): Tensor {
  const t = toTensor("moveAxis", x);
  const source = checkAxis("moveAxis", from, t.rank);
  const target = checkAxis("moveAxis", to, t.rank);
  const order = t.shape.map((_, i) => i).filter((i) => i !== source);
  order.splice(target, 0, source);
  return transpose(t, order);
}

/**
 * Two axes exchanged.
 *
 * @example
 * swapAxes(zeros([2, 3, 4]), 0, -1).shape // [4, 3, 2]
 */
export function swapAxes(x: TensorLike, a: number, b: number): Tensor {
  const t = toTensor("swapAxes", x);
  const [i, j] = [checkAxis("swapAxes", a, t.rank), checkAxis("swapAxes", b, t.rank)];
  return transpose(
    t,
    t.shape.map((_, k) => (k === i ? j : k === j ? i : k)),
  );
}

// — broadcast —

export const broadcastOperation: Operation = viewing<{ shape: Shape }>({
  name: "broadcast",
  infer: (x, { shape }) => ({ shape, dtype: x.dtype }),
  view: (x, { offset, strides }, { shape }) => ({ offset, strides: broadcastStrides(x.shape, shape, strides) }),
  transpose: (ct, x) => sumTo(ct, x.shape),
  batch: (x, { shape }) => broadcastTo(alignBatch(x, shape.length), [x.shape[0] as number, ...shape]),
  cases: [
    one("[3] to [2,3]", [3], (x) => broadcastTo(x, [2, 3])),
    one("[2,1] to [4,2,3]", [2, 1], (x) => broadcastTo(x, [4, 2, 3])),
  ],
});

/** A batched array (batch first) with axes of size 1 after the batch, up to `rank` axes beside it. */
export function alignBatch(x: Tensor, rank: number): Tensor {
  const [size, ...rest] = x.shape as [number, ...number[]];
  return reshape(x, [size, ...new Array<number>(rank - rest.length).fill(1), ...rest]);
}

/**
 * Stretches axes of size 1 and adds axes in front.
 *
 * @example
 * broadcastTo([1, 2], [2, 2]).toArray() // [[1, 2], [1, 2]]
 */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  const t = toTensor("broadcastTo", x);
  if (sameShape(t.shape, shape)) return t;
  if (!sameShape(broadcastShapes("broadcastTo", [t.shape, checkShape("broadcastTo", shape)]), shape)) {
    throw new NablaError(
      "E-SHAPE",
      `broadcastTo: ${showShape(t.shape)} does not broadcast to ${showShape(shape)}`,
      "expandDims where an axis is missing: sizes match from the right or are 1",
    );
  }
  return apply(broadcastOperation, [t], { shape });
}

/** Sums over the axes that broadcasting to the present shape would stretch: its transpose. */
export function sumTo(t: Tensor, shape: Shape): Tensor {
  if (sameShape(t.shape, shape)) return t;
  const lead = t.rank - shape.length;
  const axes = t.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return reshape(sum(t, { axis: axes }), shape);
}

// — slice, flip, windows —

interface SliceAttributes {
  readonly start: readonly number[];
  readonly size: readonly number[];
  readonly step: readonly number[];
}

export const sliceOperation: Operation = viewing<SliceAttributes>({
  name: "slice",
  infer: (x, { size }) => ({ shape: size, dtype: x.dtype }),
  view: (_x, { offset, strides }, { start, step }) => ({
    offset: start.reduce((sum, s, i) => sum + s * (strides[i] as number), offset),
    strides: step.map((s, i) => s * (strides[i] as number)),
  }),
  transpose: (ct, x, { start, size, step }) =>
    spread(
      ct,
      start,
      size.map(
        (n, i) => (x.shape[i] as number) - (start[i] as number) - (n === 0 ? 0 : (n - 1) * (step[i] as number) + 1),
      ),
      step.map((s) => s - 1),
    ),
  block: ({ start, step }) => (step.every((s) => s === 1) ? start : undefined),
  batch: (x, { start, size, step }) =>
    apply(sliceOperation, [x], { start: [0, ...start], size: [x.shape[0] as number, ...size], step: [1, ...step] }),
  cases: [
    one("[5,4] by 1:5:2, 1:3", [5, 4], (x) =>
      slice(x, [
        [1, 5, 2],
        [1, 3],
      ]),
    ),
    one("[6] reversed by −2", [6], (x) => slice(x, [[null, null, -2]])),
  ],
});

/**
 * x[start:stop:step, …] as in NumPy: negative places count from the end, a negative step runs backwards.
 *
 * @example
 * slice(arange(6), [[1, null, 2]]).toArray() // [1, 3, 5]
 */
export function slice(x: TensorLike, ranges: readonly Range[]): Tensor {
  const t = toTensor("slice", x);
  if (ranges.length > t.rank) {
    throw new NablaError(
      "E-SHAPE",
      `slice: ${ranges.length} ranges for the ${t.rank} axes of ${showShape(t.shape)}`,
      "at most one range for each axis",
    );
  }
  const start: number[] = [];
  const size: number[] = [];
  const step: number[] = [];
  const flips: number[] = [];
  t.shape.forEach((n, axis) => {
    const range = ranges[axis] ?? [];
    if (!Array.isArray(range))
      throw new NablaError(
        "E-OPTION",
        `slice: the range of axis ${axis} is no list`,
        "[start, stop, step], or null for all",
      );
    const [from, to, by] = range as readonly (number | null)[];
    const stride = by ?? 1;
    for (const v of [from ?? 0, to ?? 0, stride]) {
      if (!Number.isInteger(v))
        throw new NablaError(
          "E-INDEX",
          `slice: ${v} on axis ${axis} is not an integer`,
          "integers, or null for the default",
        );
    }
    if (stride === 0)
      throw new NablaError("E-INDEX", `slice: the step of axis ${axis} is 0`, "a step ≥ 1, or ≤ −1 to run backwards");
    const clampTo = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v < 0 ? v + n : v));
    if (stride > 0) {
      const begin = clampTo(from ?? 0, 0, n);
      const end = clampTo(to ?? n, 0, n);
      start.push(begin);
      size.push(Math.max(0, Math.ceil((end - begin) / stride)));
      step.push(stride);
    } else {
      const begin = from == null ? n - 1 : clampTo(from, -1, n - 1);
      const end = to == null ? -1 : clampTo(to, -1, n - 1);
      const count = Math.max(0, Math.ceil((begin - end) / -stride));
      start.push(count === 0 ? 0 : begin + (count - 1) * stride);
      size.push(count);
      step.push(-stride);
      flips.push(axis);
    }
  });
  const whole = sameShape(size, t.shape) && start.every((s) => s === 0);
  const part = whole ? t : apply(sliceOperation, [t], { start, size, step });
  return flips.length === 0 ? part : flip(part, flips);
}

export const flipOperation: Operation = viewing<{ axes: readonly number[] }>({
  name: "flip",
  infer: (x) => x,
  view: (x, { offset, strides }, { axes }) => ({
    offset: axes.reduce((sum, a) => sum + Math.max(0, (x.shape[a] as number) - 1) * (strides[a] as number), offset),
    strides: strides.map((s, i) => (axes.includes(i) ? -s : s)),
  }),
  transpose: (ct, _x, { axes }) => flip(ct, axes),
  batch: (x, { axes }) =>
    flip(
      x,
      axes.map((a) => a + 1),
    ),
  cases: [one("[2,3] both", [2, 3], (x) => flip(x)), one("[2,3] axis 1", [2, 3], (x) => flip(x, 1))],
});

/**
 * Reverses the order along axes (all by default).
 *
 * @example
 * flip([1, 2, 3]).toArray() // [3, 2, 1]
 */
export function flip(x: TensorLike, axis?: Axes): Tensor {
  const t = toTensor("flip", x);
  const axes = checkAxes("flip", axis, t.rank);
  return axes.length === 0 ? t : apply(flipOperation, [t], { axes });
}

// — pad and concatenate —

interface SpreadAttributes {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly gap: readonly number[];
}

/** The transpose of slice: the input's elements at low + i·(gap + 1), zeros elsewhere. */
export const spreadOperation: Operation = operation<SpreadAttributes>({
  name: "spread",
  kind: "movement",
  infer: ([x], { low, high, gap }) => ({
    shape: (x as Type).shape.map(
      (n, i) => (low[i] as number) + (high[i] as number) + (n === 0 ? 0 : (n - 1) * ((gap[i] as number) + 1) + 1),
    ),
    dtype: (x as Type).dtype,
  }),
  evaluate: (values, inputs, { low, gap }, result) => {
    const out = allocate(result.dtype, sizeOf(result.shape));
    const strides = stridesOf(result.shape);
    const base = low.reduce((sum, n, i) => sum + n * (strides[i] as number), 0);
    const data = values[0] as Data;
    forEachOffset((inputs[0] as Type).shape, [strides.map((s, i) => s * ((gap[i] as number) + 1))], ([offset], i) => {
      out[base + (offset as number)] = data[i] as number;
    });
    return out;
  },
  increases: {},
  linear,
  transpose: (ct, _index, inputs, { low, gap }) =>
    apply(sliceOperation, [ct], { start: low, size: only(inputs).shape, step: gap.map((g) => g + 1) }),
  batch: (inputs, _batched, _size, { low, high, gap }) => spread(only(inputs), [0, ...low], [0, ...high], [0, ...gap]),
  kernel: (_inputs, { low, gap }) => ({ name: "spread", parameters: { low, gap }, strided: "rows" }),
  laws: {
    cases: [
      one("[2,3] by 1, gap 2", [2, 3], (x) => spread(x, [1, 0], [0, 2], [2, 0])),
      one("[3] pad 1, 2 with 7", [3], (x) => pad(x, [[1, 2]], 7)),
    ],
    integer: true,
  },
});

export function spread(x: Tensor, low: readonly number[], high: readonly number[], gap: readonly number[]): Tensor {
  if ([low, high, gap].every((list) => list.every((n) => n === 0))) return x;
  return apply(spreadOperation, [x], { low, high, gap });
}

/**
 * Adds `[before, after]` elements of `value` (default 0) to each axis; one pair stands for all axes.
 *
 * @example
 * pad([1, 2], [[1, 2]]).toArray() // [0, 1, 2, 0, 0]
 */
export function pad(x: TensorLike, widths: readonly (readonly [number, number])[], value = 0): Tensor {
  const t = toTensor("pad", x);
  const pairs = widths.length === 1 ? t.shape.map(() => widths[0] as readonly [number, number]) : widths;
  if (pairs.length !== t.rank)
    throw new NablaError(
      "E-SHAPE",
      `pad: ${pairs.length} widths for the ${t.rank} axes of ${showShape(t.shape)}`,
      "[before, after] for each axis, or one number for all",
    );
  if (!pairs.flat().every((n) => Number.isInteger(n) && n >= 0)) {
    throw new NablaError(
      "E-OPTION",
      `pad: widths are integers ≥ 0, got ${JSON.stringify(widths)}`,
      "slice to remove elements",
    );
  }
  const [low, high, gap] = [pairs.map((p) => p[0]), pairs.map((p) => p[1]), t.shape.map(() => 0)];
  const padded = spread(t, low, high, gap);
  if (value === 0) return padded;
  return where(spread(filled(1, t.shape, "bool"), low, high, gap), padded, value);
}

export const concatenateOperation: Operation = operation<{ axis: number }>({
  name: "concatenate",
  kind: "movement",
  infer: (inputs, { axis }) => {
    const first = inputs[0] as Type;
    return {
      shape: first.shape.with(
        axis,
        inputs.reduce((n, t) => n + (t.shape[axis] as number), 0),
      ),
      dtype: first.dtype,
    };
  },
  evaluate: (values, inputs, { axis }, result) => {
    const out = allocate(result.dtype, sizeOf(result.shape));
    const outer = sizeOf(result.shape.slice(0, axis));
    const row = sizeOf(result.shape.slice(axis));
    let at = 0;
    values.forEach((data, k) => {
      const width = sizeOf((inputs[k] as Type).shape.slice(axis));
      for (let i = 0; i < outer; i++) out.set(data.subarray(i * width, (i + 1) * width), i * row + at);
      at += width;
    });
    return out;
  },
  increases: {},
  linear: { how: "jointly" },
  transpose: (ct, index, inputs, { axis }) => {
    const start = inputs.slice(0, index).reduce((n, t) => n + (t.shape[axis] as number), 0);
    const size = (inputs[index] as Tensor).shape;
    return apply(sliceOperation, [ct], {
      start: size.map((_, i) => (i === axis ? start : 0)),
      size,
      step: size.map(() => 1),
    });
  },
  batch: (inputs, batched, size, { axis }) =>
    concatenate(
      inputs.map((t, i) => (batched[i] ? t : broadcastTo(t, [size, ...t.shape]))),
      axis + 1,
    ),
  kernel: (_inputs, { axis }) => ({ name: "concatenate", parameters: { axis }, strided: "rows" }),
  laws: {
    cases: [
      {
        label: "[2,3] [2,1] on axis 1",
        shapes: [
          [2, 3],
          [2, 1],
        ],
        apply: (x, y) => concatenate([x as Tensor, y as Tensor], 1),
      },
      { label: "stack [3] [3]", shapes: [[3], [3]], apply: (x, y) => stack([x as Tensor, y as Tensor], 1) },
    ],
    integer: true,
  },
});

/** A kernel takes an address for each of its inputs; V8 allows a function 1000 parameters. */
const mostParts = 256;

/**
 * Joins arrays along an existing axis.
 *
 * @example
 * concatenate([[1, 2], [3]]).toArray() // [1, 2, 3]
 */
export function concatenate(list: readonly TensorLike[], axis = 0): Tensor {
  if (list.length === 0) throw new NablaError("E-VALUE", "concatenate: the list is empty", "at least one tensor");
  const { tensors, dtype } = meet("concatenate", list);
  const first = tensors[0] as Tensor;
  if (first.rank === 0) throw new NablaError("E-SHAPE", "concatenate: scalars have no axis to join", "stack");
  const a = checkAxis("concatenate", axis, first.rank);
  for (const t of tensors) {
    if (t.rank !== first.rank || t.shape.some((n, i) => i !== a && n !== first.shape[i])) {
      throw new NablaError(
        "E-SHAPE",
        `concatenate: ${showShape(t.shape)} and ${showShape(first.shape)} differ beside axis ${a}`,
        "equal sizes but for that axis; stack makes a new axis",
      );
    }
  }
  return joined(
    tensors.map((t) => convert(t, dtype)),
    a,
  );
}

function joined(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return tensors[0] as Tensor;
  if (tensors.length <= mostParts) return apply(concatenateOperation, tensors, { axis });
  const groups = Array.from({ length: Math.ceil(tensors.length / mostParts) }, (_, i) =>
    tensors.slice(i * mostParts, (i + 1) * mostParts),
  );
  return joined(
    groups.map((group) => joined(group, axis)),
    axis,
  );
}

/**
 * Joins arrays of one shape along a new axis.
 *
 * @example
 * stack([[1, 2], [3, 4]], 1).toArray() // [[1, 3], [2, 4]]
 */
export function stack(list: readonly TensorLike[], axis = 0): Tensor {
  const { tensors } = meet("stack", list);
  return concatenate(
    tensors.map((t) => expandDims(t, axis)),
    axis,
  );
}

/**
 * Cuts an axis into equal parts, or before the given places.
 *
 * @example
 * split(arange(4), 2).map((t) => t.toArray()) // [[0, 1], [2, 3]]
 */
export function split(x: TensorLike, parts: number | readonly number[], axis = 0): Tensor[] {
  const t = toTensor("split", x);
  const a = checkAxis("split", axis, t.rank);
  const n = t.shape[a] as number;
  if (typeof parts === "number" && (!Number.isInteger(parts) || parts < 1 || n % parts !== 0)) {
    throw new NablaError(
      "E-SHAPE",
      `split: axis ${a} of size ${n} does not fall into ${parts} equal parts`,
      "a divisor of that size, or slice for unequal parts",
    );
  }
  const cuts =
    typeof parts === "number" ? Array.from({ length: parts - 1 }, (_, i) => ((i + 1) * n) / parts) : [...parts];
  const places = [0, ...cuts, n];
  return places
    .slice(1)
    .map((end, i) => slice(t, [...t.shape.slice(0, a).map(() => null), [places[i] as number, end]]));
}

/**
 * Repeats the whole array along each axis.
 *
 * @example
 * tile([1, 2], 2).toArray() // [1, 2, 1, 2]
 */
export function tile(x: TensorLike, repeats: readonly number[] | number): Tensor {
  const list = typeof repeats === "number" ? [repeats] : repeats;
  checkShape("tile", list);
  let t = toTensor("tile", x);
  const rank = Math.max(t.rank, list.length);
  t = reshape(t, [...new Array<number>(rank - t.rank).fill(1), ...t.shape]);
  const times = [...new Array<number>(rank - list.length).fill(1), ...list];
  const pairs = t.shape.flatMap((n) => [1, n]);
  const wide = broadcastTo(
    reshape(t, pairs),
    t.shape.flatMap((n, i) => [times[i] as number, n]),
  );
  return reshape(
    wide,
    t.shape.map((n, i) => n * (times[i] as number)),
  );
}

/**
 * Repeats each element along an axis.
 *
 * @example
 * repeat([1, 2], 2).toArray() // [1, 1, 2, 2]
 */
export function repeat(x: TensorLike, times: number, axis = 0): Tensor {
  const t = toTensor("repeat", x);
  const a = checkAxis("repeat", axis, t.rank);
  checkShape("repeat", [times]);
  const wide = broadcastTo(expandDims(t, a + 1), t.shape.toSpliced(a + 1, 0, times));
  return reshape(wide, t.shape.with(a, (t.shape[a] as number) * times));
}

/**
 * Shifts along an axis; what leaves at the end comes back at the start.
 *
 * @example
 * roll([1, 2, 3], 1).toArray() // [3, 1, 2]
 */
export function roll(x: TensorLike, shift: number, axis = 0): Tensor {
  const t = toTensor("roll", x);
  const a = checkAxis("roll", axis, t.rank);
  if (!Number.isInteger(shift))
    throw new NablaError("E-OPTION", `roll: shift is ${shift}, not an integer`, "a whole number of places");
  const n = t.shape[a] as number;
  if (n === 0) return t;
  const cut = n - (((shift % n) + n) % n);
  if (cut === n) return t;
  const [front, back] = split(t, [cut], a) as [Tensor, Tensor];
  return concatenate([back, front], a);
}

/**
 * The diagonal of the last two axes.
 *
 * @example
 * diagonal([[1, 2], [3, 4]]).toArray() // [1, 4]
 */
export function diagonal(x: TensorLike): Tensor {
  const t = toTensor("diagonal", x);
  if (t.rank < 2)
    throw new NablaError(
      "E-SHAPE",
      `diagonal: needs at least two axes, got ${showShape(t.shape)}`,
      "expandDims, or a matrix",
    );
  const [rows, columns] = t.shape.slice(-2) as [number, number];
  const lead = t.shape.slice(0, -2);
  const n = Math.min(rows, columns);
  const square = slice(t, [...lead.map(() => null), [0, n], [0, columns]]);
  return slice(reshape(square, [...lead, n * columns]), [...lead.map(() => null), [0, n * columns, columns + 1]]);
}

/**
 * The transpose of the last two axes.
 *
 * @example
 * matrixTranspose([[1, 2], [3, 4]]).toArray() // [[1, 3], [2, 4]]
 */
export const matrixTranspose = (x: TensorLike): Tensor => swapAxes(x, -1, -2);

const triangle = (t: Tensor, keep: (i: number, j: number) => boolean): Tensor => {
  const [rows, columns] = t.shape.slice(-2) as [number, number];
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) mask[i * columns + j] = keep(i, j) ? 1 : 0;
  return where(constant(mask, [rows, columns]), t, filled(0, [], t.dtype));
};

/**
 * The elements on and below diagonal k; zeros above.
 *
 * @example
 * tril([[1, 2], [3, 4]]).toArray() // [[1, 0], [3, 4]]
 */
export const tril = (x: TensorLike, k = 0): Tensor => triangle(toTensor("tril", x), (i, j) => j <= i + k);

/**
 * The elements on and above diagonal k; zeros below.
 *
 * @example
 * triu([[1, 2], [3, 4]]).toArray() // [[1, 2], [0, 4]]
 */
export const triu = (x: TensorLike, k = 0): Tensor => triangle(toTensor("triu", x), (i, j) => j >= i + k);
