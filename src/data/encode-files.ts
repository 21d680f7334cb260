/** From files of any size to examples: looked at once, encoded once, then read from a file of rows. */
import { NablaError } from "../base/error.ts";
import type { Dataset } from "./dataset.ts";
import { completeRows, encodeStream } from "./encode.ts";
import type { EncodedRows, Encoder } from "./encoder.ts";
import type { EncodeOptions } from "./encoding.ts";
import { identifier, type PartsOptions, readParts } from "./parts.ts";
import { type Parts, type SplitOptions, splitPlaces } from "./split.ts";
import { spool } from "./spool.ts";
import type { Spool } from "./spool-read.ts";
import { selectRows, type Table } from "./table/table.ts";
import { subset } from "./views.ts";

/** How to encode, to split and where to put the rows. */
export interface EncodeFilesOptions extends Omit<EncodeOptions, "rows">, PartsOptions {
  /** Shares for validation and test; the statistics are those of the others. */
  readonly split?: Omit<SplitOptions, "stratify">;
  /** Where the encoded rows go; default a temporary file. */
  readonly file?: string;
}

/** Examples in a file, their parts, and how they were encoded. */
export interface EncodedFiles {
  readonly data: Spool<EncodedRows>;
  readonly parts: Parts<Dataset<EncodedRows>>;
  readonly encoder: Encoder;
}

/**
 * Files of any size as datasets to train on. The source is read three times: for the rows that have a target, for the
 * statistics of the training rows, and to write the encoded rows. Memory: a part, statistics, four bytes a row for the
 * places of the parts, and the cache of the spool.
 *
 * @example
 * const { data, encoder } = await encodeFiles("data/digits.csv.gz", { target: "column64", split: { validation: 0.1 } });
 * [data.size, encoder.task] // [1797, "classification"]
 * await data.close();
 */
export async function encodeFiles(
  source: string | readonly string[],
  options: EncodeFilesOptions,
): Promise<EncodedFiles> {
  const { target, file, split = {}, sql = "select * from source", memoryLimit, threads } = options;
  const duckdb = {
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(threads === undefined ? {} : { threads }),
  };
  const needed = [target, ...(options.weight === undefined ? [] : [options.weight])];
  const parts = (query: string): AsyncGenerator<Table> =>
    complete(readParts(source, { ...duckdb, sql: query }), needed);
  let size = 0;
  for await (const { rows } of parts(`select ${needed.map(identifier).join(", ")} from (${sql})`)) size += rows;
  if (size === 0)
    throw new NablaError("E-VALUE", `${String(source)}: no row has a value of "${target}"`, "a source with data");
  const places = splitPlaces(size, split);
  const encoder = await encodeStream(parts(sql), { ...options, rows: places.train });
  const data = await spool(encoded(encoder, parts(sql)), file === undefined ? {} : { file });
  const part = (of: Uint32Array): Dataset<EncodedRows> => subset(data, of);
  return {
    data,
    encoder,
    parts: { train: part(places.train), validation: part(places.validation), test: part(places.test) },
  };
}

/** The rows that have what is learned from. */
async function* complete(parts: AsyncIterable<Table>, columns: readonly string[]): AsyncGenerator<Table> {
  for await (const part of parts) yield selectRows(part, completeRows(part, columns));
}

async function* encoded(encoder: Encoder, parts: AsyncIterable<Table>): AsyncGenerator<EncodedRows> {
  for await (const part of parts) if (part.rows > 0) yield encoder.rows(part);
}
