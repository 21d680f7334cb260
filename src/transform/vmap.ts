/** A function of one example made a function of a batch. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { checkAxis } from "../base/shape.ts";
import { flatten, unflatten } from "../base/tree.ts";
import { trace } from "../graph/graph.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { callGiven, flattenArguments, flattenResults, type Inputs, rebuildArguments } from "../graph/trees.ts";
import { broadcastTo, moveAxis } from "../ops/movement.ts";
import { vectorize } from "./vectorize.ts";

/** An axis for every tensor of an argument, or a tree of axes; null: the same for the whole batch. */
export type AxisTree = number | null | readonly AxisTree[] | { readonly [key: string]: AxisTree };

export interface VmapOptions {
  /** Batch axis of the arguments: one for all, or a list with one entry each. Default 0. */
  readonly inAxes?: AxisTree;
  /** Batch axis of the results. Default 0. */
  readonly outAxes?: AxisTree;
}

/** The axis of every leaf: an axis above a subtree holds for all of it. */
function axesFor(what: string, tree: unknown, axes: AxisTree): (number | null)[] {
  if (axes === null || typeof axes === "number") return flatten(tree).leaves.map(() => axes);
  const children = axes as Record<string, AxisTree>;
  const entries = Array.isArray(tree)
    ? tree.map((v, i) => [String(i), v] as const)
    : Object.entries((tree ?? {}) as object);
  return entries.flatMap(([key, value]) => {
    const axis = children[key];
    if (axis === undefined)
      throw new NablaError(
        "E-TREE",
        `${what}: no axis is given for ${key}`,
        "an axis for each key, or null where the batch shares the value",
      );
    return axesFor(what, value, axis);
  });
}

/** One axis for all arguments, or a list with an entry for each. */
function axisOf(axes: AxisTree, i: number): AxisTree {
  if (!Array.isArray(axes)) return axes;
  const axis = axes[i] as AxisTree | undefined;
  if (axis === undefined)
    throw new NablaError(
      "E-TREE",
      `vmap: inAxes has no entry for argument ${i}`,
      "an entry for each argument, or one number for all",
    );
  return axis;
}

/**
 * f over a batch: every tensor argument has one more axis (`inAxes`), and so has every result.
 * No loop runs: the graph of f is rewritten to work on the whole batch.
 *
 * @example
 * vmap((x, y) => x.mul(y).sum())([[1, 2], [3, 4]], [[1, 1], [1, 2]]).toArray() // [3, 11]
 */
export function vmap<R = Tensor>(f: (...args: Tensor[]) => R, options?: VmapOptions): (...args: TensorLike[]) => R;
export function vmap<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: VmapOptions,
): (...args: Inputs<A>) => R;
export function vmap(f: (...args: never[]) => unknown, options: VmapOptions = {}): (...args: never[]) => unknown {
  checkOptions("vmap", options, "{ inAxes: [0, null] }");
  return (...args: unknown[]) => {
    const { inAxes = 0, outAxes = 0 } = options;
    const inputs = args.map((arg, i) => flattenArguments("vmap", arg, `argument ${i}`));
    const tensors = inputs.flatMap((input) => input.tensors);
    const paths = inputs.flatMap((input) => input.paths);
    const given = args.flatMap((arg, i) => axesFor(`vmap: inAxes of argument ${i}`, arg, axisOf(inAxes, i)));
    const axes = given.map((axis, i) =>
      axis === null ? null : checkAxis(`vmap: ${paths[i]}`, axis, (tensors[i] as Tensor).rank),
    );
    const sizes = tensors.flatMap((t, i) => (axes[i] === null ? [] : [t.shape[axes[i] as number] as number]));
    const size = sizes[0];
    if (size === undefined)
      throw new NablaError("E-OPTION", "vmap: no argument has a batch axis", "inAxes with at least one number");
    if (sizes.some((n) => n !== size))
      throw new NablaError(
        "E-SHAPE",
        `vmap: the batch axes have different sizes: ${sizes.join(", ")}`,
        "inAxes null for what the whole batch shares",
      );
    const batched = axes.map((axis) => axis !== null);
    const moved = tensors.map((t, i) => (batched[i] ? moveAxis(t, axes[i] as number, 0) : t));
    let structure = flatten(undefined).structure;
    let resultTree: unknown;
    const types = moved.map((t, i) => ({ shape: batched[i] ? t.shape.slice(1) : t.shape, dtype: t.dtype }));
    const graph = trace("vmap", types, (leaves) => {
      resultTree = callGiven("vmap", f, rebuildArguments(inputs, leaves));
      const result = flattenResults("vmap", resultTree);
      structure = result.structure;
      return result.tensors;
    });
    const result = vectorize(graph, moved, batched, size);
    const places = axesFor("vmap: outAxes", resultTree, outAxes);
    const outputs = result.outputs.map((t, i) => {
      const axis = places[i];
      if (axis === null) {
        if (result.batched[i])
          throw new NablaError(
            "E-OPTION",
            `vmap: result ${i} differs over the batch, but its outAxes is null`,
            "outAxes 0 for it",
          );
        return t;
      }
      const full = result.batched[i] ? t : broadcastTo(t, [size, ...t.shape]);
      return moveAxis(full, 0, axis ?? 0);
    });
    return unflatten(structure, outputs);
  };
}
