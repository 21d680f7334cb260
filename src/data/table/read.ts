/** A table from a file, a page's file, an address or a text, by the end of its name. */
import { NablaError } from "../../base/error.ts";
import { check, checkEach, oneOf, text as textual, told } from "../check.ts";
import { bytesOf, checkSource, nameOf, type Source } from "../source.ts";
import { readDelimited } from "./delimited.ts";
import { readJSON, readJSONLines } from "./json.ts";
import { readParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/** How a table is written; `"csv"` finds tabs, semicolons and commas by itself. */
export type TableFormat = "csv" | "tsv" | "json" | "jsonl";

const parsers: Readonly<Record<TableFormat, (name: string, text: string) => Table>> = {
  csv: (name, text) => readDelimited(name, text),
  tsv: (name, text) => readDelimited(name, text, "\t"),
  json: readJSON,
  jsonl: readJSONLines,
};
const formats: Readonly<Record<string, TableFormat | "parquet">> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".txt": "csv",
  ".json": "json",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
};

/**
 * A table from a text; E-OPTION where there is no such form.
 *
 * @example
 * parseTable("x,y\n1,2\n3,4\n", "csv").rows // 2
 */
export function parseTable(text: string, format: TableFormat, name = "table"): Table {
  check("parseTable", "the text", text, textual);
  check("parseTable", "name", name, textual);
  if (typeof format === "string" && Object.hasOwn(parsers, format)) return parsers[format](name, text);
  throw new NablaError("E-OPTION", `${name}: there is no form ${told(format)}`, Object.keys(parsers).join(", "));
}

/**
 * A table from a path (Node), a `File` or `Blob`, a `Response` or a URL that is fetched. The end of the name tells the
 * form: .csv, .tsv, .txt, .json, .jsonl, .ndjson, .parquet (a path; by the package @duckdb/node-api); `format` says it otherwise.
 *
 * E-OPTION where the form is unknown or the file is not there, E-VALUE and E-RAGGED where it is not what it should be.
 *
 * @example
 * (await readTable(new Blob(["x,y\n1,2\n"]), { format: "csv" })).names // ["x", "y"]
 */
export async function readTable(
  source: Source,
  options: { readonly format?: TableFormat | "parquet" } = {},
): Promise<Table> {
  checkSource("readTable", source);
  checkEach("readTable", options, { format: oneOf(...Object.keys(parsers), "parquet") });
  const { format } = options;
  const name = nameOf(source);
  const how = format ?? formats[/\.\w+$/.exec(name)?.[0]?.toLowerCase() ?? ""];
  if (how === undefined)
    throw new NablaError("E-OPTION", `${name}: tables are read from ${Object.keys(formats).join(", ")}`, "data.csv");
  if (how !== "parquet") return parseTable(new TextDecoder().decode(await bytesOf(source)), how, name);
  if (typeof source === "string") return readParquet(name, source);
  throw new NablaError("E-OPTION", `${name}: Parquet is read from a path`, "a path in Node, or CSV");
}
