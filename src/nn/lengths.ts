/** Sequences of unequal length in one batch: each is filled up at its end to the length of the longest. */
import { NablaError } from "../base/error.ts";
import { sameShape, showShape } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { less, where } from "../ops/arithmetic.ts";
import { arange } from "../ops/create.ts";
import { toIndex } from "../ops/gather.ts";
import { expandDims } from "../ops/movement.ts";

/** true where a sequence of x [batch, time, …] has not ended, [batch, time]; lengths [batch] from 0 to time. */
export function withinLengths(what: string, lengths: TensorLike, [batch = 0, time = 0]: readonly number[]): Tensor {
  const given = toIndex(`${what}: lengths`, toTensor(`${what}: lengths`, lengths));
  if (!sameShape(given.shape, [batch]))
    throw new NablaError(
      "E-SHAPE",
      `${what}: lengths are ${showShape(given.shape)}, there are ${batch} sequences`,
      "one length for each sequence, [batch]",
    );
  if (given.level === 0)
    given.data.forEach((n, i) => {
      if (n < 0 || n > time)
        throw new NablaError("E-VALUE", `${what}: lengths[${i}] is ${n}`, `whole numbers from 0 to ${time}`);
    });
  return less(arange(0, time, 1, { dtype: "int32" }), expandDims(given, 1));
}

/** x [batch, time, features] with zeros where a sequence has ended: what filled it up, NaN even, has no influence. */
export const cleared = (x: Tensor, within: Tensor): Tensor => where(expandDims(within, -1), x, 0);
