/** How well scores order. */
import { NablaError } from "../../base/error.ts";
import type { TensorLike } from "../../graph/tensor.ts";
import { decisions } from "./decisions.ts";

/**
 * The probability that a positive example has a greater score than a negative one, ties counting half: the area under the
 * receiver operating characteristic (Hanley and McNeil 1982), by ranks. Scores [batch] (of two classes [batch, 2]: their
 * difference), labels 0 and 1. NaN if there is only one class.
 *
 * @example
 * rocAUC([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // 0.75
 */
export function rocAUC(scores: TensorLike, labels: TensorLike): number {
  const d = decisions("rocAUC", scores, labels);
  if (d.classes !== 2)
    throw new NablaError("E-SHAPE", `rocAUC: scores of ${d.classes} classes`, "scores of one class beside the others");
  const score = Float64Array.from({ length: d.count }, (_, i) => d.at(i, 1) - d.at(i, 0));
  const order = Array.from(score.keys()).sort((a, b) => (score[a] as number) - (score[b] as number));
  let [ranks, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && score[order[to] as number] === score[order[from] as number]) to++;
    if (to === from) return Number.NaN; // a score is NaN, which has no rank
    // Equal scores share the mean of the ranks from + 1, …, to.
    const own = order.slice(from, to).filter((i) => d.labels[i] === 1).length;
    ranks += own * ((from + 1 + to) / 2);
    positives += own;
    from = to;
  }
  const negatives = d.count - positives;
  return positives * negatives === 0
    ? Number.NaN
    : (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
