/** The examples in the pages of docs/ run: `console.log(…); // text`, or the text on the lines below, is compared. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "./run-example.ts";

const pages = ["analyze", "data", "hill-climbing", "models", "sparse", "training", "update-rules"].map(
  (name) => `docs/${name}.md`,
);

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
  const printed: string[] = [];
  await run(code, { console: { log: (...items: unknown[]) => printed.push(items.join(" ")) } });
  expect(printed).toEqual(expected(code));
});
