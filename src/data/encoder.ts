/** Rows of a table as numbers that a model reads, by statistics that were made once and are kept with the model. */
import { NablaError } from "../base/error.ts";
import { constant, Tensor } from "../graph/tensor.ts";
import { arrays } from "./arrays.ts";
import { categoryOf, isMissing, readCell, shown } from "./cell.ts";
import { check, checkTable, type Kind, list, told } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import type { ColumnEncoding, TargetEncoding, Task } from "./encoding.ts";
import { checkColumns, type Table } from "./table/table.ts";

/** What a model learns from: `x` float32 [n, features]; `y` float32 [n] or labels, int32 [n]; `weight` float32 [n]. */
export interface EncodedRows {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly weight?: Tensor;
}

/** All that an encoder knows, as JSON. */
export interface EncoderJSON {
  readonly nablaEncoder: 1;
  readonly target: TargetEncoding;
  readonly columns: readonly ColumnEncoding[];
  readonly weight?: string;
  readonly unseen: "zeros" | "error";
  readonly notes: readonly string[];
}

/** Encodes rows, decodes predictions. Made by `encode`; `JSON.stringify` keeps it, `encoderFromJSON` brings it back. */
export class Encoder {
  readonly task: Task;
  /** The names of the features, in the order of the last axis of x: "weight", "origin=USA", "weight is missing". */
  readonly features: readonly string[];
  /** Names of the classes, by label; empty for a regression. */
  readonly classes: readonly string[];
  /** What was decided that one may want to know: columns left out, and why. */
  readonly notes: readonly string[];
  readonly #json: EncoderJSON;
  readonly #labels: ReadonlyMap<string, number>;
  readonly #places: ReadonlyMap<string, ReadonlyMap<string, number>>;

  constructor(json: EncoderJSON) {
    const { target, columns, notes } = json;
    this.#json = json;
    this.task = target.task;
    this.features = columns.flatMap(featuresOf);
    this.classes = target.task === "classification" ? target.classes : [];
    this.notes = notes;
    this.#labels = new Map(this.classes.map((name, i) => [name, i]));
    this.#places = new Map(columns.map(({ name, categories }) => [name, new Map(categories.map((c, i) => [c, i]))]));
  }

  /** The column to predict. */
  get target(): string {
    return this.#json.target.name;
  }

  /** How each column is encoded. */
  get columns(): readonly ColumnEncoding[] {
    return this.#json.columns;
  }

  /** Features of each row, float32 [rows, features]; the target need not be there. */
  x(table: Table): Tensor {
    checkColumns(
      "Encoder.x",
      table,
      this.columns.map(({ name }) => name),
    );
    const width = this.features.length;
    const out = new Float32Array(table.rows * width);
    let at = 0;
    let present = 0;
    for (const column of this.columns) {
      present += this.#write(table, column, out, at, width);
      at += featuresOf(column).length;
    }
    if (table.rows > 0 && present === 0)
      throw new NablaError(
        "E-VALUE",
        `${table.file}: no row has a value in any column of features`,
        "rows with values",
      );
    return constant(out, [table.rows, width]);
  }

  /** A column's features, beginning with feature `first`; how many cells have a value. */
  #write(table: Table, column: ColumnEncoding, out: Float32Array, first: number, width: number): number {
    const { name, kind, mean, deviation, fill, categories, indicator, indicatorOnly } = column;
    const places = this.#places.get(name);
    let present = 0;
    for (let row = 0; row < table.rows; row++) {
      const cell = table.cell(row, name);
      const missing = isMissing(cell);
      if (!missing) present += 1;
      let at = row * width + first;
      if (indicator) out[at + (indicatorOnly ? 0 : Math.max(1, categories.length))] = missing ? 1 : 0;
      if (indicatorOnly) continue;
      if (kind === "category") {
        const place = places?.get(missing ? String(fill) : categoryOf(cell));
        if (place !== undefined) out[at + place] = 1;
        else if (this.#json.unseen === "error") throw unseen(table, row, name, cell, categories);
        continue;
      }
      const value = missing ? Number(fill) : numberOf(table, row, name, kind);
      out[at++] = (value - mean) / deviation;
    }
    return present;
  }

  /** Targets: float32 [rows], standardised, or labels, int32 [rows]. A row without one is an E-VALUE. */
  y(table: Table): Tensor {
    const { target } = this.#json;
    checkColumns("Encoder.y", table, [target.name]);
    const out = target.task === "regression" ? new Float32Array(table.rows) : new Int32Array(table.rows);
    for (let row = 0; row < table.rows; row++) {
      const cell = table.cell(row, target.name);
      if (isMissing(cell)) throw noTarget(table, row, target.name);
      if (target.task === "regression") {
        out[row] = (numberOf(table, row, target.name, target.kind) - target.mean) / target.deviation;
        continue;
      }
      const label = this.#labels.get(categoryOf(cell));
      if (label === undefined) throw unseen(table, row, target.name, cell, this.classes);
      out[row] = label;
    }
    return constant(out, [table.rows]);
  }

  /** x, y and weight of all rows. */
  rows(table: Table): EncodedRows {
    const { weight } = this.#json;
    const both = { x: this.x(table), y: this.y(table) };
    return weight === undefined ? both : { ...both, weight: weightsOf(table, weight) };
  }

