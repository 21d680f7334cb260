/** The shape of the source: which folder may import which, names and lengths of files, no holes in the types. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const core = ["base", "graph", "ops", "transform", "compile", "backend", "derivative"];

/**
 * What each place in src/ may import (types included), in the order in which data passes the folders. A folder may
 * always import itself. "index" is src/index.ts, the public verbs; a file in src/ itself may import everything.
 * The longest key that fits a file rules it.
 */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  graph: ["base"],
  ops: ["base", "graph"],
  transform: ["base", "graph", "ops"],
  backend: ["base", "graph", "ops"],
  "backend/reference": ["base", "graph", "ops", "backend/target"],
  "backend/wasm": ["base", "graph", "ops", "backend/target"],
  "backend/webgpu": ["base", "graph", "ops", "backend/target"],
  compile: ["base", "graph", "ops", "transform", "backend"], // the join, which runs programs on the backends
  derivative: ["base", "graph", "ops", "transform", "compile"],
  expression: ["index", ...core],
  optimize: ["index", ...core],
  analyze: ["index", ...core, "optimize"],
  nn: ["index", ...core, "optimize", "analyze"],
  data: ["index", ...core, "optimize", "analyze", "nn"],
  interop: ["index", ...core, "optimize", "analyze", "nn", "data"], // model files, of which checkpoints are some
  train: ["index", ...core, "optimize", "analyze", "nn", "data", "interop"],
  distribute: ["index", ...core, "optimize", "analyze", "nn", "data", "train"],
  cli: [], // only public subpaths: "nabla", "nabla/optimize", …
};

/** Packages that a place may import. Everything else has none at run time; `node:` modules only by `await import`. */
const mayUse: Record<string, readonly string[]> = {
  expression: ["jsep"],
  data: ["@duckdb/node-api"],
  distribute: ["koffi"],
  cli: ["nabla", "node:", "commander", "picocolors", "cli-progress", "zod"],
};

const files = listed("src");
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));

/** The TypeScript files under a folder, as paths from the root with slashes. */
function listed(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return entries
    .filter((path) => /\.[cm]?tsx?$/.test(path))
    .map((path) => posix.join(folder, path.split(sep).join("/")))
    .sort();
}

/** Source without comments and strings, line by line the same. */
function codeOf(source: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\*.*?\*\/|\/\/[^\n]*/gs;
  return source.replace(token, (all) => all.replace(/[^\n]/g, ""));
}

interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import("…")` as an expression or a type, not a statement at the head of the file. */
  readonly inline: boolean;
}

function importsOf(source: string): Import[] {
  const statement = /^[ \t]*(?:import|export)\b[\w\s{},*$]*?(?:\bfrom\s*)?(["'])([^"'\n]+)\1/gm;
  const inline = /\bimport\s*\(\s*(["'])([^"'\n]+)\1/g;
  const all = [...source.matchAll(statement), ...source.matchAll(inline)];
  return all.map((match) => ({
    specifier: match[2] ?? "",
    line: source.slice(0, match.index + match[0].length).split("\n").length,
    inline: match[0].includes("("),
  }));
}

const covers = (place: string, path: string): boolean =>
  path === place || path === `${place}.ts` || path.startsWith(`${place}/`);

/** The row of a table that rules a file: the longest key that covers it. */
function ruling<T>(table: Record<string, T>, path: string): [string, T] | undefined {
  const rows = Object.entries(table).filter(([place]) => covers(place, path));
  return rows.sort(([a], [b]) => b.length - a.length)[0];
}

/** Why `file` (a path from src/) may not import this; undefined if it may. */
function objection(file: string, { specifier, inline }: Import): string | undefined {
  if (!specifier.startsWith(".")) {
    const allowed = ruling(mayUse, file)?.[1] ?? [];
    if (allowed.some((name) => specifier === name || specifier.startsWith(name.endsWith(":") ? name : `${name}/`)))
      return;
    if (specifier.startsWith("node:")) {
      return inline
        ? undefined
        : `"${specifier}" stands in the way of browsers: await import("${specifier}") where it is needed`;
    }
    return `the package "${specifier}" is not among those of this place (${allowed.join(", ") || "none"})`;
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith("..")) return `"${specifier}" lies outside src/`;
  if (!file.includes("/")) return;
  const row = ruling(mayImport, file);
  if (row === undefined) return `src/${posix.dirname(file)} is not in the table of test/imports.test.ts`;
  const [place, allowed] = row;
  // A file of backend/ itself may not reach into backend/wasm, which has a row of its own.
  if (covers(place, target) && ruling(mayImport, target)?.[0] === place) return;
  if (allowed.some((other) => covers(other, target))) return;
  return `${place} may import ${allowed.join(", ") || "nothing"}, not src/${target}`;
}

const report = (problems: readonly string[]): void => expect(problems, `\n${problems.join("\n")}\n`).toEqual([]);

test("folders import only what stands before them", () => {
  const problems = files.flatMap((file) => {
    const source = text.get(file) ?? "";
    return importsOf(source).flatMap((one) => {
      const why = objection(file.slice("src/".length), one);
      return why === undefined ? [] : [`${file}:${one.line} imports "${one.specifier}": ${why}`];
    });
  });
  report(problems);
});

test("the rule sees every form of import", () => {
  const source = `
