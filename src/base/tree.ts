/** Trees: nested plain objects and arrays whose leaves are tensors (or what becomes one). */
import { NablaError } from "./error.ts";

/** The shape of a tree without its leaves. */
export type Structure =
  | { readonly kind: "leaf" }
  | { readonly kind: "array"; readonly items: readonly Structure[] }
  | {
      readonly kind: "object";
      readonly keys: readonly string[];
      readonly items: readonly Structure[];
      /** An object with these keys: copies of it are made faster than by adding one key after the other. */
      readonly blank: Readonly<Record<string, unknown>>;
    };

const leaf: Structure = { kind: "leaf" };

export const isPlainObject = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** An array of nothing but numbers, booleans and such arrays is one tensor, not a tree. */
function isNumeric(value: readonly unknown[]): boolean {
  return (
    value.length > 0 &&
    value.every(
      (item) => typeof item === "number" || typeof item === "boolean" || (Array.isArray(item) && isNumeric(item)),
    )
  );
}

/** The leaves from left to right (object keys in their own order) and the structure around them. */
export function flatten(tree: unknown): { leaves: unknown[]; structure: Structure } {
  const leaves: unknown[] = [];
  const walk = (value: unknown): Structure => {
    if (Array.isArray(value) && !isNumeric(value)) return { kind: "array", items: value.map(walk) };
    if (typeof value === "object" && value !== null && !Array.isArray(value) && isPlainObject(value)) {
      const keys = Object.keys(value);
      if (keys.includes("__proto__")) throw new NablaError("E-TREE", "a tree has a key __proto__", "another key");
      const items = keys.map((key) => walk((value as Record<string, unknown>)[key]));
      return { kind: "object", keys, items, blank: Object.fromEntries(keys.map((key) => [key, undefined])) };
    }
    leaves.push(value);
    return leaf;
  };
  const structure = walk(tree);
  return { leaves, structure };
}

export function unflatten(structure: Structure, leaves: readonly unknown[]): unknown {
  return build(structure, leaves, { next: 0 });
}

function build(structure: Structure, leaves: readonly unknown[], cursor: { next: number }): unknown {
  if (structure.kind === "leaf") return leaves[cursor.next++];
  const { items } = structure;
  if (structure.kind === "array") {
    const list = new Array<unknown>(items.length);
    for (let i = 0; i < items.length; i++) list[i] = build(items[i] as Structure, leaves, cursor);
    return list;
  }
  const tree: Record<string, unknown> = { ...structure.blank };
  for (let i = 0; i < items.length; i++)
    tree[structure.keys[i] as string] = build(items[i] as Structure, leaves, cursor);
  return tree;
}

export function countLeaves(structure: Structure): number {
  return structure.kind === "leaf" ? 1 : structure.items.reduce((n, item) => n + countLeaves(item), 0);
}

export function showStructure(structure: Structure): string {
  if (structure.kind === "leaf") return "·";
  if (structure.kind === "array") return `[${structure.items.map(showStructure).join(", ")}]`;
  return `{${structure.keys.map((key, i) => `${key}: ${showStructure(structure.items[i] as Structure)}`).join(", ")}}`;
}

export const sameStructure = (a: Structure, b: Structure): boolean => showStructure(a) === showStructure(b);

/** The tree with its keys in the order of another's, as far as they are the same. */
export function inOrderOf(like: unknown, tree: unknown): unknown {
  if (Array.isArray(like) && Array.isArray(tree)) return tree.map((item, i) => inOrderOf(like[i], item));
  if (!isRecord(like) || !isRecord(tree)) return tree;
  const keys = Object.keys(like);
  if (Object.keys(tree).length !== keys.length || !keys.every((key) => Object.hasOwn(tree, key))) return tree;
  return Object.fromEntries(keys.map((key) => [key, inOrderOf(like[key], tree[key])]));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && isPlainObject(value);

export function checkSameStructure(what: string, expected: Structure, actual: Structure): void {
  if (!sameStructure(expected, actual)) {
    throw new NablaError(
      "E-TREE",
      `${what}: expected the tree ${showStructure(expected)}, got ${showStructure(actual)}`,
      "the same keys and the same lengths of lists",
    );
  }
}

/** The path of every leaf: `.weights[0]`. */
export function leafPaths(structure: Structure, prefix = ""): string[] {
  if (structure.kind === "leaf") return [prefix];
  if (structure.kind === "array") return structure.items.flatMap((item, i) => leafPaths(item, `${prefix}[${i}]`));
  return structure.items.flatMap((item, i) => leafPaths(item, `${prefix}.${structure.keys[i]}`));
}
