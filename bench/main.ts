/** npm run bench: nabla beside its peers (docs/benchmarks.md). */
import { mkdirSync, writeFileSync } from "node:fs";
import { entrants, folder, rivals, takesPart } from "./harness/entrants.ts";
import { machine, nodeBinary } from "./harness/machine.ts";
import { markdownOf, optimisersOf } from "./harness/markdown.ts";
import { optionsOf, usage } from "./harness/options.ts";
import { type Findings, type Outcome, type Report, reportText, textOf } from "./harness/outcome.ts";
import { pageOf } from "./harness/page.ts";
import { race } from "./harness/race.ts";
import { make } from "./harness/report.ts";
import { libraries, solversOf } from "./harness/solvers.ts";
import { atCommit } from "./harness/worktree.ts";
import { reports } from "./reports/index.ts";
import { rows } from "./rows/index.ts";

const options = optionsOf(process.argv.slice(2));
const wanted = ({ name }: { readonly name: string }): boolean =>
  options.filters.length === 0 || options.filters.some((filter) => name.includes(filter));

async function measure(
  field: ReturnType<typeof entrants>,
  node: string,
  chosen = rows.filter(wanted),
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const row of chosen) {
    for (const [index, { size: _, ...one }] of row.cases.entries()) {
      const results = await race(
        row,
        index,
        row.solvers === undefined ? field.filter((entrant) => takesPart(entrant, row)) : solversOf(row),
        options,
        node,
      );
      const outcome = { row: row.name, title: row.title, case: one, results };
      outcomes.push(outcome);
      console.log(`${textOf(outcome)}\n`);
    }
  }
  return outcomes;
}

async function makeReports(node: string): Promise<Report[]> {
  const made: Report[] = [];
  for (const report of reports.filter(wanted)) {
    const result = await make(report, options, node);
    made.push(result);
    console.log(`${reportText(result)}\n`);
  }
  return made;
}

const isOptimiser = (name: string): boolean => rows.some((row) => row.name === name && row.solvers !== undefined);

function save(findings: Findings): void {
  const results = `${folder}results/`;
  mkdirSync(results, { recursive: true });
  writeFileSync(`${results}latest.json`, `${JSON.stringify(findings, null, 2)}\n`);
  writeFileSync(`${results}index.html`, pageOf(findings));
  console.log("bench/results/latest.json, bench/results/index.html");
  if (options.quick || options.node !== undefined) return;
  const { machine, outcomes } = findings;
  const solvers = outcomes.filter(({ row }) => isOptimiser(row));
  const write = (file: string, text: string): void => {
    writeFileSync(`${folder}${file}`, text);
    console.log(`bench/${file}`);
  };
  if ([...rows.filter(({ name }) => !isOptimiser(name)), ...reports].every(wanted))
    write("RESULTS.md", markdownOf({ ...findings, outcomes: outcomes.filter((one) => !solvers.includes(one)) }));
  if (rows.filter(({ name }) => isOptimiser(name)).every(wanted))
    write("OPTIMISERS.md", optimisersOf(machine, solvers));
}

if (options.help) console.log(usage);
else if (options.list) for (const { name, title } of [...rows, ...reports]) console.log(name.padEnd(14), title);
else if (![...rows, ...reports].some(wanted)) {
  console.error(`No row or report is called like ${options.filters.join(", ")}; --list shows the names.`);
  process.exitCode = 1;
} else {
  const node = nodeBinary(options.node);
  if (options.compare !== undefined) {
    await atCommit(options.compare, async (checkout, name) => {
      console.log(`${machine(node, []).filter(Boolean).join("\n")}\n`);
      await measure(
        rivals(checkout, name),
        node,
        rows.filter((row) => wanted(row) && row.solvers === undefined),
      );
    });
  } else {
    const field = entrants();
    const lines = machine(node, [...field, ...libraries()]);
    console.log(`${lines.join("\n")}\n`);
    save({ machine: lines, outcomes: await measure(field, node), reports: await makeReports(node) });
  }
}
