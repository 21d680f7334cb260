/** A smoothed copy of the parameters beside them. */
import { NablaError } from "../../base/error.ts";
import { check } from "../../base/options.ts";
import { Tensor } from "../../graph/tensor.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import type { Rule } from "../rule.ts";
import { movingMean } from "./moments.ts";

/** The key in a rule's state. */
const slot = "averagedParameters";

/**
 * Keeps a ← β a + (1 − β) θ of the parameters after each step, from their first values on (Polyak and Juditsky 1992 with a
 * fading memory). It stands last, and leaves the changes alone; `averagedParameters` reads a. By default β = 0.999.
 *
 * @example
 * chain(adam(1e-3), exponentialMovingAverage(0.999)).name // "adam → exponentialMovingAverage"
 */
export function exponentialMovingAverage(decay = 0.999): Rule {
  check("exponentialMovingAverage", "a number from 0 and below 1", { decay });
  return {
    name: "exponentialMovingAverage",
    init: (parameters) => ({ [slot]: mapTree((t) => t, parameters) }),
    update: (change, state: { readonly [slot]: Tree }, { parameters }) => {
      const moved = mapTree((p, d) => p.add(d), parameters, change);
      return [change, { [slot]: movingMean(decay, state[slot], moved) }];
    },
  };
}

/**
 * The averaged parameters in a rule's state, wherever `exponentialMovingAverage` stands in the rule.
 *
 * @throws E-VALUE if there are none, or several
 * @example
 * const rule = chain(sgd(0.1), exponentialMovingAverage(0.9));
 * averagedParameters(rule.init({ w: tensor([1, 2]) })).w.toArray() // [1, 2]
 */
export function averagedParameters(state: Tree): Tree {
  const found = averagesIn(state);
  if (found.length === 1) return found[0] as Tree;
  throw new NablaError(
    "E-VALUE",
    `averagedParameters: the state has ${found.length} averages`,
    "the state of a rule such as chain(adam(1e-3), exponentialMovingAverage(0.999))",
  );
}

function averagesIn(state: Tree): Tree[] {
  if (state instanceof Tensor) return [];
  return Object.entries(state).flatMap(([key, part]: [string, Tree]) => (key === slot ? [part] : averagesIn(part)));
}
