/** Rates that fall along a cosine. */

import { check } from "../../base/options.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { add, floor, greater, mul, sub, where } from "../../ops/arithmetic.ts";
import { log, pow } from "../../ops/math.ts";
import type { Schedule } from "../rule.ts";
import type { FallOptions } from "./decays.ts";
import { halfWave, progress, schedule } from "./schedule.ts";

/**
 * to + ½ (rate − to)(1 + cos(π t/steps)), then `to` (Loshchilov and Hutter 2017, (5), without restarts).
 *
 * @example
 * cosine(1, { steps: 100 })(tensor(100, { dtype: "int32" })).item() // 0
 */
export function cosine(rate: number, { steps, to = 0 }: FallOptions): Schedule {
  check("cosine", "a number from 0", { rate, to });
  check("cosine", "a whole number from 1", { steps });
  return schedule((t) => halfWave(rate, to, progress(t, steps)));
}

/**
 * `cosine` again and again, each time `factor` times as long (SGDR, Loshchilov and Hutter 2017, (5)). By default the factor
 * is 1.
 *
 * @example
 * cosineWithRestarts(1, { steps: 10, factor: 2 })(tensor(30, { dtype: "int32" })).item() // 1
 */
export function cosineWithRestarts(
  rate: number,
  { steps, to = 0, factor = 1 }: FallOptions & { readonly factor?: number },
): Schedule {
  check("cosineWithRestarts", "a number from 0", { rate, to });
  check("cosineWithRestarts", "a whole number from 1", { steps, factor });
  return schedule((t) => {
    if (factor === 1) return halfWave(rate, to, t.mod(steps).div(steps));
    // Before restart n lie steps · (factorⁿ − 1)/(factor − 1) steps. The logarithm is right to one; the comparison settles it.
    const begin = (n: TensorLike): Tensor => mul(steps / (factor - 1), sub(pow(factor, n), 1));
    const near = floor(
      log(add(1, mul((factor - 1) / steps, t)))
        .div(Math.log(factor))
        .add(1e-9),
    );
    const n = where(greater(begin(near), t), near.sub(1), near);
    return halfWave(rate, to, t.sub(begin(n)).div(mul(steps, pow(factor, n))));
  });
}

/** The shape of one cycle. */
export interface OneCycleOptions {
  /** Of the whole cycle. */
  readonly steps: number;
  /** Which part of it goes up, default 0.3. */
  readonly rise?: number;
  /** Default a 25th of the greatest rate. */
  readonly from?: number;
  /** Default `from`/10⁴. */
  readonly to?: number;
}

/**
 * Up from `from` to the greatest rate and down to `to`, along half waves of a cosine (Smith and Topin 2018, whose lines are
 * straight; the form is Howard's and Gugger's).
 *
 * @example
 * oneCycle(0.1, { steps: 100 })(tensor(30, { dtype: "int32" })).item() // 0.1
 */
export function oneCycle(greatest: number, options: OneCycleOptions): Schedule {
  const { steps, rise = 0.3, from = greatest / 25, to = from / 1e4 } = options;
  check("oneCycle", "a number from 0", { greatest, from, to });
  check("oneCycle", "a number from 0 and below 1", { rise });
  check("oneCycle", "a whole number from 1", { steps });
  const top = rise * steps;
  return schedule((t) => {
    const down = halfWave(greatest, to, progress(t.sub(top), steps - top));
    return top === 0 ? down : where(t.less(top), halfWave(from, greatest, progress(t, top)), down);
  });
}
