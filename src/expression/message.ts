/** Errors of formulas: the column, the place under the formula's own text, the nearest name. */
import { NablaError } from "../base/error.ts";

/** How much of a long formula is shown on each side of the place. */
const shown = 36;

/** `there is no function "sine" (column 3)`, the formula, and a caret under `at` (an index into the text, from 0). */
export function formulaError(text: string, at: number, what: string, repair: string): NablaError {
  const from = Math.max(0, at - shown);
  const before = from > 0 ? "…" : "";
  const line = `${before}${text.slice(from, at + shown)}${at + shown < text.length ? "…" : ""}`.replace(/\s/g, " ");
  const caret = `${" ".repeat(before.length + at - from)}^`;
  return new NablaError("E-FORMULA", `expression: ${what} (column ${at + 1})\n    ${line}\n    ${caret}`, repair);
}

/** The name among these that is nearest by insertions, deletions and replacements, if it is near at all. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.max(2, Math.ceil(name.length / 2)));
  for (const other of names) {
    const d = distance(name.toLowerCase(), other.toLowerCase());
    if (d < least) [best, least] = [other, d];
  }
  return best;
}

/** Levenshtein's distance, one row of the table at a time. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
