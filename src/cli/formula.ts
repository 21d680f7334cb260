/** Formulas as the command line takes them. */
import { GraphView, graphOf, NablaError, tensor } from "nabla";
import { type Expression, expression } from "nabla/expression";
import type { Point } from "./options.ts";

/** What the argument is called in the help of each command. */
export const formulaArgument = ["<formula>", 'as in mathematics: "100*(y - x^2)^2 + (1 - x)^2"'] as const;

/** Spaces in front may stem from the command line (see main.ts); columns in errors are counted without them. */
export const parseFormula = (text: string): Expression => expression(text.trim());

/** One with something to vary. */
export function parseVarying(command: string, text: string): Expression {
  const f = parseFormula(text);
  if (f.names.length > 0) return f;
  throw new NablaError("E-OPTION", `${command}: ${f.text} has no variables`, "a formula of one or more variables");
}

/**
 * The graph of a formula, or of its value and gradient, whose inputs have the formula's names. Without a point the
 * numbers do not matter: the operations are the same.
 */
export function graphAt(f: Expression, at?: Point, gradient = false): GraphView {
  const point = at ?? Object.fromEntries(f.names.map((name) => [name, 1]));
  const value = graphOf(f, point);
  const view = gradient ? value.gradient() : value;
  const own = (name: string): string => name.replace("x0.", "");
  const names = view.names.map(own);
  const examples = names.map((name) => tensor(point[name] as number));
  return new GraphView(view, names, view.outputNames.map(own), examples);
}
