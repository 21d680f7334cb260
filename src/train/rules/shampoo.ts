/** Shampoo: a preconditioner for the rows and one for the columns of a matrix. */

import { check } from "../../base/options.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { equal, maximum, mod } from "../../ops/arithmetic.ts";
import { matmul } from "../../ops/contract.ts";
import { eye } from "../../ops/create.ts";
import { eigh } from "../../ops/linalg/index.ts";
import { pow } from "../../ops/math.ts";
import { expandDims, matrixTranspose } from "../../ops/movement.ts";
import { cond } from "../../transform/control/cond.ts";
import { chain, named, type Rate, type Rule } from "../rule.ts";
import { scaleByAdagrad } from "./adaptive.ts";
import { groups } from "./groups.ts";
import { scaleByRate } from "./rate.ts";

/** How far Shampoo goes. */
export interface ShampooOptions {
  /** Both preconditioners begin as ε times the identity; default 1e-4. */
  readonly epsilon?: number;
  /** How many steps share the roots, which cost an eigendecomposition each; default 10. */
  readonly every?: number;
  /** Matrices with a longer side follow Adagrad; default 256. */
  readonly largest?: number;
}

/** a^(−1/4) of a symmetric positive definite matrix whose eigenvalues are at least `least`. */
function inverseFourthRoot(a: Tensor, least: number): Tensor {
  const { values, vectors } = eigh(a);
  const roots = pow(maximum(values, least), -0.25);
  return matmul(vectors.mul(expandDims(roots, -2)), matrixTranspose(vectors));
}

type Preconditioners = { readonly left: Tree; readonly right: Tree; readonly leftRoot: Tree; readonly rightRoot: Tree };

/**
 * Shampoo: L ← L + g gᵀ, R ← R + gᵀ g from ε I, θ ← θ − rate · L^(−1/4) g R^(−1/4) (Gupta, Koren and Singer 2018,
 * Algorithm 1), for matrices; all other parameters, and matrices with a side beyond `largest`, follow Adagrad, Shampoo's
 * diagonal form. An n×m matrix keeps 2(n² + m²) numbers, and every `every`-th step costs O(n³ + m³).
 *
 * @example
 * shampoo(0.1, { every: 5 }).name // "shampoo"
 */
export function shampoo(rate: Rate, { epsilon = 1e-4, every = 10, largest = 256 }: ShampooOptions = {}): Rule {
  check("shampoo", "a number above 0", { epsilon });
  check("shampoo", "a whole number from 1", { every, largest });
  const identities = (parameters: Tree, axis: 0 | 1, factor: number): Tree =>
    mapTree(({ shape, dtype }) => eye(shape[axis] as number, undefined, { dtype }).mul(factor), parameters);
  const roots = (tree: Tree): Tree => mapTree((a) => inverseFourthRoot(a, epsilon), tree);
  const scaling: Rule = {
    name: "scaleByShampoo",
    init: (parameters) => ({
      left: identities(parameters, 0, epsilon),
      right: identities(parameters, 1, epsilon),
      leftRoot: identities(parameters, 0, epsilon ** -0.25),
      rightRoot: identities(parameters, 1, epsilon ** -0.25),
    }),
    update: (gradient, state: Preconditioners, { step }) => {
      const left = mapTree((l, g) => l.add(matmul(g, matrixTranspose(g))), state.left, gradient);
      const right = mapTree((r, g) => r.add(matmul(matrixTranspose(g), g)), state.right, gradient);
      const [leftRoot, rightRoot] = cond(
        equal(mod(step, every), 0),
        (): [Tree, Tree] => [roots(left), roots(right)],
        () => [state.leftRoot, state.rightRoot],
      );
      const direction = mapTree((l, g, r) => matmul(matmul(l, g), r), leftRoot, gradient, rightRoot);
      return [direction, { left, right, leftRoot, rightRoot }];
    },
  };
  const small = ({ shape }: Tensor): boolean => shape.length === 2 && Math.max(...shape) <= largest;
  const each = groups([
    { match: (_, parameter) => small(parameter), rule: scaling },
    { rule: scaleByAdagrad({ epsilon }) },
  ]);
  return named("shampoo", chain(each, scaleByRate(rate)));
}
