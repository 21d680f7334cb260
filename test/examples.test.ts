/**
 * Every `@example` of a public docstring runs. A line `expression // value` is compared: "up to rounding" allows 1e-12,
 * an ellipsis in a text stands for anything; a value over several lines is the text that the expression prints.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import * as nabla from "../src/index.ts";
import { modules, run } from "./run-example.ts";

test("no two parts give one name to different things", () => {
  const all = Object.entries(modules).flatMap(([from, module]) =>
    Object.entries(module).map((entry) => [from, ...entry]),
  );
  const twice = all.filter(([from, name, value]) => all.some(([f, n, v]) => n === name && v !== value && f !== from));
  expect(twice.map(([from, name]) => `${from}: ${name}`)).toEqual([]);
});

interface Example {
  readonly at: string;
  readonly code: string;
}

function* examplesOf(file: string): Generator<Example> {
  const text = readFileSync(file, "utf8");
  for (const { 0: comment, index } of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const line = text.slice(0, index).split("\n").length;
    const parts = comment
      .replace(/\s*\*\/$/, "")
      .split(/\n\s*\* @example\n/)
      .slice(1);
    for (const part of parts) yield { at: `${file}:${line}`, code: part.replace(/^\s*\* ?/gm, "") };
  }
}

/** `f(x) // value` → `__is(f(x), "value");`, comments on the next lines belonging to the value. */
function checked(code: string): string {
  const lines: string[] = [];
  for (const line of code.split("\n")) {
    const [, expression, value] = /^(?![\s/])(.*\S)\s+\/\/ (.+)$/.exec(line) ?? [];
    const text = /^\/\/ (.*)$/.exec(line)?.[1];
    const last = lines.at(-1) ?? "";
    if (text !== undefined && last.startsWith("__is(")) {
      lines[lines.length - 1] = `${last.slice(0, -3)}\\n${JSON.stringify(text).slice(1, -1)}");`;
    } else if (text !== undefined && /^\w.*\)$/.test(last)) {
      lines[lines.length - 1] = `__is(${last}, ${JSON.stringify(`text ${text}`)});`;
    } else lines.push(expression === undefined ? line : `__is(${expression}, ${JSON.stringify(value)});`);
  }
  return lines.join("\n");
}

function compare(actual: unknown, expected: string): void {
  if (expected.startsWith("text ")) {
    expect(actual).toBe(expected.slice(5));
    return;
  }
  const [, value, rounded] = /^(.*?)(, up to rounding)?$/.exec(expected) as RegExpExecArray;
  const wanted: unknown = new Function(`return ${value};`)();
  if (typeof wanted === "string" && wanted.endsWith(" …"))
    expect(String(actual).startsWith(wanted.slice(0, -2))).toBe(true);
  else if (rounded)
    expect(
      nabla
        .tensor(actual as number[])
        .sub(wanted as number[])
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-12);
  else expect(actual).toEqual(wanted);
}

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const examples = files.flatMap((name) => [...examplesOf(join("src", name))]);

test("there are examples", () => expect(examples.length).toBeGreaterThan(50));

test.each(examples)("$at", async ({ code }) => {
  await run(checked(code), { __is: compare });
  expect(checked(code)).toContain("__is(");
});

test.each(["docs/fit.md", "docs/formulas.md"])("%s runs, as one program", async (page) => {
  const blocks = [...readFileSync(page, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) =>
    checked((block as string).replace(/^import .*$/gm, "")),
  );
  await run(blocks.join("\n"), { __is: compare });
  expect(blocks.join("").split("__is(").length).toBeGreaterThan(10);
});

/** What src/index.ts exports, through the lists of other files: name and the file that declares it. */
function* exportsOf(file: string): Generator<readonly [name: string, file: string]> {
  const list = /export (?:type )?\{([^}]*)\} from "([^"]+)"|export \* from "([^"]+)"/g;
  for (const [, names, from, all] of readFileSync(file, "utf8").matchAll(list)) {
    const path = join(dirname(file), (from ?? all) as string);
    if (names === undefined) yield* exportsOf(path);
    else for (const name of names.split(",")) if (name.trim()) yield [name.trim().replace("type ", ""), path];
  }
}

test("every public name is documented, every function by an example", () => {
  const folders = Object.keys(modules).map((name) => name.replace(/^nabla\/?/, ""));
  const entries = folders.map((folder) => join("src", folder, "index.ts"));
  const open = entries
    .flatMap((entry) => [...exportsOf(entry)])
    .flatMap(([name, file]) => {
      const declaration = new RegExp(
        `(/\\*\\*(?:(?!\\*/)[^])*\\*/\\n)?export (?:async )?(function|const|class|interface|type)\\*? ${name}\\b`,
      );
      const [, comment, kind] = declaration.exec(readFileSync(file, "utf8")) ?? [];
      if (comment === undefined) return [`${name}: no docstring (${file})`];
      const needsExample = (kind === "function" || kind === "const") && !comment.includes("@example");
      return needsExample ? [`${name}: no example (${file})`] : [];
    });
  expect(open).toEqual([]);
});

/** The blocks of code of a page, each by itself. */
const blocksOf = (page: string): Example[] =>
  [...readFileSync(page, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(({ 1: block, index }) => ({
    at: `${page} at ${index}`,
    code: block as string,
  }));

/** Pages whose blocks stand for themselves; those that print are run by docs.test.ts. */
const pages = ["optimize", "model-files"];
test.each(pages.flatMap((page) => blocksOf(`docs/${page}.md`)))("$at runs", ({ code }) =>
  run(checked(code), { __is: compare }),
);

test("the README's taste runs, and fits what it says", () => {
  const [, block] = /```ts\n([\s\S]*?)```/.exec(readFileSync("README.md", "utf8")) as RegExpExecArray;
  const { code } = transformSync((block as string).replace(/^import .*$/m, ""), { loader: "ts" });
  const printed: unknown[][] = [];
  const log = (...items: unknown[]) => printed.push(items);
  new Function(...Object.keys(nabla), "console", code)(...Object.values(nabla), { log });
  const [[scale, rate], [curvature]] = printed as [[number, number], [Record<string, Record<string, nabla.Tensor>>]];
  expect(scale).toBeCloseTo(2.5, 7);
  expect(rate).toBeCloseTo(1.3, 7);
  expect(curvature.scale?.rate?.item()).toBeCloseTo(curvature.rate?.scale?.item() as number, 12);
});
