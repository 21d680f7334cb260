/** Losses: one number an example, [batch]; training minimises their (weighted) mean. */
import { NablaError } from "../../base/error.ts";
import { sameShape, showShape } from "../../base/shape.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { convert } from "../../ops/record.ts";
import { mean } from "../../ops/reduce.ts";

/**
 * What outputs cost beside targets: [batch, …] and [batch, …] → [batch]. Losses that have options take them as a third
 * argument: `(outputs, targets) => huber(outputs, targets, { delta: 0.5 })`.
 */
export type Loss = (outputs: Tensor, targets: Tensor) => Tensor;

/** The mean over all axes but the first: one number an example. */
export const perExample = (t: Tensor): Tensor =>
  t.rank <= 1 ? t : mean(t, { axis: t.shape.slice(1).map((_, i) => i + 1) });

const withoutOnes = (t: Tensor): number[] => t.shape.filter((n, i) => i === 0 || n !== 1);

/** Outputs and as many targets, which must not broadcast: [batch, 1] beside [batch] would be all pairs. */
export function paired(what: string, outputs: TensorLike, targets: TensorLike): readonly [Tensor, Tensor] {
  const [o, t] = [toTensor(what, outputs), toTensor(what, targets)];
  if (!sameShape(withoutOnes(o), withoutOnes(t)))
    throw new NablaError(
      "E-SHAPE",
      `${what}: outputs are ${showShape(o.shape)}, targets ${showShape(t.shape)}`,
      "targets of the shape of the outputs",
    );
  return [o, convert(sameShape(o.shape, t.shape) ? t : t.reshape(o.shape), o.dtype)];
}
