/** Averages of the parameters, kept beside them. */
import { NablaError } from "../../base/error.ts";
import { check } from "../../base/options.ts";
import { sameStructure } from "../../base/tree.ts";
import { Tensor } from "../../graph/tensor.ts";
import { flattenArguments, mapTree, type Tree } from "../../graph/trees.ts";
import type { Variables } from "../../nn/index.ts";
import { cast, div, maximum, sub } from "../../ops/arithmetic.ts";
import type { Context, Rule } from "../rule.ts";
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
  return averaging("exponentialMovingAverage", (average, moved) => movingMean(decay, average, moved));
}

/**
 * Keeps the mean of the parameters after each step from the one after `from` on: averaged stochastic gradient descent
 * (Polyak and Juditsky 1992; Bottou 2012, §5.3). Before that the average is the parameters themselves.
 * It stands last, and leaves the changes alone; `averagedParameters` reads the mean.
 *
 * @example
 * chain(sgd(0.1), polyakAverage(1000)).name // "sgd → polyakAverage"
 */
export function polyakAverage(from = 0): Rule {
  check("polyakAverage", "a whole number from 0", { from });
  return averaging("polyakAverage", (average, moved, { step }) => {
    const count = maximum(sub(step, from - 1), 1);
    return mapTree((a, now) => a.add(div(now.sub(a), cast(count, a.dtype))), average, moved);
  });
}

/** A rule that keeps an average of the parameters after each step, which begins as what they are. */
const averaging = (name: string, next: (average: Tree, moved: Tree, context: Context) => Tree): Rule => ({
  name,
  init: (parameters) => ({ [slot]: mapTree((t) => t, parameters) }),
  update: (change, state: { readonly [slot]: Tree }, context) => {
    const moved = mapTree((p, d) => p.add(d), context.parameters, change);
    return [change, { [slot]: next(state[slot], moved, context) }];
  },
});

/**
 * The averaged parameters in a rule's state, wherever `exponentialMovingAverage` or `polyakAverage` stands in the rule.
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

/** Variables with the averaged parameters, where a rule keeps one average of all of them. */
export function averagedVariables({ parameters, state }: Variables, rule: Tree): Variables | undefined {
  const found = averagesIn(rule);
  const structure = (tree: Tree) => flattenArguments("averagedParameters", tree).structure;
  const [average] = found;
  if (average === undefined || found.length > 1) return undefined;
  return sameStructure(structure(parameters), structure(average)) ? { parameters: average, state } : undefined;
}

function averagesIn(state: Tree): Tree[] {
  if (state instanceof Tensor) return [];
  return Object.entries(state).flatMap(([key, part]: [string, Tree]) => (key === slot ? [part] : averagesIn(part)));
}
