/** Jacobians and Hessians: a linear map applied to all basis vectors at once. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { unflatten } from "../base/tree.ts";
import { trace } from "../graph/graph.ts";
import { constant, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { callGiven, flattenArguments, type Inputs } from "../graph/trees.ts";
import { broadcastTo, moveAxis, reshape, slice } from "../ops/movement.ts";
import { convert } from "../ops/record.ts";
import { instantiate } from "../transform/linearize.ts";
import { vectorize } from "../transform/vectorize.ts";
import { gradTree, varied } from "./grad.ts";
import { flatFunction, linearMap, pull } from "./products.ts";

export interface JacobianOptions {
  /** Which argument to differentiate by; default the first. */
  readonly wrt?: number;
  /** Forward costs one pass per input element, reverse one per output element; default: the cheaper. */
  readonly mode?: "forward" | "reverse";
}

/** R with every tensor replaced by the tree X of its derivatives. */
export type JacobianOf<R, X> = R extends Tensor ? X : R extends number ? X : { [K in keyof R]: JacobianOf<R[K], X> };

/** All of ∂output/∂input, for lists: result[i][j] has shape [...outputᵢ, ...inputⱼ]. */
function jacobianFlat(
  f: (leaves: readonly Tensor[]) => readonly Tensor[],
  primals: readonly Tensor[],
  mode: JacobianOptions["mode"],
): Tensor[][] {
  const map = linearMap("jacobian", f, primals);
  const inputSizes = primals.map((t) => t.size);
  const varying = map.outputs.filter((_, i) => map.varies[i]);
  const outputSizes = varying.map((t) => t.size);
  const total = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
  // A rule that states a pullback alone has no batch of tangents, only one of cotangents.
  const pushes = map.graph.nodes.every((node) => node.results === undefined || node.operation.batchAll !== undefined);
  const forward = mode === undefined ? pushes && total(inputSizes) <= total(outputSizes) : mode === "forward";

  /** For every row of the result: the derivatives of all columns. */
  let blocks: (i: number, j: number) => Tensor;
  if (forward) {
    const basis = basisFor(primals);
    const n = total(inputSizes);
    const pushed = vectorize(
      map.graph,
      basis,
      basis.map(() => true),
      n,
    );
    const rows = pushed.outputs.map((t, i) => (pushed.batched[i] ? t : broadcastTo(t, [n, ...t.shape])));
    blocks = (i, j) => {
      const from = total(inputSizes.slice(0, j));
      const part = slice(rows[i] as Tensor, [[from, from + (inputSizes[j] as number)]]);
      const moved = moveAxis(part, 0, part.rank - 1);
      return reshape(moved, [...(varying[i] as Tensor).shape, ...(primals[j] as Tensor).shape]);
    };
  } else {
    const basis = basisFor(varying);
    const m = total(outputSizes);
    const back = trace("jacobian", varying, (cts) => {
      let next = 0;
      const all = map.varies.map((v) => (v ? cts[next++] : undefined));
      return pull(map, all).map((t, j) => instantiate(t, primals[j] as Tensor));
    });
    const pulled = vectorize(
      back,
      basis,
      basis.map(() => true),
      m,
    );
    const rows = pulled.outputs.map((t, j) => (pulled.batched[j] ? t : broadcastTo(t, [m, ...t.shape])));
    blocks = (i, j) => {
      const from = total(outputSizes.slice(0, i));
      const part = slice(rows[j] as Tensor, [[from, from + (outputSizes[i] as number)]]);
      return reshape(part, [...(varying[i] as Tensor).shape, ...(primals[j] as Tensor).shape]);
    };
  }
  let next = 0;
  return map.outputs.map((output, k) => {
    const i = map.varies[k] ? next++ : -1;
    return primals.map((x, j) => (i < 0 ? filled(0, [...output.shape, ...x.shape], x.dtype) : blocks(i, j)));
  });
}

/** The unit vectors of the space of all these tensors together, as one batch of each tensor. */
function basisFor(tensors: readonly Tensor[]): Tensor[] {
  const total = tensors.reduce((n, t) => n + t.size, 0);
  let at = 0;
  return tensors.map((t) => {
    const data = new Float64Array(total * t.size);
    for (let i = 0; i < t.size; i++) data[(at + i) * t.size + i] = 1;
    at += t.size;
    return convert(constant(data, [total, ...t.shape]), t.dtype);
  });
}

/**
 * The Jacobian of f by one argument. For each tensor of the result and each tensor of the argument an array of
 * shape [...result, ...argument], in the result's tree with the argument's tree in place of every tensor.
 *
 * @example
 * jacobian((x) => x.mul(x))([1, 2]).toArray() // [[2, 0], [0, 4]]
 */
export function jacobian<R = Tensor>(
  f: (...args: Tensor[]) => R,
  options?: JacobianOptions,
): (...args: TensorLike[]) => JacobianOf<R, Tensor>;
export function jacobian<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: JacobianOptions,
): (...args: Inputs<A>) => JacobianOf<R, A[0]>;
export function jacobian(
  f: (...args: never[]) => unknown,
  options: JacobianOptions = {},
): (...args: never[]) => unknown {
  checkOptions("jacobian", options, "{ wrt: 1 }");
  const { wrt = 0, mode } = options;
  if (mode !== undefined && mode !== "forward" && mode !== "reverse") {
    throw new NablaError("E-OPTION", `jacobian: there is no mode "${mode}"`, '"forward" or "reverse"');
  }
  return (...args: unknown[]) => {
    const input = varied("jacobian", args, wrt);
    const held = args.map((a, i) => {
      if (i === wrt) return a;
      const flat = flattenArguments("jacobian", a);
      return flat.rebuild(flat.tensors);
    });
    const { flat, structure } = flatFunction("jacobian", (x: never) => callGiven("jacobian", f, held.with(wrt, x)), [
      input,
    ]);
    const rows = jacobianFlat(flat, input.tensors, mode);
    return unflatten(
      structure(),
      rows.map((row) => input.rebuild(row)),
    );
  };
}

/**
 * The Hessian of a scalar function by its first argument, forward over reverse: shape [...x, ...x] for one tensor;
 * for a tree the tree of trees of all second derivatives.
 *
 * @example
 * hessian((x) => x.mul(x).mul(x).sum())([1, 2]).toArray() // [[6, 0], [0, 12]]
 */
export function hessian(
  f: (...args: Tensor[]) => TensorLike,
  options?: Pick<JacobianOptions, "wrt">,
): (...args: TensorLike[]) => Tensor;
export function hessian<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  options?: Pick<JacobianOptions, "wrt">,
): (...args: Inputs<A>) => JacobianOf<A[0], A[0]>;
export function hessian(
  f: (...args: never[]) => unknown,
  options: Pick<JacobianOptions, "wrt"> = {},
): (...args: never[]) => unknown {
  checkOptions("hessian", options, "{ wrt: 1 }");
  const { wrt = 0 } = options;
  const gradient = (...args: never[]): unknown => gradTree("hessian", f, args, [wrt]).gradients[0];
  return jacobian(gradient as (...args: Tensor[]) => Tensor, { wrt, mode: "forward" }) as (...args: never[]) => unknown;
}
