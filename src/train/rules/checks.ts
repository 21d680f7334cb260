/** What options of rules and schedules must be. */
import { NablaError } from "../../base/error.ts";

const kinds = {
  "a number from 0": (x: number) => x >= 0 && x < Infinity,
  "a number above 0": (x: number) => x > 0 && x < Infinity,
  "a number from 0 and below 1": (x: number) => x >= 0 && x < 1,
  "a number above 0, at most 1": (x: number) => x > 0 && x <= 1,
  "a whole number from 0": (x: number) => Number.isSafeInteger(x) && x >= 0,
  "a whole number from 1": (x: number) => Number.isSafeInteger(x) && x >= 1,
};

/** @throws E-OPTION if one of the options is not of this kind */
export function check(what: string, kind: keyof typeof kinds, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options))
    if (typeof value !== "number" || !kinds[kind](value))
      throw new NablaError("E-OPTION", `${what}: ${name} is ${String(value)}`, kind);
}
