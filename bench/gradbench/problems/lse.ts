/** log Σ exp xᵢ, by its primitive parts, and its gradient. */
import { compile, exp, grad, log, max, stopGradient, sum, type Tensor, tensor } from "nabla";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly x: readonly number[];
}

/** a = max x keeps exp from overflowing. It cancels, and so does its derivative. */
export const logSumExp = (x: Tensor): Tensor => {
  const a = stopGradient(max(x));
  return a.add(log(sum(exp(x.sub(a)))));
};

export const primal: Evaluation<Input, Tensor> = (input, options) => {
  const f = compile(logSumExp, options);
  const x = tensor(input.x);
  return { run: () => f(x), output: (y) => y.item() };
};

export const gradient: Evaluation<Input, Tensor> = (input, options) => {
  const f = compile(grad(logSumExp), options);
  const x = tensor(input.x);
  return { run: () => f(x), output: (g) => g.toArray() };
};
