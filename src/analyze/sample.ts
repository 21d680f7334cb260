/** Points of a box, the same each time. */
import type { Cell } from "./region.ts";

/** Evenly spread: the additive recurrence by the roots of xⁿ⁺¹ = x + 1 (Roberts 2018, after Kronecker and Weyl). */
export function samplesOf({ low, high }: Cell, count: number): Float64Array[] {
  const n = low.length;
  let root = 2;
  for (let k = 0; k < 50; k++) root = (1 + root) ** (1 / (n + 1));
  return Array.from({ length: count }, (_, k) =>
    low.map((a, i) => {
      const part = (0.5 + (k + 1) * root ** -(i + 1)) % 1;
      return Math.min(high[i] as number, a + part * ((high[i] as number) - a));
    }),
  );
}
