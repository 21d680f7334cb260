/**
 * Every `@example` of a public docstring runs. A line `expression // value` is compared: "up to rounding" allows 1e-12,
 * an ellipsis in a text stands for anything; a value over several lines is the text that the expression prints.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import * as analyze from "../src/analyze/index.ts";
import * as data from "../src/data/index.ts";
import * as expression from "../src/expression/index.ts";
import * as nabla from "../src/index.ts";
import * as interop from "../src/interop/index.ts";
import * as nn from "../src/nn/index.ts";
import * as optimize from "../src/optimize/index.ts";
import * as train from "../src/train/index.ts";

/** What examples may name without importing it. */
const names = { ...nabla, ...optimize, ...analyze, ...expression, ...nn, ...data, ...interop, ...train };
const AsyncFunction = (async () => {}).constructor as FunctionConstructor;

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

test.each(examples)("$at", async ({ at, code }) => {
  // nabla and nabla/data both have a `split`: the examples of a folder mean its own.
  const given = at.startsWith(join("src", "data")) ? names : { ...names, ...nabla };
  const { code: script } = transformSync(checked(code), { loader: "ts" });
  await new AsyncFunction(...Object.keys(given), "__is", script)(...Object.values(given), compare);
  expect(checked(code)).toContain("__is(");
});

test.each(["docs/fit.md", "docs/formulas.md"])("%s runs, as one program", (page) => {
  const blocks = [...readFileSync(page, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) =>
    checked((block as string).replace(/^import .*$/gm, "")),
  );
  const { code } = transformSync(blocks.join("\n"), { loader: "ts" });
  new Function(...Object.keys(names), "__is", code)(...Object.values(names), compare);
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
  const entries = ["index.ts", "optimize/index.ts", "analyze/index.ts", "expression/index.ts", "data/index.ts"].map(
    (entry) => join("src", entry),
  );
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
    code: (block as string).replace(/^import .*$/gm, ""),
  }));

test.each(["docs/optimize.md"].flatMap(blocksOf))("$at runs", ({ code }) => {
  const { code: script } = transformSync(checked(code), { loader: "ts" });
  new Function(...Object.keys(names), "__is", script)(...Object.values(names), compare);
});

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
