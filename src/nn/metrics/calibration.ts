/** Whether probabilities are as often right as they say. */
import type { TensorLike } from "../../graph/tensor.ts";
import { checkCount } from "../layer.ts";
import { decisions } from "./decisions.ts";

/** The decisions whose confidence lies in one interval. */
export interface CalibrationBin {
  /** The means over the decisions in it; NaN if there are none. */
  readonly confidence: number;
  readonly accuracy: number;
  readonly count: number;
}

/** How far confidence and accuracy lie apart. */
export interface Calibration {
  /** Σ (count/n) · |accuracy − confidence|: the expected calibration error. */
  readonly error: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * The expected calibration error (Guo et al. 2017, eq. 3): decisions by their confidence, the softmax of the greatest
 * score, in `bins` intervals of equal width. Scores as in `accuracy`.
 *
 * @example
 * calibration([[0, 0], [0, 0]], [0, 1]).error // 0
 */
export function calibration(
  scores: TensorLike,
  labels: TensorLike,
  { bins = 15 }: { readonly bins?: number } = {},
): Calibration {
  checkCount("calibration", "bins", bins);
  const d = decisions("calibration", scores, labels);
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, hits: 0, count: 0 }));
  for (let i = 0; i < d.count; i++) {
    const best = d.best(i);
    let total = 0;
    for (let k = 0; k < d.classes; k++) total += Math.exp(d.at(i, k) - d.at(i, best));
    const confidence = 1 / total;
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))];
    if (bin === undefined) return { error: Number.NaN, bins: [] }; // a score is NaN
    bin.confidence += confidence;
    bin.hits += best === d.labels[i] ? 1 : 0;
    bin.count++;
  }
  return {
    error: sums.reduce((e, { confidence, hits }) => e + Math.abs(hits - confidence), 0) / d.count,
    bins: sums.map(({ confidence, hits, count }) => ({
      confidence: confidence / count,
      accuracy: hits / count,
      count,
    })),
  };
}
