/** The built package in a browser: without bundler, with threads where a page may have them, else on one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "./check.ts";
import { fileIn, findChromium, reportOf } from "./chromium.ts";
import { networkStep } from "./network.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nabla-browser-"));
const chromium = findChromium();

if (chromium === undefined)
  console.log("Skipped: there is no Chromium on this machine (CHROME_BIN may say where one is).");

let check = "";
let expected = "";

beforeAll(async () => {
  // Into a folder of its own: another test may be building dist/ at this moment.
  const tsdown = join(root, "node_modules/tsdown/dist/run.mjs");
  execFileSync(process.execPath, [tsdown, "--out-dir", join(folder, "dist"), "--log-level", "error"], { cwd: root });
  const entry = join(root, "test/browser/check.ts");
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  check = outputFiles[0]?.text ?? "";
  const built = pathToFileURL(join(folder, "dist/index.js")).href;
  const nabla = (await import(/* @vite-ignore */ built)) as typeof import("nabla");
  expected = await networkStep(nabla, 1).run();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

const page = `<!doctype html><title>nabla</title><script type="module" src="/check.js"></script>`;
const read = (path: string): string | undefined => {
  if (path === "/") return page;
  return path === "/check.js" ? check : fileIn(folder, path);
};

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const noWorkers = { "Content-Security-Policy": "worker-src 'none'" };
const noBlobs = { "Content-Security-Policy": "worker-src 'self'" };

interface Case {
  readonly name: string;
  readonly headers: OutgoingHttpHeaders;
  readonly page: string;
  readonly isolated: boolean;
  readonly maySleep: boolean;
  readonly together: boolean;
}
const cases: readonly Case[] = [
  { name: "an isolated page", headers: isolation, page: "/?team", isolated: true, maySleep: false, together: true },
  { name: "its worker", headers: isolation, page: "/?worker&team", isolated: true, maySleep: true, together: true },
  { name: "any other page", headers: {}, page: "/", isolated: false, maySleep: false, together: false },
  { name: "its worker", headers: {}, page: "/?worker", isolated: false, maySleep: false, together: false },
  {
    name: "an isolated page that may have no workers",
    headers: { ...isolation, ...noWorkers },
    page: "/",
    isolated: true,
    maySleep: false,
    together: false,
  },
  {
    name: "a worker of an isolated page that may have workers of files only",
    headers: { ...isolation, ...noBlobs },
    page: "/?worker",
    isolated: true,
    maySleep: true,
    together: false,
  },
];

describe.skipIf(chromium === undefined)("Chromium gives the bits of Node", () => {
  test.each(cases)(
    "in $name, isolated: $isolated, by threads: $together",
    async (one) => {
      const report = await reportOf<Report>(chromium as string, { ...one, read }, 60_000);
      expect(report.errors).toEqual([]);
      expect(report.isolated).toBe(one.isolated);
      expect(report.maySleep).toBe(one.maySleep);
      expect(report.steps.map(({ threads }) => threads)).toEqual([1, one.isolated ? 2 : 1]);
      for (const { bits } of report.steps) expect(bits).toEqual([expected]);
      expect(report.steps.map(({ together }) => together > 0)).toEqual([false, one.together]);
    },
    90_000,
  );
});
