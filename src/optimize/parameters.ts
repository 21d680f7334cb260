/** A tree of parameters as one vector, and back: what the outer loops of optimisation compute with. */
import { allocate, isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { constant, Tensor } from "../graph/tensor.ts";
import { flattenArguments, type Traced } from "../graph/trees.ts";
import { reshape, slice } from "../ops/movement.ts";
import { convert } from "../ops/record.ts";

export interface Parameters<X = unknown> {
  /** All elements of all tensors, in the tree's order. */
  readonly x: Float64Array;
  /** Each element's name, for messages: `x`, `w[1]`, `layer.b[0]`. */
  readonly names: readonly string[];
  /** How many elements each tensor has. */
  readonly sizes: readonly number[];
  /** The tree again: of tensors that are computed from a tensor, or of constants with these values. */
  rebuild(x: Tensor | Float64Array): Traced<X>;
}

/** Names of the elements of a tensor. */
function elements(name: string, shape: readonly number[]): string[] {
  return shape.reduce<string[]>(
    (names, size) => {
      const more: string[] = [];
      for (const start of names)
        for (let i = 0; i < size; i++)
          more.push(start.endsWith("]") ? `${start.slice(0, -1)}, ${i}]` : `${start}[${i}]`);
      return more;
    },
    [name],
  );
}

/**
 * The tree as a vector of float64.
 *
 * @param what who asks, for messages
 * @param name what the tree is called where it is a single tensor: `x[0]`, `x[1]`
 * @param role what the tree is to who asks, for messages
 * @throws E-DTYPE where an element is no float, E-VALUE where there is none or one is not finite
 */
export function flatten<X>(what: string, tree: X, name = "x", role = "the start"): Parameters<X> {
  const { tensors, paths, rebuild } = flattenArguments(what, tree, "");
  const labels = paths.map((path) => (path.startsWith(".") ? path.slice(1) : `${name}${path}`));
  tensors.forEach((t, i) => {
    if (!isFloat(t.dtype))
      throw new NablaError(
        "E-DTYPE",
        `${what}: ${labels[i]} is ${t.dtype}; only floats vary continuously`,
        'cast(x, "float64"), or hillClimb for what is discrete',
      );
  });
  const sizes = tensors.map((t) => t.size);
  const n = sizes.reduce((a, b) => a + b, 0);
  if (n === 0)
    throw new NablaError("E-VALUE", `${what}: ${role} has no parameters`, "a number, an array, or a tree of them");
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const x = new Float64Array(n);
  tensors.forEach((t, i) => {
    x.set(t.data, starts[i]);
  });
  const names = tensors.flatMap((t, i) => elements(labels[i] as string, t.shape));
  const bad = x.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new NablaError("E-VALUE", `${what}: ${names[bad]} is ${x[bad]} at ${role}`, "finite numbers");
  const part = (all: Tensor | Float64Array, t: Tensor, i: number): Tensor => {
    const from = starts[i] as number;
    if (all instanceof Tensor) return convert(reshape(slice(all, [[from, from + t.size]]), t.shape), t.dtype);
    const data = allocate(t.dtype, t.size);
    data.set(all.subarray(from, from + t.size));
    return constant(data, t.shape, t.dtype);
  };
  return { x, names, sizes, rebuild: (all) => rebuild(tensors.map((t, i) => part(all, t, i))) as Traced<X> };
}
