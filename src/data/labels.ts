/** The classes of rows that pass once, for a split by them. */
import { NablaError } from "../base/error.ts";
import { categoryOf, isMissing } from "./cell.ts";
import { type Task, taskOf } from "./encoding.ts";
import { Summary } from "./summary.ts";
import type { Table } from "./table/table.ts";

/**
 * How many rows there are, and the class of each by the values of a column, a missing one being a class too: whole
 * numbers in the order in which they come. No labels where `task` is "auto" and the values are no classes.
 */
export async function labelled(
  parts: AsyncIterable<Table>,
  by: string | undefined,
  task: Task | "auto",
): Promise<{ readonly size: number; readonly task: Task; readonly labels?: Uint32Array }> {
  const summary = new Summary();
  const codes = new Map<string, number>();
  let labels = new Uint32Array(0);
  let size = 0;
  let file = "";
  for await (const part of parts) {
    const from = size;
    size += part.rows;
    file = part.file;
    if (by === undefined || task === "regression" || summary.counts === undefined) continue;
    if (size > labels.length) labels = longer(labels, Math.max(2 * labels.length, size));
    for (let row = 0; row < part.rows; row++) {
      const cell = part.cell(row, by);
      summary.add(cell, () => part.place(row));
      const name = isMissing(cell) ? "" : categoryOf(cell);
      const code = codes.get(name) ?? codes.size;
      if (code === codes.size) codes.set(name, code);
      labels[from + row] = code;
    }
  }
  const found = taskOf(summary, task);
  if (by === undefined || found === "regression") return { size, task: found };
  if (summary.counts !== undefined) return { size, task: found, labels: labels.subarray(0, size) };
  throw new NablaError("E-VALUE", `${file}: "${by}" has too many values to split by them`, "stratify: another column");
}

function longer(list: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(length);
  out.set(list);
  return out;
}
