/** Reports: what is measured of nabla alone, each line in a process of its own. */
import { spawnSync } from "node:child_process";
import { entryOf, folder, here } from "./entrants.ts";
import type { Options } from "./options.ts";
import type { Report } from "./outcome.ts";
import type { Nabla } from "./row.ts";

/** Cells of a line, and its place in the plot if there is one. */
export interface Line {
  readonly cells: readonly string[];
  readonly point?: readonly [number, number];
}

export interface ReportDefinition {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  /** What stands in the first column, and tells `measure` what to do. */
  readonly lines: (full: boolean) => readonly string[];
  readonly measure: (line: string, nabla: Nabla) => Line | Promise<Line>;
}

export async function make(report: ReportDefinition, { full }: Options, node: string): Promise<Report> {
  const { name, title, columns } = report;
  const lines = report.lines(full).map((line): Line => {
    const args = ["--import", "tsx", "harness/report-child.ts", name, line, entryOf(here)];
    const { status, stdout, stderr } = spawnSync(node, args, { cwd: folder, encoding: "utf8", timeout: 600_000 });
    if (status === 0) return JSON.parse(stdout) as Line;
    const why = stderr.split("\n").find((text) => /error/i.test(text)) ?? "no answer";
    return { cells: [`fails: ${why.slice(0, 120)}`] };
  });
  const points = lines.flatMap(({ point }) => (point === undefined ? [] : [point]));
  return {
    name,
    title,
    columns,
    rows: lines.map(({ cells }, i) => [report.lines(full)[i] as string, ...cells]),
    ...(points.length > 1 && { points }),
  };
}
