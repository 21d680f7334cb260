/** Weight decay. */

import { check } from "../../base/options.ts";
import type { Rule } from "../rule.ts";
import { leavesOf, type Match } from "./leaves.ts";

/** What decays. */
export interface WeightDecayOptions {
  /** Which parameters; default all. */
  readonly match?: Match;
}

/**
 * d ← d + λ θ. Before a rule it is the gradient of ½ λ‖θ‖² (L2), after the rule's scaling and before its rate it is
 * decoupled (Loshchilov and Hutter 2019, §2).
 *
 * @example
 * const ofWeights = weightDecay(1e-4, { match: (_, parameter) => parameter.rank > 1 });
 * chain(ofWeights, momentum(0.1)).name // "weightDecay → momentum"
 */
export function weightDecay(lambda: number, { match = () => true }: WeightDecayOptions = {}): Rule {
  check("weightDecay", "a number from 0", { lambda });
  return {
    name: "weightDecay",
    init: () => ({}),
    update: (direction, state, { parameters }) => {
      const { leaves, rebuild } = leavesOf(direction);
      const { leaves: thetas, paths } = leavesOf(parameters);
      const decayed = leaves.map((d, i) => {
        const theta = thetas[i] as typeof d;
        return lambda > 0 && match(paths[i] as string, theta) ? d.add(theta.mul(lambda)) : d;
      });
      return [rebuild(decayed), state];
    },
  };
}
