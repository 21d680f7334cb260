/** What passes on no derivative, and what is computed again instead of being stored. */
import { flatten, unflatten } from "../base/tree.ts";
import { toTensor } from "../graph/convert.ts";
import type { Lane, Operation, Type } from "../graph/operation.ts";
import { make, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenArguments, type Inputs } from "../graph/trees.ts";
import { operation } from "../ops/record.ts";
import { callFlat } from "../transform/control/call.ts";
import { flatFunction } from "./products.ts";

/** The identity without partials: its derivative is zero. */
export const stopGradientOperation: Operation = operation<object>({
  name: "stopGradient",
  kind: "elementwise",
  infer: ([x]) => x as Type,
  evaluate: ([x]) => x as never,
  lower: (_lanes, [x]) => x as Lane,
  laws: { cases: [] },
});

/**
 * The same values, held: no derivative passes through.
 *
 * @example
 * grad((x) => stopGradient(x).mul(x))(3).item() // 3
 */
export function stopGradient(x: TensorLike): Tensor;
export function stopGradient<T>(tree: T): T;
export function stopGradient(tree: unknown): unknown {
  const { leaves, structure } = flatten(tree);
  const held = leaves.map((leaf) => {
    const t = toTensor("stopGradient", leaf as TensorLike);
    return make(stopGradientOperation, [t], {}, { shape: t.shape, dtype: t.dtype });
  });
  return unflatten(structure, held);
}

/**
 * The same function, whose intermediate values are not kept for the derivative but computed again when it is needed:
 * memory traded for time (Griewank and Walther 2008, chapter 12).
 *
 * @example
 * grad(checkpoint((x) => x.mul(x)))(3).item() // 6
 */
export function checkpoint<R = Tensor>(f: (...args: Tensor[]) => R): (...args: TensorLike[]) => R;
export function checkpoint<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: Inputs<A>) => R;
export function checkpoint(f: (...args: never[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    const inputs = args.map((arg, i) => flattenArguments("checkpoint", arg, `argument ${i}`));
    const { flat, structure } = flatFunction("checkpoint", f, inputs);
    const results = callFlat(
      flat,
      inputs.flatMap((input) => input.tensors),
    );
    return unflatten(structure(), results);
  };
}
