/** Columns of a table as numbers. */
import { NablaError } from "nabla";
import { isMissing, type Table } from "nabla/data";

/** Numbers by column, and how many rows were left out since one of these had no value. */
export interface Numbers {
  readonly columns: Readonly<Record<string, Float64Array>>;
  readonly rows: number;
  readonly left: number;
}

/** The columns as float64. A missing value is an error that names row and column, or its row is skipped. */
export function numbersOf(table: Table, columns: readonly string[], skipMissing = false): Numbers {
  for (const name of columns) checkColumn(table, name);
  const all = Array.from({ length: table.rows }, (_, row) => row);
  const missing = (row: number): string | undefined => columns.find((name) => isMissing(table.cell(row, name)));
  const kept = skipMissing ? all.filter((row) => missing(row) === undefined) : all;
  const numbers = columns.map((name) => [name, Float64Array.from(kept, (row) => numberAt(table, row, name))] as const);
  if (kept.length === 0)
    throw new NablaError("E-VALUE", `${table.file}: no row has values for ${columns.join(", ")}`, "a file with data");
  return { columns: Object.fromEntries(numbers), rows: kept.length, left: table.rows - kept.length };
}

export function checkColumn(table: Table, name: string): void {
  if (table.names.includes(name)) return;
  throw new NablaError(
    "E-VALUE",
    `${table.file}: there is no column "${name}"; the columns are ${table.names.map((n) => `"${n}"`).join(", ")}`,
    "--x and --y with names of columns",
  );
}

function numberAt(table: Table, row: number, column: string): number {
  const cell = table.cell(row, column);
  const where = `${table.file}: ${table.place(row)}, column "${column}"`;
  if (isMissing(cell)) {
    const what = typeof cell === "string" && cell.trim() !== "" ? `"${cell.trim()}" stands for no value` : "no value";
    throw new NablaError("E-VALUE", `${where}: ${what}`, "--skip-missing to leave such rows out");
  }
  const value = typeof cell === "string" ? Number(cell) : typeof cell === "bigint" ? Number(cell) : cell;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    const comma = typeof cell === "string" && /^\s*[-+]?\d+,\d+\s*$/.test(cell);
    const repair = comma ? "a point instead of the decimal comma" : "a number there";
    throw new NablaError("E-VALUE", `${where}: ${JSON.stringify(String(cell))} is not a finite number`, repair);
  }
  return value;
}
