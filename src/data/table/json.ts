/** Tables in JSON: a list of rows `[{ "x": 1, "y": 2 }, …]`, columns `{ "x": [1, …], "y": [2, …] }`, or a row a line. */
import { NablaError } from "../../base/error.ts";
import { check, text } from "../check.ts";
import type { Table } from "./table.ts";

type Entries = Readonly<Record<string, unknown>>;

const isEntries = (value: unknown): value is Entries =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const repair = '[{ "x": 1, "y": 2 }, …] or { "x": [1, …], "y": [2, …] }';
const rowOf = (row: number): string => `row ${row + 1}`;

/**
 * A table of a list of objects, or of an object of columns.
 *
 * @example
 * table([{ x: 1, y: "a" }, { x: 2, y: "b" }]).names // ["x", "y"]
 */
export function table(source: unknown, name = "table"): Table {
  check("table", "name", name, text);
  return Array.isArray(source) ? ofRows(name, source, rowOf) : ofColumns(name, source);
}

export const readJSON = (file: string, text: string): Table => table(parse(file, text.replace(/^\uFEFF/, "")), file);

/** An object a line (JSON Lines); empty lines are passed over. */
export function readJSONLines(file: string, text: string): Table {
  const lines: number[] = [];
  const rows: unknown[] = [];
  text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .forEach((line, i) => {
      if (line.trim() === "") return;
      rows.push(parse(`${file}: line ${i + 1}`, line));
      lines.push(i + 1);
    });
  return ofRows(file, rows, (row) => `row ${row + 1} (line ${lines[row]})`);
}

function ofRows(file: string, data: readonly unknown[], place: (row: number) => string): Table {
  const names = new Set<string>();
  const rows = data.map((row, i) => {
    if (!isEntries(row))
      throw new NablaError("E-VALUE", `${file}: entry ${i + 1} is not an object of named values`, repair);
    for (const name of Object.keys(row)) names.add(name);
    return row;
  });
  const cell = (at: number, column: string): unknown => {
    const row = rows[at];
    return row !== undefined && Object.hasOwn(row, column) ? row[column] : undefined;
  };
  return { file, names: [...names], rows: rows.length, cell, place };
}

function ofColumns(file: string, data: unknown): Table {
  if (!isEntries(data)) throw new NablaError("E-VALUE", `${file}: this is neither rows nor columns`, repair);
  const columns = Object.entries(data).map(([name, column]): [string, ArrayLike<unknown>] => {
    if (Array.isArray(column) || (ArrayBuffer.isView(column) && !(column instanceof DataView)))
      return [name, column as unknown as ArrayLike<unknown>];
    throw new NablaError("E-VALUE", `${file}: "${name}" is not a list of values`, repair);
  });
  const [first] = columns;
  const odd = columns.find(([, column]) => column.length !== first?.[1].length);
  if (odd !== undefined)
    throw new NablaError(
      "E-RAGGED",
      `${file}: "${first?.[0]}" has ${first?.[1].length} values, "${odd[0]}" has ${odd[1].length}`,
      "columns of equal length",
    );
  const byName = new Map(columns);
  const cell = (row: number, name: string): unknown => byName.get(name)?.[row];
  return { file, names: [...byName.keys()], rows: first?.[1].length ?? 0, cell, place: rowOf };
}

function parse(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NablaError("E-VALUE", `${where}: this is not JSON: ${(error as Error).message}`, repair);
  }
}
