/** A table of named columns, as a file holds it. */
import { NablaError } from "../../base/error.ts";
import { checkPlaces, checkTable } from "../check.ts";

/** Cells as they stand in the file: text, or what JSON and Parquet hold. */
export interface Table {
  /** Where it comes from, for messages. */
  readonly file: string;
  readonly names: readonly string[];
  /** How many rows. */
  readonly rows: number;
  cell(row: number, column: string): unknown;
  /** How a reader finds the row: "row 3 (line 4)". */
  place(row: number): string;
}

/**
 * The rows at these places, in this order.
 *
 * @example
 * selectRows(table([{ x: 1 }, { x: 2 }, { x: 3 }]), [2, 0]).cell(0, "x") // 3
 */
export function selectRows(table: Table, places: ArrayLike<number>): Table {
  checkTable("selectRows", table);
  checkPlaces("selectRows", places, table.rows, "row");
  const at = (row: number): number => places[row] ?? -1;
  return {
    file: table.file,
    names: table.names,
    rows: places.length,
    cell: (row, column) => table.cell(at(row), column),
    place: (row) => table.place(at(row)),
  };
}

/** All of these columns are there; else what is there instead: a renamed column shows. */
export function checkColumns(what: string, table: Table, names: readonly string[]): void {
  checkTable(what, table);
  const lost = names.filter((name) => !table.names.includes(name));
  if (lost.length === 0) return;
  const others = table.names.filter((name) => !names.includes(name));
  const quoted = (list: readonly string[]): string => list.map((name) => `"${name}"`).join(", ");
  throw new NablaError(
    "E-VALUE",
    `${table.file}: there is no column ${quoted(lost)}; ${others.length > 0 ? `other columns there are ${quoted(others)}` : "there are no other columns"}`,
    "the names that the encoder was made with",
  );
}
