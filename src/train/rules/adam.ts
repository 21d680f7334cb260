/** Adam and its kin: a moving mean of gradients over the root of a moving mean of their squares. */

import { check } from "../../base/options.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { add, cast, div, maximum, mul, sub, where } from "../../ops/arithmetic.ts";
import { sqrt } from "../../ops/math.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import { weightDecay } from "./decay.ts";
import { movingMean, movingSquare, shortfall, shortfallAt, zerosOf } from "./moments.ts";
import { scaleByRate } from "./rate.ts";

/** What all of the family share. */
export interface AdamOptions {
  /** β₁, of the mean of gradients; default 0.9. */
  readonly beta1?: number;
  /** β₂, of the mean of their squares; default 0.999. */
  readonly beta2?: number;
  /** Added to the root; default 1e-8. */
  readonly epsilon?: number;
}

/** With decoupled weight decay. */
export interface DecayOptions {
  /** λ: besides the rule's own change, θ ← θ − rate · λ · θ. */
  readonly weightDecay?: number;
}

type Moments = { readonly mean: Tree; readonly square: Tree };

interface Settings extends Required<AdamOptions> {
  /** The numerator in place of m̂, from m, g and the step. */
  readonly numerator?: (m: Tensor, g: Tensor, step: Tensor) => Tensor;
  /** The direction from its numerator and √v̂ + ε. */
  readonly quotient?: (numerator: Tensor, root: Tensor, step: Tensor) => Tensor;
}

