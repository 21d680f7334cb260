/** The built package in a browser: without bundler, with threads where a page may have them, else on one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "./check.ts";
import { fileIn, findChromium, reportOf } from "./chromium.ts";
import { csv, readFrom } from "./data.ts";
import { networkStep } from "./network.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nabla-browser-"));
const chromium = findChromium();

if (chromium === undefined)
  console.log("Skipped: there is no Chromium on this machine (CHROME_BIN may say where one is).");

let check = "";
let dataPage = "";
let expected = "";

async function bundled(path: string): Promise<string> {
  const entryPoints = [join(root, path)];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: "esm", write: false });
  return outputFiles[0]?.text ?? "";
}

beforeAll(async () => {
  // Into a folder of its own: another test may be building dist/ at this moment.
  const tsdown = join(root, "node_modules/tsdown/dist/run.mjs");
  execFileSync(process.execPath, [tsdown, "--out-dir", join(folder, "dist"), "--log-level", "error"], { cwd: root });
  check = await bundled("test/browser/check.ts");
  dataPage = await bundled("test/browser/data-page.ts");
  const built = pathToFileURL(join(folder, "dist/index.js")).href;
  const nabla = (await import(/* @vite-ignore */ built)) as typeof import("nabla");
  expected = await networkStep(nabla, 1).run();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

const page = (script: string): string =>
  `<!doctype html><title>nabla</title><script type="module" src="${script}"></script>`;
const read = (path: string): string | undefined => {
  if (path === "/") return page("/check.js");
  if (path === "/data") return page("/data.js");
  if (path === "/data.js") return dataPage;
  if (path === "/rows.csv") return csv;
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

  test("from a page's files and addresses as Node from its own", async () => {
    const report = await reportOf<string>(chromium as string, { headers: {}, page: "/data", read }, 60_000);
    const server = createServer((request, response) => {
      const body = request.url === "/rows.csv" ? csv : undefined;
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const built = pathToFileURL(join(folder, "dist/data/index.js")).href;
    const data = (await import(/* @vite-ignore */ built)) as typeof import("nabla/data");
    const here = await readFrom(data, new URL(`http://127.0.0.1:${port}/rows.csv`));
    server.close();
    server.closeAllConnections();
    expect(JSON.parse(report)).toEqual(JSON.parse(here));
  }, 90_000);
});
