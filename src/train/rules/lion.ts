/** Lion: steps of one size, whose signs a moving mean gives. */

import { check } from "../../base/options.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { sign } from "../../ops/arithmetic.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import type { AdamOptions, DecayOptions } from "./adam.ts";
import { weightDecay } from "./decay.ts";
import { movingMean, zerosOf } from "./moments.ts";
import { scaleByRate } from "./rate.ts";

/**
 * Lion: θ ← θ − rate · (sign(β₁ m + (1 − β₁) g) + λ θ), then m ← β₂ m + (1 − β₂) g (Chen et al. 2023, Algorithm 2). By
 * default β₁ = 0.9, β₂ = 0.99, λ = 0. Its rate is to be some three to ten times smaller than Adam's.
 *
 * @example
 * lion(1e-4, { weightDecay: 0.1 }).name // "lion"
 */
export function lion(
  rate: Rate,
  { beta1 = 0.9, beta2 = 0.99, weightDecay: lambda = 0 }: Omit<AdamOptions, "epsilon"> & DecayOptions = {},
): Rule {
  check("lion", "a number from 0 and below 1", { beta1, beta2 });
  const signs: Rule = {
    name: "scaleByLion",
    init: (parameters) => ({ mean: zerosOf(parameters) }),
    update: (gradient, { mean }: { readonly mean: Tree }) => [
      mapTree((t) => sign(t), movingMean(beta1, mean, gradient)),
      { mean: movingMean(beta2, mean, gradient) },
    ],
  };
  return named("lion", chain(signs, weightDecay(lambda), scaleByRate(rate)));
}
