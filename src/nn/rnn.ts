/** The plain recurrent layer. */
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { matmul } from "../ops/contract.ts";
import { tanh } from "../ops/math.ts";
import { type Recurrent, type RecurrentOptions, type RecurrentParameters, recurrent } from "./recurrent.ts";

/** What bends the state; the rest is every recurrent layer's. */
export interface RnnOptions extends RecurrentOptions {
  /** Default tanh. */
  readonly activation?: (x: TensorLike) => Tensor;
}

/**
 * hₜ = tanh(xₜ·W + hₜ₋₁·R + b) (Elman 1990), [batch, time, features] → [batch, time, units].
 *
 * @example
 * const layer = rnn(4, { outputs: "last" });
 * layer.apply(layer.init(random.key(0), [7, 3]), ones([2, 7, 3]))[0].shape // [2, 4]
 */
export const rnn = (units: number, options: RnnOptions = {}): Recurrent<RecurrentParameters, Tensor> =>
  recurrent(
    {
      name: "rnn",
      units,
      gates: 1,
      complete: (common) => common,
      initial: (zero) => zero,
      step: ({ recurrent: weights }, fromX, h: Tensor) => {
        const { activation = tanh } = options;
        return activation(fromX.add(matmul(h, weights)));
      },
      output: (h) => h,
    },
    options,
  );
