/** On what a run was made. */
import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, type as system, totalmem } from "node:os";
import type { Entrant } from "./entrants.ts";
import { here } from "./entrants.ts";

/** The binary of another version of Node, as npm's package `node` brings it. */
export function nodeBinary(version: string | undefined): string {
  if (version === undefined) return process.execPath;
  const { stdout, status, stderr } = spawnSync("npx", ["-y", `node@${version}`, "-p", "process.execPath"], {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npx node@${version}: ${stderr.trim().split("\n").at(-1)}`);
  return stdout.trim().split("\n").at(-1) as string;
}

const output = (program: string, args: readonly string[]): string =>
  spawnSync(program, args, { cwd: here, encoding: "utf8" }).stdout?.trim() ?? "";

export function machine(node: string, entrants: readonly Entrant[]): string[] {
  const cores = cpus();
  const versions = output(node, ["-p", "'Node ' + process.versions.node + ', V8 ' + process.versions.v8"]);
  const [load] = loadavg();
  const peers = entrants.filter(({ engine, threads }) => engine !== "nabla" && engine !== "hand" && threads === 1);
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${output("git", ["describe", "--always", "--dirty"])}`,
    `${cores[0]?.model.trim()}, ${cores.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${system()} ${release()}`,
    versions,
    peers.map(({ title, version }) => `${title.replace(/, 1 thread$/, "")} ${version ?? "not installed"}`).join("; "),
    `load before the start: ${(load ?? 0).toFixed(1)} processes on ${cores.length} cores`,
  ];
}
