/** Moving means of gradients and of their squares, from which the adaptive rules are built. */
import type { DType } from "../../base/dtype.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { mapTree, type Tree } from "../../graph/trees.ts";
import { add, cast, mul, neg } from "../../ops/arithmetic.ts";
import { zerosLike } from "../../ops/create.ts";
import { expm1 } from "../../ops/math.ts";

export const zerosOf = (tree: Tree): Tree => mapTree((t) => zerosLike(t), tree);

/** a ← β a + (1 − β) x. */
export const movingMean = (beta: number, average: Tree, x: Tree): Tree =>
  mapTree((a, now) => a.mul(beta).add(now.mul(1 - beta)), average, x);

/** a ← β a + (1 − β) x². */
export const movingSquare = (beta: number, average: Tree, x: Tree): Tree =>
  mapTree((a, now) => a.mul(beta).add(now.mul(now).mul(1 - beta)), average, x);

/**
 * 1 − βᵗ, by which a moving mean that began at 0 falls short after t terms (Kingma and Ba 2015, §3), as −expm1(t ln β):
 * no digits are lost where βᵗ is near 1, and no product of many factors rounds.
 */
export const shortfall = (beta: number, terms: Tensor): Tensor =>
  neg(expm1(mul(cast(terms, "float64"), Math.log(beta))));

/** The same after this step's term, in a dtype. */
export const shortfallAt = (beta: number, step: Tensor, dtype: DType): Tensor =>
  cast(shortfall(beta, add(step, 1)), dtype);
