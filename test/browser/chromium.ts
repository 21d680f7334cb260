/** Opens a page of this machine in headless Chromium and waits for what it reports. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Where Chromium is: what CHROME_BIN says, or a program of one of its names. */
export function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [
    process.env.CHROME_BIN ?? "",
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ].find(existsSync);
}

export interface Site {
  readonly headers: OutgoingHttpHeaders;
  /** Path and query of the page to open. */
  readonly page: string;
  /** What there is at a path; undefined where nothing is. */
  readonly read: (path: string) => string | undefined;
}

/** What the page sends to "/report". */
export async function reportOf<T>(chromium: string, site: Site, timeout: number): Promise<T> {
  let receive = (_report: string): void => {};
  const report = new Promise<string>((resolve) => {
    receive = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      receive(Buffer.concat(await request.toArray()).toString());
      response.end();
      return;
    }
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const body = site.read(pathname);
    const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
    response.writeHead(body === undefined ? 404 : 200, { ...site.headers, "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const profile = mkdtempSync(join(tmpdir(), "nabla-chromium-"));
  const flags = ["--headless=new", "--no-sandbox", "--no-first-run", `--user-data-dir=${profile}`];
  const url = `http://127.0.0.1:${port}${site.page}`;
  const browser = spawn(chromium, [...flags, url], { stdio: "ignore", timeout });
  const ended = new Promise<string>((resolve) => {
    browser.on("error", (error) => resolve(error.message));
    browser.on("close", () => resolve(`it ended, after ${timeout} ms at the latest`));
  });
  const silent = ended.then((why) => Promise.reject(new Error(`Chromium reports nothing: ${why}`)));
  try {
    return JSON.parse(await Promise.race([report, silent])) as T;
  } finally {
    browser.kill();
    await ended;
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 10 }); // its last processes still write there
  }
}

/** The file, if it is there. */
export const fileIn = (folder: string, path: string): string | undefined => {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};
