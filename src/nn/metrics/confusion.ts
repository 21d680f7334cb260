/** Which classes are taken for which. */
import { NablaError } from "../../base/error.ts";
import { constant, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { decisions } from "./decisions.ts";

/**
 * How many examples of class i (row) were taken for class j (column), int32 [classes, classes]. Scores as in `accuracy`.
 *
 * @example
 * confusionMatrix([[0, 2], [3, 1], [0, 1]], [1, 1, 0]).toArray() // [[0, 1], [1, 1]]
 */
export function confusionMatrix(scores: TensorLike, labels: TensorLike): Tensor {
  const d = decisions("confusionMatrix", scores, labels);
  const counts = new Int32Array(d.classes ** 2);
  for (let i = 0; i < d.count; i++) {
    const place = (d.labels[i] as number) * d.classes + d.best(i);
    counts[place] = (counts[place] as number) + 1;
  }
  return constant(counts, [d.classes, d.classes]);
}

/** Of which class precision and recall speak. */
export interface ClassOptions {
  /** The class that counts as positive. By default class 1 of two; of more, the mean over all classes. */
  readonly positive?: number;
}

interface Counts {
  readonly hits: number;
  readonly taken: number;
  readonly present: number;
}

/** A measure of one class, or its plain mean over the classes; 0 where nothing can be said, as in scikit-learn. */
const ofClass =
  (what: string, measure: (counts: Counts) => number) =>
  (scores: TensorLike, labels: TensorLike, { positive }: ClassOptions = {}): number => {
    const matrix = confusionMatrix(scores, labels);
    const [classes, counts] = [matrix.shape[0] as number, matrix.data];
    if (positive !== undefined && !(Number.isInteger(positive) && positive >= 0 && positive < classes))
      throw new NablaError("E-OPTION", `${what}: class ${positive}`, `a class from 0 to ${classes - 1}`);
    const at = (i: number, j: number): number => counts[i * classes + j] as number;
    const all = Array.from({ length: classes }, (_, i) => i);
    const one = (k: number): number =>
      measure({
        hits: at(k, k),
        taken: all.reduce((n, i) => n + at(i, k), 0),
        present: all.reduce((n, j) => n + at(k, j), 0),
      });
    const only = positive ?? (classes === 2 ? 1 : undefined);
    return only === undefined ? all.reduce((sum, k) => sum + one(k), 0) / classes : one(only);
  };

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/**
 * Of those taken for the class, how many are of it: hits / taken (0 if none was taken for it).
 *
 * @example
 * precision([2, 1, -1], [1, 0, 1]) // 0.5
 */
export const precision = ofClass("precision", ({ hits, taken }) => ratio(hits, taken));

/**
 * Of those of the class, how many were found: hits / present (0 if there is none).
 *
 * @example
 * recall([2, 1, -1, -2], [1, 1, 1, 1]) // 0.5
 */
export const recall = ofClass("recall", ({ hits, present }) => ratio(hits, present));

/**
 * The harmonic mean of precision and recall, 2 hits / (taken + present).
 *
 * @example
 * f1([2, 1, -1, -2], [1, 0, 1, 1]) // 0.4
 */
export const f1 = ofClass("f1", ({ hits, taken, present }) => ratio(2 * hits, taken + present));
