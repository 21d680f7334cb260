/** Layers one after the other. */
import type { Shape } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";
import { random } from "../ops/random.ts";
import {
  asLayer,
  type Inside,
  inference,
  type Layer,
  type LayerLike,
  modeOf,
  outputShape,
  type ParametersOf,
  type StatesOf,
  type Variables,
} from "./layer.ts";

/** A chain of layers; the i-th has parameters[i] and state[i], and a random key of its own. */
export interface Sequential<P = readonly Tree[], S = readonly Tree[]> extends Layer<P, S> {
  readonly layers: readonly Layer[];
}

/** Named trees, one a layer. */
export type NamedTrees = { readonly [name: string]: Tree };

/** The chain, its lists of trees kept as they are or under names. */
function chainOf<T>(layers: readonly Layer[], keep: (trees: readonly Tree[]) => T, list: (kept: T) => readonly Tree[]) {
  return {
    name: "sequential",
    layers,
    init(key: Tensor, input: Shape, dtype: "float32" | "float64" = "float32") {
      const keys = random.split(key, Math.max(1, layers.length));
      let shape = input;
      const all = layers.map((layer, i) => {
        const made = layer.init(keys[i] as Tensor, shape, dtype);
        shape = outputShape(layer, made, shape, dtype);
        return made;
      });
      return { parameters: keep(all.map((v) => v.parameters)), state: keep(all.map((v) => v.state)) };
    },
    apply(variables: { readonly parameters: T; readonly state: T }, x: Tensor, mode = inference): readonly [Tensor, T] {
      const [parameters, state] = [list(variables.parameters), list(variables.state)];
      const next: Tree[] = [];
      let y = x;
      layers.forEach((layer, i) => {
        const own = { parameters: parameters[i] as Tree, state: state[i] as Tree };
        const [out, kept] = layer.apply(own, y, modeOf(mode, i));
        next.push(kept);
        y = out;
      });
      return [y, keep(next)];
    },
    inside(variables: { readonly parameters: T; readonly state: T }): Inside {
      const [parameters, state] = [list(variables.parameters), list(variables.state)];
      const own = (i: number): Variables => ({ parameters: parameters[i] as Tree, state: state[i] as Tree });
      return { arranged: "in a row", layers: layers.map((layer, i) => [layer, own(i)]) };
    },
  };
}

/**
 * The layers, each applied to what the one before it gives. Functions of a tensor are layers without parameters. An
 * object of layers gives its names to parameters and state.
 *
 * @example
 * const model = sequential(dense(8), (x) => x.tanh(), dense(1));
 * const variables = model.init(random.key(0), [3]);
 * model.apply(variables, ones([5, 3], { dtype: "float32" }))[0].shape // [5, 1]
 * const named = sequential({ hidden: dense(8), tanh, out: dense(1) });
 * Object.keys(named.init(random.key(0), [3]).parameters) // ["hidden", "tanh", "out"]
 */
export function sequential<const L extends readonly LayerLike[]>(
  ...layers: L
): Sequential<ParametersOf<L>, StatesOf<L>>;
export function sequential<L extends Readonly<Record<string, LayerLike>>>(
  layers: L,
): Sequential<ParametersOf<L>, StatesOf<L>>;
export function sequential(...given: readonly unknown[]): unknown {
  const [named] = given;
  if (given.length !== 1 || !isNamed(named)) {
    const same = (trees: readonly Tree[]): readonly Tree[] => trees;
    return chainOf((given as LayerLike[]).map(layerOf), same, same);
  }
  const names = Object.keys(named);
  return chainOf<NamedTrees>(
    Object.values(named).map(layerOf),
    (trees) => Object.fromEntries(names.map((name, i) => [name, trees[i] as Tree])),
    (kept) => names.map((name) => kept[name] as Tree),
  );
}

const layerOf = (given: LayerLike): Layer => asLayer("sequential", given);

const isNamed = (given: unknown): given is Readonly<Record<string, LayerLike>> =>
  typeof given === "object" && given !== null && typeof (given as Partial<Layer>).apply !== "function";
