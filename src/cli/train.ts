/** `nabla train`: from a table to a trained, judged and saved model. */
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { NablaError } from "nabla";
import type { Task } from "nabla/data";
import type { Answer } from "./answer.ts";
import { columnsOption, countOption, given, oneOfOption, positiveOption, shareOption, wholeOption } from "./options.ts";
import { carryOut, checkBatch } from "./run/carry-out.ts";
import { type Config, digestOf, freeFolder, newFolder, writeConfig } from "./run/config.ts";
import { type Examples, examplesOf, isStreamed } from "./run/examples.ts";
import { architectureOf, modelOf } from "./run/model.ts";
import { defaultRate, ruleNames } from "./run/rule.ts";
import { widthOf } from "./run/scores.ts";

interface Options {
  readonly target: string;
  readonly model: string;
  readonly task: Task | "auto";
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly rate?: number;
  readonly rule: string;
  readonly seed: number;
  readonly validation: number;
  readonly test: number;
  readonly exclude: readonly string[];
  readonly maxCategories: number;
  readonly patience: number;
  readonly saveEvery?: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
}

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("<data>", "a table: .csv, .tsv, .json, .jsonl, .parquet; large ones, folders and patterns in parts")
    .requiredOption("--target <column>", "the column to predict")
    .option("--model <model>", "mlp:64,64 (sizes of hidden layers), linear, or FILE.ts#export", "mlp:64,64")
    .option("--task <task>", "auto, regression, classification", oneOfOption("--task", tasks), "auto")
    .option("--epochs <n>", "the most epochs; by default 100, from 100,000 rows on 10", countOption("--epochs"))
    .option("--batch-size <n>", "by default 32, from 10,000 rows on 256", countOption("--batch-size"))
    .option("--rate <r>", "the learning rate; the default is the rule's", positiveOption("--rate"))
    .option("--rule <rule>", ruleNames.join(", "), oneOfOption("--rule", ruleNames), "adam")
    .option("--seed <n>", "of parts, parameters and order", wholeOption("--seed"), 0)
    .option("--validation <share>", "of the rows, to choose the epoch by", shareOption("--validation"), 0.2)
    .option("--test <share>", "of the rows, to judge by", shareOption("--test"), 0.2)
    .option("--exclude <columns>", "columns to leave out: name,id", columnsOption, [])
    .option(
      "--max-categories <n>",
      "a column of more different texts is left out, each of fewer is a feature",
      countOption("--max-categories"),
      100,
    )
    .option("--patience <n>", "ends after so many epochs that were no better", countOption("--patience"), 20)
    .option("--save-every <steps>", "checkpoints between epochs too", countOption("--save-every"))
    .option("--threads <n>", "of a step; the result does not depend on it", countOption("--threads"))
    .option("--out <folder>", "a new folder for the run; by default runs/DATA-1, -2, …")
    .addHelpText(
      "after",
      "\nExample:\n  nabla train penguins.csv --target species --out runs/penguins\n\nThe exit code is 0 when the run is over and 1 when it diverged or was stopped.",
    )
    .action(async (data: string, options: Options) => answer(await trained(data, options)));
}

const tasks = ["auto", "regression", "classification"] as const;

async function trained(data: string, options: Options): Promise<Answer> {
  const { target, task, exclude, maxCategories, validation, test, seed, rule, patience } = options;
  if (validation + test >= 1)
    throw new NablaError("E-OPTION", "--test and --validation leave nothing to train on", "shares below 1 in sum");
  const folder = options.out ?? (await freeFolder(basename(data).replace(/\.\w+(\.gz)?$/, "")));
  const architecture = architectureOf(options.model);
  const streamed = await isStreamed(data);
  const digest = await digestOf(data);
  const examples = await examplesOf({ data, streamed, target, task, exclude, maxCategories, validation, test, seed });
  try {
    const { encoder } = examples;
    const config: Config = {
      nablaRun: 1,
      ...{
        data: resolve(data),
        digest,
        streamed,
        target,
        task: encoder.task,
        exclude,
        maxCategories,
        model: architecture,
      },
      ...sizesFor(examples, options),
      ...{ rule, rate: options.rate ?? defaultRate(rule), seed, validation, test, patience },
      saveEvery: options.saveEvery ?? "epoch",
    };
    checkBatch(config, examples);
    await modelOf(architecture, encoder.features.length, widthOf(encoder)); // an error leaves no folder behind
    await newFolder(folder);
    await writeConfig(folder, config);
    return await carryOut(folder, config, examples, {
      quiet: options.json === true,
      ...given({ threads: options.threads }),
    });
  } finally {
    await examples.close();
  }
}

function sizesFor({ parts }: Examples, { epochs, batchSize }: Options): Pick<Config, "epochs" | "batchSize"> {
  const { size } = parts.train;
  return {
    epochs: epochs ?? (size < 100_000 ? 100 : 10),
    batchSize: batchSize ?? (size < 10_000 ? 32 : 256),
  };
}
