/** Reading and writing by integer tensors. */
import { allocate, type Data, isInteger } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import type { Bounds } from "../base/interval.ts";
import { checkOptions } from "../base/options.ts";
import { checkAxis, removeAxes, type Shape, sameShape, showShape, sizeOf } from "../base/shape.ts";
import { meet, toTensor } from "../graph/convert.ts";
import type { Known, Operation, Supports, Type } from "../graph/operation.ts";
import { apply, constant, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { add, equal, less, minimum, where } from "./arithmetic.ts";
import { boundsOf, settled } from "./enclosure.ts";
import { broadcastTo, expandDims, moveAxis, transpose } from "./movement.ts";
import { convert, operation } from "./record.ts";

interface Batch {
  /** How many leading axes of both arrays are matched one to one. */
  readonly batch: number;
}

const product = (shape: Shape): number => sizeOf(shape);

/** An index from the end if negative; an error if outside. */
export function place(what: string, index: number, n: number): number {
  const i = index < 0 ? index + n : index;
  if (i >= 0 && i < n) return i;
  throw new NablaError(
    "E-INDEX",
    `${what}: index ${index} is outside an axis of size ${n}`,
    `integers from ${-n} to ${n - 1}`,
  );
}

/** Places that are known and there: those of a branch that is not taken may be neither. */
function placesWithin(known: Known | undefined, n: number): Data | undefined {
  const places = known?.();
  for (const i of places ?? []) if (i < -n || i >= n) return undefined;
  return places;
}

/** x: [B…, n, R…], index: [B…, I…] → [B…, I…, R…]. */
export const takeOperation: Operation = operation<Batch>({
  name: "take",
  kind: "routine",
  infer: ([x, index], { batch }) => ({
    shape: [
      ...(x as Type).shape.slice(0, batch),
      ...(index as Type).shape.slice(batch),
      ...(x as Type).shape.slice(batch + 1),
    ],
    dtype: (x as Type).dtype,
  }),
  evaluate: ([x, index], [xType, indexType], { batch }, result) => {
    const { shape } = xType as Type;
    const out = allocate(result.dtype, sizeOf(result.shape));
    const n = shape[batch] as number;
    const row = product(shape.slice(batch + 1));
    const count = product((indexType as Type).shape.slice(batch));
    const blocks = product(shape.slice(0, batch));
    for (let b = 0; b < blocks; b++) {
      for (let i = 0; i < count; i++) {
        const from = (b * n + place("take", (index as Data)[b * count + i] as number, n)) * row;
        const to = (b * count + i) * row;
        for (let r = 0; r < row; r++) out[to + r] = (x as Data)[from + r] as number;
      }
    }
    return out;
  },
  interval: ([x, index], [xType, indexType], { batch }, result) => {
    const { shape } = xType as Type;
    const n = shape[batch] as number;
    const row = product(shape.slice(batch + 1));
    const count = product((indexType as Type).shape.slice(batch));
    const [values, places] = [x as Bounds, index as Bounds];
    const out = boundsOf(sizeOf(result.shape));
    for (let to = 0; to < out.low.length; to++) {
      const which = Math.floor(to / row);
      const start = Math.floor(which / count) * n * row + (to % row);
      const [first, last] = [places.low[which] as number, places.high[which] as number];
      let [low, high] = [Infinity, -Infinity];
      // An index that may be negative counts from the end: then it may be any.
      const [from, end] = first >= 0 ? [first, Math.min(last, n - 1)] : last < 0 ? [first + n, last + n] : [0, n - 1];
      for (let i = Math.max(0, from); i <= end; i++) {
        low = Math.min(low, values.low[start + i * row] as number);
        high = Math.max(high, values.high[start + i * row] as number);
      }
      [out.low[to], out.high[to]] = settled([low, high], result.dtype) as [number, number];
    }
    return out;
  },
  linear: { how: "separately", inputs: [0] },
  transpose: (ct, _i, [x, index], { batch }) =>
    apply(scatterAddOperation, [index as Tensor, ct], { batch, size: (x as Tensor).shape[batch] as number }),
  batch: ([x, index], [xBatched, indexBatched], size, { batch }) => {
    const [a, i] = [x as Tensor, index as Tensor];
    if (xBatched && indexBatched) return apply(takeOperation, [a, i], { batch: batch + 1 });
    if (xBatched) {
      // The batch travels as the first of the axes that are carried along.
      const inner = moveAxis(a, 0, batch + 1);
      return moveAxis(apply(takeOperation, [inner, i], { batch }), i.rank, 0);
    }
    if (batch === 0) return apply(takeOperation, [a, i], { batch });
    return apply(takeOperation, [broadcastTo(a, [size, ...a.shape]), i], { batch: batch + 1 });
  },
  supports: ([sets], { known, types, result }, attributes) => {
    const { shape } = types[0] as Type;
    const places = sets && placesWithin(known[1], shape[attributes.batch] as number);
    const type = { shape: result.shape, dtype: "int32" } as const;
    return places && (takeOperation.evaluate([sets, places], types, { ...attributes }, type) as Supports);
  },
  kernel: (_inputs, { batch }) => ({ name: "take", parameters: { batch } }),
  laws: {
    cases: [
      { label: "[4,3] rows", shapes: [[4, 3]], apply: (x) => take(x as Tensor, integers([3, 0, -1, 3])) },
      {
        label: "[3,4] along axis 1",
        shapes: [[3, 4]],
        apply: (x) =>
          takeAlongAxis(
            x as Tensor,
            integers([
              [0, 1],
              [3, 3],
              [-1, 2],
            ]),
            1,
          ),
      },
    ],
  },
});

/** index: [B…, I…], updates: [B…, I…, R…] → [B…, size, R…]: sums the updates into zeros. */
export const scatterAddOperation: Operation = operation<Batch & { readonly size: number }>({
  name: "scatterAdd",
  kind: "routine",
  infer: ([index, updates], { batch, size }) => ({
    shape: [
      ...(updates as Type).shape.slice(0, batch),
      size,
      ...(updates as Type).shape.slice((index as Type).shape.length),
    ],
    dtype: (updates as Type).dtype,
  }),
  evaluate: ([index, updates], [indexType, updatesType], { batch, size }, result) => {
    const out = allocate(result.dtype, sizeOf(result.shape));
    const row = product((updatesType as Type).shape.slice((indexType as Type).shape.length));
    const count = product((indexType as Type).shape.slice(batch));
    const blocks = product((indexType as Type).shape.slice(0, batch));
    for (let b = 0; b < blocks; b++) {
      for (let i = 0; i < count; i++) {
        const to = (b * size + place("scatterAdd", (index as Data)[b * count + i] as number, size)) * row;
        const from = (b * count + i) * row;
        for (let r = 0; r < row; r++) out[to + r] = (out[to + r] as number) + ((updates as Data)[from + r] as number);
      }
    }
    return out;
  },
  increases: { terms: ([index], { batch }) => product((index as Type).shape.slice(batch)), places: [0] },
  linear: { how: "separately", inputs: [1] },
  transpose: (ct, _i, [index], { batch }) => apply(takeOperation, [ct, index as Tensor], { batch }),
  batch: ([index, updates], [indexBatched, updatesBatched], size, { batch, size: n }) => {
    const [i, u] = [index as Tensor, updates as Tensor];
    if (!indexBatched) {
      const inner = moveAxis(u, 0, i.rank);
      return moveAxis(apply(scatterAddOperation, [i, inner], { batch, size: n }), batch + 1, 0);
    }
    return apply(scatterAddOperation, [i, updatesBatched ? u : broadcastTo(u, [size, ...u.shape])], {
      batch: batch + 1,
      size: n,
    });
  },
  supports: ([, sets], { known, types, union, result }, { batch, size }) => {
    const places = sets && placesWithin(known[0], size);
    if (sets === undefined || places === undefined) return undefined;
    const [index, updates] = types as [Type, Type];
    const row = product(updates.shape.slice(index.shape.length));
    const count = product(index.shape.slice(batch));
    const out = new Int32Array(product(result.shape));
    sets.forEach((set, from) => {
      const which = Math.floor(from / row);
      const block = Math.floor(which / count);
      const to = (block * size + place("scatterAdd", places[which] as number, size)) * row + (from % row);
      out[to] = union(out[to] as number, set);
    });
    return out;
  },
  kernel: (_inputs, { batch, size }) => ({ name: "scatterAdd", parameters: { batch, size } }),
  laws: {
    cases: [
      {
        label: "[4,2] into 3 rows",
        shapes: [[4, 2]],
        apply: (x) => apply(scatterAddOperation, [integers([2, 0, 2, 1]), x as Tensor], { batch: 0, size: 3 }),
      },
    ],
  },
});

/** x: [B…, n, R…] with row index: [B…] replaced by value: [B…, R…]. */
export const updateOperation: Operation = operation<Batch>({
  name: "update",
  kind: "routine",
  infer: ([x]) => x as Type,
  evaluate: ([x, index, value], [type], { batch }) => {
    const out = (x as Data).slice();
    const { shape } = type as Type;
    const n = shape[batch] as number;
    const row = product(shape.slice(batch + 1));
    for (let b = 0; b < (index as Data).length; b++) {
      const to = (b * n + place("update", (index as Data)[b] as number, n)) * row;
      out.set((value as Data).subarray(b * row, (b + 1) * row), to);
    }
    return out;
  },
  increases: { places: [1] },
  linear: { how: "jointly", inputs: [0, 2] },
  transpose: (ct, which, [x, index], { batch }) => {
    const i = index as Tensor;
    if (which === 2) return apply(takeOperation, [ct, i], { batch });
    const shape = (x as Tensor).shape;
    return apply(updateOperation, [ct, i, filled(0, removeAxes(shape, [batch]), ct.dtype)], { batch });
  },
  batch: (inputs, batched, size, { batch }) =>
    apply(
      updateOperation,
      inputs.map((t, k) => (batched[k] ? t : broadcastTo(t, [size, ...t.shape]))),
      { batch: batch + 1 },
    ),
  supports: ([sets, , values], { known, types, result }, attributes) => {
    const [x, , value] = types as [Type, Type, Type];
    const places = placesWithin(known[1], x.shape[attributes.batch] as number);
    if (places === undefined) return undefined;
    const rest = sets ?? new Int32Array(product(x.shape));
    const replaced = values ?? new Int32Array(product(value.shape));
    return updateOperation.evaluate([rest, places, replaced], types, { ...attributes }, result) as Supports;
  },
  kernel: (_inputs, { batch }) => ({ name: "update", parameters: { batch }, inPlace: 0 }),
  laws: {
    cases: [{ label: "row 1 of [3,2]", shapes: [[3, 2], [2]], apply: (x, v) => updateAt(x as Tensor, 1, v as Tensor) }],
  },
});

const integers = (value: TensorLike): Tensor => convert(toTensor("index", value), "int32");

/** Index tensors: integers as they are; whole numbers in floats; NaN and fractions are errors. */
export function toIndex(what: string, index: TensorLike): Tensor {
  const t = toTensor(what, index);
  if (t.dtype === "uint32") return convert(minimum(t, 2 ** 31 - 1), "int32"); // what is too great must not wrap
  if (isInteger(t.dtype)) return convert(t, "int32");
  if (t.dtype === "bool")
    throw new NablaError("E-DTYPE", `${what}: the index is bool`, "where(mask, x, y), or compress by nonzero places");
  if (t.level > 0) throw new NablaError("E-DTYPE", `${what}: the index is ${t.dtype}`, 'cast(index, "int32")');
  t.data.forEach((v, i) => {
    if (!Number.isInteger(v))
      throw new NablaError(
        "E-INDEX",
        `${what}: element ${i} of the index is ${v}, not an integer`,
        'whole numbers; cast(x, "int32") truncates',
      );
  });
  return convert(t, "int32");
}

/**
 * Elements of x at integer places along an axis: the axis is replaced by the axes of the index.
 *
 * @example
 * take([[1, 2], [3, 4], [5, 6]], [2, 0]).toArray() // [[5, 6], [1, 2]]
 */
export function take(x: TensorLike, index: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  checkOptions("take", options, "{ axis: 0 }");
  const t = toTensor("take", x);
  const i = toIndex("take", index);
  const axis = checkAxis("take", options.axis ?? 0, t.rank);
  if (axis === 0) return apply(takeOperation, [t, i], { batch: 0 });
  const front = apply(takeOperation, [moveAxis(t, axis, 0), i], { batch: 0 });
  const order = Array.from({ length: front.rank }, (_, k) => k);
  return transpose(front, [
    ...order.slice(i.rank, i.rank + axis),
    ...order.slice(0, i.rank),
    ...order.slice(i.rank + axis),
  ]);
}

/**
 * Picks along one axis by an index of the same shape elsewhere (NumPy's take_along_axis).
 *
 * @example
 * takeAlongAxis([[1, 2], [3, 4]], [[1], [0]]).toArray() // [[2], [3]]
 */
export function takeAlongAxis(x: TensorLike, index: TensorLike, axis = -1): Tensor {
  const t = toTensor("takeAlongAxis", x);
  const i = toIndex("takeAlongAxis", index);
  const a = checkAxis("takeAlongAxis", axis, t.rank);
  if (i.rank !== t.rank || i.shape.some((n, k) => k !== a && n !== t.shape[k])) {
    throw new NablaError(
      "E-SHAPE",
      `takeAlongAxis: index ${showShape(i.shape)} and x ${showShape(t.shape)} differ beside axis ${a}`,
      "an index of the shape of x, but for that axis",
    );
  }
  const last = t.rank - 1;
  const picked = apply(takeOperation, [moveAxis(t, a, last), moveAxis(i, a, last)], { batch: last });
  return moveAxis(picked, last, a);
}

/**
 * Sums `updates` into a copy of x at integer places of axis 0.
 *
 * @example
 * scatterAdd([0, 0, 0], [2, 0, 2], [1, 2, 3]).toArray() // [2, 0, 4]
 */
export function scatterAdd(x: TensorLike, index: TensorLike, updates: TensorLike): Tensor {
  const { tensors, dtype } = meet("scatterAdd", [x, updates]);
  const [t, u] = tensors.map((v) => convert(v, dtype)) as [Tensor, Tensor];
  const i = toIndex("scatterAdd", index);
  if (t.rank === 0)
    throw new NablaError("E-SHAPE", "scatterAdd: x is a scalar, without an axis to add into", "zeros([n])");
  const shape = [...i.shape, ...t.shape.slice(1)];
  const full = sameShape(u.shape, shape) ? u : broadcastTo(u, shape);
  return add(t, apply(scatterAddOperation, [i, full], { batch: 0, size: t.shape[0] as number }));
}

/**
 * A copy of x whose row `index` of axis 0 is `value`.
 *
 * @example
 * updateAt([0, 0, 0], 1, 5).toArray() // [0, 5, 0]
 */
export function updateAt(x: TensorLike, index: TensorLike, value: TensorLike): Tensor {
  const { tensors, dtype } = meet("updateAt", [x, value]);
  const [t, v] = tensors.map((u) => convert(u, dtype)) as [Tensor, Tensor];
  const i = toIndex("updateAt", index);
  if (t.rank === 0 || i.rank !== 0)
    throw new NablaError(
      "E-SHAPE",
      `updateAt: needs an array and one place, got ${showShape(t.shape)} and ${showShape(i.shape)}`,
      "scatterAdd for several places",
    );
  return apply(updateOperation, [t, i, broadcastTo(v, t.shape.slice(1))], { batch: 0 });
}

/**
 * 1 at the place that the index names along a new last axis, 0 elsewhere.
 *
 * @example
 * oneHot([1, 0], 3).toArray() // [[0, 1, 0], [1, 0, 0]]
 */
export function oneHot(
  index: TensorLike,
  classes: number,
  options: { readonly dtype?: "float64" | "float32" | "int32" | "bool" } = {},
): Tensor {
  checkOptions("oneHot", options, '{ dtype: "float32" }');
  const i = toIndex("oneHot", index);
  if (!Number.isInteger(classes) || classes < 0)
    throw new NablaError(
      "E-OPTION",
      `oneHot: the number of classes is ${classes}, not an integer ≥ 0`,
      "an integer, the length of the last axis",
    );
  if (i.level === 0) {
    i.data.forEach((v) => {
      if (v < 0 || v >= classes)
        throw new NablaError("E-INDEX", `oneHot: class ${v} is outside 0 to ${classes - 1}`, "more classes");
    });
  }
  const places = constant(
    Int32Array.from({ length: classes }, (_, k) => k),
    [classes],
  );
  // Reading the places by the index is the check of a traced one: negative classes are none either.
  const checked = i.level === 0 ? i : apply(takeOperation, [places, where(less(i, 0), classes, i)], { batch: 0 });
  return convert(equal(expandDims(checked, i.rank), places), options.dtype ?? "float64");
}
