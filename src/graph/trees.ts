/** Functions over trees of tensors seen as functions over flat lists. */
import { NablaError, userFrame } from "../base/error.ts";
import { checkSameStructure, flatten, leafPaths, type Structure, showStructure, unflatten } from "../base/tree.ts";
import { describe, toTensor } from "./convert.ts";
import type { Type } from "./operation.ts";
import { Tensor, type TensorLike } from "./tensor.ts";

type Plain = string | bigint | symbol | null | undefined | ((...args: never) => unknown);

/** Nested objects and lists of tensors. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** What a caller may pass where the function takes T: numbers and arrays for tensors. */
export type Input<T> = T extends TensorLike ? TensorLike : T extends Plain ? T : { [K in keyof T]: Input<T[K]> };
/** What a function receives where the caller passes T: a tensor for whatever becomes one. */
export type Traced<T> = T extends TensorLike ? Tensor : T extends Plain ? T : { readonly [K in keyof T]: Traced<T[K]> };
export type Inputs<A extends readonly unknown[]> = { [K in keyof A]: Input<A[K]> };

const isTensorLike = (value: unknown): boolean =>
  value instanceof Tensor ||
  typeof value === "number" ||
  typeof value === "boolean" ||
  Array.isArray(value) ||
  ArrayBuffer.isView(value);

/** A tree of arguments as tensors; leaves that cannot be one (a string, undefined) are kept beside. */
export interface FlatArguments {
  readonly tensors: readonly Tensor[];
  /** `params.weights[0]`, for messages. */
  readonly paths: readonly string[];
  readonly structure: Structure;
  /** The leaves that are no tensors. */
  readonly kept: readonly unknown[];
  /** For every leaf its type, if it is a tensor. */
  readonly leafTypes: readonly (Type | undefined)[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown;
}

export function flattenArguments(what: string, tree: unknown, name = "argument"): FlatArguments {
  const { leaves, structure } = flatten(tree);
  const paths = leafPaths(structure).map((p) => `${name}${p}`);
  const kept = leaves.map((leaf) => !isTensorLike(leaf));
  const tensors = leaves.flatMap((leaf, i) => (kept[i] ? [] : [toTensor(`${what}: ${paths[i]}`, leaf as TensorLike)]));
  const types = tensors.map(({ shape, dtype }): Type => ({ shape, dtype }));
  let at = 0;
  const rebuild = (values: readonly Tensor[]): unknown => {
    let next = 0;
    return unflatten(
      structure,
      leaves.map((leaf, i) => (kept[i] ? leaf : values[next++])),
    );
  };
  return {
    tensors,
    paths: paths.filter((_, i) => !kept[i]),
    structure,
    kept: leaves.filter((_, i) => kept[i]),
    leafTypes: kept.map((k) => (k ? undefined : types[at++])),
    rebuild,
  };
}

/** The results of a function as tensors. */
export function flattenResults(what: string, tree: unknown): { tensors: Tensor[]; structure: Structure } {
  if (tree instanceof Promise)
    throw new NablaError("E-TREE", `${what}: the function returned a promise`, "a synchronous function");
  const { leaves, structure } = flatten(tree);
  return {
    tensors: leaves.map((leaf) => toTensor(`${what}: the result`, leaf as TensorLike)),
    structure,
  };
}

/** The argument trees again, from the leaves of all of them in one list. */
export function rebuildArguments(inputs: readonly FlatArguments[], leaves: readonly Tensor[]): unknown[] {
  let at = 0;
  return inputs.map((input) => {
    const from = at;
    at += input.tensors.length;
    return input.rebuild(leaves.slice(from, at));
  });
}

/** f(...args). What makes it fail with a TypeError is, as a rule, an argument that is missing or has another tree. */
export function callGiven<A extends readonly unknown[], R>(
  what: string,
  f: (...args: A) => R,
  args: readonly unknown[],
): R {
  if (typeof f !== "function")
    throw new NablaError("E-VALUE", `${what}: expected a function, got ${describe(f)}`, `${what} of a function`);
  try {
    return f(...(args as A));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const given = showStructure(flatten(args).structure);
    const wrapped = new NablaError(
      "E-TREE",
      args.length < f.length
        ? `${what}: the function takes ${f.length} arguments, but ${args.length} ${args.length === 1 ? "is" : "are"} given (${error.message})`
        : `${what}: the function fails on arguments of the tree ${given} (${error.message})`,
      "arguments of the number and tree that the function reads; an empty tensor is tensor([])",
      userFrame(error),
    );
    wrapped.cause = error;
    throw wrapped;
  }
}

/**
 * The tree whose leaves are f of the leaves of trees that look alike.
 *
 * @example
 * mapTree((w, g) => w.sub(g.mul(0.1)), { w: tensor([1, 2]) }, { w: tensor([10, 0]) }).w.toArray() // [0, 2]
 */
export function mapTree<T>(f: (...leaves: Tensor[]) => Tensor, tree: T, ...others: readonly unknown[]): T {
  const trees = [tree, ...others].map((t) => flattenArguments("mapTree", t));
  const [first, ...rest] = trees as [FlatArguments, ...FlatArguments[]];
  for (const { structure } of rest) checkSameStructure("mapTree", first.structure, structure);
  return first.rebuild(first.tensors.map((t, i) => f(t, ...rest.map((other) => other.tensors[i] as Tensor)))) as T;
}
