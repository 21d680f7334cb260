/** Derivatives and graphs as formulas. */
import { NablaError } from "../base/error.ts";
import { describe, toTensor } from "../graph/convert.ts";
import { type Graph, trace } from "../graph/graph.ts";
import type { Type } from "../graph/operation.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { jvp } from "../index.ts";
import { type Expression, expression, formulaIn, fromFormula, program } from "./expression.ts";
import { argumentsOf, constants, type Formula, namesOf, parts } from "./formula.ts";
import { fromGraph } from "./from-graph.ts";
import { reductions } from "./functions.ts";
import { parse } from "./parse.ts";
import { toText } from "./print.ts";
import { simplified } from "./simplify.ts";

/** By which argument to differentiate, and what the arguments of a plain function are called. */
export interface DeriveOptions {
  /** The name; several for a higher derivative, one after the other. */
  readonly wrt: string | readonly string[];
  /** For a function that is not an `expression`: its positional arguments, in order. */
  readonly names?: readonly string[];
}

/** What can be asked of a graph. */
export interface FormulaOptions {
  /** The names of the inputs; by default those of `graphOf`, else x0, x1, … */
  readonly names?: readonly string[];
  /** Which result; default the first. */
  readonly output?: number;
}

function simple(formula: Formula, names: readonly string[]): Expression {
  const text = toText(simplified(formula));
  return fromFormula(parse(text), text, names);
}

/**
 * A formula in its simple form: like terms and like factors collected, numbers computed, sin² + cos² = 1, … The value
 * is the same but for rounding, and where a part is infinite or not real: 0·x is 0, x/x is 1, √x² is |x|, (√x)² is x.
 *
 * @example
 * String(simplify("x + x + sin(t)^2 + cos(t)^2")) // "2*x + 1"
 */
export function simplify(formula: string | Expression): Expression {
  const f = typeof formula === "string" ? expression(formula) : formula;
  return simple(known("simplify", f), f.names);
}

function known(what: string, f: unknown): Formula {
  const formula = typeof f === "function" ? formulaIn(f) : undefined;
  if (formula !== undefined) return formula;
  throw new NablaError("E-VALUE", `${what}: ${describe(f)} is no formula`, `a text, or what expression(…) returns`);
}

/**
 * The formula that a graph computes, simplified: text, TeX, and again a function. `graph` is what `graphOf` returns.
 *
 * Throws E-FORMULA for operations that formulas do not have (matmul, scan, single elements of arrays, …).
 *
 * @example
 * const f = (x: Tensor, y: Tensor) => x.mul(x).div(y).add(x.mul(x).div(y));
 * String(formulaOf(graphOf(f, 1, 1), { names: ["x", "y"] })) // "2*x^2/y"
 * formulaOf(graphOf(f, 1, 1)).tex // "\\frac{2 \\, x_{0}^{2}}{x_{1}}"
 */
export function formulaOf(graph: Graph, options: FormulaOptions = {}): Expression {
  const own = "names" in graph ? (graph.names as readonly string[]) : undefined;
  const names = options.names ?? own ?? graph.inputs.map((_, i) => `x${i}`);
  const output = graph.outputs[options.output ?? 0];
  if (output === undefined)
    throw new NablaError(
      "E-OPTION",
      `formulaOf: there is no output ${options.output}`,
      `one of 0 to ${graph.outputs.length - 1}`,
    );
  for (const name of names.slice(0, graph.inputs.length)) checkName("formulaOf", name);
  if (names.length !== graph.inputs.length || new Set(names).size < names.length)
    throw new NablaError(
      "E-OPTION",
      `formulaOf: the names ${names.join(", ")} for ${graph.inputs.length} inputs`,
      "a name of its own for each input",
    );
  return simple(fromGraph(graph, names, output), names);
}

