/** Muon: matrices change by orthogonal matrices. */

import { check } from "../../base/options.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapTree } from "../../graph/trees.ts";
import { matmul } from "../../ops/contract.ts";
import { matrixTranspose } from "../../ops/movement.ts";
import { norm } from "../../ops/reduce.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import { adam, type DecayOptions } from "./adam.ts";
import { weightDecay } from "./decay.ts";
import { groups } from "./groups.ts";
import { scaleByRate } from "./rate.ts";
import { type MomentumOptions, scaleByMomentum } from "./sgd.ts";

/** How Muon moves. */
export interface MuonOptions extends MomentumOptions, DecayOptions {
  /** Of Newton–Schulz, default 5. */
  readonly iterations?: number;
  /** The rule of parameters that are no matrices, default `adam(3e-4)`. Its rate is its own. */
  readonly fallback?: Rule;
}

/** p(x) = a x + b x³ + c x⁵: x ≥ some 10⁻³ comes between 0.68 and 1.21 in five iterations (Jordan 2024). */
const [a, b, c] = [3.4445, -4.775, 2.0315] as const;

/**
 * Near U Vᵀ of a matrix g = U Σ Vᵀ, [rows, columns], by Newton–Schulz: x ← a x + b (x xᵀ) x + c (x xᵀ)² x from g/‖g‖.
 * After five iterations the singular values of at least a thousandth of ‖g‖ lie near 1, from 0.68 to 1.21. 0 where g is 0.
 *
 * @example
 * orthogonalize(tensor([[3, 0], [0, 0]])).shape // [2, 2]
 */
export function orthogonalize(g: Tensor, iterations = 5): Tensor {
  const [rows, columns] = g.shape as readonly [number, number];
  const wide = rows <= columns ? g : matrixTranspose(g);
  let x = wide.div(norm(g).add(1e-7));
  for (let i = 0; i < iterations; i++) {
    const square = matmul(x, matrixTranspose(x));
    x = x.mul(a).add(matmul(square.mul(b).add(matmul(square, square).mul(c)), x));
  }
  return rows <= columns ? x : matrixTranspose(x);
}

/**
 * Muon: v ← μ v + g, θ ← θ − rate · (√max(1, rows/columns) · O(g + μ v) + λ θ), O being `orthogonalize`, for parameters
 * that are matrices (Jordan 2024, kellerjordan.github.io/posts/muon; weight decay: Liu et al. 2025). All others, also
 * kernels of convolutions, follow `fallback`. By default μ = 0.95, λ = 0.
 *
 * @example
 * muon(0.02, { fallback: adamw(1e-3) }).name // "muon"
 */
export function muon(rate: Rate, options: MuonOptions = {}): Rule {
  const { decay = 0.95, weightDecay: lambda = 0, iterations = 5, fallback = adam(3e-4) } = options;
  check("muon", "a whole number from 1", { iterations });
  const scaling: Rule = {
    name: "orthogonalize",
    init: () => ({}),
    update: (direction, state) => [
      mapTree((d) => {
        const [rows, columns] = d.shape as readonly [number, number];
        return orthogonalize(d, iterations).mul(Math.sqrt(Math.max(1, rows / columns)));
      }, direction),
      state,
    ],
  };
  const matrices = chain(scaleByMomentum({ decay, nesterov: true }), scaling, weightDecay(lambda), scaleByRate(rate));
  return named("muon", groups([{ match: (_, parameter) => parameter.rank === 2, rule: matrices }, { rule: fallback }]));
}
