/** A graph of numbers back into a formula. */
import { NablaError } from "../base/error.ts";
import type { Graph } from "../graph/graph.ts";
import { isConstant, type Tensor, uniformValue } from "../graph/tensor.ts";
import { Builder, type Formula } from "./formula.ts";
import { fractionOf } from "./rational.ts";

/** A part of the formula and the shape that it has by itself: 1 has none, though it may stand for a row of ones. */
interface Part {
  readonly formula: Formula;
  readonly rank: number;
}

type Write = (build: Builder, args: readonly Formula[], node: Tensor) => Formula;

const same: Write = (_, [x]) => x as Formula;
const as =
  (name: string): Write =>
  (build, args) =>
    build.call(name, ...args);

/** A truth value as 1 or 0, a number as whether it is not 0, as an integer, or as it is. */
function cast(build: Builder, [x]: readonly Formula[], { inputs, dtype }: Tensor): Formula {
  const value = x as Formula;
  if (dtype === "bool") return build.call("notEqual", value, build.number(0));
  if (inputs[0]?.dtype === "bool") return build.call("where", value, build.number(1), build.number(0));
  return dtype.startsWith("float") ? value : build.call("trunc", value);
}

/** Operations that formulas have under another name, or none; all others are functions of the same name. */
const writes: ReadonlyMap<string, Write> = new Map<string, Write>([
  ["scale", as("mul")],
  ["maximum", as("max")],
  ["minimum", as("min")],
  ["reshape", same],
  ["broadcast", same],
  ["cast", cast],
  [
    "polygamma",
    (build, [n, x]) =>
      n?.kind === "number" && n.value === 0
        ? build.call("digamma", x as Formula)
        : build.call("polygamma", n as Formula, x as Formula),
  ],
  ["isNaN", (build, [x]) => build.call("notEqual", x as Formula, x as Formula)],
  ["isFinite", (build, [x]) => build.call("less", build.call("abs", x as Formula), build.number(Infinity))],
]);

const plainFunctions = new Set(
  "add sub mul div neg pow abs sign equal notEqual less lessEqual greater greaterEqual logicalAnd logicalOr logicalNot floor ceil trunc round rem mod where exp expm1 log log1p log2 log10 sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc lgamma atan2 logaddexp sigmoid softplus relu leakyRelu elu".split(
    " ",
  ),
);
const folds = new Set(["sum", "max", "min", "prod"]);

/** The formula of one output; `names` are those of the inputs. */
export function fromGraph(graph: Graph, names: readonly string[], output: Tensor, build = new Builder()): Formula {
  const known = new Map<Tensor, Part>();
  for (const [i, input] of graph.inputs.entries())
    known.set(input, { formula: build.name(names[i] as string), rank: input.rank });
  const of = (t: Tensor): Part => {
    const part = known.get(t);
    if (part !== undefined) return part;
    const value = isConstant(t) ? uniformValue(t) : undefined;
    if (value === undefined)
      throw noFormula(
        isConstant(t) ? `an array of ${t.size} different numbers` : "a value from outside of the function",
      );
    return { formula: numberFormula(value, build), rank: 0 };
  };
  for (const node of graph.nodes) {
    const { name } = node.operation;
    const inputs = node.inputs.map(of);
    const args = inputs.map(({ formula }) => formula);
    const rank = Math.max(0, ...inputs.map((p) => p.rank));
    const write = writes.get(name) ?? (plainFunctions.has(name) ? as(name) : undefined);
    if (folds.has(name)) {
      const [x] = node.inputs as [Tensor];
      if (node.rank > 0 || rank < x.rank)
        throw noFormula(`${name} over one axis of several, or of a value that was repeated`);
      known.set(node, { formula: x.rank === 0 ? (args[0] as Formula) : build.call(name, ...args), rank: 0 });
    } else if (write === undefined) throw noFormula(name, node.source);
    else if (name === "reshape" && node.size > 1) throw noFormula("reshape of an array");
    else known.set(node, { formula: write(build, args, node), rank });
  }
  return of(output).formula;
}

const noFormula = (what: string, source?: string): NablaError =>
  new NablaError(
    "E-FORMULA",
    `formulaOf: there is no formula for ${what}`,
    "formulas of numbers, element by element, and sums of all elements; String(graphOf(f, …)) shows every graph",
    source,
  );

/** Numbers that have a name when they come back out of a graph: v = p/q times one of these. */
const known: readonly (readonly [value: number, write: (build: Builder) => Formula])[] = [
  [Math.PI, (b) => b.name("pi")],
  [Math.E, (b) => b.name("e")],
  ...[Math.PI, 2, 3, 5, 2 * Math.PI].map((n): (typeof known)[number] => [
    Math.sqrt(n),
    (b) => b.call("sqrt", numberFormula(n, b)),
  ]),
  [1 / Math.PI, (b) => b.call("div", b.number(1), b.name("pi"))],
  ...[Math.PI, 2 * Math.PI].map((n): (typeof known)[number] => [
    1 / Math.sqrt(n),
    (b) => b.call("rsqrt", numberFormula(n, b)),
  ]),
  ...[2, 3, 5, 7, 10].flatMap((n): (typeof known)[number][] => [
    [Math.log(n), (b) => b.call("log", b.number(n))],
    [1 / Math.log(n), (b) => b.call("div", b.number(1), b.call("log", b.number(n)))],
  ]),
];

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 2 ** -51 * Math.abs(b);

/** A number as people write it: short decimals and fractions, multiples of π, of roots and logarithms; to rounding. */
function numberFormula(v: number, build: Builder): Formula {
  if (fractionOf(v) !== undefined || !Number.isFinite(v)) return build.number(v);
  const rounded = Number(v.toPrecision(14));
  if (String(Math.abs(rounded)).length <= 10 && near(v, rounded)) return build.number(rounded);
  for (const [value, write] of known) {
    const ratio = v / value;
    for (let q = 1; q <= 12; q++) {
      const p = Math.round(ratio * q);
      if (p !== 0 && Math.abs(p) <= 100 && near(ratio * q, p))
        return p === q ? write(build) : build.call("mul", build.number(p / q), write(build));
    }
  }
  return build.number(v);
}
