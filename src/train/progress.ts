/** How far a run is, on the standard error: a bar in a terminal, lines elsewhere. */
import type { EpochRecord } from "./position.ts";
import { show, showEpoch, showTime } from "./training.ts";

/** Where a run is. */
export interface Moment {
  readonly epoch: number;
  readonly batch: number;
  /** Of an epoch. */
  readonly batches: number;
  readonly step: number;
  /** The last step there will be, if that is known. */
  readonly steps: number;
  /** Of the epoch so far. */
  readonly loss: number;
  readonly batchSize: number;
  /** Steps of this session. */
  readonly made: number;
  readonly last: EpochRecord | undefined;
}

export interface Progress {
  /** After a step, at a time in milliseconds. */
  step(time: number, moment: () => Moment): void;
  epoch(row: EpochRecord): void;
  say(text: string): void;
  /** Leaves the screen as it should be. */
  end(): void;
}

/** What text goes to: a part of Node's streams. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const silent: Progress = { step() {}, epoch() {}, say() {}, end() {} };
/** Runs that are over before this, in milliseconds, say nothing. */
const patience = 1000;
const cells = 20;

/** A bar: ━━━━━╌╌╌╌╌. */
export function bar(done: number): string {
  const full = Math.round(cells * Math.min(1, Math.max(0, done)));
  return "━".repeat(full) + "╌".repeat(cells - full);
}

/** The line of a moment, `elapsed` seconds after the session began. */
export function line(moment: Moment, elapsed: number): string {
  const { epoch, batch, batches, step, steps, loss, batchSize, made, last } = moment;
  const left = made > 0 && Number.isFinite(steps) ? `, ${showTime(((steps - step) * elapsed) / made)} left` : "";
  const before = last?.validation === undefined ? "" : `, before: ${showEpoch(last)}`;
  const speed = Math.round((made * batchSize) / Math.max(elapsed, 1e-9));
  return `epoch ${epoch + 1} ${bar(batch / batches)} ${batch}/${batches}  loss ${show(loss)}, ${speed} examples/s${left}${before}`;
}

/** What shows a run on a screen; by default on Node's standard error, and nowhere elsewhere. */
export function showing(
  progress: "auto" | "bar" | false,
  screen: Screen | undefined = (globalThis.process as NodeJS.Process | undefined)?.stderr,
  now: () => number = () => performance.now(),
): Progress {
  if (progress === false || screen === undefined) return silent;
  const began = now();
  const terminal = screen.isTTY === true;
  let drawn = began + patience;
  let open = false;
  const clear = (): void => {
    if (open) screen.write("\r\x1b[K");
    open = false;
  };
  return {
    step(time, moment) {
      if (!terminal || time < drawn) return;
      drawn = time + 100;
      const text = line(moment(), (time - began) / 1000);
      screen.write(`\r\x1b[K${text.slice(0, (screen.columns ?? 80) - 1)}`);
      open = true;
    },
    epoch(row) {
      const time = now();
      if (terminal ? time < began + patience : time < drawn) return;
      clear();
      if (!terminal) drawn = time + patience;
      screen.write(`epoch ${row.epoch + 1}: ${showEpoch(row)} (${showTime(row.seconds)})\n`);
    },
    say(text) {
      clear();
      screen.write(`${text}\n`);
    },
    end: clear,
  };
}
