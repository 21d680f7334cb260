/** What must be the same for a run to go on as if it had never stopped. */
import { NablaError } from "../base/error.ts";
import { showType } from "../graph/text.ts";
import { flattenArguments } from "../graph/trees.ts";
import { sha256 } from "../interop/digest.ts";
import { tensorNames } from "../interop/tree-file.ts";
import type { TrainingState } from "./step.ts";

export interface Fingerprint {
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly seed: number;
  readonly examples: number;
  readonly validation: number;
  readonly trainingMetrics: boolean;
  readonly monitor: string;
  readonly maximize: boolean;
  readonly rule: string;
  readonly plateau: string;
  /** Names and types of all parameters and states. */
  readonly tree: readonly string[];
  /** Of the step's graph, in which model, loss, rates and schedules are written out. */
  readonly program: string;
}

export const treeTypes = (state: TrainingState): readonly string[] => {
  const names = tensorNames("train", state).map((name) => name.replace(/^variables\./, ""));
  return flattenArguments("train", state).tensors.map((t, i) => `${names[i]} ${showType(t)}`);
};

export const programDigest = (graph: unknown): Promise<string> => sha256(new TextEncoder().encode(String(graph)));

/** E-OPTION that names the first difference. */
export function checkFingerprint(folder: string, before: Fingerprint, now: Fingerprint): void {
  for (const name of Object.keys(now) as (keyof Fingerprint)[]) {
    const [old, given] = [before[name], now[name]];
    if (JSON.stringify(old) === JSON.stringify(given)) continue;
    throw new NablaError(
      "E-OPTION",
      `train: the run in ${folder} was begun with ${differenceOf(name, old, given)}`,
      "the options it was begun with, or another folder",
    );
  }
}

function differenceOf(name: keyof Fingerprint, old: unknown, given: unknown): string {
  if (name === "program") return "another program of the step: a model, loss, rate or schedule differs";
  if (!Array.isArray(old) || !Array.isArray(given)) return `${name} ${String(old)}, not ${String(given)}`;
  const at = given.findIndex((line, i) => line !== old[i]);
  const place = at < 0 ? given.length : at;
  return `another tree: ${old[place] ?? "nothing"}, not ${given[place] ?? "nothing"}`;
}
