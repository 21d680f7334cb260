/** Models as files: their variables, in safetensors, with what whoever reads them needs to know. */
import { NablaError } from "../base/error.ts";
import { isPlainObject } from "../base/tree.ts";
import { check, recordOf, text } from "../data/check.ts";
import type { Variables } from "../nn/index.ts";
import { readBytes, writeAtomically } from "./files.ts";
import { decodeTree, encodeTree } from "./tree-file.ts";

/** What a model file holds. */
export interface ModelFile {
  readonly variables: Variables;
  /** Texts by name, such as the statistics of an encoding as JSON. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a model's variables as a safetensors file, which other programs read too: tensors by their paths
 * (`parameters.0.weights`), the tree and the SHA-256 of everything in the metadata. The file is whole or not there.
 *
 * @param metadata texts to keep with it; `tree` and `digest` are taken
 * @throws E-FILE where it cannot be written, E-TREE for variables that are not all tensors
 * @example
 * const model = dense(2);
 * const variables = model.init(random.key(0), [3]);
 * await saveModel("model.safetensors", variables, { classes: "cat, dog" });
 * const same = await loadModel("model.safetensors");
 * model.apply(same.variables, ones([1, 3], { dtype: "float32" }))[0].shape // [1, 2]
 */
export async function saveModel(
  path: string,
  variables: Variables<unknown, unknown>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  check("saveModel", "the path", path, text);
  await writeAtomically("saveModel", path, await encodeModel("saveModel", variables, metadata));
}

/** The bytes of such a file. */
export async function encodeModel(
  what: string,
  variables: Variables<unknown, unknown>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  check(what, "metadata", metadata, recordOf(text));
  for (const taken of ["tree", "digest"])
    if (taken in metadata)
      throw new NablaError("E-OPTION", `${what}: the name ${taken} is taken in the metadata`, "another name");
  checkVariables(what, variables);
  const { parameters, state } = variables;
  return encodeTree(what, { tree: { parameters, state }, metadata });
}

/**
 * What `saveModel` wrote. A file of another program has no tree; `decodeSafetensors` reads its tensors by name.
 *
 * @throws E-FILE where it cannot be read, E-VALUE where it is not whole or was changed
 * @example
 * await saveModel("model.safetensors", dense(2).init(random.key(0), [3]), { classes: "cat, dog" });
 * (await loadModel("model.safetensors")).metadata.classes // "cat, dog"
 */
export async function loadModel(path: string): Promise<ModelFile> {
  check("loadModel", "the path", path, text);
  const bytes = await readBytes("loadModel", path);
  const { tree, metadata } = await decodeTree(`loadModel: ${path}`, bytes);
  if (!isVariables(tree))
    throw new NablaError("E-VALUE", `loadModel: ${path} holds no parameters and state`, "a file of saveModel");
  return { variables: tree, metadata };
}

/** E-TREE where these are not the variables of a model. */
export function checkVariables(what: string, variables: unknown): asserts variables is Variables {
  if (!isVariables(variables))
    throw new NablaError("E-TREE", `${what}: the variables have no parameters and state`, "what model.init gives");
}

/** Whether a tree is that of a model. */
export const isVariables = (tree: unknown): tree is Variables =>
  typeof tree === "object" && tree !== null && isPlainObject(tree) && "parameters" in tree && "state" in tree;
