/** `nabla fit`: the parameters of a formula that fit a table best, and how far they are known. */
import type { Command } from "commander";
import { NablaError, type Tensor } from "nabla";
import { readTable, type Table } from "nabla/data";
import type { Expression } from "nabla/expression";
import { type CurveFitOptions, type CurveFitResult, curveFit } from "nabla/optimize";
import type { Answer } from "./answer.ts";
import { checkColumn, type Numbers, numbersOf } from "./columns.ts";
import { writeText } from "./files.ts";
import { formulaArgument, parseFormula } from "./formula.ts";
import { plural, short, table } from "./number.ts";
import {
  type Bounds,
  boundsOf,
  boundsOption,
  countOption,
  given,
  type Point,
  pairsOption,
  pointOption,
  positiveOption,
} from "./options.ts";

interface Options {
  readonly start?: Point;
  readonly x?: Readonly<Record<string, string>>;
  readonly y?: string;
  readonly sigma?: string;
  readonly bounds?: Bounds;
  readonly loss?: CurveFitOptions["loss"];
  readonly scale?: number;
  readonly method?: CurveFitOptions["method"];
  readonly maxIterations?: number;
  readonly skipMissing?: boolean;
  readonly plot?: string;
}

type Columns = Readonly<Record<string, Float64Array>>;
type Fit = CurveFitResult<Point, Columns>;

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument(...formulaArgument)
    .argument("<table>", "a file of columns with names: .csv, .tsv, .json, .parquet")
    .option("--start <point>", "the parameters and where to begin: b1=500,b2=0.0001", pointOption("--start"))
    .option("--x <columns>", "columns for the other names, where they differ: x=time", pairsOption("--x"))
    .option("--y <column>", "the column to fit; may stand in front of the formula: y = b1*x")
    .option("--sigma <column>", "the column of standard deviations of y")
    .option("--bounds <bounds>", "b1=0:1000,b2=0: lower:upper, either may be left out", boundsOption("--bounds"))
    .option("--loss <name>", "squares, or what counts outliers less: soft-l1, huber, cauchy, tukey")
    .option("--scale <s>", "the size from which on a residual counts less", positiveOption("--scale"))
    .option("--method <name>", "auto, levenberg-marquardt, gauss-newton, trust-region")
    .option("--max-iterations <n>", "the most iterations", countOption("--max-iterations"))
    .option("--skip-missing", "leaves rows without a value out")
    .option("--plot <file>", "draws data, curve and bands as SVG")
    .addHelpText(
      "after",
      '\nExample:\n  nabla fit "b1*(1-exp(-b2*x))" data.csv --start b1=500,b2=0.0001 --plot fit.svg',
    )
    .action(async (formula: string, file: string, options: Options) => answer(await fitted(formula, file, options)));
}

async function fitted(text: string, file: string, options: Options): Promise<Answer> {
  const { formula, response } = sides(text);
  const f = parseFormula(formula);
  const start = startOf(f, options.start);
  const data = await readTable(file);
  const inputs = inputColumns(f, data, start, options.x);
  const y = responseColumn(data, options.y ?? response, Object.values(inputs), options.sigma);
  const sigma = options.sigma === undefined ? [] : [options.sigma];
  const numbers = numbersOf(data, [...new Set([...Object.values(inputs), y, ...sigma])], options.skipMissing);
  const column = (name: string): Float64Array => numbers.columns[name] as Float64Array;
  const x = Object.fromEntries(Object.entries(inputs).map(([name, from]) => [name, column(from)]));
  const { loss, scale, method, maxIterations } = options;
  const result: Fit = curveFit<Point, Columns>((p, columns) => f({ ...p, ...columns }), x, column(y), start, {
    ...given({ loss, scale, method, maxIterations }),
    ...given({ bounds: options.bounds && boundsOf(Object.keys(start), options.bounds) }),
    ...given({ sigma: options.sigma === undefined ? undefined : column(options.sigma) }),
  });
  if (options.plot !== undefined)
    await writeText(options.plot, await drawn(f, result, inputs, { name: y, values: column(y) }, x));
  return answerOf(f, y, result, numbers, file);
}

/** "y = b1*x" is the column y and the formula b1*x, in its place, so that columns in errors are those of the text. */
function sides(text: string): { readonly formula: string; readonly response?: string } {
  const match = /^\s*([A-Za-z_]\w*)\s*=(?!=)/.exec(text);
  if (match === null) return { formula: text };
  const [left, response = ""] = match;
  return { formula: text.slice(left.length), response };
}

function startOf(f: Expression, start: Point | undefined): Point {
  if (f.names.length === 0)
    throw new NablaError("E-OPTION", `fit: ${f.text} has no parameters`, "a formula with names to be found");
  const repair = `--start ${f.names.map((name) => `${name}=1`).join(",")} for those names that are parameters`;
  if (start === undefined) throw new NablaError("E-OPTION", "fit: which names are parameters is not said", repair);
  const unknown = Object.keys(start).find((name) => !f.names.includes(name));
  if (unknown === undefined) return start;
  throw new NablaError("E-OPTION", `--start: the formula has no ${unknown}; it has ${f.names.join(", ")}`, repair);
}

