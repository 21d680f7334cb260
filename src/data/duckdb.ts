/** DuckDB, which reads CSV, JSON lines and Parquet of any size and answers SQL: the package @duckdb/node-api. */
import { NablaError } from "../base/error.ts";

/** What is used of @duckdb/node-api, which is not installed with nabla: it brings seventy megabytes. */
interface Package {
  readonly DuckDBInstance: {
    create(path: string, options: Readonly<Record<string, string>>): Promise<Instance>;
  };
  readonly JSDuckDBValueConverter: unknown;
}
interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}
interface Connection {
  stream(sql: string): Promise<Result>;
  closeSync(): void;
}
interface Result {
  columnNames(): string[];
  fetchChunk(): Promise<Chunk | null>;
}
interface Chunk {
  readonly rowCount: number;
  convertColumns(converter: unknown): unknown[][];
}

const packageName: string = "@duckdb/node-api";

async function load(what: string): Promise<Package> {
  try {
    return (await import(packageName)) as Package;
  } catch {
    throw new NablaError(
      "E-OPTION",
      `${what}: this needs the package ${packageName}, which is not there`,
      `npm install ${packageName}, or readTable on a CSV, TSV or JSON file`,
    );
  }
}

/** How much DuckDB may use. */
export interface DuckDBOptions {
  /** Default "256MB"; what is larger goes to disk. */
  readonly memoryLimit?: string;
  /** Default 2. */
  readonly threads?: number;
}

/** A part of an answer: columns by their place. */
export interface Columns {
  readonly names: readonly string[];
  readonly columns: readonly (readonly unknown[])[];
  readonly rows: number;
}

/** An instance that answers one query after the other: to make one takes longer than a small query. */
export interface DuckDB {
  /** The answer in parts of some thousand rows, in the order in which the rows lie in their files. */
  query(sql: string): AsyncGenerator<Columns, void, undefined>;
  close(): Promise<void>;
}

export async function openDuckDB(
  what: string,
  { memoryLimit = "256MB", threads = 2 }: DuckDBOptions = {},
): Promise<DuckDB> {
  const { DuckDBInstance, JSDuckDBValueConverter } = await load(what);
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const { tmpdir } = await import("node:os");
  // What DuckDB sorts or groups beyond its memory; by default that would be a folder where the program was started.
  const spilled = await mkdtemp(join(tmpdir(), "nabla-"));
  let instance: Instance | undefined;
  let connection: Connection | undefined;
  const close = async (): Promise<void> => {
    connection?.closeSync();
    instance?.closeSync();
    await rm(spilled, { recursive: true, force: true });
  };
  try {
    instance = await DuckDBInstance.create(":memory:", {
      memory_limit: memoryLimit,
      threads: String(threads),
      temp_directory: spilled,
    });
    connection = await instance.connect();
  } catch (error) {
    await close();
    throw refusal(what, error);
  }
  const open = connection;
  async function* query(sql: string): AsyncGenerator<Columns, void, undefined> {
    try {
      const result = await open.stream(sql);
      const names = result.columnNames();
      let chunk = await result.fetchChunk();
      for (; chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk())
        yield { names, columns: chunk.convertColumns(JSDuckDBValueConverter), rows: chunk.rowCount };
    } catch (error) {
      throw refusal(what, error);
    }
  }
  return { query, close };
}

/** What DuckDB says, in a line. */
function refusal(what: string, error: unknown): NablaError {
  const [first] = (error as Error).message.split("\n");
  return new NablaError("E-VALUE", `${what}: DuckDB cannot read it: ${first}`, "whole files of one form, or other SQL");
}
