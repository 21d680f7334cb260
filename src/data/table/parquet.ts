/** Parquet, by DuckDB where it is installed. */
import { openDuckDB } from "../duckdb.ts";
import { quoted } from "../parts.ts";
import type { Table } from "./table.ts";

export async function readParquet(file: string, path: string): Promise<Table> {
  const columns = new Map<string, unknown[]>();
  let rows = 0;
  const { query, close } = await openDuckDB(file);
  try {
    for await (const part of query(`select * from read_parquet(${quoted(path)})`)) {
      part.names.forEach((name, i) => {
        const column = columns.get(name) ?? [];
        for (const value of part.columns[i] ?? []) column.push(value);
        columns.set(name, column);
      });
      rows += part.rows;
    }
  } finally {
    await close();
  }
  return {
    file,
    names: [...columns.keys()],
    rows,
    cell: (row, column) => columns.get(column)?.[row],
    place: (row) => `row ${row + 1}`,
  };
}
