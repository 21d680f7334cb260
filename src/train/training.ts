/** What came of training. */
import type { Tree } from "../graph/trees.ts";
import type { Variables } from "../nn/index.ts";
import type { BestEpoch, EpochRecord } from "./position.ts";

/**
 * - `finished`: all epochs or steps were made
 * - `early-stopped`: the monitored value got no better for as long as was asked for
 * - `stopped`: by a signal, the callback or Ctrl-C
 * - `diverged`: a cost or a parameter was not finite
 */
export type TrainingStatus = "finished" | "early-stopped" | "stopped" | "diverged";

/** The best epoch and what the variables were at its end. */
export interface Best<P, S> extends BestEpoch {
  readonly variables: Variables<P, S>;
}

/** What was learned, and how it went; prints as a few lines. */
export class Training<P, S> {
  /** At the end; where training diverged, the last that were finite. */
  readonly variables: Variables<P, S>;
  /** The same with the averages of the parameters, where the rule keeps one of all of them. */
  readonly averaged: Variables<P, S> | undefined;
  /** The rule's state. */
  readonly rule: Tree;
  /** Of the epoch whose monitored value was best; undefined if none ended. */
  readonly best: Best<P, S> | undefined;
  readonly history: readonly EpochRecord[];
  readonly status: TrainingStatus;
  readonly message: string;
  readonly steps: number;
  /** Over all resumptions. */
  readonly seconds: number;

  constructor(fields: Omit<Training<P, S>, "toString">) {
    this.variables = fields.variables;
    this.averaged = fields.averaged;
    this.rule = fields.rule;
    this.best = fields.best;
    this.history = fields.history;
    this.status = fields.status;
    this.message = fields.message;
    this.steps = fields.steps;
    this.seconds = fields.seconds;
  }

  toString(): string {
    const last = this.history.at(-1);
    return [
      `${this.status}: ${this.message}`,
      ...(last === undefined ? [] : [`  epoch ${last.epoch + 1}: ${showEpoch(last)}`]),
      ...(this.best === undefined ? [] : [`  best: epoch ${this.best.epoch + 1}, ${show(this.best.value)}`]),
      `  ${this.steps} steps in ${showTime(this.seconds)}`,
    ].join("\n");
  }
}

/** A number in four digits. */
export const show = (v: number): string => String(Number(v.toPrecision(4)));

/** Loss and metrics of an epoch. */
export function showEpoch({ loss, training, validation }: EpochRecord): string {
  const parts = Object.entries({ training, validation }).map(([part, measured]) => {
    const values = Object.entries(measured ?? {}).map(([name, v]) => `${name} ${show(v)}`);
    return values.length > 0 ? `, ${part} ${values.join(", ")}` : "";
  });
  return `loss ${show(loss)}${parts.join("")}`;
}

/** `4.2 s`, `3:05`, `1:02:03`. */
export function showTime(seconds: number): string {
  if (!(seconds >= 60)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  const [hours = 0, minutes = 0, rest = 0] = parts;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
