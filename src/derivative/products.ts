/** Jacobian–vector products, forward (jvp) and backward (vjp), and products with the Hessian. */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { sameShape, showShape } from "../base/shape.ts";
import { checkSameStructure, unflatten } from "../base/tree.ts";
import { toTensor } from "../graph/convert.ts";
import { type Graph, trace } from "../graph/graph.ts";
import { filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import {
  callGiven,
  flattenArguments,
  flattenResults,
  type Input,
  type Inputs,
  rebuildArguments,
  type Traced,
} from "../graph/trees.ts";
import { mul } from "../ops/arithmetic.ts";
import { convert } from "../ops/record.ts";
import { sum } from "../ops/reduce.ts";
import { instantiate, linearize, type Tangent } from "../transform/linearize.ts";
import { transposeLinear } from "../transform/transpose.ts";
import { gradTree } from "./grad.ts";

export type FlatFunction = (args: readonly Tensor[]) => readonly Tensor[];

/** A function linearised at a point: its values there, and its derivative as a graph that is linear in its inputs. */
export interface LinearMap {
  readonly outputs: readonly Tensor[];
  /** The function itself. */
  readonly of: Graph;
  /** Tangents of the inputs → tangents of those outputs that vary. */
  readonly graph: Graph;
  readonly varies: readonly boolean[];
}

export function linearMap(maker: string, f: FlatFunction, primals: readonly Tensor[]): LinearMap {
  const graph = trace(maker, primals, f, primals);
  let outputs: readonly Tensor[] = [];
  let varies: boolean[] = [];
  const linear = trace(maker, primals, (tangents) => {
    const result = linearize(
      graph,
      primals,
      tangents.map((t) => (isFloat(t.dtype) ? t : undefined)),
    );
    outputs = result.outputs;
    varies = result.tangents.map((t) => t !== undefined);
    return result.tangents.filter((t): t is Tensor => t !== undefined);
  });
  return { outputs, of: graph, graph: linear, varies };
}

/** Cotangents of the outputs → cotangents of the inputs. */
export function pull({ graph, varies }: LinearMap, cotangents: readonly Tangent[]): readonly Tangent[] {
  return transposeLinear(
    graph,
    graph.inputs.map(() => true),
    graph.inputs,
    cotangents.filter((_, i) => varies[i]),
  );
}

/** The tensors of a tangent or cotangent: the same tree as these have, and their shapes. */
function matchingTensors(
  what: string,
  tree: unknown,
  structure: FlatInput["structure"],
  like: readonly Tensor[],
): Tensor[] {
  const given = flattenArguments(what, tree, "");
  checkSameStructure(what, structure, given.structure);
  if (given.tensors.length !== like.length) {
    throw new NablaError(
      "E-TREE",
      `${what}: ${given.tensors.length} tensors, expected ${like.length}`,
      "a tensor wherever there is one in what it belongs to",
    );
  }
  return given.tensors.map((t, i) => {
    const target = like[i] as Tensor;
    if (!sameShape(t.shape, target.shape)) {
      throw new NablaError(
        "E-SHAPE",
        `${what}${given.paths[i]} has shape ${showShape(t.shape)}, what it belongs to ${showShape(target.shape)}`,
        `shape ${showShape(target.shape)}`,
      );
    }
    return convert(t, target.dtype);
  });
}

export interface PullbackResult<A extends readonly unknown[], R> {
  readonly value: R;
  readonly pullback: (cotangent: Input<R>) => A;
}

/**
 * The value and the tangent J·v of f: forward mode, one pass.
 *
 * @param primals the arguments of f
 * @param tangents a direction for each argument, of the same tree and shapes
 * @example
 * const [y, dy] = jvp((x) => x.mul(x), [3], [1]);
 * dy.item() // 6
 */
export function jvp<R = Tensor>(
  f: (...args: Tensor[]) => R,
  primals: readonly TensorLike[],
  tangents: readonly TensorLike[],
): [R, R];
export function jvp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  primals: Inputs<A>,
  tangents: Inputs<A>,
): [R, R];
export function jvp(
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): [unknown, unknown] {
  return pushForward("jvp", f, primals, tangents);
}

/** The value and the tangent of f. */
function pushForward(
  what: string,
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): [unknown, unknown] {
  if (!Array.isArray(primals) || !Array.isArray(tangents) || primals.length !== tangents.length) {
    throw new NablaError(
      "E-TREE",
      `${what}: primals and tangents are lists with one entry for each argument of f`,
      "jvp(f, [x], [v])",
    );
  }
  const inputs = primals.map((p, i) => flattenArguments(what, p, `argument ${i}`));
  const flat = inputs.flatMap((a) => a.tensors);
  const directions = inputs.flatMap(({ structure, tensors }, i) =>
    matchingTensors(`${what}: the tangent of argument ${i}`, tangents[i], structure, tensors),
  );
  const { flat: g, structure } = flatFunction(what, f, inputs);
  const graph = trace(what, flat, g, flat);
  const result = linearize(
    graph,
    flat,
    directions.map((t) => (isFloat(t.dtype) ? t : undefined)),
  );
  const values = unflatten(structure(), result.outputs);
  return [
    values,
    unflatten(
      structure(),
      result.outputs.map((y, i) => instantiate(result.tangents[i], y)),
    ),
  ];
}

