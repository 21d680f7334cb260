/** bench/RESULTS.md */
import { type Findings, figure, heading, isMeasured, type Outcome, ratioOf, reportText, textOf } from "./outcome.ts";
import type { Result } from "./race.ts";
import { median } from "./statistics.ts";
import { duration, markdownTable, short } from "./text.ts";

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

/** bench/OPTIMISERS.md */
export function optimisersOf(machine: readonly string[], outcomes: readonly Outcome[]): string {
  const away = (x: number | undefined): string => (x === undefined ? "" : x === 0 ? "0" : x.toExponential(0));
  const lines = outcomes.flatMap((outcome) =>
    outcome.results.map((result, i) => {
      const name = i === 0 ? heading(outcome) : "";
      const { title, absent, first, reached } = result;
      if (!isMeasured(result)) return [name, title, "", "", absent ?? "–", "", ""];
      const time = figure(median(result.times), outcome.case);
      return [
        name,
        title,
        time,
        ratioOf(result, outcome.results),
        duration(first),
        away(reached?.value),
        away(reached?.parameters),
      ];
    }),
  );
  return `# To the solution

Written by \`npm run bench -- optimise\`; [docs/benchmarks.md](../docs/benchmarks.md#optimisers) says what is measured and how.

${machine.map((line) => `- ${line}`).join("\n")}

${markdownTable([["", "", "again", "× nabla's method of the kind", "first call", "f off by", "parameters off by"], ...lines])}

## In full

\`\`\`text
${outcomes.map(textOf).join("\n\n")}
\`\`\`
`;
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