import type { A } from "./a.ts";
import {
  b,
  type C,
} from "../b.ts";
import * as d from "./d.ts";
import e, { f } from "./e.ts";
import "./g.ts";
export { h } from "./h.ts";
export type * from "./i.ts";
export * as j from "./j.ts";
const k = await import("./k.ts");
let l: import("./l.ts").L;
const from = "./not.ts";
export const m = "./not.ts";
/** import { no } from "./not.ts" */`;
  const seen = importsOf(source).map(({ specifier, line }) => `${line} ${specifier}`);
  expect(seen).toEqual([
    "2 ./a.ts",
    "6 ../b.ts",
    "7 ./d.ts",
    "8 ./e.ts",
    "9 ./g.ts",
    "10 ./h.ts",
    "11 ./i.ts",
    "12 ./j.ts",
    "13 ./k.ts",
    "14 ./l.ts",
  ]);

  const may = (file: string, specifier: string, inline = false): boolean =>
    objection(file, { specifier, line: 1, inline }) === undefined;
  expect(may("graph/tensor.ts", "../base/shape.ts")).toBe(true);
  expect(may("graph/tensor.ts", "../ops/table.ts")).toBe(false);
  expect(may("base/shape.ts", "../index.ts")).toBe(false);
  expect(may("backend/wasm/emit.ts", "./matmul/pack.ts")).toBe(true);
  expect(may("backend/wasm/matmul/pack.ts", "../encode.ts")).toBe(true);
  expect(may("backend/wasm/emit.ts", "../target.ts")).toBe(true);
  expect(may("backend/wasm/emit.ts", "../reference/run.ts")).toBe(false);
  expect(may("backend/target.ts", "./wasm/emit.ts")).toBe(false);
  expect(may("compile/compile.ts", "../backend/wasm/emit.ts")).toBe(true);
  expect(may("transform/trace.ts", "../backend/reference/run.ts")).toBe(false);
  expect(may("train/loop.ts", "../index.ts")).toBe(true);
  expect(may("nn/dense.ts", "../train/loop.ts")).toBe(false);
  expect(may("cli/plot.ts", "nabla/optimize")).toBe(true);
  expect(may("cli/plot.ts", "../optimize/minimize.ts")).toBe(false);
  expect(may("ops/math.ts", "jsep")).toBe(false);
  expect(may("backend/wasm/threads.ts", "node:worker_threads")).toBe(false);
  expect(may("backend/wasm/threads.ts", "node:worker_threads", true)).toBe(true);
  expect(may("elsewhere/a.ts", "../base/shape.ts")).toBe(false);
  expect(may("index.ts", "./derivative/grad.ts")).toBe(true);
});

test("the lab imports only public subpaths", () => {
  const problems = listed("lab").flatMap((file) => {
    if (file.includes("/node_modules/")) return [];
    const outside = importsOf(readFileSync(join(root, file), "utf8")).filter(
      ({ specifier: to }) => to.startsWith(".") && !posix.join(posix.dirname(file), to).startsWith("lab/"),
    );
    return outside.map(({ specifier, line }) => `${file}:${line} imports "${specifier}": say "nabla" or "nabla/…"`);
  });
  report(problems);
});

test("names say what is inside", () => {
  report(files.filter((file) => /(^|\/)(utils?|helpers?|misc|common)(\/|\.)/i.test(file)));
});

test("a file past 400 lines says why in its header", () => {
  const problems = files.flatMap((file) => {
    const source = text.get(file) ?? "";
    const lines = source.trimEnd().split("\n").length;
    const header = /^\s*(?:\/\*.*?\*\/|(?:\/\/[^\n]*\n)+)/s.exec(source)?.[0] ?? "";
    const reason = /long because \S+/i.test(header.replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, " "));
    return lines <= 400 || reason ? [] : [`${file}: ${lines} lines: split it, or begin with /** … Long because … */`];
  });
  report(problems);
});

test("the types have no holes", () => {
  expect(codeOf('a; // as any\n/* as any\n*/ "as any"; `as any\nb`; c as any')).toBe("a; \n\n ; \n; c as any");

  const problems = files.flatMap((file) => {
    const source = text.get(file) ?? "";
    const code = codeOf(source).split("\n");
    return source.split("\n").flatMap((line, i) => {
      const hole = /\bas any\b|<any>/.exec(code[i] ?? "") ?? /@ts-(?:ignore|expect-error|nocheck)/.exec(line);
      return hole === null ? [] : [`${file}:${i + 1} ${hole[0]}`];
    });
  });
  report(problems);
});
