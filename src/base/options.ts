/** Options, which are given by name. */
import { NablaError } from "./error.ts";

/** Who writes `sum(x, 0)` for `sum(x, { axis: 0 })` would get the sum of all: E-OPTION, which shows how it is written. */
export function checkOptions(what: string, options: unknown, example: string): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw new NablaError("E-OPTION", `${what}: the options are ${String(options)}`, example);
}
