/** Elements by an index an axis. */
import { NablaError } from "../base/error.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import { apply, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { add, equal, greaterEqual, less, logicalOr, mul, where } from "./arithmetic.ts";
import { place, takeOperation, toIndex } from "./gather.ts";
import { reshape, sliceOperation } from "./movement.ts";

/**
 * x[i, j, …] by integer tensors that broadcast together, one an axis from the first (NumPy's advanced indexing).
 *
 * @example
 * at([[1, 2], [3, 4]], [0, 1], [1, 1]).toArray() // [2, 4]
 */
export function at(x: TensorLike, ...indices: TensorLike[]): Tensor {
  const t = toTensor("at", x);
  if (indices.length === 0 || indices.length > t.rank) {
    throw new NablaError(
      "E-INDEX",
      `at: ${indices.length} indices for the ${t.rank} axes of ${showShape(t.shape)}`,
      "an index for each of the first axes, at least one; slice for ranges",
    );
  }
  const places = indices.map((index) => toIndex("at", index));
  if (places.every((i) => i.rank === 0 && i.level === 0)) return oneAt(t, places);
  const size = sizeOf(t.shape.slice(0, indices.length));
  let flat: Tensor | undefined;
  places.forEach((index, axis) => {
    const n = t.shape[axis] as number;
    const i = wrap("at", index, n, size);
    // What is outside one axis stays outside all of them: it must not fall into another row.
    if (flat === undefined) flat = i;
    else {
      const next = add(mul(flat, n), i);
      flat = next.level === 0 ? next : where(logicalOr(equal(flat, size), equal(i, size)), size, next);
    }
  });
  const rows = reshape(t, [size, ...t.shape.slice(indices.length)]);
  return apply(takeOperation, [rows, flat as Tensor], { batch: 0 });
}

/** One place, known now: a view. */
function oneAt(t: Tensor, places: readonly Tensor[]): Tensor {
  const start = t.shape.map((n, axis) => {
    const i = places[axis];
    return i === undefined ? 0 : place("at", i.data[0] as number, n);
  });
  const rest = t.shape.slice(places.length);
  const block = { start, size: [...places.map(() => 1), ...rest], step: start.map(() => 1) };
  return reshape(apply(sliceOperation, [t], block), rest);
}

/** Indices from the end become indices from the start. Constant ones are checked at once; others give `outside`. */
function wrap(what: string, index: Tensor, n: number, outside: number): Tensor {
  if (index.level === 0) {
    index.data.forEach((i) => {
      place(what, i, n);
    });
    return where(less(index, 0), add(index, n), index);
  }
  const i = where(less(index, 0), add(index, n), index);
  return where(logicalOr(less(i, 0), greaterEqual(i, n)), outside, i);
}
