/** From files of any size to examples: looked at once, encoded once, then read from a file of rows. */
import { NablaError } from "../base/error.ts";
import { checkEach, flag, type Kind, text } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import { completeRows, encodeStream, encodingKinds } from "./encode.ts";
import type { EncodedRows, Encoder } from "./encoder.ts";
import type { EncodeOptions } from "./encoding.ts";
import { labelled } from "./labels.ts";
import { checkFiles, identifier, openFiles, type PartsOptions, partsKinds } from "./parts.ts";
import { type Parts, type SplitOptions, splitKinds, splitPlaces } from "./split.ts";
import { spool } from "./spool.ts";
import type { Spool } from "./spool-read.ts";
import { selectRows, type Table } from "./table/table.ts";
import { subset } from "./views.ts";

/** Which parts of files; labels of all rows are not known before they are read. */
export interface FileSplitOptions extends Omit<SplitOptions, "stratify"> {
  /**
   * By what each part has its share of each class, to one row: true, by the target's classes (no more than a random
   * split if it has none), or a column. Default false.
   */
  readonly stratify?: boolean | string;
}

/** How to encode, to split and where to put the rows. */
export interface EncodeFilesOptions extends Omit<EncodeOptions, "rows">, PartsOptions {
  /** Shares for validation and test; the statistics are those of the others. */
  readonly split?: FileSplitOptions;
  /** Where the encoded rows go; default a temporary file. */
  readonly file?: string;
}

const isSplit = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
const shares: Kind = [isSplit, "{ validation: 0.2, test: 0.2 }"];
const { rows: _, ...kinds } = { ...encodingKinds, ...partsKinds, split: shares, file: text };
const byClass: Kind = [(value) => flag[0](value) || text[0](value), "true, or the name of a column"];

/** Examples in a file, their parts, and how they were encoded. */
export interface EncodedFiles {
  readonly data: Spool<EncodedRows>;
  readonly parts: Parts<Dataset<EncodedRows>>;
  readonly encoder: Encoder;
}

/**
 * Files of any size as datasets to train on. The source is read three times: for the rows that have a target (and their
 * classes, if these are to be split by), for the statistics of the training rows, and to write the encoded rows. Memory:
 * a part, statistics, four bytes a row for the places of the parts (by classes, sixteen more while they are found), and
 * the cache of the spool.
 *
 * @example
 * const split = { validation: 0.1, stratify: true };
 * const { data, encoder } = await encodeFiles("data/digits.csv.gz", { target: "column64", split });
 * [data.size, encoder.task] // [1797, "classification"]
 * await data.close();
 */
export async function encodeFiles(
  source: string | readonly string[],
  options: EncodeFilesOptions,
): Promise<EncodedFiles> {
  checkFiles("encodeFiles", source);
  checkEach("encodeFiles", options, kinds, ["target"]);
  const { file, split = {}, sql = "select * from source", memoryLimit, threads, ...encoding } = options;
  checkEach("encodeFiles: split", split, { ...splitKinds, stratify: byClass });
  const { stratify = false, ...shares } = split;
  const files = await openFiles(source, {
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    const needed = [encoding.target, ...(encoding.weight === undefined ? [] : [encoding.weight])];
    const parts = (query: string): AsyncGenerator<Table> => complete(files.parts(query), needed);
    const by = stratify === true ? encoding.target : stratify === false ? undefined : stratify;
    const read = [...new Set([...needed, ...(by === undefined ? [] : [by])])];
    const keys = parts(`select ${read.map(identifier).join(", ")} from (${sql})`);
    const asked = encoding.task ?? "auto";
    const { size, labels, task } = await labelled(keys, by, stratify === true ? asked : "classification");
    if (size === 0)
      throw new NablaError(
        "E-VALUE",
        `${String(source)}: no row has a value of "${encoding.target}"`,
        "a source with data",
      );
    const places = splitPlaces(size, labels === undefined ? shares : { ...shares, stratify: labels });
    const encoder = await encodeStream(parts(sql), {
      ...encoding,
      task: stratify === true ? task : asked,
      rows: places.train,
    });
    const data = await spool(encoded(encoder, parts(sql)), file === undefined ? {} : { file });
    const part = (of: Uint32Array): Dataset<EncodedRows> => subset(data, of);
    return {
      data,
      encoder,
      parts: { train: part(places.train), validation: part(places.validation), test: part(places.test) },
    };
  } finally {
    await files.close();
  }
}

/** The rows that have what is learned from. */
async function* complete(parts: AsyncIterable<Table>, columns: readonly string[]): AsyncGenerator<Table> {
  for await (const part of parts) yield selectRows(part, completeRows(part, columns));
}

async function* encoded(encoder: Encoder, parts: AsyncIterable<Table>): AsyncGenerator<EncodedRows> {
  for await (const part of parts) if (part.rows > 0) yield encoder.rows(part);
}
