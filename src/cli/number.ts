/** Numbers and small tables for readers. */

/** So many significant digits, with a power of ten where zeros would hide them: 1.2e-7, 12345678, 0.25. */
export function short(value: number, digits = 6): string {
  if (value === 0 || !Number.isFinite(value)) return String(value === 0 ? 0 : value);
  const size = Math.abs(value);
  const [plain, power] = [Number(value.toPrecision(digits)), value.toExponential(digits - 1)];
  return size < 1e-4 || size >= 1e9 ? power.replace(/\.?0+e/, "e").replace("e+", "e") : String(plain);
}

/** Columns side by side, two spaces apart; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => [...(row[c] ?? "")].length)));
  const pad = (cell: string, c: number): string => {
    const space = " ".repeat((widths[c] as number) - [...cell].length);
    return c === 0 ? cell + space : space + cell;
  };
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** "1 iteration", "3 iterations". */
export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
