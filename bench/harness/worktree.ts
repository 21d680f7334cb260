/** Another commit of nabla, checked out and built in a temporary folder. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { here } from "./entrants.ts";

function must(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout.trim();
}

export async function atCommit<T>(ref: string, use: (checkout: string, name: string) => Promise<T>): Promise<T> {
  const commit = must("git", ["rev-parse", "--short", `${ref}^{commit}`], here);
  const parent = mkdtempSync(join(tmpdir(), "nabla-bench-"));
  const checkout = join(parent, "nabla");
  must("git", ["worktree", "add", "--detach", checkout, commit], here);
  try {
    const lock = (root: string): string => {
      const file = join(root, "package-lock.json");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };
    if (lock(checkout) === lock(here)) {
      symlinkSync(join(here, "node_modules"), join(checkout, "node_modules"), "junction");
    } else must("npm", ["ci", "--no-audit", "--no-fund"], checkout);
    must("npm", ["run", "build"], checkout);
    return await use(checkout, `${ref} (${commit})`);
  } finally {
    must("git", ["worktree", "remove", "--force", checkout], here);
    rmSync(parent, { recursive: true, force: true });
  }
}
