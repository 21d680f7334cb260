/**
 * Every `@example` of a public docstring runs. A line `expression // value` is compared: "up to rounding" allows 1e-12,
 * an ellipsis in a text stands for anything; a value over several lines is the text that the expression prints.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import * as nabla from "../src/index.js";
function* examplesOf(file) {
    const text = readFileSync(file, "utf8");
    for (const { 0: comment, index } of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
        const line = text.slice(0, index).split("\n").length;
        const parts = comment
            .replace(/\s*\*\/$/, "")
            .split(/\n\s*\* @example\n/)
            .slice(1);
        for (const part of parts)
            yield { at: `${file}:${line}`, code: part.replace(/^\s*\* ?/gm, "") };
    }
}
/** `f(x) // value` → `__is(f(x), "value");`, comments on the next lines belonging to the value. */
function checked(code) {
    const lines = [];
    for (const line of code.split("\n")) {
        const [, expression, value] = /^(?![\s/])(.*\S)\s+\/\/ (.+)$/.exec(line) ?? [];
        const text = /^\/\/ (.*)$/.exec(line)?.[1];
        const last = lines.at(-1) ?? "";
        if (text !== undefined && last.startsWith("__is(")) {
            lines[lines.length - 1] = `${last.slice(0, -3)}\\n${JSON.stringify(text).slice(1, -1)}");`;
        }
        else if (text !== undefined && /^\w.*\)$/.test(last)) {
            lines[lines.length - 1] = `__is(${last}, ${JSON.stringify(`text ${text}`)});`;
        }
        else
            lines.push(expression === undefined ? line : `__is(${expression}, ${JSON.stringify(value)});`);
    }
    return lines.join("\n");
}
function compare(actual, expected) {
    if (expected.startsWith("text ")) {
        expect(actual).toBe(expected.slice(5));
        return;
    }
    const [, value, rounded] = /^(.*?)(, up to rounding)?$/.exec(expected);
    const wanted = new Function(`return ${value};`)();
    if (typeof wanted === "string" && wanted.endsWith(" …"))
        expect(String(actual).startsWith(wanted.slice(0, -2))).toBe(true);
    else if (rounded)
        expect(nabla
            .tensor(actual)
            .sub(wanted)
            .abs()
            .max()
            .item()).toBeLessThan(1e-12);
    else
        expect(actual).toEqual(wanted);
}
const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const examples = files.flatMap((name) => [...examplesOf(join("src", name))]);
test("there are examples", () => expect(examples.length).toBeGreaterThan(50));
test.each(examples)("$at", ({ code }) => {
    const { code: script } = transformSync(checked(code), { loader: "ts" });
    new Function(...Object.keys(nabla), "__is", script)(...Object.values(nabla), compare);
    expect(checked(code)).toContain("__is(");
});
test("the README's taste runs, and fits what it says", () => {
    const [, block] = /```ts\n([\s\S]*?)```/.exec(readFileSync("README.md", "utf8"));
    const { code } = transformSync(block.replace(/^import .*$/m, ""), { loader: "ts" });
    const printed = [];
    const log = (...items) => printed.push(items);
    new Function(...Object.keys(nabla), "console", code)(...Object.values(nabla), { log });
    const [[scale, rate], [curvature]] = printed;
    expect(scale).toBeCloseTo(2.5, 7);
    expect(rate).toBeCloseTo(1.3, 7);
    expect(curvature.scale?.rate?.item()).toBeCloseTo(curvature.rate?.scale?.item(), 12);
});
