/** Parquet, by DuckDB where it is installed. */
import { NablaError } from "../../base/error.ts";
import type { Table } from "./table.ts";

/** What is used of @duckdb/node-api, which is not installed with nabla: it brings a hundred megabytes. */
interface DuckDB {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> };
}
interface Connection {
  runAndReadAll(sql: string, values: readonly string[]): Promise<Reader>;
  closeSync(): void;
}
interface Reader {
  columnNames(): string[];
  getColumnsJS(): unknown[][];
}

const packageName: string = "@duckdb/node-api";

export async function readParquet(file: string, path: string): Promise<Table> {
  const { DuckDBInstance } = await load(file);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    const reader = await connection.runAndReadAll("select * from read_parquet(?)", [path]);
    const [names, columns] = [reader.columnNames(), reader.getColumnsJS()];
    return {
      file,
      names,
      rows: columns[0]?.length ?? 0,
      cell: (row, column) => columns[names.indexOf(column)]?.[row],
      place: (row) => `row ${row + 1}`,
    };
  } catch (error) {
    const [what] = (error as Error).message.split("\n");
    throw new NablaError("E-VALUE", `${file}: DuckDB cannot read it: ${what}`, "a whole Parquet file");
  } finally {
    connection.closeSync();
  }
}

async function load(file: string): Promise<DuckDB> {
  try {
    return (await import(packageName)) as DuckDB;
  } catch {
    throw new NablaError(
      "E-OPTION",
      `${file}: reading Parquet needs the package ${packageName}, which is not there`,
      `npm install ${packageName}, or a CSV, TSV or JSON file`,
    );
  }
}
