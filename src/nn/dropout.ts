/** Units that are left out at random while training. */
import { check } from "../base/options.ts";
import { less, where } from "../ops/arithmetic.ts";
import { random } from "../ops/random.ts";
import { fixed, keyOf, type Layer, type Nothing } from "./layer.ts";

/**
 * In training each element is 0 with probability `rate`, else x/(1 − rate), drawn from the mode's key; in inference x
 * (Srivastava et al. 2014, with the scale in training).
 *
 * @example
 * const layer = dropout(0.5);
 * const nothing = { parameters: {}, state: {} };
 * layer.apply(nothing, ones([2]))[0].toArray() // [1, 1]
 * layer.apply(nothing, ones([2]), { training: true, key: random.key(0) })[0].shape // [2]
 */
export function dropout(rate: number): Layer<Nothing, Nothing> {
  check("dropout", "a number from 0 and below 1", { rate });
  return fixed(`dropout(${rate})`, (x, mode) => {
    if (!mode.training || rate === 0) return x;
    const kept = less(random.uniform(keyOf("dropout", mode), x.shape, { dtype: "float32" }), 1 - rate);
    return where(kept, x.div(1 - rate), 0);
  });
}
