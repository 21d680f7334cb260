/** What a cell of a table says: nothing, a number, yes or no, a day, or a text. */

/** What the cells of a column are. */
export type Kind = "number" | "bool" | "date" | "text";

/**
 * What stands for "not measured": nothing, and the usual words for it.
 *
 * @example
 * ["", "NA", null, 0].map(isMissing) // [true, true, true, false]
 */
export const isMissing = (cell: unknown): boolean =>
  cell === null ||
  cell === undefined ||
  (typeof cell === "string" && /^\s*(|NA|N\/A|NaN|null|nil|none|-|\.)\s*$/i.test(cell)) ||
  Number.isNaN(cell);

const day = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;
const dayInMilliseconds = 86_400_000;

/** Days since 1970 of a Date, or of a text as in ISO 8601, of which the zone is UTC if none is said; undefined for others. */
function daysOf(cell: unknown): number | undefined {
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? undefined : cell.getTime() / dayInMilliseconds;
  const match = typeof cell === "string" ? day.exec(cell.trim()) : null;
  if (match === null) return undefined;
  const [, date, time = "00:00", zone = "Z"] = match;
  const at = Date.parse(`${date}T${time}${zone}`);
  return Number.isNaN(at) ? undefined : at / dayInMilliseconds;
}

/** The kind of a cell that is not missing, and its value as a number (of a text: undefined). An object has no kind. */
export function readCell(cell: unknown): { readonly kind: Kind; readonly value: number | undefined } | undefined {
  if (typeof cell === "number") return Number.isFinite(cell) ? { kind: "number", value: cell } : text;
  if (typeof cell === "boolean") return { kind: "bool", value: cell ? 1 : 0 };
  if (typeof cell === "bigint") return { kind: "number", value: Number(cell) };
  if (typeof cell === "string") {
    const value = Number(cell);
    if (Number.isFinite(value) && cell.trim() !== "") return { kind: "number", value };
    if (/^\s*(true|false)\s*$/i.test(cell)) return { kind: "bool", value: /t/i.test(cell) ? 1 : 0 };
  }
  const value = daysOf(cell);
  if (value !== undefined) return { kind: "date", value };
  return typeof cell === "string" ? text : undefined;
}
const text = { kind: "text", value: undefined } as const;

/** The name of a category: 1, 1.0 and "1" are one, so are true and "TRUE". */
export function categoryOf(cell: unknown): string {
  const read = readCell(cell);
  if (read?.kind === "number") return String(read.value);
  if (read?.kind === "bool") return read.value === 1 ? "true" : "false";
  if (cell instanceof Date) return read === undefined ? "no date" : cell.toISOString();
  return typeof cell === "string" ? cell.trim() : shown(cell);
}

/** A cell for a message, at most a line long. */
export function shown(cell: unknown): string {
  if (typeof cell !== "string")
    return Array.isArray(cell) ? "a list" : typeof cell === "object" ? "an object" : String(cell);
  const text = cell.trim();
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
