// npm run test:engines [-- versions]: the test suite on several versions of Node, which npx brings; a line for each.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setup } from "./setup.mjs";

setup();
const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : ["20", "22", "24", "26"];
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

/** What `npx node@version -p …` prints: the version and the path of its binary. */
function engine(version) {
  const { status, stdout } = spawnSync(
    "npx",
    ["-y", `node@${version}`, "-p", "process.versions.node + ' ' + process.execPath"],
    { encoding: "utf8", shell: process.platform === "win32" },
  );
  if (status !== 0) return undefined;
  const line = stdout.trim().split("\n").at(-1);
  const space = line.indexOf(" ");
  return { name: line.slice(0, space), binary: line.slice(space + 1) };
}

/** Runs the suite; passed and failed, and the names of what failed. */
function suite(binary) {
  const folder = mkdtempSync(join(tmpdir(), "nabla-engines-"));
  const file = join(folder, "report.json");
  spawnSync(binary, [vitest, "run", "--reporter=json", `--outputFile.json=${file}`], { cwd: root, stdio: "ignore" });
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  rmSync(folder, { recursive: true });
  if (report === undefined) return { passed: 0, failures: ["vitest gave no report"] };
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    if (status === "failed" && assertionResults.length === 0) return [`${name}: ${message}`];
    return assertionResults.filter((test) => test.status === "failed").map((test) => `${name}: ${test.fullName}`);
  });
  return { passed: report.numPassedTests, failures };
}

for (const version of versions) {
  const found = engine(version);
  if (found === undefined) {
    console.log(`Node ${version}: npm has no such binary for this machine`);
    process.exitCode = 1;
    continue;
  }
  const started = Date.now();
  const { passed, failures } = suite(found.binary);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`Node ${found.name}: ${passed} passed, ${failures.length} failed (${seconds} s)`);
  for (const failure of failures) console.log(`  ${failure.split("\n")[0]}`);
  if (failures.length > 0) process.exitCode = 1;
}
