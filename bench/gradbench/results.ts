/** What a run came to, as the tables of RESULTS.md. */
import { mean } from "../harness/statistics.ts";
import { duration, markdownTable, short } from "../harness/text.ts";
import type { Problem } from "./contestants.ts";
import type { Measured } from "./session.ts";

export interface Result {
  readonly problem: Problem;
  /** In the order of the messages; a tool that does not know the problem has none. */
  readonly tools: ReadonlyMap<string, readonly Measured[]>;
}

const timeOf = ({ times }: Measured): number => mean(times);

/**
 * The suite's score (crates/gradbench/src/stats.rs): one over the sum of all mean times in seconds; of equivalent
 * functions one over the least. Undefined: not there, or something failed.
 */
export function score({ functions }: Problem, measured: readonly Measured[], messages: number): number | undefined {
  if (measured.length === 0 || measured.length < messages || measured.some(({ fault }) => fault !== undefined)) return;
  const times = measured.map(timeOf);
  return 1e9 / (functions === undefined ? Math.min(...times) : times.reduce((a, b) => a + b, 0));
}

const messagesOf = ({ tools }: Result): number => Math.max(...[...tools.values()].map((one) => one.length));

const scores = (results: readonly Result[], tools: readonly string[]): string =>
  markdownTable([
    ["", ...tools],
    ...results.map((result) => [
      result.problem.name,
      ...tools.map((tool) => {
        const measured = result.tools.get(tool) ?? [];
        if (measured.length === 0) return "–";
        const points = score(result.problem, measured, messagesOf(result));
        return points === undefined ? "failed" : short(points);
      }),
    ]),
  ]);

function detail({ problem: { name, functions }, tools }: Result): string {
  const find = (tool: string, workload: string, wanted: string): Measured | undefined =>
    tools.get(tool)?.find((m) => m.workload === workload && m.function === wanted);
  const over = (a: Measured | undefined, b: Measured | undefined): string =>
    a?.times.length && b?.times.length ? short(timeOf(a) / timeOf(b)) : "";
  const cell = (one: Measured | undefined): string =>
    one === undefined ? "" : one.times.length === 0 ? (one.fault ?? "") : duration(timeOf(one));
  const validity = (...ones: readonly (Measured | undefined)[]): string =>
    ones.some((one) => one === undefined) ? "not reached" : (ones.find((one) => one?.fault)?.fault ?? "valid");
  const all = [...tools].flatMap(([tool, measured]) => measured.map((one) => ({ tool, ...one })));
  const workloads = [...new Set(all.map(({ workload }) => workload))];
  const lines = workloads.flatMap((workload) =>
    [...tools]
      .filter(([, measured]) => measured.length > 0)
      .flatMap(([tool, measured]) => {
        if (functions === undefined)
          return measured.map((one) => [
            one.function,
            tool,
            validity(one),
            cell(one),
            over(one, find("pytorch", workload, one.function)),
          ]);
        const [value, slope] = functions.map((wanted) => find(tool, workload, wanted));
        const [, reference] = functions.map((wanted) => find("manual", workload, wanted));
        return [
          [
            workload,
            tool,
            validity(value, slope),
            cell(value),
            cell(slope),
            over(slope, value),
            over(slope, reference),
          ],
        ];
      }),
  );
  const head =
    functions === undefined
      ? ["modes", "tool", "", "time", ""]
      : ["size", "tool", "", functions[0], functions[1], `${functions[1]}/${functions[0]}`, "× manual"];
  return `## ${name}\n\n${markdownTable([head, ...lines])}`;
}

export const markdownOf = (machine: readonly string[], results: readonly Result[], tools: readonly string[]): string =>
  `# GradBench

Written by \`npx tsx bench/gradbench/run.ts PATH\`, PATH being a checkout of github.com/gradbench/gradbench.

${machine.map((line) => `- ${line}`).join("\n")}

The tools take turns, message by message. Times are means of the runs, as the suite counts them; compiling is not in
nabla's ([protocol.ts](protocol.ts) says what is). nabla computes in float64; TensorFlow.js has no float64.

## Scores

The suite's: one over the sum of all mean times in seconds; of particle and saddle one over the fastest mode. More is
better. –: the tool does not have the problem.

${scores(results, tools)}

${results.map(detail).join("\n\n")}
`;