/** For each name that is no parameter, the column it stands for: the one of that name, or what --x says. */
function inputColumns(
  f: Expression,
  data: Table,
  start: Point,
  chosen: Options["x"] = {},
): Readonly<Record<string, string>> {
  const names = f.names.filter((name) => !Object.hasOwn(start, name));
  const unknown = Object.keys(chosen).find((name) => !names.includes(name));
  if (unknown !== undefined && unknown !== "")
    throw new NablaError(
      "E-OPTION",
      `--x: ${unknown} is no name of the formula that is no parameter`,
      "--x name=column",
    );
  if (chosen[""] !== undefined && names.length !== 1)
    throw new NablaError(
      "E-OPTION",
      `--x: the formula has ${plural(names.length, "name")} for columns`,
      "--x name=column",
    );
  const missing = names.filter(
    (name) => chosen[name] === undefined && chosen[""] === undefined && !data.names.includes(name),
  );
  if (missing.length > 0) {
    const [first = ""] = missing;
    throw new NablaError(
      "E-OPTION",
      `fit: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} neither in --start nor a column of ${data.file} (${data.names.join(", ") || "it has none"})`,
      `--x ${first}=column, or --start with ${first}=number`,
    );
  }
  const columns = Object.fromEntries(names.map((name) => [name, chosen[name] ?? chosen[""] ?? name]));
  for (const name of Object.values(columns)) checkColumn(data, name);
  return columns;
}

/** The column that was named; else y, else the only one that is not in use. */
function responseColumn(data: Table, named: string | undefined, inputs: readonly string[], sigma?: string): string {
  if (named !== undefined) {
    checkColumn(data, named);
    return named;
  }
  const left = data.names.filter((name) => !inputs.includes(name) && name !== sigma);
  if (left.includes("y")) return "y";
  const [only, ...more] = left;
  if (only !== undefined && more.length === 0) return only;
  throw new NablaError(
    "E-OPTION",
    `fit: which column is fitted is not clear: ${left.length === 0 ? "none is left" : left.join(", ")}`,
    `--y ${only ?? "column"}`,
  );
}

function answerOf(f: Expression, y: string, result: Fit, numbers: Numbers, file: string): Answer {
  const { status, message, names } = result;
  const at = (tree: Readonly<Record<string, Tensor>>, name: string): number => (tree[name] as Tensor).item();
  const { lower, upper } = result.confidenceIntervals();
  const parameters = names.map((name) => ({
    name,
    value: at(result.parameters, name),
    standardError: at(result.standardErrors, name),
    lower: at(lower, name),
    upper: at(upper, name),
  }));
  const rows = parameters.map((p) => [
    p.name,
    short(p.value, 10),
    `± ${short(p.standardError, 4)}`,
    `${short(p.lower, 6)} … ${short(p.upper, 6)}`,
  ]);
  const { residualSumOfSquares, residualDeviation, degreesOfFreedom, rSquared, aic, bic } = result;
  const left = numbers.left > 0 ? ` (${numbers.left} left out: no value)` : "";
  const statistics = { residualSumOfSquares, residualDeviation, degreesOfFreedom, rSquared, aic, bic };
  const { iterations, evaluations, covariance, correlation, undetermined } = result;
  return {
    found: status === "converged",
    verdict: `${status}: ${message}`,
    text: [
      table([["parameter", "value", "standard error", "95 % confidence"], ...rows]),
      `${plural(numbers.rows, "row")} of ${file}${left}, ${plural(degreesOfFreedom, "degree")} of freedom\nresidual deviation ${short(residualDeviation)}, R² ${short(rSquared)}, AIC ${short(aic)}`,
    ].join("\n\n"),
    json: {
      ...{ formula: f.text, y, status, message, parameters, undetermined, ...statistics },
      ...{ covariance, correlation, rows: numbers.rows, left: numbers.left, iterations, evaluations },
    },
  };
}

/** Along the curve. */
const resolution = 241;

async function drawn(
  f: Expression,
  result: Fit,
  inputs: Readonly<Record<string, string>>,
  y: { readonly name: string; readonly values: Float64Array },
  x: Readonly<Record<string, Float64Array>>,
): Promise<string> {
  const [{ agreementFigure, fittedFigure }, { toSVG }] = await Promise.all([
    import("./plot/fitted.ts"),
    import("./plot/figure.ts"),
  ]);
  const [name, ...more] = Object.keys(x);
  if (name === undefined || more.length > 0)
    return toSVG(agreementFigure(f.text, result.message, y.name, Float64Array.from(result.predict(x).data), y.values));
  const values = x[name] as Float64Array;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = 0.03 * (most - least || 1);
  const at = Float64Array.from(
    { length: resolution },
    (_, i) => least - margin + ((most - least + 2 * margin) * i) / (resolution - 1),
  );
  const along = { [name]: at };
  const [inner, outer] = [result.confidenceBand(along), result.predictionBand(along)];
  const known = result.degreesOfFreedom > 0;
  const bands = [
    { name: "95 % prediction", lower: outer.lower.data, upper: outer.upper.data },
    { name: "95 % confidence", lower: inner.lower.data, upper: inner.upper.data },
  ];
  return toSVG(
    fittedFigure({
      formula: f.text,
      verdict: result.message,
      x: { name: inputs[name] as string, values },
      y,
      curve: Array.from(at, (v, i) => ({ x: v, y: inner.value.data[i] as number })),
      bands: known ? bands : [],
    }),
  );
}
