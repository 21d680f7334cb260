/** x² and, by its derivative, 2x: what a tool should manage first. */
import { compile, grad, type Tensor, tensor } from "nabla";
import type { Evaluation } from "../protocol.ts";

const squareOf = (x: Tensor): Tensor => x.mul(x);

const evaluation =
  (f: (x: Tensor) => Tensor): Evaluation<number, Tensor> =>
  (input, options) => {
    const g = compile(f, options);
    const x = tensor(input);
    return { run: () => g(x), output: (y) => y.item() };
  };

export const square = evaluation(squareOf);
export const double = evaluation(grad(squareOf));
