/** Layers: plain functions of trees of parameters, with what they need at the start. */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { type Shape, showShape } from "../base/shape.ts";
import { trace } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";
import { less, logicalOr, notEqual, where } from "../ops/arithmetic.ts";
import { toIndex } from "../ops/gather.ts";
import { random } from "../ops/random.ts";
import { convert } from "../ops/record.ts";

/** What a layer reads: parameters, which are learned, and state that it keeps itself, such as running means. */
export interface Variables<P = Tree, S = Tree> {
  readonly parameters: P;
  readonly state: S;
}

/** In training, layers such as dropout draw from a key, and layers that keep statistics update them. */
export interface Mode {
  readonly training: boolean;
  readonly key?: Tensor;
  /**
   * How long each sequence of x [batch, time, …] is, [batch] whole numbers from 0 to time: recurrent layers and attention
   * read nothing beyond it. There x is to be finite. Without it all are as long as x.
   */
  readonly lengths?: TensorLike;
}

/** Of what dtype parameters are made. */
export type FloatType = "float32" | "float64";

/** The parameters of a layer that learns nothing; the state of one that keeps nothing. */
export type Nothing = Readonly<Record<string, never>>;

/** A function of parameters and x, the first axis of which counts examples. */
export interface Layer<P = Tree, S = Tree> {
  readonly name: string;
  /** Parameters and state for examples of a shape (that of one example), drawn from a key. */
  init(key: Tensor, input: Shape, dtype?: FloatType): Variables<P, S>;
  /** The outputs, and the next state; without a mode as in inference. */
  apply(variables: Variables<P, S>, x: Tensor, mode?: Mode): readonly [Tensor, S];
  /** What it is made of, for examples of a shape, if of layers: `summary` shows them. */
  inside?(variables: Variables<P, S>, input: Shape): Inside;
}

/** Layers within another, with their variables: each reads what the one before it gives, or all read the same x. */
export interface Inside {
  readonly arranged: "in a row" | "side by side";
  readonly layers: readonly (readonly [Layer, Variables])[];
}

/** Where a layer may stand, a function of tensors may too. */
export type LayerLike = Layer | ((x: Tensor) => Tensor);

/** The parameters of layers in a list or under names. */
export type ParametersOf<L> = { readonly [K in keyof L]: L[K] extends Layer<infer P, infer _> ? P : Nothing };
/** The states of layers in a list or under names. */
export type StatesOf<L> = { readonly [K in keyof L]: L[K] extends Layer<infer _, infer S> ? S : Nothing };

export const inference: Mode = { training: false };

/** A function without parameters as a layer; an operation lends it its name. */
export function asLayer(what: string, given: LayerLike): Layer {
  if (typeof given !== "function") return checkLayer(what, given);
  const { operation, name } = given as { readonly operation?: Operation; readonly name: string };
  return fixed(operation?.name ?? (name || "function"), (x) => given(x));
}

/** What has to be a layer with `init`; a function is none. */
export function checkLayer<P, S>(what: string, given: Layer<P, S>): Layer<P, S> {
  const { init, apply } = (given ?? {}) as Partial<Layer>;
  if (typeof init === "function" && typeof apply === "function") return given;
  throw new NablaError(
    "E-OPTION",
    `${what}: ${typeof given === "function" ? "a function" : String(given)} is no layer`,
    "{ name, init, apply }, as dense(8) is; sequential(f) for a function",
  );
}

/** A layer that has nothing to learn. */
export const fixed = (name: string, f: (x: Tensor, mode: Mode) => Tensor): Layer<Nothing, Nothing> => ({
  name,
  init: () => ({ parameters: {}, state: {} }),
  apply: (_, x, mode = inference) => [f(x, mode), {}],
});

/** The mode of the i-th layer inside another: layers draw from keys of their own. */
export const modeOf = (mode: Mode, i: number): Mode =>
  mode.key === undefined ? mode : { ...mode, key: random.foldIn(mode.key, i) };

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

/** A count that an option states. */
export function checkCount(what: string, name: string, count: number): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new NablaError("E-OPTION", `${what}: ${count} ${name}`, "a whole number from 1");
}

/** The size of an example's axis, which a layer must know to begin. */
export function sizeAlong(what: string, input: Shape, axis: number, needs: string): number {
  const size = input.at(axis);
  if (size !== undefined && size > 0) return size;
  throw new NablaError("E-SHAPE", `${what}: an example is ${showShape(input)}`, needs);
}

/**
 * Integers 0 … count − 1 that stand for something (words, classes): as they are, or whole numbers in floats. Negative
 * ones, which elsewhere count from the end, are none of them, nor are fractions and NaN; in a trace the reading of their
 * place throws.
 */
export function asIndices(what: string, t: Tensor, count: number): Tensor {
  if (t.level > 0) {
    const index = isFloat(t.dtype) ? convert(t, "int32") : toIndex(what, t);
    const none = isFloat(t.dtype) ? logicalOr(less(index, 0), notEqual(index, t)) : less(index, 0);
    return where(none, count, index);
  }
  const index = toIndex(what, t);
  index.data.forEach((v, i) => {
    if (v < 0 || v >= count)
      throw new NablaError("E-INDEX", `${what}: element ${i} is ${v}`, `whole numbers from 0 to ${count - 1}`);
  });
  return index;
}
