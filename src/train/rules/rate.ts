/** The learning rate: what turns a direction of ascent into a change. */

import { check } from "../../base/options.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapTree } from "../../graph/trees.ts";
import { cast, mul } from "../../ops/arithmetic.ts";
import type { Context, Rate, Rule } from "../rule.ts";

/** The rate at this step, in float64 up to the one cast to a parameter's dtype. */
export const rateAt = (rate: Rate, { step, factor }: Context, { dtype }: Tensor): Tensor =>
  cast(typeof rate === "number" ? mul(factor, rate) : mul(rate(step), factor), dtype);

/**
 * d → −rate · d, the last part of most rules.
 *
 * @example
 * chain(clipByNorm(1), scaleByAdam(), scaleByRate(cosine(1e-3, { steps: 1000 }))).name // "clipByNorm → scaleByAdam → scaleByRate"
 */
export function scaleByRate(rate: Rate): Rule {
  if (typeof rate === "number") check("scaleByRate", "a number from 0", { rate });
  return {
    name: "scaleByRate",
    init: () => ({}),
    update: (direction, state, context) => [mapTree((d) => d.mul(rateAt(rate, context, d)).neg(), direction), state],
  };
}
