/** What scores decide, beside what is true: plain numbers on the host. */
import { NablaError } from "../../base/error.ts";
import { showShape, sizeOf } from "../../base/shape.ts";
import { toTensor } from "../../graph/convert.ts";
import type { TensorLike } from "../../graph/tensor.ts";
import { toIndex } from "../../ops/gather.ts";

export interface Scores {
  /** How many decisions there are. */
  readonly count: number;
  readonly classes: number;
  /** The score of a class at a decision. */
  at(decision: number, label: number): number;
  /** The class with the greatest score, the first at a tie. */
  best(decision: number): number;
  readonly labels: ArrayLike<number>;
}

/**
 * Scores [batch, …, classes] and labels [batch, …]. Scores of the labels' own shape, or [batch, 1], are logits of class 1
 * beside a class 0 with the score 0.
 */
export function decisions(what: string, scores: TensorLike, labels: TensorLike): Scores {
  const s = toTensor(what, scores);
  const t = toTensor(what, labels);
  const index = toIndex(`${what}: labels`, t.dtype === "bool" ? t.cast("int32") : t);
  const count = index.size;
  const binary = s.size === count;
  const classes = binary ? 2 : (s.shape.at(-1) ?? 0);
  if (count === 0) throw new NablaError("E-VALUE", `${what}: there are no examples`, "one example or more");
  if (s.size !== (binary ? count : count * classes) || (!binary && sizeOf(s.shape.slice(0, -1)) !== count))
    throw new NablaError(
      "E-SHAPE",
      `${what}: scores are ${showShape(s.shape)}, labels ${showShape(index.shape)}`,
      "scores [batch, …, classes], or logits [batch, …], and labels [batch, …]",
    );
  const [values, truth] = [s.data, index.data];
  truth.forEach((label, i) => {
    if (label < 0 || label >= classes)
      throw new NablaError("E-INDEX", `${what}: label ${i} is ${label}`, `labels from 0 to ${classes - 1}`);
  });
  const at = (i: number, k: number): number =>
    binary ? (k === 1 ? (values[i] as number) : 0) : (values[i * classes + k] as number);
  const best = (i: number): number => {
    let top = 0;
    for (let k = 1; k < classes; k++) if (at(i, k) > at(i, top)) top = k;
    return top;
  };
  return { count, classes, at, best, labels: truth };
}

/** The fraction of decisions for which something holds. */
export function share({ count }: Scores, holds: (decision: number) => boolean): number {
  let hits = 0;
  for (let i = 0; i < count; i++) if (holds(i)) hits++;
  return hits / count;
}
