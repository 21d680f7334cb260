/** Where a run is, apart from tensors: plain data that a checkpoint keeps. */
import type { AnyOptions, Settings } from "./options.ts";
import { noSums, type Sums } from "./sums.ts";

/** What an epoch came to; a row of the history. */
export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** How many steps were made by its end. */
  readonly step: number;
  /** The mean cost of its batches, each before its step. */
  readonly loss: number;
  /** Loss and metrics of the validation data at its end. */
  readonly validation?: Readonly<Record<string, number>>;
  /** The same of the training data, where they were asked for. */
  readonly training?: Readonly<Record<string, number>>;
  /** The plateau's factor during it. */
  readonly factor?: number;
  /** The batch size at which noise and gradient are alike (diagnostics). */
  readonly noiseScale?: number;
  /** The mean of the largest Hessian eigenvalues that were measured (diagnostics). */
  readonly curvature?: number;
  /** Since the start, over all resumptions. */
  readonly seconds: number;
}

/** The best epoch so far. */
export interface BestEpoch {
  readonly epoch: number;
  readonly step: number;
  /** Of what is monitored. */
  readonly value: number;
}

export interface Position {
  readonly epoch: number;
  /** The next batch of the epoch. */
  readonly batch: number;
  readonly step: number;
  readonly sums: Sums;
  readonly history: readonly EpochRecord[];
  readonly best?: BestEpoch;
  /** Epochs since the best one. */
  readonly waited: number;
  /** Of the plateau. */
  readonly plateau?: { readonly factor: number };
  readonly seconds: number;
  /** How much of the log belongs to it. */
  readonly logBytes: number;
}

export const atStart: Position = {
  epoch: 0,
  batch: 0,
  step: 0,
  sums: noSums,
  history: [],
  waited: 0,
  seconds: 0,
  logBytes: 0,
};

/** After a step of its epoch's next batch. */
export const afterStep = (position: Position, sums: Sums): Position => ({
  ...position,
  batch: position.batch + 1,
  step: position.step + 1,
  sums,
});

/** Loss and metrics at an epoch's end. */
export type Measured = Pick<EpochRecord, "validation" | "training">;

/** What the epoch came to, with what was measured at its end. */
export function rowOf({ epoch, step, sums, plateau }: Position, measured: Measured, seconds: number): EpochRecord {
  const { gradientSquared, noise, curvature, measured: times } = sums;
  return {
    epoch,
    step,
    loss: sums.loss / sums.weight,
    ...measured,
    ...(plateau === undefined ? {} : { factor: plateau.factor }),
    ...(times > 0 ? { noiseScale: noise / gradientSquared, curvature: curvature / times } : {}),
    seconds,
  };
}

/** At the beginning of the next epoch, and whether this one was the best. */
export function afterEpoch(
  position: Position,
  row: EpochRecord,
  { monitor, maximize }: Settings,
  plateau: AnyOptions["plateau"],
): readonly [Position, better: boolean] {
  const value = (row.validation ?? row.training)?.[monitor] ?? row.loss;
  const better = isBetter(value, position.best?.value, maximize);
  const next = {
    ...position,
    epoch: position.epoch + 1,
    batch: 0,
    sums: noSums,
    history: [...position.history, row],
    ...(better ? { best: { epoch: row.epoch, step: row.step, value } } : {}),
    waited: better ? 0 : position.waited + 1,
    ...(plateau && position.plateau && { plateau: plateau.next(position.plateau, maximize ? -value : value) }),
  };
  return [next, better];
}

const isBetter = (value: number, best: number | undefined, maximize: boolean): boolean =>
  Number.isFinite(value) && (best === undefined || (maximize ? value > best : value < best));

/** JSON in which numbers that are not finite keep what they are. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v));
export const fromJson = (text: string): unknown =>
  JSON.parse(text, (_, v) => (v === "NaN" || v === "Infinity" || v === "-Infinity" ? Number(v) : v));
