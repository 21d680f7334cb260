/** A run from its config to its report: what `train` and `resume` have in common. */
import { join } from "node:path";
import { NablaError } from "nabla";
import type { Dataset, EncodedRows, Encoder, Parts } from "nabla/data";
import { crossEntropy, type Loss, meanSquaredError } from "nabla/nn";
import { type Training, train } from "nabla/train";
import type { Answer } from "../answer.ts";
import { writeText } from "../files.ts";
import { plural, short, table } from "../number.ts";
import { baselinesOf } from "./baselines.ts";
import { type Config, files } from "./config.ts";
import type { Examples } from "./examples.ts";
import { importanceOf } from "./importance.ts";
import { modelOf } from "./model.ts";
import { type Metrics, saveTrained } from "./model-file.ts";
import { reportOf } from "./report.ts";
import { ruleOf } from "./rule.ts";
import { outputsOf, type Scores, scoresOf, widthOf } from "./scores.ts";

/** How, apart from what the result depends on. */
export interface Manner {
  /** Says nothing on the way. */
  readonly quiet: boolean;
  readonly threads?: number;
}

type Rows = Dataset<EncodedRows>;

/** Trains, or goes on, and then judges; the config and the folder are there. */
export async function carryOut(folder: string, config: Config, examples: Examples, manner: Manner): Promise<Answer> {
  const { encoder, parts, notes } = examples;
  const model = await modelOf(config.model, encoder.features.length, widthOf(encoder));
  const loss: Loss = encoder.task === "regression" ? meanSquaredError : crossEntropy;
  const { rule, rate, epochs, batchSize, seed, patience, saveEvery } = config;
  const training = await train({
    ...{ model, loss, rule: ruleOf(rule, rate), data: parts.train, epochs, batchSize, seed, saveEvery, folder },
    ...(parts.validation.size > 0 ? { validation: parts.validation, patience } : {}),
    ...(manner.threads === undefined ? {} : { threads: manner.threads }),
    progress: manner.quiet ? false : "bar",
    resume: true,
  });
  const { status } = training;
  if (status === "diverged" || status === "stopped") return unfinished(folder, config, training);
  // Without rows to choose by, the last variables are as good as any.
  const { variables } = parts.validation.size > 0 ? (training.best ?? training) : training;
  const held = heldOut(parts);
  const outputs = await outputsOf(encoder, model, variables, held.data);
  const baselines = await baselinesOf(encoder, parts, { data: held.data, outputs }, loss, config);
  const scores = { model: scoresOf(encoder, outputs), ...baselines };
  const importance = await importanceOf(encoder, model, variables, held.data);
  const metrics = metricsOf(training, held, scores, parts.validation.size > 0);
  await saveTrained(folder, { encoder, architecture: config.model, variables, metrics });
  const findings = { config, encoder, notes, training, metrics, outputs, importance, sizes: sizesOf(parts) };
  await writeText(join(folder, files.report), reportOf(findings));
  return {
    found: true,
    verdict: verdictOf(encoder, metrics),
    text: [
      scoreTable(scores),
      ...(notes.length > 0 ? [notes.map((note) => `note: ${note}`).join("\n")] : []),
      `${storyOf(metrics, training.message)}\n${folder}: ${Object.values(files).join(", ")}`,
    ].join("\n\n"),
    json: {
      ...{ folder, status, message: training.message, task: encoder.task, target: encoder.target },
      ...{ features: encoder.features.length, rows: sizesOf(parts), metrics, importance, notes, config },
    },
  };
}

/** Holds that there are as many rows as a batch has. */
export function checkBatch({ batchSize }: Pick<Config, "batchSize">, { parts }: Examples): void {
  const { size } = parts.train;
  if (size >= batchSize) return;
  throw new NablaError(
    "E-OPTION",
    `--batch-size: ${plural(size, "row")} to train on, fewer than a batch of ${batchSize}`,
    size > 0 ? `--batch-size ${size}, or more rows` : "more rows, or smaller --test and --validation",
  );
}

/** The part that is judged by: the one that nothing was chosen by, if there is one. */
function heldOut({ train, validation, test }: Parts<Rows>): { readonly name: string; readonly data: Rows } {
  if (test.size > 0) return { name: "test", data: test };
  return validation.size > 0 ? { name: "validation", data: validation } : { name: "training", data: train };
}

const sizesOf = ({ train, validation, test }: Parts<Rows>) => ({
  train: train.size,
  validation: validation.size,
  test: test.size,
});

const metricsOf = (
  { status, history, best, seconds }: Training<unknown, unknown>,
  held: { readonly name: string; readonly data: Rows },
  scores: Metrics["scores"],
  validated: boolean,
): Metrics => ({
  ...{ status, epochs: history.length, seconds, held: held.name, rows: held.data.size, scores },
  best: validated && best !== undefined ? { epoch: best.epoch + 1, loss: best.value } : null,
});

function unfinished(
  folder: string,
  { target }: Config,
  { status, message, steps }: Training<unknown, unknown>,
): Answer {
  const why = status === "stopped" ? `after ${plural(steps, "step")}; nabla resume ${folder} goes on` : message;
  return {
    found: false,
    verdict: `${status}: ${why}`,
    ...(status === "diverged" ? { text: "a smaller --rate, or other data, may help" } : {}),
    json: { folder, status, message, target, steps },
  };
}

/** "accuracy 0.985 on 68 test rows (linear 0.97, majority 0.44)". */
function verdictOf(encoder: Encoder, { scores, held, rows }: Metrics): string {
  const { model = {}, ...others } = scores;
  const [name = "", value = Number.NaN] = Object.entries(model)[0] ?? [];
  const beside = Object.entries(others).map(([other, score]) => `${other} ${short(score[name] ?? Number.NaN, 4)}`);
  return `"${encoder.target}": ${name} ${short(value, 4)} on ${rows} ${held} rows (${beside.join(", ")})`;
}

export function scoreTable(scores: Readonly<Record<string, Scores>>): string {
  const names = Object.keys(scores.model ?? {});
  const rows = Object.entries(scores).map(([name, score]) => [
    name,
    ...names.map((measure) => short(score[measure] ?? Number.NaN, 4)),
  ]);
  return table([["", ...names], ...rows]);
}

export function storyOf({ epochs, best, seconds }: Metrics, message: string): string {
  const chosen = best === null ? "the last epoch's variables" : `the variables of epoch ${best.epoch}`;
  return `${plural(epochs, "epoch")} in ${short(seconds, 3)} s (${message}); ${chosen}`;
}
