/** What rules of supports are made of: sets instead of numbers, unions instead of sums. */
import { broadcastStrides, keepAxes, type Shape, sizeOf } from "../base/shape.ts";
import type { SupportContext, Supports } from "../graph/operation.ts";
import { forEachOffset } from "./record.ts";

type Union = SupportContext["union"];

/** A sum of elements: element i of `shape` is added to the result's element at these strides. */
export function summed(sets: Supports, shape: Shape, strides: readonly number[], size: number, union: Union): Supports {
  const out = new Int32Array(size);
  forEachOffset(shape, [strides], ([to], i) => {
    out[to as number] = union(out[to as number] as number, sets[i] as number);
  });
  return out;
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
