/** Functions for `nabla check` (test/cli.test.ts). */
import { abs, customDerivative, mul, sin, type Tensor } from "nabla";

export const at = { x: 0.5, y: 2 };

export const right = ({ x, y }: { x: Tensor; y: Tensor }): Tensor => sin(x.mul(y)).add(x.square());

export const kink = (x: Tensor): Tensor => abs(x).sum();

export const wrong = customDerivative((x: Tensor) => x.square().sum(), {
  jvp: ([x], [t]) => [(x as Tensor).square().sum(), mul(3, mul(x as Tensor, t as Tensor)).sum()],
});

export default (a: Tensor, b: Tensor): Tensor => a.mul(b);
