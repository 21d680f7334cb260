/** The readers of tables: what they accept, and that each error names file, row and column. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { NablaError } from "nabla";
import { readTable, type Table } from "nabla/data";
import { afterAll, describe, expect, test } from "vitest";
import { numbersOf } from "../src/cli/columns.ts";
import { readDelimited } from "../src/data/table/delimited.ts";
import { readJSON } from "../src/data/table/json.ts";

const folder = mkdtempSync(join(tmpdir(), "nabla-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

const cells = (table: Table): unknown[][] =>
  Array.from({ length: table.rows }, (_, row) => table.names.map((name) => table.cell(row, name)));

const plain = [
  ["1", "2"],
  ["3", "4"],
];

test.each<[string, string, string[], string[][]]>([
  ["plain", "x,y\n1,2\n3,4\n", ["x", "y"], plain],
  ["without a last line end", "x,y\n1,2\n3,4", ["x", "y"], plain],
  ["CRLF", "x,y\r\n1,2\r\n3,4\r\n", ["x", "y"], plain],
  ["CR alone", "x,y\r1,2\r3,4\r", ["x", "y"], plain],
  ["a byte order mark", "\uFEFFx,y\n1,2\n3,4\n", ["x", "y"], plain],
  ["empty lines", "x,y\n\n1,2\n\r\n3,4\n\n", ["x", "y"], plain],
  ["tabs", "x\ty\n1\t2\n3\t4\n", ["x", "y"], plain],
  ["semicolons", "x;y\n1;2\n3;4\n", ["x", "y"], plain],
  ["one column", "x\n1\n3\n", ["x"], [["1"], ["3"]]],
  ["quotes", '"x","y"\n"1","2"\n3,4\n', ["x", "y"], plain],
  ["a delimiter in quotes", '"a,b",y\n1,"2,5"\n', ["a,b", "y"], [["1", "2,5"]]],
  [
    "a line end in quotes",
    'x,y\n"one\r\ntwo",2\n3,4\n',
    ["x", "y"],
    [
      ["one\r\ntwo", "2"],
      ["3", "4"],
    ],
  ],
  ["a quote in quotes", 'x,y\n"say ""no""",""""\n', ["x", "y"], [['say "no"', '"']]],
  ["spaces about names", " x , y \n1,2\n3,4\n", ["x", "y"], plain],
  [
    "empty cells",
    "x,y\n,2\n3,\n",
    ["x", "y"],
    [
      ["", "2"],
      ["3", ""],
    ],
  ],
  ["an empty last cell without a line end", "x,y\n3,", ["x", "y"], [["3", ""]]],
])("%s", (_, text, names, rows) => {
  const table = readDelimited("data.csv", text);
  expect(table.names).toEqual(names);
  expect(cells(table)).toEqual(rows);
});

test("any cells come back from what is written by the rules of CSV", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "1", ",", '"', "\n", "\r", " ", ";", "\t", "é") });
  const row = fc.tuple(cell, cell);
  fc.assert(
    fc.property(fc.array(row), fc.constantFrom("\n", "\r\n"), (rows, end) => {
      const quoted = rows.map((r) => r.map((c) => `"${c.replaceAll('"', '""')}"`).join(","));
      expect(cells(readDelimited("data.csv", ["x,y", ...quoted].join(end), ","))).toEqual(rows);
    }),
  );
});

describe("errors", () => {
  const message = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof NablaError) return error.message;
      throw error;
    }
    return "none";
  };

  test.each([
    ["nothing", "", "E-VALUE data.csv: the file is empty"],
    ["no names", "1,2\n3,4\n", "E-VALUE data.csv: the first row holds numbers (1, 2), not names"],
    ["a name twice", "x,x\n3,4\n", 'E-VALUE data.csv: two columns have the name "x"'],
    ["too many values", "x,y\n1,2\n\n1,2,3\n", "E-RAGGED data.csv: line 4 has 3 values, the first row names 2 columns"],
    ["an open quote", 'x,y\n1,"2\n3,4\n', "E-VALUE data.csv: line 2: the quote is never closed"],
    ["text after a quote", 'x,y\n1,"2"3\n', "E-VALUE data.csv: line 2: text follows a closing quote"],
  ])("%s", (_, text, start) => {
    expect(message(() => readDelimited("data.csv", text))).toContain(start);
  });

  test.each([
    ["an empty cell", "x,y\n1,2\n\n3,\n", 'data.csv: row 2 (line 4), column "y": no value'],
    ["a word for missing", "x,y\n1,NA\n", 'data.csv: row 1 (line 2), column "y": "NA" stands for no value'],
    ["text", "x,y\n1,two\n", 'data.csv: row 1 (line 2), column "y": "two" is not a finite number'],
    ["infinity", "x,y\n1,Infinity\n", 'data.csv: row 1 (line 2), column "y": "Infinity" is not a finite number'],
    ["a decimal comma", "x;y\n1;2,5\n", "try a point instead of the decimal comma"],
    ["an unknown column", "x,z\n1,2\n", 'data.csv: there is no column "y"; the columns are "x", "z"'],
    ["no rows", "x,y\n", "data.csv: no row has values for x, y"],
  ])("%s", (_, text, part) => {
    expect(message(() => numbersOf(readDelimited("data.csv", text), ["x", "y"]))).toContain(part);
  });

  test.each([
    ["no JSON", "{", "E-VALUE data.json: this is not JSON"],
    ["a number", "3", "E-VALUE data.json: this is neither rows nor columns"],
    ["rows that are no objects", "[[1, 2]]", "E-VALUE data.json: entry 1 is not an object of named values"],
    ["a column that is no list", '{ "x": 1 }', 'E-VALUE data.json: "x" is not a list of values'],
    ["columns of different length", '{ "x": [1], "y": [] }', 'E-RAGGED data.json: "x" has 1 values, "y" has 0'],
  ])("%s", (_, text, start) => {
    expect(message(() => readJSON("data.json", text))).toContain(start);
  });

  test("files", async () => {
    await expect(readTable(join(folder, "none.csv"))).rejects.toThrow("none.csv: there is no such file");
    await expect(readTable(join(folder, "data.xls"))).rejects.toThrow("tables are read from .csv, .tsv");
  });
});

test("rows with a missing value are left out on request, and counted", () => {
  const table = readDelimited("data.csv", "x,y,z\n1,2,\n3,,5\n7,NA,8\n9,10,n/a\n");
  expect(numbersOf(table, ["x", "y"], true)).toEqual({
    columns: { x: Float64Array.of(1, 9), y: Float64Array.of(2, 10) },
    rows: 2,
    left: 2,
  });
});

test("JSON by rows and by columns", () => {
  const numbers = { columns: { x: Float64Array.of(1, 3), y: Float64Array.of(2, 4) }, rows: 2, left: 0 };
  for (const text of ['[{"x":1,"y":2},{"y":4,"x":3}]', '{"x":[1,3],"y":[2,"4"]}'])
    expect(numbersOf(readJSON("data.json", text), ["x", "y"])).toEqual(numbers);
  expect(() => numbersOf(readJSON("data.json", '[{"x":1},{"x":null}]'), ["x"])).toThrow('row 2, column "x": no value');
});

test("the end of the name tells the form", async () => {
  const files: Record<string, string> = {
    "a.csv": "x,y\n1,2\n3,4\n",
    "a.TSV": "x\ty\n1\t2\n3\t4\n",
    "a.json": '{"x":["1","3"],"y":["2","4"]}',
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    expect(cells(await readTable(join(folder, name)))).toEqual(plain);
  }
});

// DuckDB is the user's own to install: whether it is here decides which of the two this machine can show.
const duckdb = await import("@duckdb/node-api" as string).then(
  () => true,
  () => false,
);
test("Parquet says what it needs", async () => {
  const file = join(folder, "a.parquet");
  writeFileSync(file, "PAR1");
  await expect(readTable(file)).rejects.toThrow(
    duckdb ? "a.parquet: DuckDB cannot read it" : "npm install @duckdb/node-api",
  );
});
