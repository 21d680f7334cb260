/** Checkpoints in a folder: the last two generations, so that one that is torn or spoilt does not matter. */
import { NablaError } from "../base/error.ts";
import type { Tree } from "../graph/trees.ts";
import { fileError, readBytes, unfinished, writeAtomically } from "../interop/files.ts";
import { encodeModel } from "../interop/model-file.ts";
import { decodeTree, encodeTree } from "../interop/tree-file.ts";
import type { Variables } from "../nn/index.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { fromJson, type Position, toJson } from "./position.ts";
import type { Snapshot } from "./snapshot.ts";
import type { TrainingState } from "./step.ts";

/** All that a run is. */
export interface Checkpoint extends Snapshot {
  readonly fingerprint: Fingerprint;
}

/** A run's checkpoint, and what was wrong with those after it. */
export interface Found {
  readonly checkpoint: Checkpoint;
  readonly path: string;
  readonly spoilt: readonly string[];
}

const nameAt = (step: number): string => `checkpoint-${String(step).padStart(9, "0")}.safetensors`;
const pattern = /^checkpoint-\d{9,}\.safetensors$/;
const generations = 2;

const stepOf = (path: string): number => Number(/(\d+)\.safetensors$/.exec(path)?.[1]);

/** The checkpoints of a folder, the latest first. */
export async function checkpointsIn(folder: string): Promise<string[]> {
  const { readdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as { readonly code?: string }).code === "ENOENT") return [];
    throw fileError("train", folder, error);
  });
  return names
    .filter((name) => pattern.test(name))
    .sort((a, b) => stepOf(b) - stepOf(a))
    .map((name) => join(folder, name));
}

export async function makeFolder(folder: string): Promise<void> {
  const { mkdir } = await import("node:fs/promises");
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError("train", folder, error);
  });
}

/** Writes a checkpoint and keeps one before it; E-FILE if that fails, and the ones before are whole. */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint): Promise<string> {
  const { join } = await import("node:path");
  const { state, position, fingerprint, best } = checkpoint;
  const { parameters, state: kept } = state.variables;
  const tree = { parameters, state: kept, rule: state.rule, step: state.step, best: best === undefined ? [] : [best] };
  const metadata = { checkpoint: toJson({ position, fingerprint }) };
  const path = join(folder, nameAt(position.step));
  await writeAtomically("train", path, await encodeTree("train", { tree: tree as unknown as Tree, metadata }));
  await tidy(folder, position.step);
  return path;
}

/**
 * Keeps the last two generations up to a step. What lies beyond is spoilt, or the run would have gone on from there; and
 * drops what was being written when a process was killed.
 */
export async function tidy(folder: string, step: number): Promise<void> {
  const { readdir, rm } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const left = (await readdir(folder)).filter((name) => name.endsWith(unfinished(".safetensors")));
  const paths = await checkpointsIn(folder);
  const kept = paths.filter((path) => stepOf(path) <= step).slice(0, generations);
  for (const path of [...left.map((name) => join(folder, name)), ...paths.filter((path) => !kept.includes(path))])
    await rm(path, { force: true });
}

/** Writes the best model so far as a model file of its own. */
export const saveBest = (folder: string, best: Variables, position: Position): Promise<void> =>
  saveVariables(folder, "best", best, { best: toJson(position.best) });

/** Writes the average of the models so far as a model file of its own. */
export const saveAveraged = (folder: string, averaged: Variables, { step }: Position): Promise<void> =>
  saveVariables(folder, "averaged", averaged, { step: String(step) });

async function saveVariables(
  folder: string,
  name: string,
  variables: Variables,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const { join } = await import("node:path");
  const path = join(folder, `${name}.safetensors`);
  await writeAtomically("train", path, await encodeModel("train", variables, metadata));
}

/** The latest whole checkpoint of a folder; E-VALUE if there are some and none is whole. */
export async function findCheckpoint(folder: string): Promise<Found | undefined> {
  const spoilt: string[] = [];
  for (const path of await checkpointsIn(folder)) {
    try {
      return { checkpoint: await readCheckpoint(path), path, spoilt };
    } catch (error) {
      if (!(error instanceof NablaError)) throw error;
      spoilt.push((error.message.split("\n")[0] as string).replace(/^\S+ train: /, ""));
    }
  }
  if (spoilt.length === 0) return undefined;
  throw new NablaError(
    "E-VALUE",
    `train: no checkpoint in ${folder} is whole: ${spoilt.join("; ")}`,
    "a copy of the folder, or another folder to begin anew",
  );
}

async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tree, metadata } = await decodeTree(`train: ${path}`, await readBytes("train", path));
  const told = metadata.checkpoint;
  if (told === undefined) throw new NablaError("E-VALUE", `train: ${path} is no checkpoint`, "a folder of train");
  // The digest vouches for the rest.
  const { parameters, state, rule, step, best } = tree as unknown as TrainingState["variables"] &
    TrainingState & { readonly best: readonly Variables[] };
  const { position, fingerprint } = fromJson(told) as Pick<Checkpoint, "position" | "fingerprint">;
  return { state: { variables: { parameters, state }, rule, step }, position, fingerprint, best: best[0] };
}
