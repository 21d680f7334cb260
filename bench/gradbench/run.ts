/** npx tsx bench/gradbench/run.ts PATH [options]: the suite's problems with nabla and others in turn. */
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "../harness/machine.ts";
import { mean } from "../harness/statistics.ts";
import { duration } from "../harness/text.ts";
import { evaluationOf, type Problem, problems, tools } from "./contestants.ts";
import { markdownOf, type Result } from "./results.ts";
import { type Measured, session } from "./session.ts";

const usage = `npx tsx bench/gradbench/run.ts PATH [options]

  PATH              a checkout of github.com/gradbench/gradbench, ready to run: its README, “Without using Docker”
  --problems a,b    of these (default: all, and bench/gradbench/RESULTS.md is written)
  --tools a,b       with these (default: ${Object.keys(tools).join(",")})
  --threads N       threads of each tool (default 1)
  --seconds S       seconds of runs for each message (default 1, the suite's)
  --limit S         seconds a tool has for a problem (default 600, the suite's)

PYTHON=… says which Python has NumPy, SciPy, pydantic and, for pytorch, PyTorch.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    problems: { type: "string" },
    tools: { type: "string" },
    threads: { type: "string", default: "1" },
    seconds: { type: "string", default: "1" },
    limit: { type: "string", default: "600" },
  },
});

/** One message to each tool in turn, until all have ended. */
async function race(suite: string, problem: Problem, names: readonly string[]): Promise<Result> {
  const sessions = names.map((name) => {
    const command = tools[name];
    if (command === undefined)
      throw new Error(`there is no tool "${name}"; there are ${Object.keys(tools).join(", ")}`);
    const evaluation = evaluationOf(suite, problem.name, Number(values.seconds));
    return {
      name,
      measured: [] as Measured[],
      run: session(suite, evaluation, command(suite, Number(values.threads)), Number(values.limit)),
    };
  });
  let running = sessions;
  while (running.length > 0) {
    const ended = new Set<string>();
    for (const { name, measured, run } of running) {
      const { value, done } = await run.next();
      if (done) {
        ended.add(name);
        continue;
      }
      measured.push(value);
      const time = value.times.length > 0 ? duration(mean(value.times)) : "";
      console.log([problem.name, value.function, value.workload, name, time, value.fault ?? "valid"].join("\t"));
    }
    running = running.filter(({ name }) => !ended.has(name));
  }
  return { problem, tools: new Map(sessions.map(({ name, measured }) => [name, measured])) };
}

const [path] = positionals;
if (path === undefined || !existsSync(resolve(path, "python/gradbench"))) {
  console.log(path === undefined ? usage : `${path} is no checkout of GradBench\n\n${usage}`);
  process.exitCode = 2;
} else {
  const suite = resolve(path);
  const names = values.tools?.split(",") ?? Object.keys(tools);
  const wanted = values.problems?.split(",");
  const chosen = problems.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: suite, encoding: "utf8" }).stdout.trim();
  const lines = [
    ...machine(process.execPath, []).filter(Boolean),
    `gradbench at ${commit}; ${values.threads} ${values.threads === "1" ? "thread" : "threads"}; at least ${values.seconds} s a message, at most ${values.limit} s a problem and tool`,
  ];
  const results: Result[] = [];
  for (const problem of chosen) {
    results.push(await race(suite, problem, names));
    // After each problem, for a run takes hours where a tool is slow.
    if (wanted === undefined)
      writeFileSync(fileURLToPath(new URL("RESULTS.md", import.meta.url)), markdownOf(lines, results, names));
  }
  console.log(wanted === undefined ? "bench/gradbench/RESULTS.md" : markdownOf(lines, results, names));
}
