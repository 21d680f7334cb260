/** What a command answers, before anyone decides how it is shown. */
import type { Command } from "commander";

/** What a command found out. */
export interface Answer {
  /** Whether what was asked for was found: the exit code is 0 or 1. */
  readonly found: boolean;
  /** What a reader sees; the lines of `verdict` come first, and in colour where there is any. */
  readonly verdict: string;
  readonly text?: string;
  /** The same for programs: plain data, with tensors and typed arrays where they are at hand. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** A file `nabla <name>`: it tells commander its arguments, options and example, and gives its answer when it is called. */
export interface CommandModule {
  declare(command: Command, answer: (given: Answer) => void): void;
}

/**
 * Plain JSON with all digits. Numbers that JSON does not have are strings: "NaN", "Infinity", "-Infinity".
 */
export function toJSON(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, v: unknown) => {
      if (typeof v === "number" && !Number.isFinite(v)) return String(v);
      return ArrayBuffer.isView(v) ? Array.from(v as Float64Array) : v;
    },
    2,
  );
}
