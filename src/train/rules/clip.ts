/** Bounds on gradients. */

import { check } from "../../base/options.ts";
import { flatten } from "../../base/tree.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { cast, clip, div, minimum, square } from "../../ops/arithmetic.ts";
import { tensor } from "../../ops/create.ts";
import { sqrt } from "../../ops/math.ts";
import { sum } from "../../ops/reduce.ts";
import type { Rule } from "../rule.ts";

/** √(Σ x²) over all leaves, in float64: squares of float32 neither overflow nor vanish. */
export const globalNorm = (tree: Tree): Tensor =>
  sqrt((flatten(tree).leaves as Tensor[]).reduce((total, t) => total.add(sum(square(cast(t, "float64")))), tensor(0)));

/**
 * g ← g · min(1, c/‖g‖), where ‖g‖ is the norm of all parameters' gradients together (Pascanu, Mikolov and Bengio 2013,
 * Algorithm 1).
 *
 * @example
 * chain(clipByNorm(1), adam(1e-3)).name // "clipByNorm → adam"
 */
export function clipByNorm(limit: number): Rule {
  check("clipByNorm", "a number above 0", { limit });
  return {
    name: "clipByNorm",
    init: () => ({}),
    update: (gradient, state) => {
      const shrink = minimum(1, div(limit, globalNorm(gradient)));
      return [mapTree((g) => g.mul(cast(shrink, g.dtype)), gradient), state];
    },
  };
}

/**
 * Each element between −c and c.
 *
 * @example
 * chain(clipByValue(0.5), sgd(0.1)).name // "clipByValue → sgd"
 */
export function clipByValue(limit: number): Rule {
  check("clipByValue", "a number above 0", { limit });
  return {
    name: "clipByValue",
    init: () => ({}),
    update: (gradient, state) => [mapTree((g) => clip(g, -limit, limit), gradient), state],
  };
}
