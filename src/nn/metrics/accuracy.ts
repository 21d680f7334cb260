/** How often a classifier is right. */
import type { TensorLike } from "../../graph/tensor.ts";
import { checkCount } from "../layer.ts";
import { decisions, share } from "./decisions.ts";

/**
 * The fraction of examples whose right class has the greatest score: scores [batch, …, classes] and integer labels
 * [batch, …]; or logits of class 1, [batch, …], beside labels 0 and 1. Scores with a NaN are wrong.
 *
 * @example
 * accuracy([[0, 2], [3, 1]], [1, 1]) // 0.5
 */
export function accuracy(scores: TensorLike, labels: TensorLike): number {
  const d = decisions("accuracy", scores, labels);
  const known = (i: number): boolean => {
    for (let k = 0; k < d.classes; k++) if (Number.isNaN(d.at(i, k))) return false;
    return true;
  };
  return share(d, (i) => d.best(i) === d.labels[i] && known(i));
}

/**
 * The fraction of examples whose right class is among the k with the greatest scores; of equal scores earlier classes
 * come first.
 *
 * @example
 * topKAccuracy([[1, 2, 3], [1, 2, 3]], [1, 0], 2) // 0.5
 */
export function topKAccuracy(scores: TensorLike, labels: TensorLike, k = 5): number {
  checkCount("topKAccuracy", "classes", k);
  const d = decisions("topKAccuracy", scores, labels);
  return share(d, (i) => {
    const label = d.labels[i] as number;
    const own = d.at(i, label);
    let before = 0;
    for (let j = 0; j < d.classes; j++) if (d.at(i, j) > own || (d.at(i, j) === own && j < label)) before++;
    return before < k && !Number.isNaN(own);
  });
}
