/** Steepest descent on the gradient of a batch, and with inertia. */

import { check } from "../../base/options.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import { zerosOf } from "./moments.ts";
import { scaleByRate } from "./rate.ts";

/**
 * θ ← θ − rate · g (Robbins and Monro 1951).
 *
 * @example
 * sgd(0.1).name // "sgd"
 */
export const sgd = (rate: Rate): Rule => named("sgd", scaleByRate(rate));

/** How much of the velocity stays from step to step. */
export interface MomentumOptions {
  /** μ, default 0.9. */
  readonly decay?: number;
}

type Velocity = { readonly velocity: Tree };

/**
 * v ← μ v + g; the direction is v, or with `nesterov` g + μ v, the velocity one step ahead.
 *
 * @example
 * chain(scaleByMomentum({ decay: 0.9, nesterov: true }), scaleByRate(0.1)).name // "scaleByMomentum → scaleByRate"
 */
export function scaleByMomentum(options: MomentumOptions & { readonly nesterov?: boolean } = {}): Rule {
  const { decay = 0.9, nesterov = false } = options;
  check("momentum", "a number from 0 and below 1", { decay });
  const advanced = (v: Tree, g: Tree): Tree => mapTree((a, b) => a.mul(decay).add(b), v, g);
  return {
    name: "scaleByMomentum",
    init: (parameters) => ({ velocity: zerosOf(parameters) }),
    update: (gradient, state: Velocity) => {
      const velocity = advanced(state.velocity, gradient);
      return [nesterov ? advanced(velocity, gradient) : velocity, { velocity }];
    },
  };
}

/**
 * Momentum: v ← μ v + g, θ ← θ − rate · v (Polyak 1964, (9); the rate stands outside v).
 *
 * @example
 * momentum(0.1, { decay: 0.95 }).name // "momentum"
 */
export const momentum = (rate: Rate, options: MomentumOptions = {}): Rule =>
  named("momentum", chain(scaleByMomentum(options), scaleByRate(rate)));

/**
 * Nesterov's accelerated gradient: v ← μ v + g, θ ← θ − rate · (g + μ v) (Sutskever et al. 2013, (3)–(4), in the
 * variable θ + μ v at which the gradient is taken).
 *
 * @example
 * nesterov(0.1).name // "nesterov"
 */
export const nesterov = (rate: Rate, options: MomentumOptions = {}): Rule =>
  named("nesterov", chain(scaleByMomentum({ ...options, nesterov: true }), scaleByRate(rate)));
