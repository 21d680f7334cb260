/** A table from a file, by the end of its name. */
import { NablaError } from "nabla";
import { readText } from "../files.ts";
import { readDelimited } from "./delimited.ts";
import type { Table } from "./table.ts";

const readers: Readonly<Record<string, (file: string) => Promise<Table>>> = {
  ".csv": async (file) => readDelimited(file, await readText(file)),
  ".tsv": async (file) => readDelimited(file, await readText(file), "\t"),
  ".txt": async (file) => readDelimited(file, await readText(file)),
  ".json": async (file) => (await import("./json.ts")).readJSON(file, await readText(file)),
  ".parquet": async (file) => (await import("./parquet.ts")).readParquet(file, file),
};

export async function readTable(file: string): Promise<Table> {
  const end = /\.\w+$/.exec(file)?.[0]?.toLowerCase() ?? "";
  const reader = readers[end];
  if (reader !== undefined) return reader(file);
  throw new NablaError("E-OPTION", `${file}: tables are read from ${Object.keys(readers).join(", ")}`, "data.csv");
}
