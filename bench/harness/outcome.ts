/** What a run found, and how it reads. */
import type { Result } from "./race.ts";
import type { Case } from "./row.ts";
import { median, ratio, spread } from "./statistics.ts";
import { duration, short, table } from "./text.ts";

export interface Outcome {
  readonly row: string;
  readonly title: string;
  readonly case: Omit<Case<unknown>, "size">;
  readonly results: readonly Result[];
}

export interface Findings {
  readonly machine: readonly string[];
  readonly outcomes: readonly Outcome[];
  readonly reports: readonly Report[];
}

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Points of a plot, both axes logarithmic. */
  readonly points?: readonly (readonly [number, number])[];
}

export const isMeasured = ({ absent, times }: Result): boolean => absent === undefined && times.length > 0;

export const heading = ({ title, case: { name } }: Outcome): string => `${title} · ${name}`;

/** A time, or GFLOP/s (operations per nanosecond) where the case counts operations. */
export const figure = (time: number, { flops }: Outcome["case"]): string =>
  flops === undefined ? duration(time) : `${short(flops / time)} GFLOP/s`;

export function ratioOf(result: Result, results: readonly Result[]): string {
  const base = results.find(({ title }) => title === result.base);
  if (base === undefined || !isMeasured(base) || !isMeasured(result)) return "";
  const { median, least, most } = ratio(result.times, base.times);
  return `× ${short(median)} (${short(least)} – ${short(most)})`;
}

/** The best round's time over the base's best: what other work on the machine disturbs least. */
export function bestOf(result: Result, results: readonly Result[]): string {
  const base = results.find(({ title }) => title === result.base);
  if (base === undefined || !isMeasured(base) || !isMeasured(result)) return "";
  return `× ${short(Math.min(...result.times) / Math.min(...base.times))}`;
}

export const costRatio = ({ times, values }: Result): string =>
  values.length === 0 ? "" : short(median(times.map((t, i) => t / (values[i] as number))));

export function textOf(outcome: Outcome): string {
  const { case: one, results } = outcome;
  const head = [
    "",
    "median",
    "range",
    "× its base",
    "by the best",
    "gradient/function",
    "first call",
    "differs by",
    "f off by",
    "parameters off by",
  ];
  const off = (x: number | undefined): string => (x === undefined ? "" : x === 0 ? "0" : x.toExponential(0));
  const lines = results.map((result) => {
    if (!isMeasured(result)) return [result.title, result.absent ?? "–"];
    const { median, least, most } = spread(result.times);
    return [
      result.title,
      figure(median, one),
      (one.flops === undefined ? [least, most] : [most, least]).map((t) => figure(t, one)).join(" – "),
      ratioOf(result, results),
      bestOf(result, results),
      costRatio(result),
      duration(result.first),
      result.reached ? "" : off(result.difference),
      off(result.reached?.value),
      off(result.reached?.parameters),
    ];
  });
  const used = head.map((_, i) => i === 0 || lines.some((line) => line.length > 2 && line[i] !== ""));
  const shown = lines.filter((line) => line.length > 2);
  const others = lines.filter((line) => line.length === 2);
  const goal = one.target === undefined ? "" : `\n  target (another machine): ${one.target}`;
  const body = table(
    [head, ...shown].map((line) => line.filter((_, i) => used[i])),
    "  ",
  );
  return [`${heading(outcome)}${goal}`, body, ...others.map(([title, why]) => `  ${title}: ${why}`)].join("\n");
}

export const reportText = ({ title, columns, rows }: Report): string => `${title}\n${table([columns, ...rows], "  ")}`;
