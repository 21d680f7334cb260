/** The examples in the pages of docs/ run: `console.log(…); // text`, or the text on the lines below, is compared. */
import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import * as analyze from "../src/analyze/index.ts";
import * as data from "../src/data/index.ts";
import * as nabla from "../src/index.ts";
import * as nn from "../src/nn/index.ts";
import * as optimize from "../src/optimize/index.ts";
import * as train from "../src/train/index.ts";

const given = { ...nabla, ...optimize, ...analyze, ...nn, ...data, ...train };
const pages = ["docs/analyze.md", "docs/hill-climbing.md", "docs/training.md"];
const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>;

const blocks = pages.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(({ 1: code = "" }, i) => ({
    at: `${page}, example ${i + 1}`,
    code,
  })),
);

/** What each line that prints is said to print. */
function expected(code: string): string[] {
  const texts: string[] = [];
  let open = false;
  for (const line of code.split("\n")) {
    const prints = /^console\.log\(.*\);(?: \/\/ (.*))?$/.exec(line);
    const more = /^\/\/ (.*)$/.exec(line)?.[1];
    if (prints !== null) texts.push(prints[1] ?? "");
    else if (open && more !== undefined) texts.push([texts.pop(), more].filter(Boolean).join("\n"));
    open = prints !== null || (open && more !== undefined);
  }
  return texts;
}

test.each(blocks)("$at", async ({ code }) => {
  const { code: script } = transformSync(code.replace(/^import .*$/gm, ""), { loader: "ts", format: "esm" });
  const printed: string[] = [];
  const log = (...items: unknown[]) => printed.push(items.join(" "));
  await new AsyncFunction(...Object.keys(given), "console", script)(...Object.values(given), { log });
  expect(printed).toEqual(expected(code));
});
