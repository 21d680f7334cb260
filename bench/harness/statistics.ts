export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Median with the range that the rounds spanned. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
});

/** Round by round, so that what slows the machine for a while slows both sides. */
export const ratio = (times: readonly number[], base: readonly number[]): Spread =>
  spread(times.flatMap((t, i) => (base[i] === undefined ? [] : [t / (base[i] as number)])));

/** max |aᵢ − bᵢ| / max |bᵢ|. */
export function difference(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...b.map(Math.abs));
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.max(...b.map((value, i) => Math.abs((a[i] as number) - value))) / scale;
}
