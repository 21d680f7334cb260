/** y₀′ = x₀, yᵢ′ = xᵢ yᵢ₋₁ from y = 0 at t = 0 to t = 2 by Runge and Kutta's method; the gradient of the last yᵢ. */
import { at, compile, concatenate, grad, scan, slice, type Tensor, tensor, zerosLike } from "nabla";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly x: readonly number[];
  readonly s: number;
}

/** y at t = 2 by s steps of the classical method of order four. */
export const solution = (x: Tensor, s: number): Tensor => {
  const h = 2 / s;
  const slope = (y: Tensor): Tensor => x.mul(concatenate([[1], slice(y, [[0, x.size - 1]])]));
  const [y] = scan(
    (y: Tensor) => {
      const k1 = slope(y);
      const k2 = slope(y.add(k1.mul(h / 2)));
      const k3 = slope(y.add(k2.mul(h / 2)));
      const k4 = slope(y.add(k3.mul(h)));
      return [
        y.add(
          k1
            .add(k2.mul(2))
            .add(k3.mul(2))
            .add(k4)
            .mul(h / 6),
        ),
        0,
      ];
    },
    zerosLike(x),
    [],
    { length: s },
  );
  return y;
};

export const primal: Evaluation<Input, Tensor> = ({ x, s }, options) => {
  const f = compile((x: Tensor) => solution(x, s), options);
  const from = tensor(x);
  return { run: () => f(from), output: (y) => y.toArray() };
};

export const gradient: Evaluation<Input, Tensor> = ({ x, s }, options) => {
  const f = compile(
    grad((x: Tensor) => at(solution(x, s), -1)),
    options,
  );
  const from = tensor(x);
  return { run: () => f(from), output: (g) => g.toArray() };
};
