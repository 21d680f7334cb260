/** min over x of max over y of (x₁² + x₂²) − (y₁² + y₂²), each by descent: derivatives of a descent by derivatives. */
import { compile, concatenate, square, sum, type Tensor, tensor } from "nabla";
import { argmaxOf, argminOf } from "../descent.ts";
import { forward, type Mode, reverse } from "../modes.ts";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly start: readonly number[];
}

const f = (x: Tensor, y: Tensor): Tensor => sum(square(x)).sub(sum(square(y)));

const saddlePoint = (outer: Mode, inner: Mode, start: Tensor): Tensor => {
  const best = (x: Tensor): Tensor =>
    argmaxOf(
      inner((y) => f(x, y)),
      start,
    );
  const x = argminOf(
    outer((x) => f(x, best(x))),
    start,
  );
  return concatenate([x, best(x)]);
};

const evaluation =
  (outer: Mode, inner: Mode): Evaluation<Input, Tensor> =>
  (input, options) => {
    const point = compile((start: Tensor) => saddlePoint(outer, inner, start), options);
    const start = tensor(input.start);
    return { run: () => point(start), output: (xy) => xy.toArray() };
  };

export const ff = evaluation(forward, forward);
export const fr = evaluation(forward, reverse);
export const rf = evaluation(reverse, forward);
export const rr = evaluation(reverse, reverse);
