/** What rules of supports are made of: sets instead of numbers, unions instead of sums. */
import { broadcastStrides, keepAxes, type Shape, sizeOf } from "../base/shape.ts";
import type { SupportContext, Supports } from "../graph/operation.ts";
import { forEachOffset } from "./record.ts";

type Union = SupportContext["union"];

/** The union of many sets, in pairs: one after the other, a set of each length would be formed on the way. */
export function unionOf(sets: ArrayLike<number>, union: Union, start = 0, end = sets.length): number {
  if (end - start < 2) return end === start ? 0 : (sets[start] as number);
  const middle = (start + end) >> 1;
  return union(unionOf(sets, union, start, middle), unionOf(sets, union, middle, end));
}

/** A sum of elements: element i of `shape` is added to the result's element at these strides. */
export function summed(sets: Supports, shape: Shape, strides: readonly number[], size: number, union: Union): Supports {
  const starts = new Int32Array(size + 1);
  forEachOffset(shape, [strides], ([to]) => {
    starts[(to as number) + 1] = (starts[(to as number) + 1] as number) + 1;
  });
  for (let to = 0; to < size; to++) starts[to + 1] = (starts[to + 1] as number) + (starts[to] as number);
  const next = starts.slice();
  const terms = new Int32Array(sets.length);
  forEachOffset(shape, [strides], ([to], i) => {
    const at = next[to as number] as number;
    terms[at] = sets[i] as number;
    next[to as number] = at + 1;
  });
  return Int32Array.from({ length: size }, (_, to) => unionOf(terms, union, starts[to], starts[to + 1]));
}

/** Every element depends on all in its line along an axis. */
export function lined(sets: Supports, shape: Shape, axis: number, union: Union): Supports {
  const one = keepAxes(shape, [axis]);
  const strides = broadcastStrides(one, shape);
  return joined([{ sets: summed(sets, shape, strides, sizeOf(one), union), strides }], shape, union);
}

/** What is computed element by element from arrays that are read at these strides. */
export function joined(
  parts: readonly { readonly sets: Supports; readonly strides: readonly number[] }[],
  shape: Shape,
  union: Union,
): Supports {
  const out = new Int32Array(sizeOf(shape));
  const lists = parts.map((part) => part.sets);
  forEachOffset(
    shape,
    parts.map((part) => part.strides),
    (offsets, i) => {
      let set = 0;
      for (let k = 0; k < lists.length; k++) set = union(set, lists[k]?.[offsets[k] as number] as number);
      out[i] = set;
    },
  );
  return out;
}
