/** Examples in memory. */
import { allocate, type Data } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { flattenArguments, type Input, type Traced } from "../graph/trees.ts";
import { checkPlaces } from "./check.ts";
import type { Dataset } from "./dataset.ts";

/**
 * A tree of arrays, whose first axes count examples, as a dataset.
 *
 * @example
 * const data = arrays({ x: [[1, 2], [3, 4], [5, 6]], y: [0, 1, 0] });
 * data.size // 3
 */
export function arrays<T>(tree: T): Dataset<Traced<Input<T>>> {
  const flat = flattenArguments("arrays", tree, "data");
  const [first] = flat.tensors;
  const size = first?.shape[0];
  if (size === undefined)
    throw new NablaError("E-VALUE", "arrays: there are no examples", "arrays with a first axis of examples");
  flat.tensors.forEach((t, i) => {
    if (t.shape[0] !== size)
      throw new NablaError(
        "E-SHAPE",
        `arrays: ${flat.paths[i]} is ${showShape(t.shape)}, but ${flat.paths[0]} has ${size} examples`,
        "first axes of one length",
      );
  });
  return {
    size,
    block: 1,
    take: (places) => {
      checkPlaces("arrays", places, size);
      return flat.rebuild(flat.tensors.map((t) => rows(t, places))) as Traced<Input<T>>;
    },
  };
}

/** Rows of the first axis, copied out. */
function rows({ data, shape, dtype }: Tensor, places: Uint32Array): Tensor {
  const row = sizeOf(shape.slice(1));
  const out = allocate(dtype, places.length * row) as Data;
  for (let i = 0; i < places.length; i++) {
    const from = (places[i] as number) * row;
    // A view costs as much as copying some dozen elements one by one.
    if (row >= 32) out.set(data.subarray(from, from + row), i * row);
    else for (let k = 0; k < row; k++) out[i * row + k] = data[from + k] as number;
  }
  return constant(out, [places.length, ...shape.slice(1)], dtype);
}
