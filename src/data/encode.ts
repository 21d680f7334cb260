/** What the columns of a table are and how they become numbers, found out in one pass. */
import { NablaError } from "../base/error.ts";
import { isMissing } from "./cell.ts";
import { Encoder } from "./encoder.ts";
import { type ColumnEncoding, type EncodeOptions, encodingOf, targetOf } from "./encoding.ts";
import { Summary } from "./summary.ts";
import { checkColumns, type Table } from "./table/table.ts";

/**
 * Finds out what the columns of a table are and how they become numbers: numbers and dates standardised, categories
 * one-hot, missing values imputed (median, most frequent) and marked, constant columns and free text left out.
 * The statistics are those of `rows` alone. A target of numbers is standardised, classes become labels.
 *
 * E-VALUE where the file is empty, a column is not there, the target has one class or no value, no feature is left.
 *
 * @example
 * const cars = table([{ hp: 90, fuel: "gas", mpg: 30 }, { hp: 150, fuel: "diesel", mpg: 18 }, { hp: 120, fuel: "gas", mpg: 25 }]);
 * const encoder = encode(cars, { target: "mpg" });
 * encoder.features // ["hp", "fuel=diesel", "fuel=gas"]
 * encoder.x(cars).shape // [3, 3]
 */
export function encode(table: Table, options: EncodeOptions): Encoder {
  const { summaries, add } = summarised(table, options);
  const rows = options.rows ?? { length: table.rows };
  for (let i = 0; i < rows.length; i++) {
    const row = options.rows?.[i] ?? i;
    if (!(Number.isInteger(row) && row >= 0 && row < table.rows))
      throw new NablaError("E-INDEX", `encode: row ${row} of ${table.rows}`, "places of rows from 0");
    add(table, row);
  }
  return encoderOf(table.file, summaries, options);
}

/**
 * As `encode`, of tables that follow one another: parts of something larger than memory, in one pass. Medians are those
 * of a sample if there are more than 16384 values. `rows` are counted through all parts, in rising order.
 *
 * @example
 * const days = [table([{ x: 1, y: 2 }]), table([{ x: 3, y: 5 }])];
 * (await encodeStream(days, { target: "y" })).columns[0].mean // 2
 */
export async function encodeStream(
  parts: AsyncIterable<Table> | Iterable<Table>,
  options: EncodeOptions,
): Promise<Encoder> {
  let state: ReturnType<typeof summarised> | undefined;
  let file = "the source";
  let [before, next] = [0, 0];
  const { rows } = options;
  for await (const part of parts) {
    state ??= summarised(part, options);
    file = part.file;
    for (let row = 0; row < part.rows; row++) {
      if (rows !== undefined && rows[next] !== before + row) continue;
      next += 1;
      state.add(part, row);
    }
    before += part.rows;
  }
  if (state === undefined) throw new NablaError("E-VALUE", `${file}: there are no rows`, "a source with data");
  return encoderOf(file, state.summaries, options);
}

/** Options that would be passed over in silence. */
function checkChoices({ target, task = "auto", unseen = "zeros", kinds = {}, maxCategories = 1 }: EncodeOptions): void {
  const wrong = (what: string, repair: string): NablaError => new NablaError("E-OPTION", `encode: ${what}`, repair);
  if (!["auto", "regression", "classification"].includes(task))
    throw wrong(`there is no task "${task}"`, '"regression", "classification" or "auto"');
  if (!["zeros", "error"].includes(unseen)) throw wrong(`unseen is "${unseen}"`, '"zeros" or "error"');
  if (!(maxCategories >= 0)) throw wrong(`maxCategories is ${maxCategories}`, "a number from 0");
  if (Object.hasOwn(kinds, target))
    throw wrong(`kinds names the target "${target}"`, 'task: "classification" or "regression"');
}

/** The columns that count, each with what is known of it so far. */
function summarised(table: Table, options: EncodeOptions) {
  checkChoices(options);
  const { target, features, exclude = [], weight, kinds = {} } = options;
  checkColumns(table, [
    target,
    ...(features ?? []),
    ...exclude,
    ...Object.keys(kinds),
    ...(weight === undefined ? [] : [weight]),
  ]);
  const left = new Set([target, weight, ...exclude]);
  const names = [...(features ?? table.names).filter((name) => !left.has(name)), target];
  const summaries = new Map(names.map((name) => [name, new Summary()]));
  const add = (part: Table, row: number): void => {
    for (const [name, summary] of summaries) summary.add(part.cell(row, name), () => part.place(row));
  };
  return { summaries, add };
}

function encoderOf(file: string, summaries: ReadonlyMap<string, Summary>, options: EncodeOptions): Encoder {
  const { target: name, kinds = {}, unseen = "zeros", weight } = options;
  const own = summaries.get(name) as Summary;
  if (own.present + own.missing === 0)
    throw new NablaError("E-VALUE", `${file}: there are no rows`, "a table with rows");
  const { target, note } = targetOf(file, own, options);
  const columns: ColumnEncoding[] = [];
  const notes = note === undefined ? [] : [note];
  for (const [column, summary] of summaries) {
    if (column === name) continue;
    const found = encodingOf(column, summary, options);
    if (typeof found !== "string") columns.push(found);
    else if (!Object.hasOwn(kinds, column)) notes.push(`"${column}" is left out: ${found}`);
    else throw new NablaError("E-VALUE", `${file}: "${column}" cannot be encoded: ${found}`, "another kind, or none");
  }
  if (columns.length === 0)
    throw new NablaError(
      "E-VALUE",
      `${file}: no column is left to predict "${name}" from${notes.map((text) => `; ${text}`).join("")}`,
      "kinds: { column: kind } for what misleads, or other columns",
    );
  if (own.missing > 0) notes.push(`"${name}" is missing in ${own.missing} rows, which cannot be learned from`);
  return new Encoder({ nablaEncoder: 1, target, columns, ...(weight === undefined ? {} : { weight }), unseen, notes });
}

/**
 * The rows that have values in all of these columns.
 *
 * @example
 * completeRows(table([{ y: 1 }, { y: null }, { y: 3 }]), ["y"]) // Uint32Array.of(0, 2)
 */
export function completeRows(table: Table, columns: readonly string[]): Uint32Array {
  checkColumns(table, columns);
  const complete = (row: number): boolean => columns.every((name) => !isMissing(table.cell(row, name)));
  return Uint32Array.from(Array.from({ length: table.rows }, (_, row) => row).filter(complete));
}
