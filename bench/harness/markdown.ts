/** bench/RESULTS.md */
import { type Findings, figure, heading, isMeasured, type Outcome, reportText, textOf } from "./outcome.ts";
import type { Result } from "./race.ts";
import { median } from "./statistics.ts";
import { markdownTable, short } from "./text.ts";

/** Contestants side by side, in the order in which they first appear. */
function overview(outcomes: readonly Outcome[]): string {
  const titles = [...new Set(outcomes.flatMap(({ results }) => results.map(({ title }) => title)))];
  const cell = (outcome: Outcome, title: string): string => {
    const result = outcome.results.find((r) => r.title === title);
    if (result === undefined) return "";
    if (!isMeasured(result)) return (result.absent ?? "–").replace(/:.*/, "");
    const time = median(result.times);
    const base = outcome.results.find((r): r is Result => r.title === result.base && isMeasured(r));
    const times = base === undefined ? "" : ` (× ${short(time / median(base.times))})`;
    return figure(time, outcome.case) + times;
  };
  return markdownTable([
    ["", ...titles, "target on another machine"],
    ...outcomes.map((o) => [heading(o), ...titles.map((title) => cell(o, title)), o.case.target ?? ""]),
  ]);
}

export const markdownOf = ({ machine, outcomes, reports }: Findings): string =>
  `# Measured

Written by \`npm run bench\`; [docs/benchmarks.md](../docs/benchmarks.md) says what is measured and how.

${machine.map((line) => `- ${line}`).join("\n")}

Medians. In brackets the time as a multiple of nabla's on as many threads (nabla's own two threads: of one).

${overview(outcomes)}

## In full

The range is that of the rounds' medians.

\`\`\`text
${[...outcomes.map(textOf), ...reports.map(reportText)].join("\n\n")}
\`\`\`
`;
