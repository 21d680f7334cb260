/** Functions and models for `nabla check` and `nabla train` (test/cli.test.ts, test/cli-train.test.ts). */
import { abs, customDerivative, mul, sin, type Tensor, tanh } from "nabla";
import { dense, type Layer, sequential } from "nabla/nn";

export const at = { x: 0.5, y: 2 };

export const right = ({ x, y }: { x: Tensor; y: Tensor }): Tensor => sin(x.mul(y)).add(x.square());

export const kink = (x: Tensor): Tensor => abs(x).sum();

export const wrong = customDerivative((x: Tensor) => x.square().sum(), {
  jvp: ([x], [t]) => [(x as Tensor).square().sum(), mul(3, mul(x as Tensor, t as Tensor)).sum()],
});

export default (a: Tensor, b: Tensor): Tensor => a.mul(b);

/** For `nabla train --model`: a function that makes a layer, and a layer. */
export const wide = (inputs: number, outputs: number): Layer =>
  sequential(dense(2 * inputs), tanh, dense(outputs)) as Layer;
export const affine = dense(1);
