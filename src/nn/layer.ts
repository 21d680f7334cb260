/** Layers: plain functions of trees of parameters, with what they need at the start. */
import { NablaError } from "../base/error.ts";
import type { Shape } from "../base/shape.ts";
import { trace } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";

/** What a layer reads: parameters, which are learned, and state that it keeps itself, such as running means. */
export interface Variables<P = Tree, S = Tree> {
  readonly parameters: P;
  readonly state: S;
}

/** In training, layers such as dropout draw from a key, and layers that keep statistics update them. */
export interface Mode {
  readonly training: boolean;
  readonly key?: Tensor;
}

/** Of what dtype parameters are made. */
export type FloatType = "float32" | "float64";

/** A function of parameters and x, the first axis of which counts examples. */
export interface Layer<P = Tree, S = Tree> {
  readonly name: string;
  /** Parameters and state for examples of a shape (that of one example), drawn from a key. */
  init(key: Tensor, input: Shape, dtype?: FloatType): Variables<P, S>;
  /** The outputs, and the next state. */
  apply(variables: Variables<P, S>, x: Tensor, mode?: Mode): readonly [Tensor, S];
}

/** Where a layer may stand, a function of tensors may too. */
export type LayerLike = Layer | ((x: Tensor) => Tensor);

export const inference: Mode = { training: false };

/** A function without parameters as a layer. */
export function asLayer(given: LayerLike): Layer {
  if (typeof given !== "function") return given;
  return {
    name: given.name || "function",
    init: () => ({ parameters: {}, state: {} }),
    apply: (_, x) => [given(x), {}],
  };
}

/** The shape of one example's output, without computing it. */
export function outputShape(layer: Layer, variables: Variables, input: Shape, dtype: FloatType = "float32"): Shape {
  const { outputs } = trace(layer.name, [{ shape: [1, ...input], dtype }], ([x]) => [
    layer.apply(variables, x as Tensor, inference)[0],
  ]);
  const [, ...shape] = (outputs[0] as Tensor).shape;
  return shape;
}

/** The key of a layer that draws in training. */
export function keyOf(what: string, { key }: Mode): Tensor {
  if (key !== undefined) return key;
  throw new NablaError(
    "E-OPTION",
    `${what}: in training it draws from a key`,
    "{ training: true, key: random.key(1) }",
  );
}
