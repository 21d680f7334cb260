/** What arguments a program was made for; and, quickly, whether these are such arguments. */
import { dtypeOf } from "../base/dtype.ts";
import { sameShape, showShape } from "../base/shape.ts";
import { isPlainObject, type Structure, showStructure } from "../base/tree.ts";
import { isTyped } from "../graph/convert.ts";
import type { Type } from "../graph/operation.ts";
import { Tensor } from "../graph/tensor.ts";
import type { FlatArguments } from "../graph/trees.ts";

/** An argument as it can be put into a program's memory. */
export type Leaf = Tensor | number | Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/** Whatever is no tensor belongs to the signature: a number of classes, a name, a function. */
function keptKey(value: unknown): string {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return `${typeof value}:${String(value)}`;
  let identity = identities.get(value);
  if (identity === undefined) {
    identity = nextIdentity++;
    identities.set(value, identity);
  }
  return `#${identity}:${JSON.stringify(value)}`;
}

export const signatureKey = (inputs: readonly FlatArguments[]): string =>
  inputs
    .map(({ structure, kept, tensors }) => {
      const types = tensors.map((t) => `${t.dtype}${showShape(t.shape)}`);
      return `${showStructure(structure)}${kept.map(keptKey).join()}|${types.join()}`;
    })
    .join(";");

export class Signature {
  readonly #structures: readonly Structure[];
  /** For every leaf of the trees its type, if it is a tensor. */
  readonly #leaves: readonly (Type | undefined)[];
  #leaf = 0;
  #found = 0;

  constructor(inputs: readonly FlatArguments[]) {
    this.#structures = inputs.map((input) => input.structure);
    this.#leaves = inputs.flatMap((input) => input.leafTypes);
  }

  /** Writes the leaves into the list; false: not these arguments, or not to be told without a closer look. */
  read(args: readonly unknown[], leaves: Leaf[]): boolean {
    if (args.length !== this.#structures.length) return false;
    this.#leaf = 0;
    this.#found = 0;
    for (let i = 0; i < args.length; i++) {
      if (!this.#walk(this.#structures[i] as Structure, args[i], leaves)) return false;
    }
    return true;
  }

  #walk(structure: Structure, value: unknown, leaves: Leaf[]): boolean {
    if (structure.kind === "leaf") return this.#take(value, leaves);
    if (structure.kind === "array") {
      const { items } = structure;
      if (!Array.isArray(value) || value.length !== items.length) return false;
      if (items.length > 0 && !value.some(isTree)) return false;
      for (let i = 0; i < items.length; i++) {
        if (!this.#walk(items[i] as Structure, value[i], leaves)) return false;
      }
      return true;
    }
    if (typeof value !== "object" || value === null || !isPlainObject(value)) return false;
    const { keys, items } = structure;
    let i = 0;
    for (const key in value) {
      if (key !== keys[i]) return false;
      if (!this.#walk(items[i] as Structure, (value as Record<string, unknown>)[key], leaves)) return false;
      i++;
    }
    return i === keys.length;
  }

  #take(value: unknown, leaves: Leaf[]): boolean {
    const type = this.#leaves[this.#leaf++];
    if (type === undefined) return false;
    const { shape, dtype } = type;
    const fits =
      value instanceof Tensor
        ? value.level === 0 && value.dtype === dtype && sameShape(value.shape, shape)
        : typeof value === "number"
          ? shape.length === 0 && dtype === "float64"
          : isTyped(value) && shape.length === 1 && value.length === shape[0] && dtypeOf(value) === dtype;
    if (fits) leaves[this.#found++] = value as Leaf;
    return fits;
  }
}

/** Not a number, nor a list of such: a list that has one is a tree, not a tensor written as nested lists. */
const isTree = (item: unknown): boolean => typeof item === "object" && !Array.isArray(item);
