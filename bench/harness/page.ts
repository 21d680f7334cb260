/** The page of pictures: bars for every case, a plot for every report with points; SVG, no scripts. */
import {
  type Findings,
  figure,
  heading,
  isMeasured,
  type Outcome,
  type Report,
  ratioOf,
  reportText,
} from "./outcome.ts";
import { spread } from "./statistics.ts";
import { duration } from "./text.ts";

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const width = 880;
const left = 190;
const right = 330;
const line = 22;

/** Place on a logarithmic axis from one decade's start to another's end. */
const axis = (values: readonly number[], from: number, to: number): ((value: number) => number) => {
  const low = Math.floor(Math.log10(Math.min(...values)) - 0.2);
  const high = Math.ceil(Math.log10(Math.max(...values)) + 0.05);
  return (value) => from + ((to - from) * (Math.log10(value) - low)) / (high - low);
};

const text = (x: number, y: number, content: string, options = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${options}>${escaped(content)}</text>`;

function bars(outcome: Outcome): string {
  const { case: one, results } = outcome;
  const measured = results.filter(isMeasured);
  if (measured.length === 0) return "";
  const at = axis(
    measured.flatMap(({ times }) => times),
    left,
    width - right,
  );
  const marks = results.flatMap((result, i) => {
    const y = i * line + line / 2;
    const title = text(left - 8, y + 4, result.title, 'text-anchor="end"');
    if (!isMeasured(result)) return [title, text(left + 4, y + 4, result.absent ?? "–", 'class="faint"')];
    const { median, least, most } = spread(result.times);
    const kind = result.title.startsWith("nabla") ? "nabla" : "peer";
    return [
      title,
      `<rect class="${kind}" x="${left}" y="${y - 7}" width="${(at(median) - left).toFixed(1)}" height="14"/>`,
      `<path class="range" d="M${at(least).toFixed(1)} ${y}H${at(most).toFixed(1)}"/>`,
      text(width - right + 10, y + 4, `${figure(median, one)}  ${ratioOf(result, results)}`),
    ];
  });
  const height = results.length * line;
  return `<h2>${escaped(heading(outcome))}</h2>
${one.target === undefined ? "" : `<p>Target on another machine: ${escaped(one.target)}</p>`}
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(heading(outcome))}">${marks.join("")}</svg>`;
}

function plot(report: Report): string {
  if (report.points === undefined) return "";
  const height = 260;
  const xs = axis(
    report.points.map(([x]) => x),
    60,
    width - 40,
  );
  const ys = axis(
    report.points.map(([, y]) => y),
    height - 30,
    10,
  );
  const places = report.points.map(([x, y]) => `${xs(x).toFixed(1)},${ys(y).toFixed(1)}`);
  const marks = report.points.map(([x, y]) => {
    const label = `${x.toLocaleString("en")}: ${duration(y * 1e6)}`;
    return `<circle class="nabla" cx="${xs(x).toFixed(1)}" cy="${ys(y).toFixed(1)}" r="4"/>${text(xs(x) + 8, ys(y) + 14, label)}`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(report.title)}">
<polyline class="curve" points="${places.join(" ")}"/>${marks.join("")}</svg><p>Both axes are logarithmic.</p>`;
}

export const pageOf = ({ machine, outcomes, reports }: Findings): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>nabla beside its peers</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 920px; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
  h2 { font-size: 1.05rem; margin: 2rem 0 0.3rem }
  p { margin: 0.2rem 0; color: #666 }
  svg { width: 100%; font-size: 12px }
  pre { overflow-x: auto; font-size: 12px }
  .nabla { fill: #2b6cb0 } .peer { fill: #b8c0cc } .faint { fill: #888 }
  .range { stroke: #222; stroke-width: 2 } .curve { fill: none; stroke: #2b6cb0 }
</style>
<h1>nabla beside its peers</h1>
${machine.map((text) => `<p>${escaped(text)}</p>`).join("\n")}
<p>Bars: the median time of a call on a logarithmic axis, shorter is faster; the line is the range of the rounds. × is the
time as a multiple of nabla's on as many threads (nabla's own two threads: of one).</p>
${outcomes.map(bars).join("\n")}
${reports.map((report) => `<h2>${escaped(report.title)}</h2>\n${plot(report)}\n<pre>${escaped(reportText(report).replace(/^.*\n/, ""))}</pre>`).join("\n")}
</html>
`;
