/**
 * What nabla/data reads where there are no paths: a file as from a page's file input, a Blob, an answer of fetch, an
 * address. The same in Node and in a browser, as JSON.
 */
type Data = typeof import("nabla/data");

export const csv = `x,kind,y\n${Array.from({ length: 40 }, (_, i) => `${i % 7 === 3 ? "" : i / 8},${"abc"[i % 3]},${2 * i}`).join("\n")}\n`;

/** Two images of 2 × 2 in IDX, packed. */
async function images(): Promise<File> {
  const bytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 102, 153, 204, 255, 1, 2);
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new File([await new Response(packed).blob()], "images-idx3-ubyte.gz");
}

/** `address` is where the rows lie; beside them nothing does. */
export async function readFrom(data: Data, address: URL): Promise<string> {
  const { arrays, batches, encode, readIDX, readTable, trainTestSplit } = data;
  const refused = (run: Promise<unknown>): Promise<string> =>
    run.then(String, (error: Error) => error.message.split("\n")[0]?.replaceAll(address.host, "host") ?? "");
  const tables = await Promise.all([
    readTable(new File([csv], "rows.csv")),
    readTable(new Blob([csv]), { format: "csv" }),
    readTable(await fetch(address)),
    readTable(address),
  ]);
  const rows = tables.map((table) => encode(table, { target: "y" }).rows(table));
  const [first] = rows;
  const examples = arrays({ x: await readIDX(await images(), { scale: 1 / 255 }), y: new Int32Array([1, 0]) });
  const { train } = trainTestSplit(examples, { test: 0.5 });
  const sums: number[] = [];
  for await (const { x } of batches(train, { batchSize: 1 })) sums.push(x.sum().item());
  const beside = new URL("nothing.csv", address);
  return JSON.stringify({
    encoded: rows.map(({ x, y }) => [x.toArray(), y.toArray()]),
    same: rows.every(({ x }) => String(x.toArray()) === String(first?.x.toArray())),
    sums,
    refused: await Promise.all([
      refused(readTable(beside)),
      refused(fetch(beside).then((answer) => readTable(answer))),
      refused(readTable(new URL("http://127.0.0.1:1/rows.csv"))).then((text) => text.split(":").slice(0, 1).join()),
      refused(readTable(new File([csv], "rows.xls"))),
      refused(readTable(new File(["x,y\n1\n"], "short.csv"))),
      refused(readIDX(new File([new Uint8Array(3)], "short.idx"))),
    ]),
  });
}
