/** Gradients of scalar functions, by reverse mode. */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import { type Structure, showStructure, unflatten } from "../base/tree.ts";
import { describe } from "../graph/convert.ts";
import type { Graph } from "../graph/graph.ts";
import { filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import {
  callGiven,
  type FlatArguments,
  flattenArguments,
  type Input,
  type Inputs,
  type Traced,
} from "../graph/trees.ts";
import { reshape } from "../ops/movement.ts";
import { instantiate } from "../transform/linearize.ts";
import { flatFunction, linearMap, pull } from "./products.ts";
import { checkStrict } from "./undefined-derivative.ts";

/** By what to differentiate, and what to do where no derivative exists. */
export interface GradOptions<W extends number | readonly number[] = number> {
  /** Which argument (or arguments) to differentiate by; default the first. The others are held. */
  readonly wrt?: W;
  /** Throws E-UNDEFINED-DERIVATIVE where the derivative of some operation does not exist. */
  readonly strict?: boolean;
}

/** With it the function returns `[cost, aux]`, and so does the value: results that are not differentiated. */
export interface AuxOption {
  readonly aux: true;
}

/** The argument by which to differentiate: floats. */
export function varied(what: string, args: readonly unknown[], i: number): FlatArguments {
  if (!Number.isInteger(i) || i < 0 || i >= args.length) {
    throw new NablaError(
      "E-OPTION",
      `${what}: wrt names argument ${i}, but ${args.length} ${args.length === 1 ? "is" : "are"} given`,
      "a place from 0, and a value for each argument",
    );
  }
  const flat = flattenArguments(what, args[i], `argument ${i}`);
  if (flat.structure.kind === "leaf" && flat.tensors.length === 0) {
    throw new NablaError(
      "E-VALUE",
      `${what}: argument ${i} is ${describe(args[i])}, no tensor`,
      "a tensor, or a tree of plain objects and arrays",
    );
  }
  flat.tensors.forEach((t, k) => {
    if (!isFloat(t.dtype))
      throw new NablaError(
        "E-DTYPE",
        `${what}: ${flat.paths[k]} is ${t.dtype}; only floats have a derivative`,
        'cast(x, "float64"), or another wrt',
      );
  });
  return flat;
}

/** The value of f and its gradients by the chosen arguments, as trees like the arguments. */
export function gradTree(
  what: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  wrt: readonly number[],
  aux = false,
): {
  readonly value: Tensor;
  readonly aux: unknown;
  readonly gradients: readonly unknown[];
  /** What f records. */
  readonly of: Graph;
} {
  const inputs = wrt.map((i) => varied(what, args, i));
  const held = args.map((a, i) => {
    if (wrt.includes(i)) return a;
    const flat = flattenArguments(what, a, `argument ${i}`);
    return flat.rebuild(flat.tensors);
  });
  const bound = (...chosen: never[]): unknown => {
    const all = [...held];
    wrt.forEach((i, k) => {
      all[i] = chosen[k];
    });
    return callGiven(what, f, all);
  };
  const { flat, structure } = flatFunction(what, bound, inputs);
  const primals = inputs.flatMap((a) => a.tensors);
  const map = linearMap(
    what,
    (leaves) => {
      const results = flat(leaves);
      if (!aux) return [scalarResult(what, results)];
      const [cost, ...others] = pairResult(what, structure(), results);
      return [scalarResult(what, [cost]), ...others];
    },
    primals,
  );
  const [value, ...others] = map.outputs as readonly [Tensor, ...Tensor[]];
  const back = pull(map, [filled(1, [], value.dtype), ...others.map(() => undefined)]);
  let at = 0;
  const gradients = inputs.map((input) => {
    const part = input.tensors.map((t, i) => instantiate(back[at + i], t));
    at += part.length;
    return input.rebuild(part);
  });
  const beside = aux ? (unflatten(structure(), map.outputs) as unknown[])[1] : undefined;
  return { value, aux: beside, gradients, of: map.of };
}

/** The results of a function that returns `[cost, aux]`. */
function pairResult(what: string, structure: Structure, results: readonly Tensor[]): readonly [Tensor, ...Tensor[]] {
  const [cost] = results;
  if (structure.kind === "array" && structure.items.length === 2 && structure.items[0]?.kind === "leaf" && cost)
    return [cost, ...results.slice(1)];
  throw new NablaError(
    "E-TREE",
    `${what}: with { aux: true } the function returns [cost, aux], not ${showStructure(structure)}`,
    "a list of the scalar cost and a tree of everything else",
  );
}

/** Gradients need a scalar; one element of any shape is one. */
export function scalarResult(what: string, results: readonly Tensor[]): Tensor {
  const [value] = results;
  if (results.length !== 1 || value === undefined) {
    throw new NablaError(
      "E-NOT-SCALAR",
      `${what}: the function returns ${results.length} tensors, not one scalar`,
      "returning the cost alone",
    );
  }
  if (value.size !== 1) {
    throw new NablaError(
      "E-NOT-SCALAR",
      `${what}: the function returns a tensor of shape ${showShape(value.shape)}, not a scalar`,
      "sum(…) or mean(…) of it, or jacobian for all its derivatives",
    );
  }
  if (!isFloat(value.dtype))
    throw new NablaError(
      "E-DTYPE",
      `${what}: the function returns ${value.dtype}; only floats have a derivative`,
      'cast(y, "float64")',
    );
  return value.rank === 0 ? value : reshape(value, []);
}

type Chosen<A extends readonly unknown[], W> = W extends number
  ? A[W]
  : W extends readonly number[]
    ? { [K in keyof W]: A[W[K] & number] }
    : never;

/**
 * The gradient of a scalar function: a function of the same arguments that returns ∂f/∂(argument `wrt`).
 * It can be differentiated again.
 *
 * @example
 * grad((x) => x.mul(x).sum())([1, 2, 3]).toArray() // [2, 4, 6]
 */
export function grad(
  f: (...args: Tensor[]) => TensorLike,
  options?: GradOptions<number>,
): (...args: TensorLike[]) => Tensor;
export function grad(
  f: (...args: Tensor[]) => TensorLike,
  options: GradOptions<readonly number[]>,
): (...args: TensorLike[]) => Tensor[];
export function grad<A extends readonly unknown[], const W extends number | readonly number[] = 0>(
  f: (...args: A) => TensorLike,
  options?: GradOptions<W>,
): (...args: Inputs<A>) => Chosen<A, W>;
export function grad(
  f: (...args: never[]) => unknown,
  options: GradOptions<number | readonly number[]> = {},
): (...args: never[]) => unknown {
  checkOptions("grad", options, "{ wrt: 1 }");
  return (...args: unknown[]) => evaluate("grad", f, args, options)[1];
}

/**
 * `[value, gradient]` of a scalar function in one pass. With `{ aux: true }` the function returns `[cost, aux]` and the
 * result is `[[cost, aux], gradient]`: what else it computed on the way, such as the next state of a model.
 *
 * @example
 * const [value, slope] = valueAndGrad((x) => x.mul(x))(3);
 * slope.item() // 6
 */
export function valueAndGrad(
  f: (...args: Tensor[]) => TensorLike,
  options?: GradOptions<number>,
): (...args: TensorLike[]) => [Tensor, Tensor];
export function valueAndGrad(
  f: (...args: Tensor[]) => TensorLike,
  options: GradOptions<readonly number[]>,
): (...args: TensorLike[]) => [Tensor, Tensor[]];
export function valueAndGrad<A extends readonly unknown[], const W extends number | readonly number[] = 0>(
  f: (...args: A) => TensorLike,
  options?: GradOptions<W>,
): (...args: Inputs<A>) => [Tensor, Chosen<A, W>];
export function valueAndGrad<A extends readonly unknown[], X, const W extends number | readonly number[] = 0>(
  f: (...args: A) => readonly [cost: TensorLike, aux: X],
  options: GradOptions<W> & AuxOption,
): (...args: Inputs<A>) => [[cost: Tensor, aux: Traced<Input<X>>], Chosen<A, W>];
export function valueAndGrad(
  f: (...args: never[]) => unknown,
  options: GradOptions<number | readonly number[]> & Partial<AuxOption> = {},
): (...args: never[]) => unknown {
  checkOptions("valueAndGrad", options, "{ wrt: 1 }");
  return (...args: unknown[]) => evaluate("valueAndGrad", f, args, options);
}

function evaluate(
  what: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  { wrt = 0, strict = false, aux = false }: GradOptions<number | readonly number[]> & { readonly aux?: boolean },
): [unknown, unknown] {
  const list = typeof wrt === "number" ? [wrt] : wrt;
  if (!Array.isArray(list) || new Set(list).size !== list.length) {
    throw new NablaError(
      "E-OPTION",
      `${what}: wrt is ${JSON.stringify(wrt)}`,
      "the place of an argument, or a list of different ones",
    );
  }
  if (args.length === 0)
    throw new NablaError("E-TREE", `${what}: called without arguments`, "the point at which to differentiate");
  if (strict) checkStrict(what, aux ? (...given) => (f(...given) as readonly unknown[])[0] : f, args, list);
  const { value, aux: others, gradients } = gradTree(what, f, args, list, aux);
  return [aux ? [value, others] : value, typeof wrt === "number" ? gradients[0] : gradients];
}
