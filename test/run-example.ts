/** Runs the examples of docstrings and docs: each imports what it names, or names it without. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import * as analyze from "../src/analyze/index.ts";
import * as data from "../src/data/index.ts";
import * as expression from "../src/expression/index.ts";
import * as nabla from "../src/index.ts";
import * as interop from "../src/interop/index.ts";
import * as nn from "../src/nn/index.ts";
import * as optimize from "../src/optimize/index.ts";
import * as train from "../src/train/index.ts";

/** What examples may name without importing it. */
export const names = { ...nabla, ...optimize, ...analyze, ...expression, ...nn, ...data, ...interop, ...train };
export const modules: Readonly<Record<string, object>> = {
  nabla,
  "nabla/analyze": analyze,
  "nabla/data": data,
  "nabla/expression": expression,
  "nabla/interop": interop,
  "nabla/nn": nn,
  "nabla/optimize": optimize,
  "nabla/train": train,
};

/** `import { a, type B, c as d } from "nabla"` → `const { a, c: d } = __modules["nabla"];` */
const imported = (code: string): string =>
  code
    .replace(/^import \* as (\w+) from ("[^"]+");?$/gm, "const $1 = __modules[$2];")
    .replace(/^import \{([^}]*)\} from ("nabla[^"]*");?$/gm, (_, list: string, from: string) => {
      const values = list.split(",").filter((name) => name.trim() !== "" && !/^\s*type /.test(name));
      return `const {${values.join(",").replace(/ as /g, ": ")}} = __modules[${from}];`;
    });

const AsyncFunction = (async () => {}).constructor as FunctionConstructor;

/** Runs a program with some names given, in a folder of its own with the project's data; its imports come first. */
export async function run(code: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const { code: script } = transformSync(imported(code), { loader: "ts", target: "esnext" });
  // A block, so that what an example declares may have a name that is given.
  const all = { ...names, ...given, __modules: modules };
  const [home, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), "nabla-example-"))];
  symlinkSync(join(home, "data"), join(folder, "data"));
  process.chdir(folder);
  try {
    await new AsyncFunction(...Object.keys(all), `{${script}}`)(...Object.values(all));
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  }
}
