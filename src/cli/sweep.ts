/** `nabla sweep`: a run for every combination of options, in processes side by side. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { NablaError } from "nabla";
import type { Answer } from "./answer.ts";
import { short, table } from "./number.ts";
import { countOption } from "./options.ts";
import { freeFolder, newFolder } from "./run/config.ts";
import type { Metrics } from "./run/model-file.ts";

/** The options of train that may have several values, and where such a list is split. */
const varied = {
  model: /,(?=[A-Za-z./])/,
  rule: /,/,
  rate: /,/,
  batchSize: /,/,
  epochs: /,/,
  patience: /,/,
  seed: /,/,
} as const;
type Varied = keyof typeof varied;

/** Those that all runs share, handed on as they are. */
const shared = ["target", "task", "validation", "test", "exclude", "maxCategories"] as const;

type Options = Partial<Readonly<Record<Varied | (typeof shared)[number] | "out", string>>> & {
  readonly jobs?: number;
  readonly json?: boolean;
};

const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("<data>", "a table, as for train")
    .requiredOption("--target <column>", "the column to predict")
    .option("--model <models>", "mlp:32,mlp:64,64,linear")
    .option("--rule <rules>", "adam,sgd")
    .option("--rate <rates>", "0.01,0.001")
    .option("--batch-size <sizes>", "32,128")
    .option("--epochs <counts>", "20,100")
    .option("--patience <counts>", "5,20")
    .option("--seed <seeds>", "0,1,2")
    .option("--task <task>", "as for train")
    .option("--validation <share>", "as for train")
    .option("--test <share>", "as for train")
    .option("--exclude <columns>", "as for train")
    .option("--max-categories <n>", "as for train")
    .option("--jobs <n>", "so many processes at once; by default as many as there are cores", countOption("--jobs"))
    .option("--out <folder>", "a new folder for the runs; by default runs/sweep-DATA-1, -2, …")
    .addHelpText(
      "after",
      "\nExample:\n  nabla sweep penguins.csv --target species --rate 0.01,0.001 --model linear,mlp:32,mlp:64,64\n\nThe exit code is 0 if one run was over.",
    )
    .action(async (data: string, options: Options) => answer(await sweep(data, options)));
}

/** What a process came to. */
interface Outcome {
  readonly folder: string;
  readonly options: Combination;
  readonly metrics?: Metrics;
  /** Why there are none. */
  readonly problem?: string;
}
type Combination = Partial<Readonly<Record<Varied, string>>>;

async function sweep(data: string, options: Options): Promise<Answer> {
  const all = combinations(options);
  const names = Object.keys(all[0] as Combination) as Varied[];
  if (all.length < 2)
    throw new NablaError("E-OPTION", "sweep: there is one combination of options alone", "--rate 0.01,0.001");
  const root = options.out ?? (await freeFolder(`sweep-${basename(data).replace(/\.\w+(\.gz)?$/, "")}`));
  await newFolder(root);
  const cores = availableParallelism();
  const jobs = Math.min(options.jobs ?? cores, all.length);
  const threads = Math.max(1, Math.floor(cores / jobs));
  const digits = String(all.length).length;
  const common = shared.flatMap((name) => (options[name] === undefined ? [] : [flag(name), options[name]]));
  let over = 0;
  const outcomes = await sideBySide(all, jobs, async (one, i) => {
    const folder = join(root, String(i + 1).padStart(digits, "0"));
    const own = Object.entries(one).flatMap(([name, value]) => [flag(name), value]);
    const argv = [data, ...common, ...own, "--threads", String(threads), "--out", folder];
    const outcome = await outcomeOf(folder, one, argv);
    over++;
    if (options.json !== true) process.stderr.write(`${over}/${all.length} ${nameOf(one)}: ${wordOf(outcome)}\n`);
    return outcome;
  });
  return answerOf(
    root,
    names,
    [...outcomes].sort((a, b) => lossOf(a) - lossOf(b)),
  );
}

/** Every value of one option with every value of the others. */
function combinations(options: Options): Combination[] {
  const lists = (Object.keys(varied) as Varied[]).flatMap((name) => {
    const text = options[name];
    return text === undefined ? [] : [{ name, values: text.split(varied[name]).map((value) => value.trim()) }];
  });
  return lists.reduce<Combination[]>(
    (all, { name, values }) => all.flatMap((one) => values.map((value) => Object.assign({}, one, { [name]: value }))),
    [{}],
  );
}

/** Works through a list with so many at once; the results in the order of the list. */
async function sideBySide<T, R>(
  list: readonly T[],
  jobs: number,
  work: (one: T, i: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = list.entries();
  const worker = async (): Promise<void> => {
    for (const [i, one] of left) results[i] = await work(one, i);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}

/** The command line that runs now, once more, with `train`. */
function outcomeOf(folder: string, options: Combination, argv: readonly string[]): Promise<Outcome> {
  const [node, script = ""] = process.argv;
  return new Promise((resolve) => {
    let [out, error] = ["", ""];
    const child = spawn(node ?? process.execPath, [...process.execArgv, script, "train", ...argv, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      error += text;
    });
    child.once("error", ({ message }) => resolve({ folder, options, problem: message }));
    child.once("close", (_code, signal) => {
      const told = parsed(out);
      const problem = told.error?.message ?? told.message ?? (error.trim() || `ended by ${signal}`);
      resolve({ folder, options, ...(told.metrics === undefined ? { problem } : { metrics: told.metrics }) });
    });
  });
}

interface Told {
  readonly metrics?: Metrics;
  readonly message?: string;
  readonly error?: { readonly message: string };
}

function parsed(text: string): Told {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return {};
  }
}

/** The validation loss, by which alone runs are compared: whoever chooses by the held-out part is no longer judged by it. */
const lossOf = ({ metrics }: Outcome): number =>
  metrics === undefined ? Number.POSITIVE_INFINITY : (metrics.best?.loss ?? Number.MAX_VALUE);

const nameOf = (options: Combination): string =>
  Object.entries(options)
    .map(([name, value]) => `${flag(name)} ${value}`)
    .join(" ");

const wordOf = ({ metrics, problem = "" }: Outcome): string => {
  if (metrics === undefined) return problem.split("\n")[0] as string;
  return `${metrics.status} after ${metrics.epochs} epochs${metrics.best === null ? "" : `, validation ${short(metrics.best.loss, 4)}`}`;
};

function answerOf(root: string, names: readonly Varied[], outcomes: readonly Outcome[]): Answer {
  const over = outcomes.filter(({ metrics }) => metrics !== undefined);
  const [first] = over;
  const measures = Object.keys(first?.metrics?.scores.model ?? {});
  const rows = outcomes.map(({ folder, options, metrics, problem }) => [
    folder,
    ...names.map((name) => options[name] ?? ""),
    ...(metrics === undefined
      ? [problem?.split("\n")[0] ?? ""]
      : [
          metrics.best === null ? "" : short(metrics.best.loss, 4),
          ...measures.map((name) => short(metrics.scores.model?.[name] ?? Number.NaN, 4)),
          String(metrics.epochs),
          `${short(metrics.seconds, 3)} s`,
        ]),
  ]);
  const told = first === undefined ? [] : ["validation", ...measures, "epochs", "time"];
  return {
    found: first !== undefined,
    verdict:
      first === undefined
        ? `none of ${outcomes.length} runs was over`
        : `the best of ${outcomes.length} runs by validation loss: ${nameOf(first.options)}`,
    text: table([["run", ...names.map((name) => flag(name).slice(2)), ...told], ...rows]),
    json: { folder: root, runs: outcomes },
  };
}
