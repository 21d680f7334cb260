/** A large batch in several small ones. */

import { check } from "../../base/options.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { equal, floorDivide, mod } from "../../ops/arithmetic.ts";
import { cond } from "../../transform/control/cond.ts";
import type { Rule } from "../rule.ts";
import { zerosOf } from "./moments.ts";

type Accumulated = { readonly sum: Tree; readonly rule: Tree };

/**
 * The rule on the mean of n gradients, every n-th step; in between nothing changes. The rule, its schedules too, counts
 * its own steps: one for n. With batches of one size, equal weights and a mean loss it is the step on the n batches together.
 *
 * @example
 * accumulate(4, adam(1e-3)).name // "accumulate(4, adam)"
 */
export function accumulate(n: number, rule: Rule): Rule {
  check("accumulate", "a whole number from 1", { n });
  return {
    name: `accumulate(${n}, ${rule.name})`,
    init: (parameters) => ({ sum: zerosOf(parameters), rule: rule.init(parameters) }),
    update: (gradient, state: Accumulated, context) => {
      const { step } = context;
      const sum = mapTree((s, g) => s.add(g), state.sum, gradient);
      return cond(
        equal(mod(step, n), n - 1),
        (): [Tree, Accumulated] => {
          const mean = mapTree((s) => s.div(n), sum);
          const [change, next] = rule.update(mean, state.rule, { ...context, step: floorDivide(step, n) });
          return [change, { sum: zerosOf(sum), rule: next }];
        },
        () => [zerosOf(sum), { sum, rule: state.rule }],
      );
    },
  };
}
