/** A way around a layer. */
import { NablaError } from "../base/error.ts";
import { sameShape, showShape } from "../base/shape.ts";
import type { Tree } from "../graph/trees.ts";
import { asLayer, inference, type Layer, type LayerLike } from "./layer.ts";

/**
 * x + layer(x), with the layer's parameters and state (He, Zhang, Ren and Sun 2016). The layer must keep the shape.
 *
 * @example
 * residual((x) => x.mul(2)).apply({ parameters: {}, state: {} }, tensor([1]))[0].toArray() // [3]
 */
export function residual<P = Tree, S = Tree>(given: Layer<P, S>): Layer<P, S>;
export function residual(given: LayerLike): Layer;
export function residual(given: LayerLike): Layer {
  const inner = asLayer("residual", given);
  return {
    name: `residual(${inner.name})`,
    init: (key, input, dtype) => inner.init(key, input, dtype),
    apply(variables, x, mode = inference) {
      const [y, state] = inner.apply(variables, x, mode);
      if (sameShape(x.shape, y.shape)) return [x.add(y), state];
      throw new NablaError(
        "E-SHAPE",
        `residual: ${inner.name} gives ${showShape(y.shape)} for ${showShape(x.shape)}`,
        "a layer that keeps the shape; parallel([a, b], add) with a layer on either way",
      );
    },
    inside: (variables) => ({ arranged: "in a row", layers: [[inner, variables]] }),
  };
}
