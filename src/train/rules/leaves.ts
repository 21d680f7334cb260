/** Trees of parameters leaf by leaf, with a name for each: rules for some of them. */
import { flatten, leafPaths, unflatten } from "../../base/tree.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Tree } from "../../graph/trees.ts";

/** Whether a rule is for a parameter: by its path, such as `[0].weights` or `encoder.bias`, or by what it is. */
export type Match = (path: string, parameter: Tensor) => boolean;

/** Leaves, their paths, and the tree again from as many leaves. */
export interface Leaves {
  readonly leaves: readonly Tensor[];
  readonly paths: readonly string[];
  rebuild(leaves: readonly Tree[]): Tree;
}

export function leavesOf(tree: Tree): Leaves {
  const { leaves, structure } = flatten(tree);
  return {
    leaves: leaves as Tensor[],
    paths: leafPaths(structure).map((path) => path.replace(/^\./, "")),
    rebuild: (next) => unflatten(structure, next) as Tree,
  };
}

/** The tree with `{}`, which has no leaves, where a leaf is not kept: all paths stay what they were. */
export function only(tree: Tree, kept: readonly boolean[]): Tree {
  const { leaves, rebuild } = leavesOf(tree);
  return rebuild(leaves.map((leaf, i) => (kept[i] ? leaf : {})));
}
