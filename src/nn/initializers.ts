/** How weights begin: scaled so that signals neither vanish nor explode on their way through the layers. */
import type { Shape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { random } from "../ops/random.ts";
import type { FloatType } from "./layer.ts";

/** Weights of a shape, from a key. A matrix is [inputs, outputs], a kernel [outputs, inputs, …window]. */
export type Initializer = (key: Tensor, shape: Shape, dtype: FloatType) => Tensor;

/** How many inputs a unit has, and how many outputs an input. */
function fans(shape: Shape): readonly [fanIn: number, fanOut: number] {
  const [a = 1, b = 1, ...window] = shape;
  if (shape.length <= 2) return [a, b];
  const taps = window.reduce((n, k) => n * k, 1);
  return [b * taps, a * taps];
}

/** Uniform with variance 2/(inputs + outputs) (Glorot and Bengio 2010, eq. 16). */
export const glorotUniform: Initializer = (key, shape, dtype) => {
  const [fanIn, fanOut] = fans(shape);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return random
    .uniform(key, shape, { dtype })
    .mul(2 * limit)
    .sub(limit);
};
