/** The process of one line of a report. */
import { reports } from "../reports/index.ts";
import type { ReportDefinition } from "./report.ts";

const [name, line, entry] = process.argv.slice(2) as [string, string, string];
const report = reports.find((r) => r.name === name) as ReportDefinition;
process.stdout.write(JSON.stringify(await report.measure(line, await import(entry))));
process.exit();
