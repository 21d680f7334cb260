/** What a run has beside its state while it goes on: clock, log, screen, and who wants it to stop. */
import { filled, type Tensor } from "../graph/tensor.ts";
import { type Found, saveCheckpoint } from "./checkpoint.ts";
import { diagnosing } from "./diagnostics.ts";
import { foundText } from "./ending.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { onInterrupt } from "./interrupt.ts";
import { type Log, openLog } from "./log.ts";
import type { AnyOptions, Settings } from "./options.ts";
import type { Position } from "./position.ts";
import { type Progress, showing } from "./progress.ts";
import { type Reached, remembered, type Snapshot } from "./snapshot.ts";
import type { StepInputs, TrainingStep } from "./step.ts";
import type { Task } from "./task.ts";

/** A run, ready to go. */
export interface Run {
  readonly task: Task;
  readonly options: AnyOptions;
  readonly settings: Settings;
  readonly step: TrainingStep;
  readonly key: Tensor;
  readonly start: Snapshot;
  /** Where there is a folder. */
  readonly fingerprint: Fingerprint | undefined;
  /** What was resumed. */
  readonly found: Found | undefined;
}

export interface Session extends Run {
  readonly log: Log;
  readonly progress: Progress;
  readonly diagnose: ReturnType<typeof diagnosing> | undefined;
  /** Since the run began, over all resumptions. */
  seconds(): number;
  /** Asks it to stop; the first to ask is named. */
  stop(who: string): void;
  /** Who asked. */
  stopped(): string | undefined;
  close(): Promise<void>;
}

export async function openSession(run: Run): Promise<Session> {
  const { task, options, start, found } = run;
  const { folder, signal, diagnostics, threads } = options;
  const began = performance.now();
  const progress = showing(options.progress ?? "auto");
  const log = await openLog(options.log ?? (await inFolder(folder, "log.jsonl")), start.position.logBytes);
  if (found !== undefined && found.spoilt.length > 0) progress.say(foundText(found));
  let asked: string | undefined;
  const stop = (who: string): void => {
    asked ??= who;
  };
  const forget = (options.interrupt ?? folder !== undefined) ? onInterrupt(stop) : () => {};
  return {
    ...run,
    log,
    progress,
    diagnose: diagnostics && diagnosing(task.cost, diagnostics, threads),
    seconds: () => start.position.seconds + (performance.now() - began) / 1000,
    stop,
    stopped: () => asked ?? (signal?.aborted === true ? "the signal" : undefined),
    close() {
      forget();
      return log.close();
    },
  };
}

/** What a step is given at a position, besides the batch. */
export const inputsOf = ({ key }: Run, { plateau }: Position): StepInputs => ({
  factor: filled(plateau?.factor ?? 1, [], "float64"),
  key,
});

/** Remembered, and written as a checkpoint where there is a folder. */
export async function saved(session: Session, reached: Reached): Promise<Reached> {
  const next = remembered(reached);
  const { log, fingerprint } = session;
  const { folder } = session.options;
  if (next.diverged || folder === undefined || fingerprint === undefined) return next;
  await log.flush();
  const position = { ...next.position, seconds: session.seconds(), logBytes: log.bytes() };
  const { state, best } = next;
  await saveCheckpoint(folder, { state, position, best, fingerprint });
  return { ...next, position };
}

async function inFolder(folder: string | undefined, name: string): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const { join } = await import("node:path");
  return join(folder, name);
}