/** Checked, with defaults. */
function settings(what: string, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Required<AdamOptions> {
  check(what, "a number from 0 and below 1", { beta1, beta2 });
  check(what, "a number above 0", { epsilon });
  return { beta1, beta2, epsilon };
}

/** m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ); m̂/(√v̂ + ε), or what else. */
function scaling(name: string, { beta1, beta2, epsilon, numerator, quotient = div }: Settings): Rule {
  const unbiased = (m: Tensor, _g: Tensor, step: Tensor): Tensor => m.div(shortfallAt(beta1, step, m.dtype));
  const above = numerator ?? unbiased;
  return {
    name,
    init: (parameters) => ({ mean: zerosOf(parameters), square: zerosOf(parameters) }),
    update: (gradient, { mean, square }: Moments, { step }) => {
      const m = movingMean(beta1, mean, gradient);
      const v = movingSquare(beta2, square, gradient);
      const direction = mapTree(
        (mNow, vNow, g) => {
          const root = sqrt(vNow.div(shortfallAt(beta2, step, g.dtype))).add(epsilon);
          return quotient(above(mNow, g, step), root, step);
        },
        m,
        v,
        gradient,
      );
      return [direction, { mean: m, square: v }];
    },
  };
}

/**
 * Adam's direction m̂/(√v̂ + ε), to be scaled by a rate.
 *
 * @example
 * chain(scaleByAdam(), weightDecay(0.01), scaleByRate(1e-3)).name // "scaleByAdam → weightDecay → scaleByRate"
 */
export const scaleByAdam = (options: AdamOptions = {}): Rule => scaling("scaleByAdam", settings("adam", options));

/**
 * Adam: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − rate · m̂/(√v̂ + ε), where m̂ = m/(1 − β₁ᵗ) and
 * v̂ = v/(1 − β₂ᵗ) (Kingma and Ba 2015, Algorithm 1).
 *
 * @example
 * adam(1e-3).name // "adam"
 */
export const adam = (rate: Rate, options: AdamOptions = {}): Rule =>
  named("adam", chain(scaleByAdam(options), scaleByRate(rate)));

/**
 * AdamW: θ ← θ − rate · (m̂/(√v̂ + ε) + λ θ), so that the decay is not divided by the gradients' size (Loshchilov and
 * Hutter 2019, Algorithm 2). By default λ = 0.01.
 *
 * @example
 * adamw(1e-3, { weightDecay: 0.05 }).name // "adamw"
 */
export const adamw = (rate: Rate, { weightDecay: lambda = 0.01, ...options }: AdamOptions & DecayOptions = {}): Rule =>
  named("adamw", chain(scaleByAdam(options), weightDecay(lambda), scaleByRate(rate)));

/**
 * NAdam: Adam with m̂ = β₁ m/(1 − β₁ᵗ⁺¹) + (1 − β₁) g/(1 − β₁ᵗ), the mean one step ahead (Dozat 2016, Algorithm 2, with a
 * constant β₁).
 *
 * @example
 * nadam(1e-3).name // "nadam"
 */
export function nadam(rate: Rate, options: AdamOptions = {}): Rule {
  const given = settings("nadam", options);
  const { beta1 } = given;
  const numerator = (m: Tensor, g: Tensor, step: Tensor): Tensor =>
    add(
      m.mul(beta1).div(shortfallAt(beta1, add(step, 1), g.dtype)),
      g.mul(1 - beta1).div(shortfallAt(beta1, step, g.dtype)),
    );
  return named("nadam", chain(scaling("scaleByNadam", { ...given, numerator }), scaleByRate(rate)));
}

/**
 * RAdam: Adam whose quotient is rectified by r = √((ρ − 4)(ρ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρ)), where ρ∞ = 2/(1 − β₂) − 1 and
 * ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ); as long as ρ ≤ 4 the direction is m̂ alone (Liu et al. 2020, Algorithm 2).
 *
 * @example
 * radam(1e-3).name // "radam"
 */
export function radam(rate: Rate, options: AdamOptions = {}): Rule {
  const given = settings("radam", options);
  const limit = 2 / (1 - given.beta2) - 1;
  const scale = limit / ((limit - 4) * (limit - 2));
  const quotient = (m: Tensor, root: Tensor, step: Tensor): Tensor => {
    const t = cast(add(step, 1), "float64");
    const short = shortfall(given.beta2, t);
    const length = sub(limit, div(mul(mul(t, 2), sub(1, short)), short));
    const trusted = limit > 4 ? length.greater(4) : length.greater(Infinity);
    const held = where(trusted, length, limit);
    const rectified = sqrt(div(mul(mul(held.sub(4), held.sub(2)), scale), held));
    return where(trusted, mul(cast(rectified, m.dtype), div(m, root)), m);
  };
  return named("radam", chain(scaling("scaleByRadam", { ...given, quotient }), scaleByRate(rate)));
}

type MaximalMoments = Moments & { readonly greatest: Tree };

/**
 * AMSGrad: Adam with the greatest v so far in the place of v, so that steps never grow again (Reddi, Kale and Kumar 2018,
 * Algorithm 2; with Adam's corrections 1 − βᵗ, of which the paper's page 5 has none).
 *
 * @example
 * amsgrad(1e-3).name // "amsgrad"
 */
export function amsgrad(rate: Rate, options: AdamOptions = {}): Rule {
  const { beta1, beta2, epsilon } = settings("amsgrad", options);
  const rule: Rule = {
    name: "scaleByAmsgrad",
    init: (parameters) => ({
      mean: zerosOf(parameters),
      square: zerosOf(parameters),
      greatest: zerosOf(parameters),
    }),
    update: (gradient, { mean, square, greatest }: MaximalMoments, { step }) => {
      const m = movingMean(beta1, mean, gradient);
      const v = movingSquare(beta2, square, gradient);
      const top = mapTree((a, b) => maximum(a, b), greatest, v);
      const direction = mapTree(
        (mNow, vNow) =>
          div(
            mNow.div(shortfallAt(beta1, step, mNow.dtype)),
            sqrt(vNow.div(shortfallAt(beta2, step, vNow.dtype))).add(epsilon),
          ),
        m,
        top,
      );
      return [direction, { mean: m, square: v, greatest: top }];
    },
  };
  return named("amsgrad", chain(rule, scaleByRate(rate)));
}
