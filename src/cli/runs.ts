/** `nabla runs`: the runs of a folder side by side. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { Command } from "commander";
import { NablaError } from "nabla";
import type { Answer } from "./answer.ts";
import { failed, readText } from "./files.ts";
import { short, table } from "./number.ts";
import { type Config, files, readConfig } from "./run/config.ts";
import { loadMetrics, type Metrics } from "./run/model-file.ts";

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("[folder]", "where runs are, at any depth", "runs")
    .addHelpText(
      "after",
      "\nExample:\n  nabla runs runs\n\nThe runs on one table and target stand together, the best first.",
    )
    .action(async (folder: string) => answer(await runs(folder)));
}

interface Run {
  readonly folder: string;
  readonly config: Config;
  /** None where the run is not over. */
  readonly metrics: Metrics | undefined;
  readonly status: string;
}

async function runs(root: string): Promise<Answer> {
  const names = await readdir(root, { recursive: true }).catch((error) => {
    throw failed(root, error);
  });
  const folders = names.filter((name) => basename(name) === files.config).map((name) => join(root, dirname(name)));
  if (folders.length === 0)
    throw new NablaError("E-VALUE", `${root} holds no runs`, "nabla train data.csv --target y begins one");
  const all = (await Promise.all(folders.map(runOf))).sort(inOrder);
  const rows = all.map(({ folder, config, metrics, status }) => {
    const [name, score = Number.NaN] = scoreOf(metrics) ?? [];
    const { model, rule, rate, batchSize, seed } = config;
    return [
      relative(root, folder) || folder,
      `${basename(config.data)}: ${config.target}`,
      model.includes("/") ? model.slice(model.lastIndexOf("/") + 1) : model,
      `${rule} ${short(rate, 4)}`,
      ...[batchSize, seed, metrics?.epochs ?? "", metrics?.best ? short(metrics.best.loss, 4) : ""].map(String),
      name === undefined ? "" : `${name} ${short(score, 4)}`,
      status,
    ];
  });
  return {
    found: true,
    verdict: `${all.length} ${all.length === 1 ? "run" : "runs"} in ${root}`,
    text: table([
      ["run", "data", "model", "rule", "batch", "seed", "epochs", "validation", "held out", "status"],
      ...rows,
    ]),
    json: { folder: root, runs: all },
  };
}

async function runOf(folder: string): Promise<Run> {
  const [config, metrics] = [await readConfig(folder), await loadMetrics(folder)];
  return { folder, config, metrics, status: metrics?.status ?? (await lastWords(folder)) };
}

/** Of a run that is not over: whether it diverged, or may go on. */
async function lastWords(folder: string): Promise<string> {
  const log = await readText(join(folder, files.log)).catch(() => "");
  return log.trimEnd().split("\n").at(-1)?.includes('"diverged":') ? "diverged" : "unfinished";
}

const scoreOf = (metrics: Metrics | undefined): readonly [name: string, score: number] | undefined =>
  Object.entries(metrics?.scores.model ?? {})[0];

/** By table and target, then by the loss that the variables were chosen by: the held-out part chooses nothing. */
function inOrder(a: Run, b: Run): number {
  const [x, y] = [a, b].map(({ config }) => `${config.data}\n${config.target}`) as [string, string];
  if (x !== y) return x < y ? -1 : 1;
  const [p, q] = [a, b].map(({ metrics }) => metrics?.best?.loss ?? Number.POSITIVE_INFINITY) as [number, number];
  return p === q ? (a.folder < b.folder ? -1 : 1) : p - q;
}
