/** `nabla graph`: the computational graph of a formula, as text or as a picture. */
import type { Command } from "commander";
import type { Answer } from "./answer.ts";
import { writeText } from "./files.ts";
import { formulaArgument, graphAt, parseFormula } from "./formula.ts";
import { plural } from "./number.ts";
import { type Point, pointFor, pointOption } from "./options.ts";

interface Options {
  readonly svg?: string;
  readonly dot?: string;
  readonly at?: Point;
  readonly gradient?: boolean;
}

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument(...formulaArgument)
    .option("--svg <file>", "draws the graph")
    .option("--dot <file>", "writes the graph for Graphviz")
    .option("--at <point>", "writes values and adjoints at a point: x=1,y=2", pointOption("--at"))
    .option("--gradient", "the graph of the value and its gradient")
    .addHelpText("after", '\nExample:\n  nabla graph "exp(-x^2) * sin(y)" --at x=0.5,y=1 --svg graph.svg')
    .action(async (formula: string, options: Options) => answer(await graph(formula, options)));
}

async function graph(text: string, { svg, dot, at, gradient }: Options): Promise<Answer> {
  const f = parseFormula(text);
  const view = graphAt(f, at && pointFor("--at", f.names, at), gradient);
  const drawn =
    at === undefined ? {} : { values: true, adjoints: gradient !== true && view.outputs[0]?.dtype !== "bool" };
  if (svg !== undefined) await writeText(svg, view.toSVG(drawn));
  if (dot !== undefined) await writeText(dot, view.toDot(drawn));
  const files = [svg, dot].filter((file) => file !== undefined);
  const count = `${plural(view.nodes.length, "operation")} on ${f.names.join(", ") || "no variables"}`;
  return {
    found: true,
    verdict: [count, ...files.map((file) => `written to ${file}`)].join("; "),
    text: String(view),
    json: { formula: text.trim(), names: f.names, operations: view.nodes.length, graph: String(view), files },
  };
}
