/** Layers one after the other. */
import type { Shape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";
import { random } from "../ops/random.ts";
import { asLayer, inference, type Layer, type LayerLike, type Mode, outputShape, type Variables } from "./layer.ts";

/** A chain of layers; the i-th has parameters[i] and state[i], and a random key of its own. */
export interface Sequential extends Layer<readonly Tree[], readonly Tree[]> {
  readonly layers: readonly Layer[];
}

/**
 * The layers, each applied to what the one before it gives. Functions of a tensor are layers without parameters.
 *
 * @example
 * const model = sequential(dense(8), (x) => x.tanh(), dense(1));
 * const variables = model.init(random.key(0), [3]);
 * model.apply(variables, ones([5, 3], { dtype: "float32" }))[0].shape // [5, 1]
 */
export function sequential(...given: readonly LayerLike[]): Sequential {
  const layers = given.map(asLayer);
  return {
    name: "sequential",
    layers,
    init(key, input, dtype = "float32") {
      const keys = random.split(key, Math.max(1, layers.length));
      let shape: Shape = input;
      const all = layers.map((layer, i) => {
        const made = layer.init(keys[i] as Tensor, shape, dtype);
        shape = outputShape(layer, made, shape, dtype);
        return made;
      });
      return { parameters: all.map((v) => v.parameters), state: all.map((v) => v.state) };
    },
    apply({ parameters, state }, x, mode: Mode = inference) {
      const next: Tree[] = [];
      let y = x;
      layers.forEach((layer, i) => {
        const own: Variables = { parameters: parameters[i] as Tree, state: state[i] as Tree };
        const drawn = mode.key === undefined ? mode : { ...mode, key: random.foldIn(mode.key, i) };
        const [out, kept] = layer.apply(own, y, drawn);
        next.push(kept);
        y = out;
      });
      return [y, next];
    },
  };
}
