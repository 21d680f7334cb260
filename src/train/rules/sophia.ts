/** Sophia: steps divided by the Hessian's diagonal, which is estimated now and then, and clipped. */

import { check } from "../../base/options.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { clip, div, equal, maximum, mod, where } from "../../ops/arithmetic.ts";
import { random } from "../../ops/random.ts";
import { cond } from "../../transform/control/cond.ts";
import { type Context, chain, named, type Rate, type Rule } from "../rule.ts";
import type { DecayOptions } from "./adam.ts";
import { weightDecay } from "./decay.ts";
import { leavesOf } from "./leaves.ts";
import { movingMean, zerosOf } from "./moments.ts";
import { scaleByRate } from "./rate.ts";

/** How Sophia looks at curvature. */
export interface SophiaOptions extends DecayOptions {
  /** β₁, of the mean of gradients; default 0.96. */
  readonly beta1?: number;
  /** β₂, of the mean of the diagonals; default 0.99. */
  readonly beta2?: number;
  /** γ: elements move by m/(γ h), at most 1; default 0.01. */
  readonly gamma?: number;
  /** The least γ h, default 1e-12. */
  readonly epsilon?: number;
  /** k: how many steps share an estimate of the diagonal; default 10. */
  readonly every?: number;
}

/** u ∘ H u, u being ±1: its mean is the diagonal of H, its variance that of no other u less (Hutchinson 1990, Prop. 1). */
function sampledDiagonal({ parameters, key, hvp }: Context): Tree {
  const { leaves, rebuild } = leavesOf(parameters);
  const u = rebuild(
    leaves.map(({ shape, dtype }, i) => where(random.bernoulli(random.foldIn(key, i), 0.5, shape), 1, -1).cast(dtype)),
  );
  return mapTree((sign, product) => sign.mul(product), u, hvp(u));
}

type Curvature = { readonly mean: Tree; readonly diagonal: Tree };

/**
 * Sophia-H: m ← β₁ m + (1 − β₁) g; every k-th step h ← β₂ h + (1 − β₂) u ∘ H u with random signs u, one product with the
 * batch's Hessian; θ ← θ − rate · (clip(m/max(γ h, ε), ±1) + λ θ) (Liu et al. 2023, Algorithms 1 and 3, with signs in
 * place of normal u). Where h ≤ 0 it moves by the sign of m. By default λ = 0.
 *
 * @example
 * sophia(1e-3, { every: 10 }).name // "sophia"
 */
export function sophia(rate: Rate, options: SophiaOptions = {}): Rule {
  const { beta1 = 0.96, beta2 = 0.99, gamma = 0.01, epsilon = 1e-12, every = 10, weightDecay: lambda = 0 } = options;
  check("sophia", "a number from 0 and below 1", { beta1, beta2 });
  check("sophia", "a number above 0", { gamma, epsilon });
  check("sophia", "a whole number from 1", { every });
  const scaling: Rule = {
    name: "scaleBySophia",
    init: (parameters) => ({ mean: zerosOf(parameters), diagonal: zerosOf(parameters) }),
    update: (gradient, { mean, diagonal }: Curvature, context) => {
      const m = movingMean(beta1, mean, gradient);
      const h = cond(
        equal(mod(context.step, every), 0),
        () => movingMean(beta2, diagonal, sampledDiagonal(context)),
        () => diagonal,
      );
      const direction = mapTree((now, d) => clip(div(now, maximum(d.mul(gamma), epsilon)), -1, 1), m, h);
      return [direction, { mean: m, diagonal: h }];
    },
  };
  return named("sophia", chain(scaling, weightDecay(lambda), scaleByRate(rate)));
}
