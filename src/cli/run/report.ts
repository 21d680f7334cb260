/** report.html: one page that needs nothing else, in the reader's light or dark. */
import { basename } from "node:path";
import { tensor } from "nabla";
import type { ColumnEncoding, Encoder } from "nabla/data";
import { confusionMatrix } from "nabla/nn";
import type { Training } from "nabla/train";
import { short } from "../number.ts";
import { escape, type Figure, toSVG } from "../plot/figure.ts";
import type { Config } from "./config.ts";
import { calibrationFigure, learningCurves, residualFigure } from "./figures.ts";
import type { Importance } from "./importance.ts";
import type { Metrics } from "./model-file.ts";
import type { Outputs } from "./scores.ts";

/** All that a report tells. */
export interface Findings {
  readonly config: Config;
  readonly encoder: Encoder;
  readonly notes: readonly string[];
  readonly training: Training<unknown, unknown>;
  readonly metrics: Metrics;
  /** Of the held-out part. */
  readonly outputs: Outputs;
  readonly importance: readonly Importance[];
  readonly sizes: Readonly<Record<"train" | "validation" | "test", number>>;
}

const style = `:root { color-scheme: light dark; }
body { font: 15px/1.5 Helvetica, Arial, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: light-dark(#1f2328, #e6edf3); background: light-dark(#fff, #0d1117); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
img { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #717b8744; }
th:first-child, td:first-child, .text td, .text th { text-align: left; }
.bar { min-width: 14rem; } .bar span { display: inline-block; height: .7rem; background: #2f81f7; }
code { overflow-wrap: anywhere; }`;

export function reportOf(findings: Findings): string {
  const { config, encoder, notes, training, metrics, outputs, importance, sizes } = findings;
  const title = `${encoder.target} from ${basename(config.data)}`;
  const kind = encoder.task === "regression" ? "regression" : `classification, ${encoder.classes.length} classes`;
  const [measure = ""] = Object.keys(metrics.scores.model ?? {});
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escape(title)}</title>`,
    `<style>${style}</style></head>`,
    "<body>",
    `<h1>${escape(title)}</h1>`,
    paragraph(
      `${kind}: ${sizes.train} rows to train on, ${sizes.validation} to choose by, ${sizes.test} to judge by. ` +
        `${training.status}: ${training.message}; ${training.steps} steps in ${short(metrics.seconds, 3)} s.`,
    ),
    section(`Scores on the ${metrics.held} part (${metrics.rows} rows)`, scores(metrics)),
    section("Learning curves", picture(learningCurves(training.history, metrics.best?.epoch))),
    ...(encoder.task === "regression"
      ? [section("Residuals", picture(residualFigure(encoder.target, outputs)))]
      : [section("Confusion matrix", confusion(encoder, outputs))]),
    section("Calibration", picture(calibrationFigure(encoder, outputs))),
    section(
      "Importance of columns",
      paragraph(
        `By how much ${measure} gets worse on held-out rows where a column's values are shuffled (mean of three shuffles).`,
      ) + bars(importance),
    ),
    section("Columns", columns(encoder) + notes.map((note) => paragraph(note)).join("\n")),
    section(
      "Options",
      rows(
        "text",
        Object.entries(config).map(([name, value]) => [name, JSON.stringify(value)]),
      ),
    ),
    "</body></html>",
    "",
  ].join("\n");
}

const paragraph = (text: string): string => `<p>${escape(text)}</p>`;
const section = (title: string, content: string): string =>
  `<section><h2>${escape(title)}</h2>\n${content}\n</section>`;

/** As an image of its own, so that names inside one drawing do not meet those of another. */
function picture(figure: Figure): string {
  const data = Buffer.from(toSVG(figure)).toString("base64");
  return `<img width="720" height="480" alt="${escape(figure.description)}" src="data:image/svg+xml;base64,${data}">`;
}

/** The first row is the head. */
function rows(kind: string, cells: readonly (readonly string[])[], head = false): string {
  const row = (cell: "th" | "td") => (texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${cell}>${escape(text)}</${cell}>`).join("")}</tr>`;
  const body = cells.map((texts, i) => row(head && i === 0 ? "th" : "td")(texts));
  return `<div class="wide"><table class="${kind}">\n${body.join("\n")}\n</table></div>`;
}

function scores({ scores }: Metrics): string {
  const names = Object.keys(scores.model ?? {});
  const lines = Object.entries(scores).map(([name, score]) => [
    name,
    ...names.map((measure) => short(score[measure] ?? Number.NaN, 4)),
  ]);
  return rows("numbers", [["", ...names], ...lines], true);
}

function confusion({ classes }: Encoder, { values, targets, width }: Outputs): string {
  const labels = tensor(Int32Array.from(targets));
  const counts = confusionMatrix(tensor(values).reshape([targets.length, width]), labels).data;
  const lines = classes.map((name, i) => {
    const own = Array.from(counts.subarray(i * width, (i + 1) * width));
    const total = own.reduce((sum, n) => sum + n, 0);
    const cells = own.map((n, j) => {
      const share = total === 0 ? 0 : Math.round((100 * n) / total);
      return `<td style="background: rgb(${i === j ? "44 151 75" : "229 72 77"} / ${share / 2}%)">${n}</td>`;
    });
    return `<tr><th>${escape(name)}</th>${cells.join("")}</tr>`;
  });
  const head = `<tr><th>is ↓ taken for →</th>${classes.map((name) => `<th>${escape(name)}</th>`).join("")}</tr>`;
  return `<div class="wide"><table class="numbers">\n${[head, ...lines].join("\n")}\n</table></div>`;
}

function bars(importance: readonly Importance[]): string {
  const most = Math.max(...importance.map(({ loss }) => loss), Number.MIN_VALUE);
  const lines = importance.map(({ column, loss }) => {
    const width = Math.round(Math.max(0, loss / most) * 100);
    return `<tr><th>${escape(column)}</th><td>${short(loss, 3)}</td><td class="bar" style="text-align: left"><span style="width: ${width}%"></span></td></tr>`;
  });
  return `<div class="wide"><table class="numbers">\n${lines.join("\n")}\n</table></div>`;
}

function columns(encoder: Encoder): string {
  const lines = encoder.columns.map((column) => [column.name, column.kind, done(column), missing(column)]);
  return rows("text", [["column", "taken for", "what was done", "missing values"], ...lines], true);
}

function done({ kind, mean, deviation, categories, indicatorOnly }: ColumnEncoding): string {
  if (indicatorOnly) return "whether there is a value, since all are the same";
  if (kind === "category")
    return `one of ${categories.length}: ${categories.slice(0, 12).join(", ")}${categories.length > 12 ? ", …" : ""}`;
  if (kind === "bool") return "0 or 1";
  return `standardised: mean ${short(mean, 4)}, standard deviation ${short(deviation, 4)}${kind === "date" ? " (days since 1970)" : ""}`;
}

const missing = ({ indicator, fill }: ColumnEncoding): string =>
  indicator ? `${typeof fill === "number" ? short(fill, 4) : fill} instead, and marked` : "none in training";
