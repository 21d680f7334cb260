/** `nabla minimize`: the lowest (or highest) point of a formula. */
import type { Command } from "commander";
import { type Tensor, vmap } from "nabla";
import type { Expression } from "nabla/expression";
import { type MinimizeOptions, maximize, minimize as minimum } from "nabla/optimize";
import type { Answer } from "./answer.ts";
import { writeText } from "./files.ts";
import { formulaArgument, parseVarying } from "./formula.ts";
import { plural, short, table } from "./number.ts";
import {
  type Bounds,
  boundsOf,
  boundsOption,
  countOption,
  given,
  type Point,
  pointFor,
  pointOption,
  positiveOption,
} from "./options.ts";

interface Options {
  readonly start?: Point;
  readonly maximize?: boolean;
  readonly method?: MinimizeOptions<Point>["method"];
  readonly lineSearch?: Exclude<MinimizeOptions<Point>["lineSearch"], object>;
  readonly bounds?: Bounds;
  readonly tolerance?: number;
  readonly maxIterations?: number;
  readonly path?: string;
  readonly plot?: string;
}

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument(...formulaArgument)
    .option("--start <point>", "where to begin: x=-1.2,y=1", pointOption("--start"))
    .option("--maximize", "the highest point instead")
    .option("--method <name>", "auto, bfgs, l-bfgs, trust-region, newton, …")
    .option("--line-search <name>", "strong-wolfe, backtracking, exact-quadratic, …")
    .option("--bounds <bounds>", "x=0:1,y=:5, lower:upper, either may be left out", boundsOption("--bounds"))
    .option("--tolerance <t>", "of the gradient", positiveOption("--tolerance"))
    .option("--max-iterations <n>", "the most iterations", countOption("--max-iterations"))
    .option("--path <file>", "writes every iterate to a CSV file")
    .option("--plot <file>", "draws the path as SVG, for two variables on a map of the formula")
    .addHelpText("after", '\nExample:\n  nabla minimize "100*(y-x^2)^2+(1-x)^2" --start x=-1.2,y=1 --plot path.svg')
    .action(async (formula: string, options: Options) => answer(await minimize(formula, options)));
}

async function minimize(text: string, options: Options): Promise<Answer> {
  const f = parseVarying("minimize", text);
  const start = pointFor("--start", f.names, options.start);
  const names = Object.keys(start);
  const verb = options.maximize ? maximize : minimum;
  const { method, lineSearch, tolerance, maxIterations } = options;
  const result = verb(f, start, {
    ...given({ method, lineSearch, tolerance, maxIterations }),
    ...given({ bounds: options.bounds && boundsOf(names, options.bounds) }),
    path: options.path !== undefined || options.plot !== undefined,
  });
  const x = valuesOf(names, result.x);
  const { value, gradientNorm, iterations, evaluations, hessianEvaluations, status, message } = result;
  const iterates = (result.path ?? []).map((one): Step => ({ ...one, x: Object.values(valuesOf(names, one.x)) }));
  // The last iterate is polished when it is judged; where there is no lowest point, the judge has gone far beyond.
  const end: Step = { iteration: iterations, x: Object.values(x), value, gradientNorm };
  const path = status === "unbounded" ? iterates : [...iterates.filter((one) => one.iteration < iterations), end];
  if (options.path !== undefined) await writeText(options.path, pathTable(names, path));
  if (options.plot !== undefined) await writeText(options.plot, await drawn(f, names, path, result.message));
  return {
    found: status === "converged",
    verdict: `${status}: ${message}`,
    text: [
      table([...Object.entries(x), ["value", value] as const].map(([name, v]) => [name, short(v, 10)])),
      `${plural(iterations, "iteration")} (${result.method}), ${plural(evaluations, "evaluation")}, ${plural(hessianEvaluations, "Hessian")}`,
    ].join("\n\n"),
    json: {
      ...{ formula: f.text, status, message, x, value, gradientNorm, iterations, evaluations, hessianEvaluations },
      ...{ method: result.method, tolerance: result.tolerance },
    },
  };
}

const valuesOf = (names: readonly string[], x: Readonly<Record<string, Tensor>>): Point =>
  Object.fromEntries(names.map((name) => [name, (x[name] as Tensor).item()]));

interface Step {
  readonly iteration: number;
  readonly x: readonly number[];
  readonly value: number;
  readonly gradientNorm: number;
}

function pathTable(names: readonly string[], path: readonly Step[]): string {
  const rows = path.map((p) => [p.iteration, ...p.x, p.value, p.gradientNorm]);
  return [["iteration", ...names, "value", "gradientNorm"], ...rows].map((row) => `${row.join(",")}\n`).join("");
}

async function drawn(f: Expression, names: readonly string[], path: readonly Step[], verdict: string): Promise<string> {
  const [{ descentFigure }, { toSVG }] = await Promise.all([import("./plot/descent.ts"), import("./plot/figure.ts")]);
  const evaluate = (columns: readonly Float64Array[]): ArrayLike<number> =>
    vmap((point: Readonly<Record<string, Tensor>>) => f(point))(
      Object.fromEntries(names.map((name, i) => [name, columns[i] as Float64Array])),
    ).data;
  return toSVG(descentFigure({ formula: f.text, names, path, verdict, evaluate }));
}
