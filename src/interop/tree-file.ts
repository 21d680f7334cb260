/**
 * Trees of tensors as safetensors files: each tensor by its path (`layers.0.weights`), the tree around them as JSON in
 * the metadata, and the SHA-256 of all of it, by which a file that changed on its way is known.
 */
import { NablaError } from "../base/error.ts";
import { type Structure, unflatten } from "../base/tree.ts";
import { Tensor } from "../graph/tensor.ts";
import { flattenArguments, type Tree } from "../graph/trees.ts";
import { sha256 } from "./digest.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from "./safetensors.ts";

/** A tree, and texts by name. */
export interface TreeFile {
  readonly tree: Tree;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The tree with names for tensors. */
type Named = string | readonly Named[] | { readonly [key: string]: Named };

/** Trees within trees; deeper ones are taken for an attack on the stack. */
const deepest = 1000;

/** `layers[0].weights` as `layers.0.weights`. */
const nameOf = (path: string): string => path.replace(/\[(\d+)\]/g, ".$1").replace(/^\./, "") || "value";

/** The names of the tree's tensors, from left to right; E-TREE where it has other leaves, or two of one name. */
export function tensorNames(what: string, tree: unknown): readonly string[] {
  const { paths, kept } = flattenArguments(what, tree, "");
  if (kept.length > 0)
    throw new NablaError("E-TREE", `${what}: the tree holds more than tensors (${String(kept[0])})`, "tensors alone");
  const names = paths.map(nameOf);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined)
    throw new NablaError("E-TREE", `${what}: two tensors have the name ${twice}`, "keys without dots");
  return names;
}

/** The bytes of a tree; metadata may not use the names `tree` and `digest`. */
export async function encodeTree(what: string, { tree, metadata }: TreeFile): Promise<Uint8Array> {
  const names = tensorNames(what, tree);
  const { tensors, structure } = flattenArguments(what, tree, "");
  const file: SafetensorsFile = {
    tensors: Object.fromEntries(tensors.map((t, i) => [names[i] as string, t])),
    metadata: { ...metadata, tree: JSON.stringify(unflatten(structure, names)) },
  };
  return encodeSafetensors({ ...file, metadata: { ...file.metadata, digest: await sha256(encodeSafetensors(file)) } });
}

/**
 * The tree of such a file.
 *
 * @throws E-VALUE where the bytes are no such file, are cut off, or were changed
 */
export async function decodeTree(what: string, bytes: Uint8Array): Promise<TreeFile> {
  const { tensors, metadata = {} } = decoded(what, bytes);
  const { digest, ...texts } = metadata;
  if (digest !== undefined && digest !== (await sha256(encodeSafetensors({ tensors, metadata: texts }))))
    throw broken(what, "the file was changed after it was written: its digest is another one");
  const { tree: named, ...rest } = texts;
  if (named === undefined) throw broken(what, "the metadata has no tree");
  return { tree: treeOf(what, named, tensors), metadata: rest };
}

const broken = (what: string, problem: string): NablaError =>
  new NablaError("E-VALUE", `${what}: ${problem}`, "another copy of the file");

/** The errors of the format, with the name of the file. */
function decoded(what: string, bytes: Uint8Array): SafetensorsFile {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof NablaError)) throw error;
    throw broken(what, (error.message.split("\n")[0] as string).replace(`${error.code} `, ""));
  }
}

function treeOf(what: string, json: string, tensors: Readonly<Record<string, Tensor>>): Tree {
  let named: unknown;
  try {
    named = JSON.parse(json);
  } catch {
    throw broken(what, "the tree in the metadata is no JSON");
  }
  const leaves: Tensor[] = [];
  const used = new Set<string>();
  const walk = (value: unknown, depth: number): Structure => {
    if (depth > deepest) throw broken(what, `the tree in the metadata is more than ${deepest} deep`);
    if (typeof value === "string") {
      const found = Object.hasOwn(tensors, value) ? tensors[value] : undefined;
      if (!(found instanceof Tensor) || used.has(value)) throw broken(what, `there is no tensor for ${value} alone`);
      used.add(value);
      leaves.push(found);
      return { kind: "leaf" };
    }
    if (typeof value !== "object" || value === null) throw broken(what, "the tree in the metadata is none of names");
    if (Array.isArray(value)) return { kind: "array", items: value.map((item) => walk(item, depth + 1)) };
    const keys = Object.keys(value);
    if (keys.includes("__proto__")) throw broken(what, "a tree has a key __proto__");
    const items = keys.map((key) => walk((value as Record<string, Named>)[key], depth + 1));
    return { kind: "object", keys, items, blank: Object.fromEntries(keys.map((key) => [key, undefined])) };
  };
  return unflatten(walk(named, 0), leaves) as Tree;
}
