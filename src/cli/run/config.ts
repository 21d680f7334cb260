/** A run's folder: what it was told is in config.json, with everything that was left open decided. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { NablaError } from "nabla";
import type { Task } from "nabla/data";
import { failed, readText, writeText } from "../files.ts";

export interface Config {
  readonly nablaRun: 1;
  /** The whole path of the table, and the SHA-256 of its bytes (none of a folder or a pattern of files). */
  readonly data: string;
  readonly digest: string | null;
  /** Whether it is read in parts, by DuckDB, rather than at once. */
  readonly streamed: boolean;
  readonly target: string;
  readonly task: Task;
  readonly exclude: readonly string[];
  /** Columns of more different texts are left out. */
  readonly maxCategories: number;
  readonly model: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly rule: string;
  readonly rate: number;
  readonly seed: number;
  /** Shares of the rows. */
  readonly validation: number;
  readonly test: number;
  /** So many epochs without a better validation loss end the run. */
  readonly patience: number;
  readonly saveEvery: number | "epoch";
}

const checks: Readonly<Record<keyof Config, (value: unknown) => boolean>> = {
  nablaRun: (v) => v === 1,
  data: (v) => typeof v === "string",
  digest: (v) => v === null || typeof v === "string",
  streamed: (v) => typeof v === "boolean",
  target: (v) => typeof v === "string",
  task: (v) => v === "regression" || v === "classification",
  exclude: (v) => Array.isArray(v) && v.every((name) => typeof name === "string"),
  maxCategories: Number.isSafeInteger,
  model: (v) => typeof v === "string",
  epochs: Number.isSafeInteger,
  batchSize: Number.isSafeInteger,
  rule: (v) => typeof v === "string",
  rate: Number.isFinite,
  seed: Number.isSafeInteger,
  validation: Number.isFinite,
  test: Number.isFinite,
  patience: Number.isSafeInteger,
  saveEvery: (v) => v === "epoch" || Number.isSafeInteger(v),
};

export const files = {
  config: "config.json",
  model: "model.safetensors",
  log: "log.jsonl",
  report: "report.html",
} as const;

/** Makes the folder of a new run; what is there already is not touched. */
export async function newFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw failed(folder, error);
  });
  if (names.length > 0)
    throw new NablaError(
      "E-OPTION",
      `--out: ${folder} is there already, and not empty`,
      names.includes(files.config) ? `nabla resume ${folder}, or another --out` : "another --out",
    );
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw failed(folder, error);
  });
}

/** The first of runs/NAME-1, runs/NAME-2, … that is not there yet. */
export async function freeFolder(name: string): Promise<string> {
  const taken = new Set(await readdir("runs").catch(() => []));
  for (let k = 1; ; k++) if (!taken.has(`${name}-${k}`)) return join("runs", `${name}-${k}`);
}

export const writeConfig = (folder: string, config: Config): Promise<void> =>
  writeText(join(folder, files.config), `${JSON.stringify(config, undefined, 2)}\n`);

export async function readConfig(folder: string): Promise<Config> {
  const path = join(folder, files.config);
  const value = parsed(await readText(path));
  const bad = Object.entries(checks).find(([name, check]) => !check((value as Record<string, unknown> | null)?.[name]));
  if (bad === undefined) return value as Config;
  throw new NablaError("E-VALUE", `${path}: "${bad[0]}" is not what nabla train writes`, "the folder of a run");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The SHA-256 of a file; null of what is no file. */
export async function digestOf(path: string): Promise<string | null> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) return null;
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw failed(path, error);
  }
  return hash.digest("hex");
}
