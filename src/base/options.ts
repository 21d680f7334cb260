/** Options, which are given by name. */
import { NablaError } from "./error.ts";

/** Who writes `sum(x, 0)` for `sum(x, { axis: 0 })` would get the sum of all: E-OPTION, which shows how it is written. */
export function checkOptions(what: string, options: unknown, example: string, known?: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new NablaError("E-OPTION", `${what}: the options are ${String(options)}`, example);
  const other = known === undefined ? undefined : Object.keys(options).find((key) => !known.includes(key));
  if (other !== undefined)
    throw new NablaError("E-OPTION", `${what}: there is no option "${other}"`, (known as readonly string[]).join(", "));
}
