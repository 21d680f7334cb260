/** Gated recurrent units. */
import type { Tensor } from "../graph/tensor.ts";
import { matmul } from "../ops/contract.ts";
import { zeros } from "../ops/create.ts";
import { sigmoid, tanh } from "../ops/math.ts";
import { gatesOf, type Recurrent, type RecurrentOptions, type RecurrentParameters, recurrent } from "./recurrent.ts";

/** Gates: reset, update, candidate; and a bias [units] of what the candidate reads of the state. */
export type GruParameters = RecurrentParameters & { readonly candidateBias: Tensor };

/**
 * r, z = σ(x·W + h·R + b), n = tanh(x·Wₙ + bₙ + r ∘ (h·Rₙ + c)), h ← (1 − z) ∘ n + z ∘ h: gated recurrent units (Cho et
 * al. 2014) in the form that resets after the product, as PyTorch and cuDNN. [batch, time, features] → [batch, time,
 * units].
 *
 * @example
 * const layer = gru(4);
 * const x = ones([2, 7, 3]);
 * const variables = layer.init(random.key(0), [7, 3]);
 * layer.apply(variables, x)[0].shape // [2, 7, 4]
 * layer.apply(variables, x, { training: false, lengths: [7, 0] })[0].slice([[1, 2]]).abs().max().item() // 0
 */
export const gru = (units: number, options: RecurrentOptions = {}): Recurrent<GruParameters, Tensor> =>
  recurrent(
    {
      name: "gru",
      units,
      gates: 3,
      complete: (common, n, dtype): GruParameters => ({ ...common, candidateBias: zeros([n], { dtype }) }),
      initial: (zero) => zero,
      step: ({ recurrent: weights, candidateBias }, fromX, h: Tensor) => {
        const [xr, xz, xn] = gatesOf(fromX, 3) as [Tensor, Tensor, Tensor];
        const [hr, hz, hn] = gatesOf(matmul(h, weights), 3) as [Tensor, Tensor, Tensor];
        const candidate = tanh(xn.add(sigmoid(xr.add(hr)).mul(hn.add(candidateBias))));
        // (1 − z) n + z h
        return candidate.add(sigmoid(xz.add(hz)).mul(h.sub(candidate)));
      },
      output: (h) => h,
    },
    options,
  );
