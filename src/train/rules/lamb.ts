/** Steps in proportion to the size of what they change, for large batches. */
import { mapTree } from "../../graph/trees.ts";
import { cast, div, greater, logicalAnd, where } from "../../ops/arithmetic.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import { type AdamOptions, type DecayOptions, scaleByAdam } from "./adam.ts";
import { globalNorm } from "./clip.ts";
import { weightDecay } from "./decay.ts";
import { scaleByRate } from "./rate.ts";

/**
 * d ← d · ‖θ‖/‖d‖ for each parameter by itself; where one of the norms is 0, d (You et al. 2020, §3: φ is the identity).
 *
 * @example
 * chain(scaleByMomentum(), scaleByTrustRatio(), scaleByRate(0.1)).name // "scaleByMomentum → scaleByTrustRatio → scaleByRate"
 */
export const scaleByTrustRatio = (): Rule => ({
  name: "scaleByTrustRatio",
  init: () => ({}),
  update: (direction, state, { parameters }) => [
    mapTree(
      (d, theta) => {
        const [size, length] = [globalNorm(theta), globalNorm(d)];
        const ratio = where(logicalAnd(greater(size, 0), greater(length, 0)), div(size, length), 1);
        return d.mul(cast(ratio, d.dtype));
      },
      direction,
      parameters,
    ),
    state,
  ],
});

/**
 * LAMB: r = m̂/(√v̂ + ε) + λ θ as in AdamW, θ ← θ − rate · r · ‖θ‖/‖r‖ for each parameter by itself (You et al. 2020,
 * Algorithm 2). By default ε = 1e-6, λ = 0.01.
 *
 * @example
 * lamb(1e-2).name // "lamb"
 */
export const lamb = (rate: Rate, { weightDecay: lambda = 0.01, ...options }: AdamOptions & DecayOptions = {}): Rule =>
  named(
    "lamb",
    chain(scaleByAdam({ epsilon: 1e-6, ...options }), weightDecay(lambda), scaleByTrustRatio(), scaleByRate(rate)),
  );
