/** What an optimisation found, and how sure that is. */

/**
 * - `converged`: a local minimum, as far as derivatives say (the message says how far that is)
 * - `stalled`: no step improves, and it is no minimum by the derivatives: a plateau, a kink, rounding
 * - `unbounded`: there is nothing to arrive at: the value falls without limit, or the infimum is at infinity
 * - `iteration-limit`: neither, within the iterations allowed
 * - `undefined`: no value or no gradient at the start
 * - `stopped`: by the callback
 */
export type Status = "converged" | "stalled" | "unbounded" | "iteration-limit" | "undefined" | "stopped";

/** A quantity that a tolerance is about: what was measured at the end, and what was asked for. */
export interface Measure {
  readonly measured: number;
  readonly tolerance: number;
  readonly met: boolean;
}

export const measure = (measured: number, tolerance: number): Measure => ({
  measured,
  tolerance,
  met: measured <= tolerance,
});

/** A number in as many digits as a sentence needs. */
export const show = (v: number, digits = 4): string => String(Number(v.toPrecision(digits)));

/** A direction in the parameters' names: `0.7071 x − 0.7071 y`. */
export function showDirection(d: Float64Array, names: readonly string[], most = 6): string {
  const largest = d.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const terms = [...d.keys()].filter((i) => Math.abs(d[i] as number) > 1e-3 * largest);
  const shown = terms
    .sort((a, b) => Math.abs(d[b] as number) - Math.abs(d[a] as number) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
  const text = shown.map((i, k) => {
    const v = d[i] as number;
    const size = Math.abs(Math.abs(v) - 1) < 1e-9 ? "" : `${show(Math.abs(v))} `;
    return `${v < 0 ? (k === 0 ? "−" : " − ") : k === 0 ? "" : " + "}${size}${names[i]}`;
  });
  return `${text.join("")}${terms.length > most ? " + …" : ""}`;
}

/** A point in the parameters' names: `x = 1, y = 2`. */
export const showPoint = (x: Float64Array, names: readonly string[], most = 6): string =>
  `${names
    .slice(0, most)
    .map((name, i) => `${name} = ${show(x[i] as number, 6)}`)
    .join(", ")}${names.length > most ? ", …" : ""}`;
