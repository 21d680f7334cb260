/** Where a run is, apart from tensors: plain data that a checkpoint keeps. */

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

/** Running sums of an epoch. */
export interface Sums {
  readonly loss: number;
  readonly weight: number;
  readonly gradientSquared: number;
  readonly noise: number;
  readonly curvature: number;
  /** How often noise and curvature were measured. */
  readonly measured: number;
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

export const noSums: Sums = { loss: 0, weight: 0, gradientSquared: 0, noise: 0, curvature: 0, measured: 0 };
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

/** JSON in which numbers that are not finite keep what they are. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v));
export const fromJson = (text: string): unknown =>
  JSON.parse(text, (_, v) => (v === "NaN" || v === "Infinity" || v === "-Infinity" ? Number(v) : v));
