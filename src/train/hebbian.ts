/**
 * Learning without gradients of a cost: a layer y = x·W, x [batch, inputs], W [inputs, units], whose connections grow where
 * both ends are active together (Hebb 1949). Inputs are taken to have the mean 0; center them. Means over the batch.
 */
import { customDerivative, type VjpRule } from "../derivative/custom.ts";
import type { Tensor } from "../graph/tensor.ts";
import { mapTree, type Tree } from "../graph/trees.ts";
import { cast, neg, square, sub } from "../ops/arithmetic.ts";
import { matmul } from "../ops/contract.ts";
import { zerosLike } from "../ops/create.ts";
import { matrixTranspose, triu } from "../ops/movement.ts";
import { mean, sum } from "../ops/reduce.ts";
import type { Cost, Weighted } from "./cost.ts";

/** What a measure of success is, and what stands where a gradient would. */
export type Direction<B, P = Tree> = (parameters: P, batch: B) => readonly [measure: Tensor, direction: P];

/** For trees of which no more is known than that. */
const customOfTree = customDerivative as (
  f: (p: Tree) => Tensor,
  rule: VjpRule<[p: Tree], Tensor>,
) => (p: Tree) => Tensor;

/**
 * A direction as a cost, whose value is the measure and whose gradient is the direction: so every rule, and the loop, takes
 * it. In the place of its Hessian stands the
 * direction's Jacobian.
 *
 * @example
 * const cost = learning(oja());
 * const state = { parameters: { weights: tensor([[1], [0]]) }, state: {} };
 * cost(state, { x: tensor([[2, 1]]) }, { training: true })[0].item() // 1
 */
export function learning<B, P extends Tree, S>(direction: Direction<B, P>): Cost<B, P, S> {
  return ({ parameters, state }, batch) => {
    const measure = customOfTree((p: Tree) => direction(p as P, batch)[0], {
      vjp: (p: Tree) => {
        const [value, along] = direction(p as P, batch);
        return [value, (cotangent: Tensor) => [mapTree((t) => t.mul(cast(cotangent, t.dtype)), along)]];
      },
    });
    return [measure(parameters), state];
  };
}

/** Inputs [batch, inputs]; each counts alike. */
export interface Inputs extends Weighted {
  readonly x: Tensor;
}

/** Connections [inputs, units]; other parameters beside them stay as they are. */
export type Connections = { readonly [name: string]: Tree; readonly weights: Tensor };

/** How the weights grow, and the measure, from weights, inputs and outputs. */
type Growth = (w: Tensor, x: Tensor, y: Tensor) => readonly [measure: Tensor, growth: Tensor];

const direction =
  (growth: Growth): Direction<Inputs, Connections> =>
  (parameters, { x }) => {
    const { weights } = parameters;
    const [measure, grown] = growth(weights, x, matmul(x, weights));
    const still = mapTree((t) => zerosLike(t), parameters);
    return [measure, { ...still, weights: sub(0, grown.div(x.shape[0] as number)) }];
  };

/** The mean of ‖x − y Wᵀ‖²: what is lost between inputs and outputs. */
const reconstructionError = (w: Tensor, x: Tensor, y: Tensor): Tensor =>
  mean(sum(square(sub(x, matmul(y, matrixTranspose(w)))), { axis: 1 }));

/**
 * Hebb's rule: Δw = x y. It is the ascent of ½ E‖y‖², whose negative is the measure, and grows without bound; bound it by
 * weight decay or few steps.
 *
 * @example
 * const [, direction] = hebbian()({ weights: tensor([[1], [2]]) }, { x: tensor([[1, 1]]) });
 * direction.weights.toArray() // [[-3], [-3]]
 */
export const hebbian = (): Direction<Inputs, Connections> =>
  direction((_, x, y) => [neg(mean(sum(square(y), { axis: 1 })).div(2)), matmul(matrixTranspose(x), y)]);

/**
 * Oja's rule: Δwⱼ = yⱼ (x − yⱼ wⱼ), each unit by itself: wⱼ becomes the first principal direction, of length 1 (Oja 1982,
 * (3)). The measure is the mean of ‖x − y Wᵀ‖².
 *
 * @example
 * const [, direction] = oja()({ weights: tensor([[1], [0]]) }, { x: tensor([[2, 1]]) });
 * direction.weights.toArray() // [[0], [-2]]
 */
export const oja = (): Direction<Inputs, Connections> =>
  direction((w, x, y) => [
    reconstructionError(w, x, y),
    sub(matmul(matrixTranspose(x), y), w.mul(sum(square(y), { axis: 0 }))),
  ]);

/**
 * Sanger's rule, the generalised Hebbian algorithm: Δwⱼ = yⱼ (x − Σ_{k ≤ j} yₖ wₖ): the units become the first principal
 * directions, in order (Sanger 1989, (3)). The measure is the mean of ‖x − y Wᵀ‖².
 *
 * @example
 * const [, direction] = sanger()({ weights: tensor([[1, 0], [0, 1]]) }, { x: tensor([[2, 1]]) });
 * direction.weights.toArray() // [[0, 0], [-2, 0]]
 */
export const sanger = (): Direction<Inputs, Connections> =>
  direction((w, x, y) => [
    reconstructionError(w, x, y),
    sub(matmul(matrixTranspose(x), y), matmul(w, triu(matmul(matrixTranspose(y), y)))),
  ]);
