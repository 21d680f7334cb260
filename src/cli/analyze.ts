/** `nabla analyze`: what kind of point this is, and what is certain everywhere in a box. */
import type { Command } from "commander";
import type { Tensor } from "nabla";
import { analyze as analysisAt, convexity, gradientLipschitz, lipschitz } from "nabla/analyze";
import type { Expression } from "nabla/expression";
import type { Answer } from "./answer.ts";
import { formulaArgument, parseVarying } from "./formula.ts";
import { short, table } from "./number.ts";
import {
  type Bounds,
  boundsOption,
  finiteBox,
  given,
  type Point,
  pointFor,
  pointOption,
  positiveOption,
} from "./options.ts";

interface Options {
  readonly at?: Point;
  readonly box?: Bounds;
  readonly direction?: Point;
  readonly tolerance?: number;
}

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument(...formulaArgument)
    .option("--at <point>", "the point: x=0,y=0", pointOption("--at"))
    .option("--box <bounds>", "certifies Lipschitz constants and convexity: x=-1:1,y=0:2", boundsOption("--box"))
    .option("--direction <vector>", "the curvature along a direction: x=1,y=1", pointOption("--direction"))
    .option("--tolerance <t>", "how small the gradient of a critical point is", positiveOption("--tolerance"))
    .addHelpText(
      "after",
      '\nExample:\n  nabla analyze "x^2 - y^2" --at x=0,y=0\n\nThe exit code is 0 for a minimum, a maximum or a saddle, and for a box of which everything could be said; else 1.',
    )
    .action((formula: string, options: Options) => answer(analyze(formula, options)));
}

function analyze(text: string, options: Options): Answer {
  const f = parseVarying("analyze", text);
  if (options.box === undefined) return atPoint(f, options);
  if (options.at === undefined) return inBox(f, options.box);
  const [point, box] = [atPoint(f, options), inBox(f, options.box)];
  return {
    found: point.found && box.found,
    verdict: point.verdict,
    text: `${point.text}\n\n${box.verdict}\n\n${box.text}`,
    json: { ...point.json, ...box.json },
  };
}

function atPoint(f: Expression, options: Options): Answer {
  const at = pointFor("--at", f.names, options.at);
  const names = Object.keys(at);
  const direction = options.direction && pointFor("--direction", f.names, options.direction);
  const report = analysisAt((point: Readonly<Record<string, Tensor>>) => f(point), at, {
    ...given({ tolerance: options.tolerance }),
    ...given({ direction: direction && Object.fromEntries(names.map((name) => [name, direction[name] as number])) }),
  });
  const [verdict = "", ...details] = String(report).split("\n");
  const { kind, message, value, gradientNorm, eigenvalues, eigenvectors, conditionNumber } = report;
  const spectrum = eigenvalues.map((v, i) => [short(v), ...(eigenvectors[i] ?? []).map((c) => short(c, 4))]);
  return {
    found: ["minimum", "maximum", "saddle"].includes(report.higher?.verdict ?? kind),
    verdict,
    text: [
      ...(details.length > 0 ? [details.join("\n")] : []),
      `value ${short(value, 10)}, gradient ${report.gradient.map((v) => short(v)).join(", ")}`,
      table([["eigenvalue", ...report.names], ...spectrum]),
    ].join("\n\n"),
    json: {
      ...{ formula: f.text, at, kind, message, value, gradient: report.gradient, gradientNorm, names: report.names },
      ...{ eigenvalues, eigenvectors, conditionNumber, flat: report.flat, steep: report.steep },
      ...{ optimalStep: report.optimalStep, stepBound: report.stepBound, forecast: report.forecast },
      ...given({ curvature: report.curvature, higher: report.higher }),
      undefinedDerivatives: [...report.undefinedDerivatives],
    },
  };
}

/** What holds everywhere between the bounds, proved by intervals. */
function inBox(f: Expression, bounds: Bounds): Answer {
  const box = finiteBox("--box", f.names, bounds);
  const shape = convexity(f, box);
  const [constant, curvature] = [lipschitz(f, box), gradientLipschitz(f, box)];
  const all = [shape, constant, curvature];
  const where = Object.entries(bounds).map(
    ([name, [lower, upper]]) => `${name} from ${short(lower)} to ${short(upper)}`,
  );
  return {
    found: all.every(({ verdict }) => verdict !== "unknown"),
    verdict: `with ${where.join(", ")}:`,
    text: all.map((one) => String(one).replaceAll("\n", "\n  ")).join("\n"),
    json: { formula: f.text, box, convexity: shape, lipschitz: constant, gradientLipschitz: curvature },
  };
}
