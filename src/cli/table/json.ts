/** Tables in JSON: a list of rows `[{ "x": 1, "y": 2 }, …]`, or columns `{ "x": [1, …], "y": [2, …] }`. */
import { NablaError } from "nabla";
import type { Table } from "./table.ts";

type Entries = Readonly<Record<string, unknown>>;

const isEntries = (value: unknown): value is Entries =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const repair = '[{ "x": 1, "y": 2 }, …] or { "x": [1, …], "y": [2, …] }';

export function readJSON(file: string, text: string): Table {
  const data = parse(file, text);
  const place = (row: number): string => `row ${row + 1}`;
  if (Array.isArray(data)) {
    const rows = data.map((row: unknown, i) => {
      if (isEntries(row)) return row;
      throw new NablaError("E-VALUE", `${file}: entry ${i + 1} is not an object of named values`, repair);
    });
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return { file, names, rows: rows.length, cell: (row, column) => rows[row]?.[column], place };
  }
  if (!isEntries(data)) throw new NablaError("E-VALUE", `${file}: this is neither rows nor columns`, repair);
  const columns = Object.entries(data).map(([name, column]): [string, readonly unknown[]] => {
    if (Array.isArray(column)) return [name, column];
    throw new NablaError("E-VALUE", `${file}: "${name}" is not a list of values`, repair);
  });
  const lengths = columns.map(([, column]) => column.length);
  const odd = columns.find(([, column]) => column.length !== lengths[0]);
  if (odd !== undefined)
    throw new NablaError(
      "E-RAGGED",
      `${file}: "${columns[0]?.[0]}" has ${lengths[0]} values, "${odd[0]}" has ${odd[1].length}`,
      "columns of equal length",
    );
  const byName = new Map(columns);
  return {
    file,
    names: [...byName.keys()],
    rows: lengths[0] ?? 0,
    cell: (row, name) => byName.get(name)?.[row],
    place,
  };
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new NablaError("E-VALUE", `${file}: this is not JSON: ${(error as Error).message}`, repair);
  }
}
