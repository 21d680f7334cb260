/** ½ Σᵢ (sᵢ − Σⱼ xⱼ tᵢʲ)²: least squares of the sign by a polynomial, and its gradient. */
import { at, compile, grad, linspace, sign, square, sum, type Tensor, tensor } from "nabla";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly x: readonly number[];
  readonly n: number;
}

/** The polynomial by Horner's rule, at all t together. */
export const leastSquares = (x: Tensor, t: Tensor): Tensor => {
  const m = x.size;
  let polynomial: Tensor = at(x, m - 1);
  for (let j = m - 2; j >= 0; j--) polynomial = polynomial.mul(t).add(at(x, j));
  return sum(square(sign(t).sub(polynomial))).div(2);
};

const evaluation =
  (f: (x: Tensor, t: Tensor) => Tensor, output: (result: Tensor) => unknown): Evaluation<Input, Tensor> =>
  (input, options) => {
    const g = compile(f, options);
    const x = tensor(input.x);
    const t = linspace(-1, 1, input.n);
    return { run: () => g(x, t), output };
  };

export const primal = evaluation(leastSquares, (y) => y.item());
export const gradient = evaluation(grad(leastSquares), (g) => g.toArray());
