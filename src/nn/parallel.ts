/** Layers beside each other. */
import type { Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";
import { concatenate } from "../ops/movement.ts";
import { random } from "../ops/random.ts";
import { asLayer, inference, type Layer, type LayerLike, modeOf, type ParametersOf, type StatesOf } from "./layer.ts";

/**
 * All layers applied to the same x, and what they give combined: by default side by side on the last axis. The i-th has
 * parameters[i], state[i] and a random key of its own.
 *
 * @example
 * const bothWays = parallel([lstm(4), lstm(4, { reverse: true })]);
 * bothWays.apply(bothWays.init(random.key(0), [7, 3]), ones([2, 7, 3]))[0].shape // [2, 7, 8]
 */
export function parallel<const L extends readonly LayerLike[]>(
  given: L,
  combine?: (...outputs: Tensor[]) => Tensor,
): Layer<ParametersOf<L>, StatesOf<L>>;
export function parallel(
  given: readonly LayerLike[],
  combine: (...outputs: Tensor[]) => Tensor = (...outputs) => concatenate(outputs, -1),
): unknown {
  const layers = given.map((layer) => asLayer("parallel", layer));
  const beside: Layer<readonly Tree[], readonly Tree[]> = {
    name: `parallel(${layers.map(({ name }) => name).join(", ")})`,
    init(key, input, dtype = "float32") {
      const keys = random.split(key, Math.max(1, layers.length));
      const all = layers.map((layer, i) => layer.init(keys[i] as Tensor, input, dtype));
      return { parameters: all.map((v) => v.parameters), state: all.map((v) => v.state) };
    },
    apply({ parameters, state }, x, mode = inference) {
      const all = layers.map((layer, i) =>
        layer.apply({ parameters: parameters[i] as Tree, state: state[i] as Tree }, x, modeOf(mode, i)),
      );
      return [combine(...all.map(([y]) => y)), all.map(([, next]) => next)];
    },
    inside: ({ parameters, state }) => ({
      arranged: "side by side",
      layers: layers.map((layer, i) => [layer, { parameters: parameters[i] as Tree, state: state[i] as Tree }]),
    }),
  };
  return beside;
}