function checkName(what: string, name: string): void {
  const formula = /^[\p{L}_]/u.test(name) ? parse(name) : undefined;
  if (formula?.kind !== "name" || constants.has(formula.name))
    throw new NablaError(
      "E-OPTION",
      `${what}: ${JSON.stringify(name)} cannot be the name of an argument in a formula`,
      `another one: letters and digits, not ${[...constants.keys()].join(", ")}`,
    );
}

/** Lengths of the arrays that stand in for those of sums while a graph is traced: with each the formula must be the same. */
const standIns = [3, 5];

/** The names that stand inside a reduction: they are arrays. */
function arrayNames(formula: Formula): Set<string> {
  const inside = parts(formula).filter(
    (f) => f.kind === "call" && reductions.has(f.name) && argumentsOf(f).length === 1,
  );
  return new Set(inside.flatMap(namesOf));
}

/**
 * ∂f/∂(name) as a formula: the graph of the derivative, read back and simplified. What is returned is a function of the
 * same arguments, with the formula as `text` and as `tex`. `f` is a formula, or a function of numbers with the `names` of
 * its arguments.
 *
 * Throws E-FORMULA for operations that formulas do not have, E-OPTION for a name that f does not.
 *
 * @example
 * const slope = derive("100*(y - x^2)^2 + (1 - x)^2", { wrt: "x" });
 * String(slope) // "-400*x*(y - x^2) - 2*(1 - x)"
 * slope({ x: 0, y: 1 }).item() // -2
 * derive("sqrt(x)", { wrt: "x" }).tex // "\\frac{1}{2 \\, \\sqrt{x}}"
 */
export function derive(
  f: string | Expression | ((...args: Tensor[]) => TensorLike),
  options: DeriveOptions,
): Expression {
  const wrt = typeof options.wrt === "string" ? [options.wrt] : options.wrt;
  let result = typeof f === "string" ? expression(f) : f;
  for (const name of wrt) result = once(result, name, options.names);
  return result as Expression;
}

type Positional = (...args: Tensor[]) => TensorLike;

function once(f: Expression | Positional, wrt: string, given: readonly string[] | undefined): Expression {
  const formula = given === undefined || formulaIn(f) !== undefined ? known("derive", f) : undefined;
  const names = formula === undefined ? (given ?? []) : (f as Expression).names;
  for (const name of names) checkName("derive", name);
  const at = names.indexOf(wrt);
  if (at < 0)
    throw new NablaError(
      "E-OPTION",
      `derive: wrt is ${JSON.stringify(wrt)}`,
      `one of ${names.join(", ") || "no names"}`,
    );
  const run = formula === undefined ? undefined : program(simplified(formula));
  const call: Positional = run
    ? (...args) => run(new Map(names.map((name, i) => [name, args[i] as Tensor])))
    : (f as Positional);
  const arrays = formula === undefined ? new Set<string>() : arrayNames(formula);
  const lengths = arrays.size > 0 ? standIns : [1];
  const [slope, other] = lengths.map((n) => {
    const types = names.map((name): Type => ({ shape: arrays.has(name) && name !== wrt ? [n] : [], dtype: "float64" }));
    return formulaOf(slopeOf(call, types, at), { names });
  }) as [Expression, Expression?];
  if (other === undefined || other.text === slope.text) return slope;
  throw new NablaError(
    "E-FORMULA",
    `derive: the derivative by ${wrt} contains the number of elements of ${[...arrays].join(", ")}, which a formula does not know`,
    "a name for the number, n: sum(…)/n for the mean, n*b for the sum of b",
  );
}

/** Forward, by one number: the terms come in the order in which the formula has them. */
function slopeOf(call: Positional, types: readonly Type[], at: number): Graph {
  return trace("derive", types, (leaves) => {
    const along = (x: Tensor): TensorLike => call(...leaves.map((leaf, i) => (i === at ? x : leaf)));
    const [, slope] = jvp(along, [leaves[at] as Tensor], [1]);
    return [toTensor("derive", slope)];
  });
}
