/** `nabla/nn`: layers, initialisers, losses, metrics. */
import "../ops/methods.ts";

export { type DenseOptions, type DenseParameters, dense } from "./dense.ts";
export { glorotUniform, type Initializer } from "./initializers.ts";
export type { FloatType, Layer, LayerLike, Mode, Variables } from "./layer.ts";
export { crossEntropy, type Loss, meanSquaredError } from "./losses.ts";
export { type Sequential, sequential } from "./sequential.ts";