type FlatInput = ReturnType<typeof flattenArguments>;

/** Calls f on rebuilt argument trees and remembers the structure of its result. */
export function flatFunction(
  what: string,
  f: (...args: never[]) => unknown,
  inputs: readonly FlatInput[],
): { flat: FlatFunction; structure: () => ReturnType<typeof flattenResults>["structure"] } {
  let structure: ReturnType<typeof flattenResults>["structure"] | undefined;
  const flat: FlatFunction = (leaves) => {
    const args = rebuildArguments(inputs, leaves);
    const result = flattenResults(what, callGiven(what, f, args));
    structure = result.structure;
    return result.tensors;
  };
  return { flat, structure: () => structure as ReturnType<typeof flattenResults>["structure"] };
}

/**
 * The value of f and its pullback: cotangents of the result → one cotangent per argument, ct·J.
 *
 * @example
 * const [y, pullback] = vjp((x) => x.mul(x), 3);
 * pullback(1)[0].item() // 6
 */
export function vjp<R = Tensor>(
  f: (...args: Tensor[]) => R,
  ...primals: TensorLike[]
): [R, (cotangent: Input<R>) => Tensor[]];
export function vjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: Inputs<A>
): [R, (cotangent: Input<R>) => { readonly [K in keyof A]: Traced<A[K]> }];
export function vjp(f: (...args: never[]) => unknown, ...primals: unknown[]): [unknown, (cotangent: never) => unknown] {
  const inputs = primals.map((p, i) => flattenArguments("vjp", p, `argument ${i}`));
  const flat = inputs.flatMap((a) => a.tensors);
  const { flat: g, structure } = flatFunction("vjp", f, inputs);
  const map = linearMap("vjp", g, flat);
  const pullback = (cotangent: unknown): unknown => {
    const cts = matchingTensors("vjp: the cotangent", cotangent, structure(), map.outputs);
    const back = pull(map, cts);
    let at = 0;
    return inputs.map((input) => {
      const part = input.tensors.map((t, i) => instantiate(back[at + i], t));
      at += part.length;
      return input.rebuild(part);
    });
  };
  return [unflatten(structure(), map.outputs), pullback];
}

/**
 * Hessian–vector product ∇²f(x)·v by forward over reverse mode: two gradients' work, no Hessian
 * (Pearlmutter 1994). Further arguments of f follow v.
 *
 * @example
 * hvp((x) => x.mul(x).mul(x).sum())([1, 2], [1, 0]).toArray() // [6, 0]
 */
export function hvp(
  f: (x: Tensor, ...rest: Tensor[]) => TensorLike,
): (x: TensorLike, v: TensorLike, ...rest: TensorLike[]) => Tensor;
export function hvp<X, A extends readonly unknown[]>(
  f: (x: X, ...rest: A) => TensorLike,
): (x: Input<X>, v: Input<X>, ...rest: Inputs<A>) => Traced<X>;
export function hvp(f: (...args: never[]) => unknown): (x: never, v: never, ...rest: never[]) => unknown {
  return (x: unknown, v: unknown, ...rest: unknown[]) => {
    const g = (point: unknown): unknown => gradTree("hvp", f, [point, ...rest], [0]).gradients[0];
    return pushForward("hvp", g, [x], [v])[1];
  };
}

/**
 * ∇f(x)·v, the rate at which f changes along v (not normalised), by forward mode.
 *
 * @example
 * directionalDerivative((x) => x.mul(x).sum(), [3, 4], [1, 0]).item() // 6
 */
export function directionalDerivative(f: (x: Tensor) => TensorLike, x: TensorLike, v: TensorLike): Tensor;
export function directionalDerivative<X>(f: (x: X) => TensorLike, x: Input<X>, v: Input<X>): Tensor;
export function directionalDerivative<X>(f: (x: X) => TensorLike): (x: Input<X>, v: Input<X>) => Tensor;
export function directionalDerivative(f: (x: never) => unknown, ...given: unknown[]): unknown {
  const run = (x: unknown, v: unknown): unknown => pushForward("directionalDerivative", f, [x], [v])[1];
  return given.length === 0 ? run : run(given[0], given[1]);
}

/** ⟨a, b⟩ over lists of tensors: what makes jvp and vjp adjoint. */
export const inner = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  a.reduce((total, t, i) => toTensor("inner", sum(mul(t, b[i] as Tensor))).add(total), filled(0, []));
