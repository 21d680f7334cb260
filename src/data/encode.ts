/** What the columns of a table are and how they become numbers, found out in one pass. */
import { NablaError } from "../base/error.ts";
import { isMissing } from "./cell.ts";
import {
  check,
  checkEach,
  checkPlaces,
  checkTable,
  iterable,
  type Kind,
  list,
  names,
  oneOf,
  recordOf,
  text,
} from "./check.ts";
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
  checkTable("encode", table);
  const { summaries, add } = summarised("encode", table, options);
  const { rows } = options;
  if (rows !== undefined) checkPlaces("encode", rows, table.rows, "row");
  for (let i = 0; i < (rows?.length ?? table.rows); i++) add(table, rows?.[i] ?? i);
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
  check("encodeStream", "the source", parts, iterable);
  checkEncoding("encodeStream", options);
  let state: ReturnType<typeof summarised> | undefined;
  let file = "the source";
  let [before, next] = [0, 0];
  const { rows } = options;
  for await (const part of parts) {
    checkTable("encodeStream", part);
    state ??= summarised("encodeStream", part, options);
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

const most: Kind = [(value) => typeof value === "number" && value >= 0, "a number from 0"];
/** What the options of encoding are. */
export const encodingKinds = {
  ...{ target: text, features: names, exclude: names, weight: text, maxCategories: most, rows: list },
  task: oneOf("auto", "regression", "classification"),
  kinds: recordOf(oneOf("number", "bool", "date", "category")),
  unseen: oneOf("zeros", "error"),
};

function checkEncoding(what: string, options: EncodeOptions): void {
  checkEach(what, options, encodingKinds, ["target"]);
  const { target, kinds = {} } = options;
  if (Object.hasOwn(kinds, target))
    throw new NablaError(
      "E-OPTION",
      `${what}: kinds names the target "${target}"`,
      'task: "classification" or "regression"',
    );
}

/** The columns that count, each with what is known of it so far. */
function summarised(what: string, table: Table, options: EncodeOptions) {
  checkEncoding(what, options);
  const { target, features, exclude = [], weight, kinds = {}, maxCategories } = options;
  checkColumns(what, table, [
    target,
    ...(features ?? []),
    ...exclude,
    ...Object.keys(kinds),
    ...(weight === undefined ? [] : [weight]),
  ]);
  const left = new Set([target, weight, ...exclude]);
  const names = [...(features ?? table.names).filter((name) => !left.has(name)), target];
  const summaries = new Map(names.map((name) => [name, new Summary(name === target ? 0 : maxCategories)]));
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
  check("completeRows", "the list of columns", columns, names);
  checkColumns("completeRows", table, columns);
  const complete = (row: number): boolean => columns.every((name) => !isMissing(table.cell(row, name)));
  return Uint32Array.from(Array.from({ length: table.rows }, (_, row) => row).filter(complete));
}
