/** Comma- and tab-separated values (RFC 4180): quotes, doubled quotes, line ends within quotes, BOM, CRLF. */
import { NablaError } from "../../base/error.ts";
import type { Table } from "./table.ts";

interface Record {
  readonly cells: readonly string[];
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** A table with its names in the first row. The delimiter is told by that row if it is not given. */
export function readDelimited(file: string, text: string, delimiter = delimiterOf(text)): Table {
  const [head, ...body] = records(file, text, delimiter);
  if (head === undefined)
    throw new NablaError("E-VALUE", `${file}: the file is empty`, "a file whose first row names the columns");
  const names = head.cells.map((name) => name.trim());
  checkHead(file, names);
  for (const { cells, line } of body) {
    if (cells.length === names.length) continue;
    throw new NablaError(
      "E-RAGGED",
      `${file}: line ${line} has ${cells.length} values, the first row names ${names.length} columns`,
      `one value for each of ${names.join(", ")}`,
    );
  }
  const columns = new Map(names.map((name, i) => [name, i]));
  return {
    file,
    names,
    rows: body.length,
    cell: (row, column) => body[row]?.cells[columns.get(column) ?? -1],
    place: (row) => `row ${row + 1} (line ${body[row]?.line})`,
  };
}

function checkHead(file: string, names: readonly string[]): void {
  const repair = "a first row that names each column once";
  if (names.every((name) => name !== "" && Number.isFinite(Number(name))))
    throw new NablaError("E-VALUE", `${file}: the first row holds numbers (${names.join(", ")}), not names`, repair);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new NablaError("E-VALUE", `${file}: two columns have the name "${twice}"`, repair);
}

/** The one of tab, semicolon and comma that stands in the first line, outside of quotes. */
function delimiterOf(text: string): string {
  const seen = new Set<string>();
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const mark = text[at] as string;
    if (mark === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (mark === "\n" || mark === "\r") break;
    else seen.add(mark);
  }
  return ["\t", ";", ","].find((mark) => seen.has(mark)) ?? ",";
}

/** Rows of cells; lines with nothing on them are passed over. */
function records(file: string, text: string, delimiter: string): Record[] {
  const source = text.replace(/^\uFEFF/, "");
  const rows: Record[] = [];
  let [cells, start, line, at] = [[] as string[], 1, 1, 0];
  const endRow = (): void => {
    if (cells.length > 1 || cells[0] !== "") rows.push({ cells, line: start });
    cells = [];
  };
  while (at < source.length) {
    if (source[at] === '"') {
      const close = closing(source, at);
      if (close < 0)
        throw new NablaError(
          "E-VALUE",
          `${file}: line ${line}: the quote is never closed`,
          'a closing ", "" for one inside',
        );
      const inside = source.slice(at + 1, close);
      cells.push(inside.replaceAll('""', '"'));
      line += inside.split(/\r\n|\r|\n/).length - 1;
      at = close + 1;
      if (at < source.length && source[at] !== delimiter && !/[\r\n]/.test(source[at] as string))
        throw new NablaError(
          "E-VALUE",
          `${file}: line ${line}: text follows a closing quote`,
          '"" for a quote inside quotes',
        );
    } else {
      const end = endOfCell(source, at, delimiter);
      cells.push(source.slice(at, end));
      at = end;
    }
    if (source[at] === delimiter) {
      at += 1;
      if (at === source.length) cells.push("");
      else if (/[\r\n]/.test(source[at] as string)) cells.push("");
      else continue;
    }
    endRow();
    at += source.startsWith("\r\n", at) ? 2 : 1;
    line += 1;
    start = line;
  }
  return rows;
}

/** Where the quote that opens at `from` is closed: the next " that is not one of a pair. */
function closing(source: string, from: number): number {
  for (let at = source.indexOf('"', from + 1); at >= 0; at = source.indexOf('"', at + 2))
    if (source[at + 1] !== '"') return at;
  return -1;
}

function endOfCell(source: string, from: number, delimiter: string): number {
  let at = from;
  while (at < source.length && source[at] !== delimiter && source[at] !== "\n" && source[at] !== "\r") at += 1;
  return at;
}
