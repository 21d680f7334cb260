/** Numbers and tables as text. */

/** Three digits. */
export function short(x: number): string {
  if (x >= 999.5) return Math.round(x).toLocaleString("en");
  return x.toPrecision(3).replace(/e.*/, "");
}

/** Nanoseconds in their natural unit. */
export function duration(ns: number): string {
  const [scale, unit] = (
    [
      [1e9, "s"],
      [1e6, "ms"],
      [1e3, "µs"],
      [1, "ns"],
    ] as const
  ).find(([scale]) => ns >= 0.9995 * scale) ?? [1, "ns"];
  return `${short(ns / scale)} ${unit}`;
}

export const bytes = (n: number): string =>
  n >= 1e6 ? `${short(n / 1e6)} MB` : n >= 1e3 ? `${short(n / 1e3)} kB` : `${n} B`;

/** Columns as wide as they need; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
      return (indent + cells.join("   ")).trimEnd();
    })
    .join("\n");
}

export const markdownTable = (rows: readonly (readonly string[])[]): string => {
  const [head, ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  return [head, `|${(rows[0] ?? []).map(() => "---").join("|")}|`, ...body].join("\n");
};
