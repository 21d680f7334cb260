/** V8 runs a new module on quickly made, slow code first: how much slower, and for how long. */
import type { Line, ReportDefinition } from "../harness/report.ts";
import type { Nabla, Row } from "../harness/row.ts";
import { duration } from "../harness/text.ts";
import { rows } from "../rows/index.ts";

const calls = [1, 2, 10, 100, 1000];

async function measure(line: string, nabla: Nabla): Promise<Line> {
  const row = rows.find(({ name }) => name === line) as Row;
  const size = row.cases[0]?.size as never;
  const { run, inspect } = await row.nabla(nabla, size, { threads: 1 }, "");
  inspect?.();
  const times: number[] = [];
  for (let call = 1; call <= 1000; call++) {
    const start = performance.now();
    run();
    times.push((performance.now() - start) * 1e6);
    if (call % 10 === 0) await new Promise(setImmediate); // optimised code is put in place between turns
  }
  return { cells: calls.map((call) => duration(times[call - 1] as number)) };
}

export default {
  name: "first-calls",
  title: "First calls of a fresh program (compiled before, one thread)",
  columns: ["", ...calls.map((call) => `call ${call}`)],
  lines: () => ["mlp-sgd", "lstm", "elementwise", "rosenbrock", "logistic"],
  measure,
} satisfies ReportDefinition;
