/** LU factors with partial pivoting, and systems solved by them. */

import { allocate } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { apply, applyAll, type Tensor } from "../../graph/tensor.ts";
import { add, neg } from "../arithmetic.ts";
import { matrixTranspose } from "../movement.ts";
import { operation } from "../record.ts";
import { lined } from "../support.ts";
import {
  allBatched,
  besideEachOther,
  columnsOf,
  cubic,
  eachMatrix,
  leading,
  masked,
  rowsOf,
  times,
  toSquareMatrices,
} from "./matrix.ts";
import { factor, solveFactored } from "./numerics/lu.ts";

/**
 * a → the factors in one matrix, the order of the rows, the sign of that order. They carry no derivative: what is
 * computed by them states its own in terms of a.
 */
export const luOperation: Operation = operation<object>({
  name: "lu",
  kind: "control",
  infer: ([a]) => {
    const { shape, dtype } = a as Type;
    return [
      { shape, dtype },
      { shape: shape.slice(0, -1), dtype: "int32" },
      { shape: leading(shape), dtype },
    ];
  },
  evaluateAll: (values, inputs) => {
    const a = inputs[0] as Type;
    const n = columnsOf(a);
    const batch = sizeOf(leading(a.shape));
    const results: Type[] = [
      a,
      { shape: a.shape.slice(0, -1), dtype: "int32" },
      { shape: leading(a.shape), dtype: a.dtype },
    ];
    const order = new Int32Array(n);
    return eachMatrix(values, inputs, results, batch, ([x], [lu, places, sign]) => {
      (sign as Float64Array)[0] = factor(x as Float64Array, n, lu as Float64Array, order);
      places?.set(order);
    });
  },
  jvpAll: () => [undefined, undefined, undefined],
  batchAll: ([a]) => ({ outputs: applyAll(luOperation, [a as Tensor]), batched: [true, true, true] }),
  kernel: () => ({ name: "lu", parameters: {} }),
  work: cubic(1),
  laws: {
    cases: [
      {
        label: "[4,4]",
        shapes: [[4, 4]],
        apply: (x) => luFactors(toSquareMatrices("lu", x as Tensor)).factors,
        differentiable: false,
      },
    ],
  },
});

export interface Factors {
  readonly factors: Tensor;
  /** int32. */
  readonly order: Tensor;
  /** 1 or −1. */
  readonly sign: Tensor;
}

export function luFactors(a: Tensor): Factors {
  const [factors, order, sign] = applyAll(luOperation, [a]) as [Tensor, Tensor, Tensor];
  return { factors, order, sign };
}

type SolveAttributes = {
  readonly transpose: boolean;
};

// a·x = b: dx = a⁻¹·(db − da·x)
/** Inputs: a, its factors and order, b: [B…, n, k]; all with the same batch axes. */
export const luSolveOperation: Operation = operation<SolveAttributes>({
  name: "luSolve",
  kind: "routine",
  infer: ([, , , b]) => ({ shape: (b as Type).shape, dtype: (b as Type).dtype }),
  evaluate: ([, lu, order, b], [, luType, orderType, bType], { transpose }, result) => {
    const [n, k] = [rowsOf(result), columnsOf(result)];
    const batch = sizeOf(leading(result.shape));
    const values = [lu, order, b].map((v) => v ?? allocate("float64", 0));
    const types = [luType, orderType, bType] as Type[];
    const [out] = eachMatrix(values, types, [result], batch, ([factors, places, right], [x]) => {
      const rows = Int32Array.from(places as Float64Array);
      solveFactored(factors as Float64Array, rows, n, right as Float64Array, k, transpose, x as Float64Array);
    });
    return out as NonNullable<typeof out>;
  },
  linear: { how: "separately", inputs: [3] },
  transpose: (ct, index, [a, lu, order], { transpose }) =>
    index === 3 ? apply(luSolveOperation, [a, lu, order, ct] as Tensor[], { transpose: !transpose }) : undefined,
  jvp: ([da, , , db], [a, lu, order], x, { transpose }) => {
    let right = db;
    if (da !== undefined) {
      const change = neg(times(transpose ? matrixTranspose(da) : da, x));
      right = right === undefined ? change : add(right, change);
    }
    return right && apply(luSolveOperation, [a, lu, order, right] as Tensor[], { transpose });
  },
  batch: (inputs, batched, size, attributes) => {
    const [a, lu, order, b] = inputs as [Tensor, Tensor, Tensor, Tensor];
    if (batched[3] && !batched[0] && !batched[1] && a.rank === 2) {
      return besideEachOther(b, (columns) => apply(luSolveOperation, [a, lu, order, columns], attributes));
    }
    return apply(luSolveOperation, allBatched(inputs, batched, size), attributes);
  },
  supports: ([, , , b], { union, result: { shape } }) => b && lined(b, shape, shape.length - 2, union),
  kernel: (_inputs, { transpose }) => ({ name: "luSolve", parameters: { transpose } }),
  work: ([a], _attributes, { shape }) => sizeOf(shape) * columnsOf(a as Type),
  laws: {
    cases: [false, true].map((transpose) => ({
      label: `[3,3] [3,2]${transpose ? " transposed" : ""}`,
      shapes: [
        [3, 3],
        [3, 2],
      ],
      apply: (x, b) => {
        const a = regular(x as Tensor);
        return luSolve(a, luFactors(a), b as Tensor, transpose);
      },
    })),
  },
});

/** a⁻¹·b (or a⁻ᵀ·b) for the factors of a. */
export const luSolve = (a: Tensor, { factors, order }: Factors, b: Tensor, transpose = false): Tensor =>
  apply(luSolveOperation, [a, factors, order, b], { transpose });

/** x with a dominant cyclic diagonal beside the main one: regular, and its rows must be exchanged. */
export function regular(x: Tensor): Tensor {
  const n = columnsOf(x);
  return add(x, maskedCycle(n, x));
}
const maskedCycle = (n: number, like: Tensor): Tensor => masked(n, n, (i, j) => (j === (i + 1) % n ? 7 : 0), like);
