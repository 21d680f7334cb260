/** Long short-term memory. */
import { check, checkOptions } from "../base/options.ts";
import type { Tensor } from "../graph/tensor.ts";
import { matmul } from "../ops/contract.ts";
import { full } from "../ops/create.ts";
import { sigmoid, tanh } from "../ops/math.ts";
import { concatenate, slice } from "../ops/movement.ts";
import { gatesOf, type Recurrent, type RecurrentOptions, type RecurrentParameters, recurrent } from "./recurrent.ts";

/** How an LSTM begins; the rest is every recurrent layer's. */
export interface LstmOptions extends RecurrentOptions {
  /** How the bias of the forget gate begins; default 1: remember (Gers, Schmidhuber and Cummins 2000). */
  readonly forgetBias?: number;
}

/** What is given out and what is remembered, [batch, units] each. */
export type LstmState = { readonly hidden: Tensor; readonly cell: Tensor };

/**
 * i, f, o = σ(x·W + h·R + b), g = tanh(…), c ← f ∘ c + i ∘ g, h = o ∘ tanh c (Hochreiter and Schmidhuber 1997; Gers et
 * al. 2000). The gates lie in the order input, forget, candidate, output. [batch, time, features] → [batch, time,
 * units].
 *
 * @example
 * const layer = lstm(4);
 * const { parameters } = layer.init(random.key(0), [7, 3]);
 * layer.run(parameters, ones([2, 7, 3])).final.cell.shape // [2, 4]
 */
export function lstm(units: number, options: LstmOptions = {}): Recurrent<RecurrentParameters, LstmState> {
  checkOptions("lstm", options, 'lstm(4, { outputs: "last" })');
  const { forgetBias = 1 } = options;
  check("lstm", "a finite number", { forgetBias });
  return recurrent(
    {
      name: "lstm",
      units,
      gates: 4,
      complete: (common, n, dtype): RecurrentParameters => {
        const parts = [
          slice(common.bias, [[0, n]]),
          full([n], forgetBias, { dtype }),
          slice(common.bias, [[0, 2 * n]]),
        ];
        return { ...common, bias: concatenate(parts) };
      },
      initial: (zero) => ({ hidden: zero, cell: zero }),
      step: ({ recurrent: weights }, fromX, { hidden, cell }: LstmState) => {
        const [i, f, g, o] = gatesOf(fromX.add(matmul(hidden, weights)), 4) as [Tensor, Tensor, Tensor, Tensor];
        const next = sigmoid(f)
          .mul(cell)
          .add(sigmoid(i).mul(tanh(g)));
        return { hidden: sigmoid(o).mul(tanh(next)), cell: next };
      },
      output: ({ hidden }) => hidden,
    },
    options,
  );
}