  /** The rows as a dataset in memory. */
  dataset(table: Table): Dataset<EncodedRows> {
    return arrays(this.rows(table)) as Dataset<EncodedRows>;
  }

  /** Values of a standardised y in the units of the target, float64; labels as names of classes. */
  decode(y: Tensor | ArrayLike<number>): (number | string)[] {
    const { target } = this.#json;
    check("decode", "y", y, decodable);
    const values = Array.from(y instanceof Tensor ? y.data : y);
    if (target.task === "regression") return values.map((value) => value * target.deviation + target.mean);
    return values.map((label) => {
      const name = target.classes[label];
      if (name !== undefined) return name;
      throw new NablaError(
        "E-INDEX",
        `decode: there is no class ${told(label)}`,
        `labels from 0 to ${target.classes.length - 1}`,
      );
    });
  }

  /** What new rows have that those of the statistics had not: missing values, unseen categories. Empty is best. */
  check(table: Table): string[] {
    checkTable("Encoder.check", table);
    return this.columns.flatMap(({ name, kind, indicator }) => {
      let missing = 0;
      const unknown = new Map<string, number>();
      for (let row = 0; row < table.rows; row++) {
        const cell = table.cell(row, name);
        if (isMissing(cell)) missing += 1;
        else if (kind === "category" && this.#places.get(name)?.has(categoryOf(cell)) === false)
          unknown.set(categoryOf(cell), (unknown.get(categoryOf(cell)) ?? 0) + 1);
      }
      const few = [...unknown].slice(0, 3).map(([value, n]) => `${JSON.stringify(value)} (${n})`);
      return [
        ...(missing === 0 || indicator ? [] : [`"${name}" is missing in ${missing} rows, and never was in training`]),
        ...(few.length === 0
          ? []
          : [`"${name}" has categories that training had not: ${few.join(", ")}${unknown.size > 3 ? ", …" : ""}`]),
      ];
    });
  }

  toJSON(): EncoderJSON {
    return this.#json;
  }

  toString(): string {
    const { target, columns } = this.#json;
    const what =
      target.task === "regression"
        ? `regression of "${target.name}" (mean ${short(target.mean)}, standard deviation ${short(target.deviation)})`
        : `classification of "${target.name}" (${listed(target.classes.map((name, i) => `${name}: ${target.counts[i]}`))})`;
    const wide = Math.max(...columns.map(({ name }) => name.length));
    return [
      `${what} from ${this.features.length} features of ${columns.length} columns`,
      ...columns.map((column) => `  ${column.name.padEnd(wide)}  ${describe(column)}`),
      ...this.notes.map((note) => `  note: ${note}`),
    ].join("\n");
  }
}

const decodable: Kind = [(y) => y instanceof Tensor || list[0](y), "a tensor or a list of numbers"];

const featuresOf = ({ name, categories, indicator, indicatorOnly }: ColumnEncoding): string[] => {
  const values = categories.length > 0 ? categories.map((category) => `${name}=${category}`) : [name];
  return [...(indicatorOnly ? [] : values), ...(indicator ? [`${name} is missing`] : [])];
};

const short = (value: number): string => String(Number(value.toPrecision(4)));
const listed = (names: readonly string[]): string =>
  names.length > 8 ? `${names.slice(0, 8).join(", ")}, … ${names.length} in all` : names.join(", ");

function describe({ kind, mean, deviation, fill, categories, indicator, indicatorOnly }: ColumnEncoding): string {
  if (indicatorOnly) return `${kind}, whether it is missing`;
  const values =
    kind === "category"
      ? listed(categories)
      : kind === "bool"
        ? "0 or 1"
        : `mean ${short(mean)}, standard deviation ${short(deviation)}`;
  return `${kind}: ${values}${indicator ? `; missing: ${typeof fill === "number" ? short(fill) : fill}, and marked` : ""}`;
}

const at = (table: Table, row: number, name: string): string => `${table.file}: ${table.place(row)}, column "${name}"`;

function numberOf(table: Table, row: number, name: string, kind: string): number {
  const cell = table.cell(row, name);
  const read = readCell(cell);
  if (read?.value !== undefined && read.kind === kind) return read.value;
  throw new NablaError(
    "E-VALUE",
    `${at(table, row, name)}: ${shown(cell)} is no ${kind}`,
    `a ${kind}, as in the rows that the encoder was made from, or nothing`,
  );
}

const unseen = (table: Table, row: number, name: string, cell: unknown, known: readonly string[]): NablaError =>
  new NablaError(
    "E-VALUE",
    `${at(table, row, name)}: ${shown(categoryOf(cell))} did not occur when the encoder was made`,
    `one of ${listed(known)}`,
  );

const noTarget = (table: Table, row: number, name: string): NablaError =>
  new NablaError("E-VALUE", `${at(table, row, name)}: the target has no value`, "completeRows(table, [target]) first");

function weightsOf(table: Table, name: string): Tensor {
  checkColumns("Encoder.rows", table, [name]);
  const weights = Float32Array.from({ length: table.rows }, (_, row) => {
    const value = numberOf(table, row, name, "number");
    if (value >= 0) return value;
    throw new NablaError("E-VALUE", `${at(table, row, name)}: the weight ${value} is negative`, "weights from 0");
  });
  return constant(weights, [table.rows]);
}
