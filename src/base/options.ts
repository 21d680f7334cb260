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

/** @throws E-OPTION if one of the options is neither true nor false: `"no"` would count as true */
export function checkFlags(what: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options))
    if (typeof value !== "boolean")
      throw new NablaError("E-OPTION", `${what}: ${name} is ${String(value)}`, "true or false");
}

const kinds = {
  "a number from 0": (x: number) => x >= 0 && x < Infinity,
  "a number above 0": (x: number) => x > 0 && x < Infinity,
  "a number from 0 and below 1": (x: number) => x >= 0 && x < 1,
  "a number above 0, at most 1": (x: number) => x > 0 && x <= 1,
  "a number from 0 to 1": (x: number) => x >= 0 && x <= 1,
  "a finite number": Number.isFinite,
  "a whole number from 0": (x: number) => Number.isSafeInteger(x) && x >= 0,
  "a whole number from 1": (x: number) => Number.isSafeInteger(x) && x >= 1,
};

/** @throws E-OPTION if one of the options is not of this kind */
export function check(what: string, kind: keyof typeof kinds, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options))
    if (typeof value !== "number" || !kinds[kind](value))
      throw new NablaError("E-OPTION", `${what}: ${name} is ${String(value)}`, kind);
}
