/** What functions are given, looked at before it is used: JavaScript lets everything through. */

import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { describe } from "../graph/convert.ts";
import type { Dataset } from "./dataset.ts";
import type { Table } from "./table/table.ts";

/** What something may be: a test, and in words what would pass it. */
export type Kind = readonly [is: (value: unknown) => boolean, repair: string];

const isObject = (value: unknown): value is Readonly<Record<PropertyKey, unknown>> =>
  typeof value === "object" && value !== null;
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): value is string => typeof value === "string";
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** A whole number from `least`. */
export const counted = (least: number): Kind => [
  (value) => isCount(value) && value >= least,
  `a whole number from ${least}`,
];
export const positive: Kind = [(value) => typeof value === "number" && value > 0, "a positive number"];
export const finite: Kind = [Number.isFinite, "a finite number"];
export const share: Kind = [
  (value) => typeof value === "number" && value >= 0 && value < 1,
  "a share from 0 to 1, such as 0.2",
];
export const seeding: Kind = [Number.isSafeInteger, "an integer such as 42"];
export const flag: Kind = [(value) => typeof value === "boolean", "true or false"];
export const text: Kind = [isText, "a text"];
export const names: Kind = [
  (value) => Array.isArray(value) && value.every(isText),
  '["x", "y"], a list of names of columns',
];
/** Typed arrays and whatever else has a length. */
export const list: Kind = [(value) => isObject(value) && isCount(value.length), "a list, or a typed array"];
export const oneOf = (...words: readonly unknown[]): Kind => [
  (value) => words.includes(value),
  words.map((word) => JSON.stringify(word)).join(", "),
];
/** Values by name that all are of a kind. */
export const recordOf = ([is, repair]: Kind): Kind => [
  (value) => isRecord(value) && Object.values(value).every(is),
  `{ name: … } of values by name, each of them ${repair}`,
];
export const func: Kind = [(value) => typeof value === "function", "a function"];
export const dataset: Kind = [
  (value) => isObject(value) && isCount(value.size) && isCount(value.block) && typeof value.take === "function",
  "a dataset, such as arrays({ x, y })",
];
export const rowsAndColumns: Kind = [
  (value) =>
    isObject(value) &&
    isCount(value.rows) &&
    names[0](value.names) &&
    [value.cell, value.place].every((method) => typeof method === "function"),
  "a table, such as table([{ x: 1, y: 2 }]) or await readTable(file)",
];
export const iterable: Kind = [
  (value) => isObject(value) && [Symbol.iterator, Symbol.asyncIterator].some((by) => typeof value[by] === "function"),
  "a list, a generator or another iterable",
];

/** A value for a message. */
export const told = (value: unknown): string =>
  typeof value === "number" ? String(value) : isText(value) ? JSON.stringify(value.slice(0, 40)) : describe(value);

/** E-VALUE unless an argument is of this kind. */
export function check(what: string, name: string, value: unknown, [is, repair]: Kind): void {
  if (!is(value)) throw new NablaError("E-VALUE", `${what}: ${name} is ${told(value)}`, repair);
}

/** E-OPTION where an option is of another kind, is unknown and would be passed over in silence, or is needed and not there. */
export function checkEach(
  what: string,
  options: object,
  kinds: Readonly<Record<string, Kind>>,
  needed: readonly string[] = [],
): void {
  checkOptions(what, options, `{ ${Object.keys(kinds).join(", ")} }`);
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of new Set([...Object.keys(given), ...needed])) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined)
      throw new NablaError("E-OPTION", `${what}: there is no option "${name}"`, Object.keys(kinds).join(", "));
    const value = given[name];
    if ((value !== undefined || needed.includes(name)) && !kind[0](value))
      throw new NablaError("E-OPTION", `${what}: ${name} is ${told(value)}`, kind[1]);
  }
}

/** E-INDEX unless all places are among so many. */
export function checkPlaces(
  what: string,
  places: ArrayLike<number>,
  size: number,
  one: "place" | "row" = "place",
): void {
  check(what, "the list of places", places, list);
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    if (isCount(place) && place < size) continue;
    throw new NablaError(
      "E-INDEX",
      `${what}: ${one} ${told(place)} of ${size}${one === "row" ? "" : " examples"}`,
      `${one}s from 0 to size − 1`,
    );
  }
}

export const checkDataset = (what: string, data: Dataset<unknown>): void => check(what, "data", data, dataset);
export const checkTable = (what: string, given: Table): void => check(what, "the table", given, rowsAndColumns);
