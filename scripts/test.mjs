// npm test [-- --full] [vitest arguments]: types, lint and format, tests; the last line is "N passed, N failed".
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setup, tool } from "./setup.mjs";

const started = Date.now();
const full = process.argv.includes("--full") || process.env.NABLA_FULL === "1";
const filters = process.argv.slice(2).filter((argument) => argument !== "--full");
const env = { ...process.env, ...(full ? { NABLA_FULL: "1" } : {}) };
const limit = 10 * 60_000; // the budget of `npm test`: a run that hangs is a failure, not a wait

setup();

const broken = [];
const step = (title, status) => {
  if (status !== 0) broken.push(title);
};

console.log("types");
step("types (tsc --noEmit)", tool("typescript", ["--noEmit"], { name: "tsc" }));
if (existsSync(join(root, "bench", "node_modules"))) {
  // Its types need its packages, which only `npm run bench` fetches.
  step("types of bench/", tool("typescript", ["--noEmit", "-p", "bench"], { name: "tsc" }));
}
console.log("lint and format");
step("lint and format (biome check)", tool("@biomejs/biome", ["check", "--error-on-warnings"], { name: "biome" }));

console.log("tests");
const folder = mkdtempSync(join(tmpdir(), "nabla-test-"));
const file = join(folder, "report.json");
const vitest = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...filters];
const status = tool("vitest", vitest, { env, timeout: full ? undefined : limit });
const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
rmSync(folder, { recursive: true });

const passed = report?.numPassedTests ?? 0;
let failed = report?.numFailedTests ?? 0;
for (const suite of report?.testResults ?? []) {
  if (suite.status === "failed" && suite.assertionResults.length === 0) failed += 1; // a file that could not be loaded
}
if (status !== 0 && failed === 0) step("tests (vitest)", status); // crashed, timed out, unhandled error, nothing found
failed += broken.length;

const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
console.log(`${Math.round((Date.now() - started) / 1000)} s${skipped > 0 ? `, ${skipped} skipped` : ""}`);
for (const title of broken) console.log(`failed: ${title}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
