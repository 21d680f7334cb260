/** The command line: which commands there are, how an answer is shown, and what the shell is told. */
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import pc from "picocolors";
import { type Answer, type CommandModule, toJSON } from "./answer.ts";
import { readText } from "./files.ts";

/** Where text goes. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  readonly colour: boolean;
}

interface Entry {
  readonly summary: string;
  /** Only the command that is called is loaded: what it does not need costs it no time. */
  load(): Promise<CommandModule>;
}

const commands: Readonly<Record<string, Entry>> = {
  minimize: { summary: "the lowest point of a formula", load: () => import("./minimize.ts") },
  fit: { summary: "the parameters of a formula that fit a table best", load: () => import("./fit.ts") },
  analyze: {
    summary: "what kind of point this is: minimum, maximum, saddle or none",
    load: () => import("./analyze.ts"),
  },
  derive: { summary: "the derivative of a formula, as a formula and as a graph", load: () => import("./derive.ts") },
  graph: { summary: "the computational graph of a formula", load: () => import("./graph.ts") },
  check: { summary: "whether the derivative of your own function is right", load: () => import("./check.ts") },
  train: { summary: "trains a model on a table, and judges it by rows held out", load: () => import("./train.ts") },
  resume: { summary: "goes on with a run that was stopped or killed", load: () => import("./resume.ts") },
  sweep: { summary: "trains with every combination of options, side by side", load: () => import("./sweep.ts") },
  runs: { summary: "the runs of a folder side by side", load: () => import("./runs.ts") },
  predict: { summary: "what a trained model says of new rows", load: () => import("./predict.ts") },
  export: { summary: "a trained model as an ONNX file", load: () => import("./export.ts") },
};

/**
 * Runs one command line (without `node` and the file) and returns the exit code: 0 found, 1 not found, 2 wrong use.
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes("--json");
  try {
    const answer = await answerOf(argv, terminal);
    if (answer === undefined) return 0;
    terminal.out(`${json ? toJSON(answer.json) : show(answer, terminal.colour)}\n`);
    return answer.found ? 0 : 1;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help, --version
    const [code, message] = explain(error, argv);
    if (json) terminal.out(`${toJSON({ error: { code, message } })}\n`);
    const stack = argv.includes("--debug") && error instanceof Error ? `\n${error.stack}` : "";
    terminal.error(`${pc.createColors(terminal.colour).red(message)}${stack}\n`);
    return 2;
  }
}

async function answerOf(argv: readonly string[], terminal: Terminal): Promise<Answer | undefined> {
  let answer: Answer | undefined;
  const program = new Command("nabla")
    .description("Minimises, fits, differentiates and explains formulas; trains models on tables.")
    .version(await version(), "--version", "the version of nabla")
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.out, outputError: () => {} })
    .addHelpText(
      "after",
      "\nnabla <command> --help shows an example of each.\nExit codes: 0 found, 1 not found, 2 wrong use.",
    );
  // `nabla help minimize` shows what `nabla minimize --help` does.
  const called = argv[0] === "help" ? argv[1] : argv[0];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).description(summary);
    if (called !== name) continue;
    (await load()).declare(command, (given) => {
      answer = given;
    });
    command.option("--json", "the answer as JSON").option("--debug", "errors with the lines they come from");
  }
  if (argv.length === 0) program.help();
  await program.parseAsync(argv.map(operand), { from: "user" });
  return answer;
}

/** As the package states it, which lies as far above src/cli/ as above dist/cli/. */
async function version(): Promise<string> {
  const manifest = await readText(fileURLToPath(new URL("../../package.json", import.meta.url)));
  return (JSON.parse(manifest) as { version: string }).version;
}

/** "-x^2" is a formula, not an option: the only short options are -h. A space in front is no part of a formula. */
const operand = (argument: string): string => (/^-(?!-|h$)./.test(argument) ? ` ${argument}` : argument);

function show({ found, verdict, text }: Answer, colour: boolean): string {
  const { green, yellow } = pc.createColors(colour);
  const first = (found ? green : yellow)(verdict);
  return text === undefined ? first : `${first}\n\n${text}`;
}

/** A code and a text for everything that may be thrown; nabla's own errors have both. */
function explain(error: unknown, argv: readonly string[]): readonly [code: string, message: string] {
  if (error instanceof CommanderError) {
    const what = error.message.replace(/^error: /, "").replace(/\.$/, "");
    const name = Object.hasOwn(commands, argv[0] ?? "") ? `nabla ${argv[0]}` : "nabla";
    return ["E-OPTION", `E-OPTION ${name}: ${what}\n  try ${name} --help`];
  }
  if (!(error instanceof Error)) return ["E-INTERNAL", `E-INTERNAL ${String(error)} was thrown`];
  const code = "code" in error && typeof error.code === "string" ? error.code : "E-INTERNAL";
  return [code, error.name === "NablaError" ? error.message : `${code} ${error.message}`];
}
