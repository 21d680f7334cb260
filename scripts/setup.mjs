// Makes a checkout ready: the pinned packages, and dist/ built from src/. Uses nothing but Node and npm.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`nabla needs Node 20.19 or newer; this is Node ${process.versions.node}.`);
  process.exit(1);
}

/** Runs a program in the checkout with its output on the terminal; the exit code, 1 when it did not start or was killed. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit", ...options });
  if (error) console.error(`${program}: ${error.message}`);
  return status ?? 1;
}

/** Runs the command `name` of an installed package by Node itself: no shell, the same on every system. */
export function tool(packageName, args, { name = packageName, ...options } = {}) {
  const { bin } = JSON.parse(readFileSync(at("node_modules", packageName, "package.json"), "utf8"));
  return run(
    process.execPath,
    [at("node_modules", packageName, typeof bin === "string" ? bin : bin[name]), ...args],
    options,
  );
}

/** The packages that node_modules holds are those of package-lock.json; told by content, as clones and copies have no order in time. */
function installed(folder) {
  const record = join(folder, "node_modules", ".package-lock.json"); // npm writes it last
  if (!existsSync(record)) return false;
  const packages = (file) =>
    Object.entries(JSON.parse(readFileSync(file, "utf8")).packages).filter(([path]) => path !== "");
  const present = new Map(packages(record));
  const wanted = new Map(packages(join(folder, "package-lock.json")));
  const same = (a, b) => a.version === b.version && a.integrity === b.integrity;
  return (
    [...wanted].every(([path, entry]) =>
      present.has(path) ? same(present.get(path), entry) : entry.optional || entry.peer,
    ) && [...present].every(([path]) => wanted.has(path))
  );
}

/** Installs what a folder's package-lock.json names, if its node_modules does not hold it already. */
export function setup(folder = root) {
  if (installed(folder)) return;
  console.log(`Installing the packages of ${join(relative(root, folder), "package-lock.json")} …`);
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath; // set under `npm start` and `npm test`
  const status = npm?.endsWith(".js")
    ? run(process.execPath, [npm, ...args], { cwd: folder })
    : run("npm", args, { cwd: folder, shell: process.platform === "win32" });
  if (status !== 0) process.exit(status);
}

/** The time of the last change to a file or to anything in a folder (a removed file changes its folder). */
function changed(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

/** Builds dist/ if it is missing or older than what it is made from. */
export async function build() {
  const output = at("dist", "index.js");
  const sources = ["src", "package.json", "tsconfig.json", "tsdown.config.ts"];
  if (existsSync(output) && statSync(output).mtimeMs >= Math.max(...sources.map((path) => changed(at(path))))) return;
  const started = new Date();
  const tsdown = await import("tsdown");
  await tsdown.build({ cwd: root, logLevel: "warn" });
  utimesSync(output, started, started); // a file saved during the build counts as newer
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  setup();
  await build();
}
