/** Jacobians and Hessians: a linear map applied to all basis vectors at once. */
import { NablaError } from "../base/error.ts";
import { checkFlags, checkOptions } from "../base/options.ts";
import { type Structure, unflatten } from "../base/tree.ts";
import { filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { callGiven, type FlatArguments, flattenArguments, type Inputs } from "../graph/trees.ts";
import { moveAxis, reshape, slice } from "../ops/movement.ts";
import { basisFor, pullAll, pushAll, pushes } from "./batch.ts";
import { isStated } from "./custom.ts";
import { gradTree, varied } from "./grad.ts";
import { flatFunction, type LinearMap, linearMap } from "./products.ts";
import { type SparseMatrix, sparseHessian, sparseJacobian } from "./sparse/matrix.ts";

/** By which argument to differentiate; default the first. */
interface WrtOption {
  readonly wrt?: number;
}

export interface JacobianOptions extends WrtOption {
  /** Forward costs one pass per input element, reverse one per output element; default: the cheaper. */
  readonly mode?: "forward" | "reverse";
}

/** Only the entries that can differ from 0, as a `SparseMatrix`, for as many passes as it has colours. */
interface SparseOption {
  readonly sparse?: boolean;
}

/** R with every tensor replaced by the tree X of its derivatives. */
export type JacobianOf<R, X> = R extends Tensor ? X : R extends number ? X : { [K in keyof R]: JacobianOf<R[K], X> };

/** All of ∂output/∂input, for lists: result[i][j] has shape [...outputᵢ, ...inputⱼ]. */
function jacobianFlat(map: LinearMap, primals: readonly Tensor[], mode: JacobianOptions["mode"]): Tensor[][] {
  const inputSizes = primals.map((t) => t.size);
  const varying = map.outputs.filter((_, i) => map.varies[i]);
  const outputSizes = varying.map((t) => t.size);
  const total = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
  const forward = mode === undefined ? pushes(map) && total(inputSizes) <= total(outputSizes) : mode === "forward";

  /** For every row of the result: the derivatives of all columns. */
  let blocks: (i: number, j: number) => Tensor;
  if (forward) {
    const rows = pushAll(map, basisFor(primals), total(inputSizes));
    blocks = (i, j) => {
      const from = total(inputSizes.slice(0, j));
      const part = slice(rows[i] as Tensor, [[from, from + (inputSizes[j] as number)]]);
      const moved = moveAxis(part, 0, part.rank - 1);
      return reshape(moved, [...(varying[i] as Tensor).shape, ...(primals[j] as Tensor).shape]);
    };
  } else {
    const rows = pullAll(map, basisFor(varying), total(outputSizes));
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

/** f, as a function of its argument `wrt` alone, linearised there. */
function linearized(
  what: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  wrt: number,
): { readonly map: LinearMap; readonly input: FlatArguments; readonly structure: () => Structure } {
  const input = varied(what, args, wrt);
  const held = args.map((a, i) => {
    if (i === wrt) return a;
    const flat = flattenArguments(what, a);
    return flat.rebuild(flat.tensors);
  });
  const { flat, structure } = flatFunction(what, (x: never) => callGiven(what, f, held.with(wrt, x)), [input]);
  return { map: linearMap(what, flat, input.tensors), input, structure };
}

/**
 * The Jacobian of f by one argument. For each tensor of the result and each tensor of the argument an array of
 * shape [...result, ...argument], in the result's tree with the argument's tree in place of every tensor.
 *
 * With `sparse: true` only the entries that can differ from 0, as a `SparseMatrix`: their pattern is found by following
 * every element through the graph, columns (or rows) that have no row (no column) in common get one colour, and each
 * colour costs one pass (Curtis, Powell and Reid 1974), however many unknowns there are. The pattern holds for every
 * argument, unless places of a `take` depend on it; where these are not known, inside `compile`, all places count.
 *
 * @example
 * jacobian((x) => x.mul(x))([1, 2]).toArray() // [[2, 0], [0, 4]]
 * jacobian((x) => x.mul(x), { sparse: true })([1, 2]).values.toArray() // [2, 4]
 */
export function jacobian(
  f: (...args: Tensor[]) => unknown,
  options: JacobianOptions & { readonly sparse: true },
): (...args: TensorLike[]) => SparseMatrix;
export function jacobian<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  options: JacobianOptions & { readonly sparse: true },
): (...args: Inputs<A>) => SparseMatrix;
export function jacobian<R = Tensor>(
  f: (...args: Tensor[]) => R,
  options?: JacobianOptions & { readonly sparse?: false },
): (...args: TensorLike[]) => JacobianOf<R, Tensor>;
export function jacobian<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: JacobianOptions & { readonly sparse?: false },
): (...args: Inputs<A>) => JacobianOf<R, A[0]>;
export function jacobian(
  f: (...args: never[]) => unknown,
  options: JacobianOptions & SparseOption = {},
): (...args: never[]) => unknown {
  checkOptions("jacobian", options, "{ wrt: 1 }", ["wrt", "mode", "sparse"]);
  const { wrt = 0, mode, sparse = false } = options;
  checkFlags("jacobian", { sparse });
  if (mode !== undefined && mode !== "forward" && mode !== "reverse") {
    throw new NablaError("E-OPTION", `jacobian: there is no mode "${mode}"`, '"forward" or "reverse"');
  }
  return (...args: unknown[]) => {
    const { map, input, structure } = linearized("jacobian", f, args, wrt);
    if (sparse) return sparseJacobian(map, mode);
    return unflatten(
      structure(),
      jacobianFlat(map, input.tensors, mode).map((row) => input.rebuild(row)),
    );
  };
}

/**
 * The Hessian of a scalar function by its first argument, forward over reverse: shape [...x, ...x] for one tensor;
 * for a tree the tree of trees of all second derivatives.
 *
 * With `sparse: true` only the entries that can differ from 0, as a `SparseMatrix`. Its symmetry saves passes: of the
 * entries at (i, j) and (j, i), which are the same, one must be readable (Coleman and Moré 1984). Where f uses a
 * `customDerivative`, by which it need not be symmetric, each is read for itself.
 *
 * @example
 * hessian((x) => x.mul(x).mul(x).sum())([1, 2]).toArray() // [[6, 0], [0, 12]]
 * hessian((x) => x.mul(x).mul(x).sum(), { sparse: true })([1, 2]).columns.toArray() // [0, 1]
 */
export function hessian(
  f: (...args: Tensor[]) => TensorLike,
  options: WrtOption & { readonly sparse: true },
): (...args: TensorLike[]) => SparseMatrix;
export function hessian<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  options: WrtOption & { readonly sparse: true },
): (...args: Inputs<A>) => SparseMatrix;
export function hessian(
  f: (...args: Tensor[]) => TensorLike,
  options?: WrtOption & { readonly sparse?: false },
): (...args: TensorLike[]) => Tensor;
export function hessian<A extends readonly unknown[]>(
  f: (...args: A) => TensorLike,
  options?: WrtOption & { readonly sparse?: false },
): (...args: Inputs<A>) => JacobianOf<A[0], A[0]>;
export function hessian(
  f: (...args: never[]) => unknown,
  options: WrtOption & SparseOption = {},
): (...args: never[]) => unknown {
  checkOptions("hessian", options, "{ wrt: 1 }", ["wrt", "sparse"]);
  const { wrt = 0, sparse = false } = options;
  checkFlags("hessian", { sparse });
  return (...args: unknown[]) => {
    let isSymmetric = true;
    const gradient = (...given: never[]): unknown => {
      const { gradients, of } = gradTree("hessian", f, given, [wrt]);
      // The derivative of a derivative that is none need not be symmetric.
      isSymmetric = !sparse || !isStated(of);
      return gradients[0];
    };
    const { map, input, structure } = linearized("hessian", gradient, args, wrt);
    if (sparse) return isSymmetric ? sparseHessian(map) : sparseJacobian(map, "forward");
    return unflatten(
      structure(),
      jacobianFlat(map, input.tensors, "forward").map((row) => input.rebuild(row)),
    );
  };
}
