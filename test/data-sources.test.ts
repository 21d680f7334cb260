/** What a page has in place of paths, by the same globals of Node; test/browser has them in a browser. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as data from "nabla/data";
import { afterAll, beforeAll, expect, test } from "vitest";
import { csv, readFrom } from "./browser/data.ts";

const server = createServer(({ url }, response) => {
  response.writeHead(url === "/rows.csv" ? 200 : 404).end(url === "/rows.csv" ? csv : "");
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

test("files, blobs, answers and addresses give the same table", async () => {
  const { port } = server.address() as AddressInfo;
  const read = JSON.parse(await readFrom(data, new URL(`http://127.0.0.1:${port}/rows.csv`)));
  expect(read.same).toBe(true);
  const [[x, y]] = read.encoded;
  expect(x[3]).toEqual([expect.any(Number), 1, 1, 0, 0]); // x is missing there, kind is a
  expect(y.reduce((sum: number, value: number) => sum + value, 0)).toBeCloseTo(0, 4);
  expect(read.sums).toHaveLength(1);
  expect([(51 + 102 + 153) / 255, (204 + 255 + 3) / 255].some((sum) => Math.abs(sum - read.sums[0]) < 1e-6)).toBe(true);
  expect(read.refused).toEqual([
    expect.stringMatching(/^E-OPTION .*nothing\.csv: the answer is 404$/),
    expect.stringMatching(/^E-OPTION .*nothing\.csv: the answer is 404$/),
    expect.stringMatching(/^E-OPTION http$/),
    expect.stringMatching(/^E-OPTION rows\.xls: tables are read from/),
    expect.stringMatching(/^E-RAGGED short\.csv: line 2 has 1 values/),
    expect.stringMatching(/^E-VALUE short\.idx: this is no whole IDX file/),
  ]);
});
