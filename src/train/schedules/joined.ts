/** Schedules one after the other. */
import { NablaError } from "../../base/error.ts";
import { check } from "../../base/options.ts";
import { mul, where } from "../../ops/arithmetic.ts";
import type { Rate, Schedule } from "../rule.ts";
import { progress, rateOf, schedule } from "./schedule.ts";

/**
 * Schedules of which each counts from its own boundary on: the first from 0, the next from boundaries[0], …
 *
 * @example
 * joined([0.1, exponentialDecay(1, { every: 1, factor: 0.5 })], [100])(tensor(101, { dtype: "int32" })).item() // 0.5
 */
export function joined(rates: readonly Rate[], boundaries: readonly number[]): Schedule {
  const [first, ...others] = rates;
  if (
    first === undefined ||
    boundaries.length !== others.length ||
    boundaries.some((b, i) => b <= (boundaries[i - 1] ?? 0))
  )
    throw new NablaError(
      "E-OPTION",
      `joined: ${rates.length} rates at the boundaries [${boundaries.join(", ")}]`,
      "a growing boundary between each two rates",
    );
  for (const boundary of boundaries) check("joined", "a whole number from 1", { boundary });
  return schedule((t) =>
    others.reduce(
      (before, rate, i) => {
        const from = boundaries[i] as number;
        return where(t.less(from), before, rateOf(rate, t.sub(from)));
      },
      rateOf(first, t),
    ),
  );
}

/**
 * Up a line to what `then` begins with, in so many steps, then `then` from its beginning (Goyal et al. 2017, §2.2): the
 * first rate is a `steps`-th of it.
 *
 * @example
 * warmUp(10, cosine(1, { steps: 90 }))(tensor(4, { dtype: "int32" })).item() // 0.5
 */
export function warmUp(steps: number, then: Rate): Schedule {
  check("warmUp", "a whole number from 1", { steps });
  const rise = schedule((t) => mul(rateOf(then, t.mul(0)), progress(t.add(1), steps)));
  return joined([rise, then], [steps]);
}
