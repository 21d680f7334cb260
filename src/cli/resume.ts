/** `nabla resume`: goes on with a run that was stopped, killed, or is to be longer. */
import type { Command } from "commander";
import { NablaError } from "nabla";
import type { Answer } from "./answer.ts";
import { countOption, given } from "./options.ts";
import { carryOut } from "./run/carry-out.ts";
import { type Config, digestOf, readConfig, writeConfig } from "./run/config.ts";
import { examplesOf } from "./run/examples.ts";

interface Options {
  readonly epochs?: number;
  readonly patience?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("<run>", "the folder of a run")
    .option("--epochs <n>", "more epochs than before", countOption("--epochs"))
    .option("--patience <n>", "ends after so many epochs that were no better", countOption("--patience"))
    .option("--threads <n>", "of a step; the result does not depend on it", countOption("--threads"))
    .addHelpText(
      "after",
      "\nExample:\n  nabla resume runs/penguins\n\nThe result has the bits of a run that was never stopped.",
    )
    .action(async (folder: string, options: Options) => answer(await resumed(folder, options)));
}

async function resumed(folder: string, { epochs, patience, threads, json }: Options): Promise<Answer> {
  const before = await readConfig(folder);
  const config: Config = { ...before, ...given({ epochs, patience }) };
  const digest = await digestOf(config.data);
  if (digest !== config.digest) {
    const what = digest === null ? "is no longer there" : "is not what it was when the run began";
    throw new NablaError("E-VALUE", `resume: ${config.data} ${what}`, "the file as it was, or a new run");
  }
  const examples = await examplesOf(config);
  try {
    if (epochs !== undefined || patience !== undefined) await writeConfig(folder, config);
    return await carryOut(folder, config, examples, { quiet: json === true, ...given({ threads }) });
  } finally {
    await examples.close();
  }
}
