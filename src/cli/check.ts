/** `nabla check`: whether the derivative of a function in a file is right, and exists, at a point. */
import type { Command } from "commander";
import { NablaError, type TensorLike, undefinedDerivatives } from "nabla";
import { checkGradient } from "nabla/analyze";
import type { Answer } from "./answer.ts";
import { loadModule, placeOf } from "./module.ts";
import { pointOption } from "./options.ts";

interface Options {
  readonly at?: readonly Argument[];
}

/** What can be written on a command line: numbers, lists and objects of them. */
type Argument = number | readonly Argument[] | { readonly [name: string]: Argument };

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("<FILE#export>", "a module and its function; without a name the default export")
    .option(
      "--at <argument>",
      'where: x=1,y=2 or JSON, "[1, 2]"; once for each argument; by default what the module exports as `at`',
      (text: string, before: readonly Argument[] = []) => [...before, argumentOf(text)],
    )
    .addHelpText(
      "after",
      "\nExample, where model.js has `export const cost = ({ x, y }) => x.mul(y).sin()`:\n  nabla check model.js#cost --at x=0.5,y=2",
    )
    .action(async (place: string, options: Options) => answer(await check(place, options)));
}

async function check(place: string, { at }: Options): Promise<Answer> {
  const { file, name } = placeOf(place);
  const module = await loadModule("check", file);
  const f = module[name];
  if (typeof f !== "function") throw noFunction(file, name, module);
  const args = at ?? (module.at === undefined ? undefined : [module.at as Argument]);
  if (args === undefined)
    throw new NablaError(
      "E-OPTION",
      `check: at which point ${name} is checked is not said`,
      "--at x=1,y=2, or --at '[1, 2]'",
    );
  // Which trees f takes is known to f alone.
  const checked = f as (...args: TensorLike[]) => TensorLike;
  const trees = args as readonly TensorLike[];
  const report = checkGradient(
    (point) => checked(...Object.values(point)),
    Object.fromEntries(trees.map((tree, i) => [`argument ${i}`, tree])),
  );
  const missing = undefinedDerivatives(checked, ...trees);
  const right = report.verdict === "right";
  const gaps = missing.length > 0;
  const [verdict = "", ...errors] = String(report).split("\n");
  return {
    found: right && !gaps,
    verdict: gaps ? `a derivative does not exist at this point: ${missing[0]?.why}` : verdict,
    text: gaps ? `${missing}` : errors.join("\n"),
    json: { file, export: name, at: args, found: right && !gaps, gradient: report, undefinedDerivatives: [...missing] },
  };
}

function noFunction(file: string, name: string, module: Readonly<Record<string, unknown>>): NablaError {
  const functions = Object.keys(module).filter((key) => typeof module[key] === "function");
  const [first = "name"] = functions;
  return new NablaError(
    "E-OPTION",
    `check: ${file} exports no function ${name}; it exports ${functions.join(", ") || "none"}`,
    `${file}#${first}`,
  );
}

/** `x=1,y=2` is a point; anything else is JSON. */
function argumentOf(text: string): Argument {
  if (/^\s*[A-Za-z_]\w*\s*=/.test(text)) return pointOption("--at")(text);
  try {
    return JSON.parse(text) as Argument;
  } catch {
    throw new NablaError("E-OPTION", `--at: ${text} is neither a point nor JSON`, `--at x=1,y=2, or --at '[1, 2]'`);
  }
}
