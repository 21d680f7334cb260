/** `nabla derive`: the derivative of a formula, simplified, and its graph. */
import type { Command } from "commander";
import { derive as derivativeOf } from "nabla/expression";
import type { Answer } from "./answer.ts";
import { formulaArgument, graphAt, parseFormula } from "./formula.ts";
import { countOption, namesOption } from "./options.ts";

interface Options {
  readonly wrt: readonly string[];
  readonly order: number;
  readonly tex?: boolean;
}

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument(...formulaArgument)
    .requiredOption(
      "--wrt <names>",
      "by which variable: x; or by several, one after the other: x,y",
      namesOption("--wrt"),
    )
    .option("--order <n>", "so many times by each", countOption("--order"), 1)
    .option("--tex", "the formula for TeX")
    .addHelpText("after", '\nExample:\n  nabla derive "x^2 * sin(x)" --wrt x')
    .action((formula: string, options: Options) => answer(derive(formula, options)));
}

function derive(text: string, { wrt, order, tex }: Options): Answer {
  const f = parseFormula(text);
  const by = wrt.flatMap((name) => Array.from({ length: order }, () => name));
  const slope = derivativeOf(f, { wrt: by });
  const graph = String(graphAt(slope));
  return {
    found: true,
    ...(tex ? { verdict: slope.tex } : { verdict: `${symbol(by, f.text)} = ${slope.text}`, text: graph }),
    json: { formula: f.text, wrt: by, derivative: slope.text, tex: slope.tex, graph },
  };
}

/** ∂/∂x (x²), ∂²/∂x∂y (…). */
function symbol(by: readonly string[], text: string): string {
  const power = by.length === 1 ? "" : superscript(by.length);
  return `∂${power}/${by.map((name) => `∂${name}`).join("")} (${text})`;
}

const superscript = (n: number): string => [...String(n)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
