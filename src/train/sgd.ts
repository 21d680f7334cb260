/** Steepest descent on the gradient of a batch. */
import type { Tensor } from "../graph/tensor.ts";
import { mapTree } from "../graph/trees.ts";
import { cast, mul } from "../ops/arithmetic.ts";
import type { Context, Rate, Rule } from "./rule.ts";

/** The rate at this step, in a dtype. */
export const rateAt = (rate: Rate, { step, factor }: Context, { dtype }: Tensor): Tensor =>
  cast(typeof rate === "number" ? mul(factor, rate) : rate(step).mul(factor), dtype);

/**
 * θ ← θ − rate · g.
 *
 * @example
 * sgd(0.1).name // "sgd"
 */
export const sgd = (rate: Rate): Rule => ({
  name: "sgd",
  init: () => ({}),
  update: (gradient, state, context) => [mapTree((g) => g.mul(rateAt(rate, context, g)).neg(), gradient), state],
});
