/** The loss of a recurrent network of diagonal LSTM layers that predicts the next character's bits; its gradient. */
import {
  at,
  compile,
  concatenate,
  exp,
  grad,
  log,
  scan,
  sigmoid,
  slice,
  split,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "nabla";
import type { Evaluation } from "../protocol.ts";

type Matrix = readonly (readonly number[])[];

interface Input {
  readonly main_params: Matrix;
  readonly extra_params: Matrix;
  readonly state: Matrix;
  readonly sequence: Matrix;
}

/** Of each layer the weights and then the biases of its gates [2·layers, 4·bits]; weight in, weight and bias out. */
type Parameters = { main: Tensor; extra: Tensor };
type Layer = { hidden: Tensor; cell: Tensor };

/** A layer sees its input in the gates that forget and let out, its own last output in the two that let in. */
function layer(weights: Tensor, biases: Tensor, { hidden, cell }: Layer, input: Tensor): Layer {
  const seen = concatenate([input, hidden, input, hidden]);
  const [f, i, o, c] = split(weights.mul(seen).add(biases), 4) as [Tensor, Tensor, Tensor, Tensor];
  const next = cell.mul(sigmoid(f)).add(sigmoid(i).mul(tanh(c)));
  return { hidden: sigmoid(o).mul(tanh(next)), cell: next };
}

/** − the mean over characters and bits of the next character's bits times their normalised predictions. */
export const loss =
  (state: Tensor, sequence: Tensor) =>
  ({ main, extra }: Parameters): Tensor => {
    const layers = (main.shape[0] as number) / 2;
    const [characters, bits] = sequence.shape as [number, number];
    const steps = characters - 1;
    const start = Array.from({ length: layers }, (_, i) => ({ hidden: at(state, 2 * i), cell: at(state, 2 * i + 1) }));
    const inputs = slice(sequence, [[0, steps]]).mul(at(extra, 0));
    const [, last] = scan(
      (carry: Layer[], x: Tensor) => {
        let signal = x;
        const next = carry.map((one, i) => {
          const after = layer(at(main, 2 * i), at(main, 2 * i + 1), one, signal);
          signal = after.hidden;
          return after;
        });
        return [next, signal];
      },
      start,
      inputs,
    );
    const predicted = last.mul(at(extra, 1)).add(at(extra, 2));
    const normalised = predicted.sub(log(sum(exp(predicted), { axis: 1, keepDims: true }).add(2)));
    return sum(slice(sequence, [[1]]).mul(normalised)).div(-steps * bits);
  };

const prepared = ({ main_params, extra_params, state, sequence }: Input) => ({
  f: loss(tensor(state), tensor(sequence)),
  at: { main: tensor(main_params), extra: tensor(extra_params) },
});

export const objective: Evaluation<Input, Tensor> = (input, options) => {
  const { f, at } = prepared(input);
  const g = compile(f, options);
  return { run: () => g(at), output: (y) => y.item() };
};

export const jacobian: Evaluation<Input, Tensor> = (input, options) => {
  const { f, at } = prepared(input);
  const g = compile((at: Parameters) => {
    const { main, extra } = grad(f)(at);
    return concatenate([main.flatten(), extra.flatten()]);
  }, options);
  return { run: () => g(at), output: (slope) => slope.toArray() };
};
