/** Steps divided by the size of past gradients, element by element, without momentum. */

import { check } from "../../base/options.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { add, div, mul } from "../../ops/arithmetic.ts";
import { sqrt } from "../../ops/math.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import { movingSquare, zerosOf } from "./moments.ts";
import { scaleByRate } from "./rate.ts";

type Squares = { readonly square: Tree };

/** g/(√s + ε): 0 where g is 0. */
const overRoot = (gradient: Tree, square: Tree, epsilon: number): Tree =>
  mapTree((g, s) => div(g, add(sqrt(s), epsilon)), gradient, square);

/**
 * s ← s + g²; the direction is g/(√s + ε).
 *
 * @example
 * chain(scaleByAdagrad(), scaleByRate(0.1)).name // "scaleByAdagrad → scaleByRate"
 */
export function scaleByAdagrad({ epsilon = 1e-10 }: { readonly epsilon?: number } = {}): Rule {
  check("adagrad", "a number above 0", { epsilon });
  return {
    name: "scaleByAdagrad",
    init: (parameters) => ({ square: zerosOf(parameters) }),
    update: (gradient, state: Squares) => {
      const square = mapTree((s, g) => s.add(g.mul(g)), state.square, gradient);
      return [overRoot(gradient, square, epsilon), { square }];
    },
  };
}

/**
 * Adagrad with a diagonal: s ← s + g², θ ← θ − rate · g/(√s + ε) (Duchi, Hazan and Singer 2011, §1.1, Figure 1). `epsilon` is
 * 1e-10 by default. For rare features; its steps only shrink.
 *
 * @example
 * adagrad(0.1).name // "adagrad"
 */
export const adagrad = (rate: Rate, options: { readonly epsilon?: number } = {}): Rule =>
  named("adagrad", chain(scaleByAdagrad(options), scaleByRate(rate)));

/** Of a moving mean of squares. */
export interface SquareOptions {
  /** ρ, how much of the mean stays from step to step. */
  readonly decay?: number;
  readonly epsilon?: number;
}

/**
 * RMSProp: s ← ρ s + (1 − ρ) g², θ ← θ − rate · g/(√s + ε) (Tieleman and Hinton 2012, lecture 6e). By default ρ = 0.9,
 * ε = 1e-8.
 *
 * @example
 * rmsprop(1e-3).name // "rmsprop"
 */
export function rmsprop(rate: Rate, { decay = 0.9, epsilon = 1e-8 }: SquareOptions = {}): Rule {
  check("rmsprop", "a number from 0 and below 1", { decay });
  check("rmsprop", "a number above 0", { epsilon });
  const scaling: Rule = {
    name: "scaleByRms",
    init: (parameters) => ({ square: zerosOf(parameters) }),
    update: (gradient, state: Squares) => {
      const square = movingSquare(decay, state.square, gradient);
      return [overRoot(gradient, square, epsilon), { square }];
    },
  };
  return named("rmsprop", chain(scaling, scaleByRate(rate)));
}

type Changes = Squares & { readonly change: Tree };

/**
 * Adadelta: s ← ρ s + (1 − ρ) g², d = g · √(u + ε)/√(s + ε), u ← ρ u + (1 − ρ) d², θ ← θ − rate · d (Zeiler 2012,
 * Algorithm 1). By default ρ = 0.95, ε = 1e-6, and the rate 1, as in the paper.
 *
 * @example
 * adadelta().name // "adadelta"
 */
export function adadelta(rate: Rate = 1, { decay = 0.95, epsilon = 1e-6 }: SquareOptions = {}): Rule {
  check("adadelta", "a number from 0 and below 1", { decay });
  check("adadelta", "a number above 0", { epsilon });
  const scaling: Rule = {
    name: "scaleByAdadelta",
    init: (parameters) => ({ square: zerosOf(parameters), change: zerosOf(parameters) }),
    update: (gradient, { square, change }: Changes) => {
      const s = movingSquare(decay, square, gradient);
      const step = mapTree(
        (g, now, u) => mul(g, div(sqrt(add(u, epsilon)), sqrt(add(now, epsilon)))),
        gradient,
        s,
        change,
      );
      return [step, { square: s, change: movingSquare(decay, change, step) }];
    },
  };
  return named("adadelta", chain(scaling, scaleByRate(rate)));
}
