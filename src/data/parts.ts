/** Tables that follow one another: files, folders and patterns of any size, read part by part. */
import { NablaError } from "../base/error.ts";
import { check, checkEach, counted, type Kind, text } from "./check.ts";
import { type Columns, type DuckDBOptions, openDuckDB } from "./duckdb.ts";
import { fileError } from "./source.ts";
import type { Table } from "./table/table.ts";

/** What to read. */
export interface PartsOptions extends DuckDBOptions {
  /** A query of the table `source`, which is the files: "select a, b from source where a > 0". */
  readonly sql?: string;
}

const files: Kind = [
  (value) => [value].flat().every((path) => typeof path === "string"),
  "a path, a folder, a pattern, or a list of paths",
];
/** What the options of reading in parts are. */
export const partsKinds = { sql: text, memoryLimit: text, threads: counted(1) };

export const checkFiles = (what: string, source: string | readonly string[]): void =>
  check(what, "the source", source, files);

/** A text in SQL. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** A name in SQL. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What DuckDB reads files by, by the ends of their names. */
const readers: readonly (readonly [end: RegExp, read: (files: string) => string])[] = [
  [/\.parquet$/i, (files) => `read_parquet(${files})`],
  [/\.tsv(\.gz)?$/i, (files) => `read_csv(${files}, delim = '\t')`],
  [/\.(csv|txt)(\.gz)?$/i, (files) => `read_csv(${files})`],
  [/\.(jsonl|ndjson|json)(\.gz)?$/i, (files) => `read_json(${files})`],
];
const ends = ".parquet, .csv, .tsv, .txt, .jsonl, .ndjson, .json, all but the first also with .gz";

/** The files of a folder (with those in it), sorted; a path or a pattern (`part-*.csv`) stays as it is. */
async function filesOf(source: string | readonly string[]): Promise<readonly string[]> {
  if (typeof source !== "string") return source;
  const { readdir, stat } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const found = await stat(source).catch((error) => {
    if (/[*?[]/.test(source)) return undefined;
    throw fileError(source, error);
  });
  if (found === undefined || !found.isDirectory()) return [source];
  const names = await readdir(source, { recursive: true });
  return names
    .filter((name) => readers.some(([end]) => end.test(name)))
    .sort()
    .map((name) => join(source, name));
}

/**
 * The rows of files of any size, as tables of some thousand rows each: a path, a folder, a pattern, or a list of paths,
 * of CSV, TSV, JSON lines or Parquet, all of one form. Needs the package @duckdb/node-api. Memory is that of one part and of
 * DuckDB, which `memoryLimit` bounds. The order of the rows is that of the files, each time.
 *
 * @example
 * const images = [];
 * for await (const part of readParts("data/digits.csv.gz", { sql: "select column64 as label from source" })) images.push(part.rows);
 * images.reduce((a, b) => a + b) // 1797
 */
export async function* readParts(
  source: string | readonly string[],
  options: PartsOptions = {},
): AsyncGenerator<Table, void, undefined> {
  checkFiles("readParts", source);
  checkEach("readParts", options, partsKinds);
  const { sql = "select * from source", ...duckdb } = options;
  const files = await openFiles(source, duckdb);
  try {
    yield* files.parts(sql);
  } finally {
    await files.close();
  }
}

/** Files as the table `source`, for one query after the other. */
export interface OpenFiles {
  parts(sql: string): AsyncGenerator<Table, void, undefined>;
  close(): Promise<void>;
}

export async function openFiles(source: string | readonly string[], options: DuckDBOptions): Promise<OpenFiles> {
  const what = typeof source === "string" ? source : (source[0] ?? "no files");
  const files = await filesOf(source);
  const reader = readers.find(([end]) => files.length > 0 && files.every((file) => end.test(file)))?.[1];
  if (reader === undefined)
    throw new NablaError("E-OPTION", `${what}: there are no files here whose names end alike`, `one of ${ends}`);
  const { query, close } = await openDuckDB(what, options);
  const view = `create view source as select * from ${reader(`[${files.map(quoted).join(", ")}]`)}`;
  try {
    for await (const _ of query(view));
  } catch (error) {
    await close();
    throw error;
  }
  return { close, parts: (sql) => tablesOf(what, query(sql)) };
}

/** The parts of an answer as tables whose rows are counted through. */
async function* tablesOf(file: string, answer: AsyncIterable<Columns>): AsyncGenerator<Table, void, undefined> {
  let before = 0;
  for await (const { names, columns, rows } of answer) {
    const first = before;
    const places = new Map(names.map((name, i) => [name, i]));
    yield {
      file,
      names,
      rows,
      cell: (row, column) => columns[places.get(column) ?? -1]?.[row],
      place: (row) => `row ${first + row + 1}`,
    };
    before += rows;
  }
}
