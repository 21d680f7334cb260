/** From a table to examples: at once where it is small, in parts by DuckDB where it is not. */
import { stat } from "node:fs/promises";
import { NablaError } from "nabla";
import {
  completeRows,
  type Dataset,
  type EncodedRows,
  type Encoder,
  encode,
  encodeFiles,
  type Parts,
  readParts,
  readTable,
  selectRows,
  splitPlaces,
  type Table,
  type Task,
} from "nabla/data";

/** What to read and to predict. */
export interface Selection {
  readonly data: string;
  readonly streamed: boolean;
  readonly target: string;
  readonly task: Task | "auto";
  readonly exclude: readonly string[];
  readonly maxCategories: number;
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

export interface Examples {
  readonly encoder: Encoder;
  readonly parts: Parts<Dataset<EncodedRows>>;
  /** What was decided about the table that a reader may want to know. */
  readonly notes: readonly string[];
  /** Lets go of what was written for the time of the run. */
  close(): Promise<void>;
}

/** Above so many bytes a table is read in parts; Parquet is packed. */
const mostBytes = (file: string): number => (/\.parquet$/i.test(file) ? 2 ** 20 : 2 ** 26);

/** Whether a table is read in parts: a large file, a folder, a pattern of names, or one that is packed. */
export async function isStreamed(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return /[*?[]/.test(file);
  return found.isDirectory() || /\.gz$/i.test(file) || found.size > mostBytes(file);
}

/** The tables that a file is read as, one after the other. */
export async function* tablesOf(file: string): AsyncGenerator<Table> {
  if (await isStreamed(file)) yield* readParts(file);
  else yield await readTable(file);
}

/** Splits, by classes where there are any, and encodes by statistics of the training part. */
export async function examplesOf(selection: Selection): Promise<Examples> {
  return selection.streamed ? streamed(selection) : inMemory(selection);
}

async function inMemory({ data, target, task, exclude, maxCategories, ...selection }: Selection): Promise<Examples> {
  const all = await readTable(data);
  checkTarget(all, target);
  const table = selectRows(all, completeRows(all, [target]));
  const whole = encode(all, { target, task, exclude, maxCategories });
  const labels = whole.task === "classification" ? whole.y(table) : undefined;
  const places = splitPlaces(table.rows, {
    ...sharesOf(selection),
    ...(labels === undefined ? {} : { stratify: labels }),
  });
  if (labels !== undefined) {
    const learned = new Set(Array.from(places.train, (place) => labels.data[place] as number));
    const lost = whole.classes.find((_, label) => !learned.has(label));
    if (lost !== undefined)
      throw new NablaError(
        "E-VALUE",
        `${data}: "${target}" is "${lost}" in so few rows that none is left to train on`,
        "more rows of that class, or none, or smaller --test and --validation",
      );
  }
  const encoder = encode(table, { target, task: whole.task, exclude, maxCategories, rows: places.train });
  const part = (of: Uint32Array): Dataset<EncodedRows> =>
    of.length === 0 ? nothing : encoder.dataset(selectRows(table, of));
  const parts = { train: part(places.train), validation: part(places.validation), test: part(places.test) };
  const lost = all.rows - table.rows;
  const notes = lost === 0 ? [] : [`${lost} rows are left out: they have no value of "${target}"`];
  return { encoder, parts, notes: [...guessOf(task, encoder), ...encoder.notes, ...notes], close: async () => {} };
}

const sharesOf = ({ validation, test, seed }: Pick<Selection, "validation" | "test" | "seed">) => ({
  validation,
  test,
  seed,
});

/** That numbers were taken for classes, which is not always meant. */
function guessOf(task: Selection["task"], { target, classes }: Encoder): string[] {
  if (task !== "auto" || classes.length === 0 || !classes.every((name) => Number.isInteger(Number(name)))) return [];
  const range = `${classes[0]} to ${classes.at(-1)}`;
  return [`"${target}" is taken as ${classes.length} classes, ${range}; --task regression takes it as a number`];
}

const nothing: Dataset<never> = {
  size: 0,
  block: 1,
  take: () => {
    throw new NablaError("E-INTERNAL", "a part without rows was read");
  },
};

async function streamed({ data, target, task, exclude, maxCategories, ...selection }: Selection): Promise<Examples> {
  for await (const table of readParts(data, { sql: "select * from source limit 1" })) checkTarget(table, target);
  const encoded = await encodeFiles(data, {
    target,
    task,
    exclude,
    maxCategories,
    split: { ...sharesOf(selection), stratify: true },
  });
  const { encoder, parts } = encoded;
  return { encoder, parts, notes: [...guessOf(task, encoder), ...encoder.notes], close: () => encoded.data.close() };
}

function checkTarget(table: Table, target: string): void {
  if (table.names.includes(target)) return;
  const names = table.names.map((name) => `"${name}"`).join(", ") || "none";
  throw new NablaError(
    "E-VALUE",
    `${table.file}: there is no column "${target}"; the columns are ${names}`,
    "--target with the name of one of them",
  );
}
