/** Examples in memory. */
import { NablaError } from "../base/error.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { flattenArguments, type Input, type Traced } from "../graph/trees.ts";
import { checkPlaces } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import { gathered, gatherRows } from "./gather.ts";

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
      const own = places.slice();
      return flat.rebuild(flat.tensors.map((t) => rows(t, own))) as Traced<Input<T>>;
    },
  };
}

/** Rows of the first axis. */
function rows({ data, shape, dtype }: Tensor, places: Uint32Array): Tensor {
  const each = shape.slice(1);
  const row = sizeOf(each);
  return gathered({ shape: [places.length, ...each], dtype }, (to) => gatherRows(data, row, places, to));
}
