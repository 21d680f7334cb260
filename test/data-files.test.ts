/** Files of every form as tables and as datasets larger than memory; broken ones as errors. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { NablaError } from "nabla";
import {
  type EncodeFilesOptions,
  encode,
  encodeFiles,
  parseTable,
  readParts,
  readTable,
  splitPlaces,
  type Table,
  type TableFormat,
} from "nabla/data";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Columns, openDuckDB } from "../src/data/duckdb.ts";

const full = process.env.NABLA_FULL !== undefined;
const folder = mkdtempSync(join(tmpdir(), "nabla-files-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const size = 2500; // two of DuckDB's chunks; it looks at all of them whenever it guesses the form of a CSV file
const rows = Array.from({ length: size }, (_, i) => ({
  id: i,
  x: i % 13 === 0 ? null : i / 8,
  kind: ["a", "b", "c"][i % 3] as string,
  day: `2024-01-0${1 + (i % 9)}`,
  y: 2 * i + 1,
}));
const csv = (part: typeof rows, mark = ","): string =>
  [Object.keys(rows[0] as object), ...part.map((row) => Object.values(row).map((v) => v ?? ""))]
    .map((r) => r.join(mark))
    .join("\n");

async function sql(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

beforeAll(async () => {
  writeFileSync(at("a.csv"), csv(rows));
  writeFileSync(at("a.tsv"), csv(rows, "\t"));
  writeFileSync(at("a.csv.gz"), gzipSync(csv(rows)));
  writeFileSync(at("a.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  mkdirSync(at("empty"));
  mkdirSync(at("parts"));
  // Two: DuckDB guesses the form of each CSV file several times a query, which is most of what this file takes.
  writeFileSync(at("parts/part-0.csv"), csv(rows.slice(0, 1400)));
  writeFileSync(at("parts/part-1.csv"), csv(rows.slice(1400)));
  mkdirSync(at("packed"));
  await sql(
    `create table a as select * from read_csv('${at("a.csv")}')`,
    `copy a to '${at("a.parquet")}'`,
    `copy (from a limit 1400) to '${at("packed/0.parquet")}'`,
    `copy (from a offset 1400) to '${at("packed/1.parquet")}'`,
  );
});

const cells = (part: Table): unknown[][] =>
  Array.from({ length: part.rows }, (_, row) => part.names.map((name) => part.cell(row, name)));
async function all(parts: AsyncIterable<Table>): Promise<unknown[][]> {
  const read: unknown[][] = [];
  for await (const part of parts) read.push(...cells(part));
  return read;
}
async function* rowsOf(answer: AsyncIterable<Columns>): AsyncGenerator<Table> {
  for await (const { names, columns, rows } of answer)
    yield {
      ...{ file: "answer", names, rows, place: String },
      cell: (row, column) => columns[names.indexOf(column)]?.[row],
    };
}
const plain = (value: unknown): unknown =>
  value === "" || value === undefined
    ? null
    : value instanceof Date
      ? value.toISOString().slice(0, 10)
      : typeof value === "object" || Number.isNaN(Number(value))
        ? value
        : Number(value);
const expected = rows.map((row) => Object.values(row));

test.each(["a.csv", "a.tsv", "a.csv.gz", "a.jsonl", "a.parquet", "packed", "parts", "parts/part-*.csv"])(
  "in parts, in order: %s",
  async (name) => {
    const read = await all(readParts(at(name)));
    expect(read.map((row) => row.map(plain))).toEqual(expected);
  },
);

test("what DuckDB sorts beyond its memory goes to the system's folder, and is gone afterwards", async () => {
  const { TMPDIR } = process.env;
  const own = mkdtempSync(join(tmpdir(), "nabla-test-"));
  process.env.TMPDIR = own;
  try {
    const numbers = "select hash(i) as h, i, hash(i + 1), hash(i + 2), hash(i + 3) from range(800000) as t(i)";
    let spilled: string[] = [];
    for await (const part of readParts(at("a.parquet"), { sql: `${numbers} order by h`, memoryLimit: "40MB" })) {
      spilled = readdirSync(own, { recursive: true, encoding: "utf8" });
      expect(part.rows).toBeGreaterThan(0);
      break;
    }
    expect(spilled.length).toBeGreaterThan(1); // the folder, and files in it
    expect(readdirSync(own)).toEqual([]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(own, { recursive: true });
  }
});

test.each(["a.csv", "a.tsv", "a.jsonl", "a.parquet"])("at once: %s", async (name) => {
  const read = await readTable(at(name));
  expect(cells(read).map((row) => row.map(plain))).toEqual(expected);
  expect(read.place(6)).toMatch(/^row 7/);
});

test("from a page's file, an answer, an address", async () => {
  const text = readFileSync(at("a.jsonl"), "utf8");
  const sources = [new File([text], "a.jsonl"), pathToFileURL(at("a.jsonl"))];
  for (const source of sources) expect((await readTable(source)).rows).toBe(size);
  expect((await readTable(new Response(text), { format: "jsonl" })).rows).toBe(size);
  expect((await readTable(new Blob(["x\n1"]), { format: "csv" })).rows).toBe(1);
  await expect(readTable(new Response("", { status: 404 }), { format: "csv" })).rejects.toThrow("the answer is 404");
});

test("SQL over files", async () => {
  const query = "select kind, sum(y) as total from source where id < 10 group by kind order by kind";
  const read = await all(readParts([at("a.csv")], { sql: query }));
  const total = (kind: string): number =>
    rows.slice(0, 10).reduce((sum, row) => sum + (row.kind === kind ? row.y : 0), 0);
  expect(read.map((row) => row.map(plain))).toEqual(["a", "b", "c"].map((kind) => [kind, total(kind)]));
});

test("files to train on: as if all had been encoded in memory", async () => {
  const options = { target: "y", exclude: ["id"] };
  const { data, parts, encoder } = await encodeFiles(at("a.parquet"), {
    ...options,
    split: { validation: 0.2, test: 0.1, seed: 3 },
  });
  expect([parts.train.size, parts.validation.size, parts.test.size]).toEqual([1750, 500, 250]);
  const whole = await encodeFiles(at("packed"), options);
  const memory = encode(await readTable(at("a.csv")), options);
  expect(whole.encoder.toJSON()).toEqual(memory.toJSON());
  const places = Uint32Array.from({ length: 50 }, (_, i) => (i * 997) % size);
  const inMemory = memory.dataset(await readTable(at("a.csv")));
  const [one, other] = [await whole.data.take(places), await inMemory.take(places)];
  expect(one.x.toArray()).toEqual(other.x.toArray());
  expect(one.y.toArray()).toEqual(other.y.toArray());
  // Statistics of the training part: y standardised has mean 0 there.
  const { y } = await parts.train.take(Uint32Array.from({ length: parts.train.size }, (_, i) => i));
  expect(y.mean().item()).toBeCloseTo(0, 5);
  expect(encoder.columns[0]?.mean).not.toBe(memory.columns[0]?.mean);
  await data.close();
  await whole.data.close();
});

describe("files split by class", () => {
  const count = 3000;
  const rare = (i: number): boolean => i % 100 === 7;
  beforeAll(async () => {
    const lines = Array.from(
      { length: count },
      (_, i) => `${i},${i % 1500},${rare(i) ? "rare" : "often"},${i % 30 === 0 ? "" : i % 4}`,
    );
    writeFileSync(at("classes.csv"), ["x,wide,kind,quarter", ...lines].join("\n"));
    await sql(`copy (from read_csv('${at("classes.csv")}')) to '${at("classes.parquet")}'`);
  });
  const shares = { validation: 0.2, test: 0.1, seed: 5 };
  type Opened = Awaited<ReturnType<typeof encodeFiles>>;
  const split = async (options: EncodeFilesOptions, judge: (opened: Opened) => Promise<void>): Promise<void> => {
    const opened = await encodeFiles(at("classes.parquet"), options);
    await judge(opened).finally(() => opened.data.close());
  };
  const places = (length: number): Uint32Array => Uint32Array.from({ length }, (_, i) => i);

  test("each part has each class's share, to one row, as in memory", () =>
    split(
      { target: "kind", exclude: ["wide"], split: { ...shares, stratify: true } },
      async ({ parts, encoder, data }) => {
        expect(encoder.classes).toEqual(["often", "rare"]);
        for (const [part, share] of [
          [parts.train, 0.7],
          [parts.validation, 0.2],
          [parts.test, 0.1],
        ] as const) {
          const { y } = await part.take(places(part.size));
          expect(Math.abs(y.sum().item() - share * (count / 100))).toBeLessThanOrEqual(1);
        }
        const table = await readTable(at("classes.parquet"));
        const labels = Array.from({ length: count }, (_, i) => table.cell(i, "kind"));
        const { test } = splitPlaces(count, { ...shares, stratify: labels });
        const [same, part] = [await data.take(test), await parts.test.take(places(test.length))];
        expect(part.x.toArray()).toEqual(same.x.toArray());
      },
    ));

  test("by a column of which a missing value is a class", () =>
    split(
      { target: "x", exclude: ["wide"], features: ["quarter"], split: { ...shares, stratify: "quarter" } },
      async ({ parts, encoder }) => {
        expect(encoder.features).toEqual(["quarter", "quarter is missing"]);
        const { x } = await parts.test.take(places(parts.test.size));
        expect(Math.abs(x.sum({ axis: 0 }).at([1]).item() - 10)).toBeLessThanOrEqual(1);
      },
    ));

  test("a target that has no classes is split at random", async () => {
    const firsts: unknown[] = [];
    for (const stratify of [true, false])
      await split({ target: "x", exclude: ["wide"], split: { ...shares, stratify } }, async ({ parts }) => {
        firsts.push((await parts.test.take(places(9))).y.toArray());
      });
    expect(firsts[0]).toEqual(firsts[1]);
  });

  test("more values than can be classes", async () => {
    await expect(
      encodeFiles(at("classes.parquet"), { target: "kind", split: { ...shares, stratify: "wide" } }),
    ).rejects.toThrow("E-VALUE");
  });

  test("wide categories are left out, and kept where they are wanted", async () => {
    const options = { target: "kind", features: ["x", "wide"], kinds: { x: "number" } } as const;
    const asText = `select x, kind, 'n' || wide as wide from source`;
    await split({ ...options, sql: asText }, async ({ encoder }) => {
      expect(encoder.features).toEqual(["x"]);
      expect(encoder.notes).toEqual([
        '"wide" is left out: more than 1000 different texts in 3000 rows: free text or names, of which at most 100 are categories (maxCategories)',
      ]);
    });
    await split({ ...options, sql: asText, maxCategories: 1500 }, async ({ encoder, data }) => {
      expect(encoder.features.length).toBe(1501);
      const { x } = await data.take(Uint32Array.of(3, 1503));
      expect(
        x
          .slice([null, [1]])
          .sum({ axis: 1 })
          .toArray(),
      ).toEqual([1, 1]);
    });
  });
});

test("rows without a target are passed over", async () => {
  writeFileSync(at("holes.csv"), "x,y\n1,2\n2,NA\n3,\n4,5\n");
  const { data } = await encodeFiles(at("holes.csv"), { target: "y" });
  expect(data.size).toBe(2);
  await data.close();
});

test.each<[string, () => Promise<unknown>, string]>([
  ["no file", () => all(readParts(at("none.csv"))), "there is no such file"],
  ["no match", () => all(readParts(at("none-*.csv"))), "DuckDB cannot read it"],
  ["another form", () => all(readParts(at("a.xls"))), "there is no such file"],
  ["an empty folder", () => all(readParts(at("empty"))), "no files here"],
  ["bad SQL", () => all(readParts(at("a.csv"), { sql: "select nothing from source" })), "DuckDB cannot read it"],
  ["no target", () => encodeFiles(at("a.csv"), { target: "z" }), "DuckDB cannot read it"],
])("%s", async (_, run, part) => {
  const error = await run().catch((e) => e);
  expect(error).toBeInstanceOf(NablaError);
  expect((error as Error).message).toContain(part);
});

describe("broken files are errors, or read right", () => {
  const kinds: [TableFormat, string][] = [
    ["csv", csv(rows.slice(0, 30))],
    ["tsv", csv(rows.slice(0, 30), "\t")],
    ["json", JSON.stringify(rows.slice(0, 30))],
    [
      "jsonl",
      rows
        .slice(0, 30)
        .map((row) => JSON.stringify(row))
        .join("\n"),
    ],
  ];
  const piece = fc.constantFrom(
    "",
    '"',
    "\n",
    "\r",
    ",",
    "\t",
    ";",
    "\uFEFF",
    "{",
    "[",
    "null",
    "1e999",
    "NaN",
    "__proto__",
    "\0",
    "[[[[",
  );
  test.each(kinds)(
    "%s",
    (format, text) => {
      fc.assert(
        fc.property(fc.nat(text.length), fc.nat(20), piece, fc.boolean(), (from, cut, put, end) => {
          const changed = text.slice(0, from) + put + (end ? "" : text.slice(from + cut));
          try {
            const read = parseTable(changed, format);
            expect(cells(read).flat().length).toBeLessThanOrEqual(changed.length + 1);
            if (read.names.includes("y")) encode(read, { target: "y" }).rows(read);
          } catch (error) {
            if (!(error instanceof NablaError)) throw error;
          }
        }),
        { numRuns: full ? 10_000 : 150 },
      );
    },
    600_000,
  );

  test("deep, long and odd", () => {
    const deep = `[{"x": ${"[".repeat(100_000)}${"]".repeat(100_000)}, "y": 1}]`;
    const odd = '[{"__proto__": 1, "constructor": 2}, {"y": 3}]';
    for (const [format, text] of [
      ["json", deep],
      ["json", odd],
      ["csv", `x,y\n"${"a".repeat(5_000_000)}`],
      ["csv", '"'.repeat(200_001)],
    ] as const)
      try {
        const read = parseTable(text, format);
        expect(read.rows).toBeLessThan(3);
        expect(read.cell(1, "constructor")).toBe(undefined);
        encode(read, { target: "y" });
      } catch (error) {
        expect(error).toBeInstanceOf(NablaError);
      }
  });

  test("Parquet", async () => {
    // Few rows: a flipped bit is as likely in what describes them as in their values.
    await sql(`copy (select * from read_csv('${at("a.csv")}') limit 40) to '${at("small.parquet")}'`);
    const bytes = readFileSync(at("small.parquet"));
    const chance = fc.sample(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7), fc.boolean()), {
      numRuns: full ? 10_000 : 100,
      seed: 7,
    });
    // Most by one instance, which takes longer to make than to ask; a reader of its own for some.
    let kept = await openDuckDB("the kept one");
    const answered = (query: string) => all(rowsOf(kept.query(query)));
    for (const [i, [place, bit, cut]] of chance.entries()) {
      const changed = Uint8Array.from(cut ? bytes.subarray(0, place) : bytes);
      if (!cut) changed[place] = (changed[place] as number) ^ (1 << bit);
      const file = at(`broken-${i % 2}.parquet`);
      writeFileSync(file, changed);
      try {
        const read = i % 20 === 0 ? cells(await readTable(file)) : await answered(`select * from '${file}'`);
        expect(read.length).toBeLessThan(2 ** 20);
      } catch (error) {
        expect(error).toBeInstanceOf(NablaError);
        if ((await answered("select 1").catch(() => [])).length === 1) continue;
        await kept.close(); // an internal error of DuckDB ends an instance
        kept = await openDuckDB("the kept one");
      }
    }
    await kept.close();
  }, 1_800_000);
});
