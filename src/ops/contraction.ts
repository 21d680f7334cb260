/** Products of arrays whose rows, columns and terms may be several axes each: what einsum and convolutions become. */
import type { DType } from "../base/dtype.ts";
import type { Bounds } from "../base/interval.ts";
import { broadcastShapes, type Shape, sizeOf } from "../base/shape.ts";
import { meet } from "../graph/convert.ts";
import type { Operation, Type } from "../graph/operation.ts";
import { apply, type Tensor } from "../graph/tensor.ts";
import { matmulOperation } from "./contract.ts";
import { broadcastTo, reshape, transpose } from "./movement.ts";
import { computeIn, convert, operation } from "./record.ts";

interface Axes {
  /** How many axes the operands and the result have in common; they broadcast. */
  readonly batch: number;
  /** Over so many axes products are summed. */
  readonly inner: number;
}

interface Sides {
  readonly batch: Shape;
  readonly rows: Shape;
  readonly inner: Shape;
  readonly columns: Shape;
}

function sidesOf(a: Type, b: Type, { batch, inner }: Axes): Sides {
  return {
    batch: broadcastShapes("contract", [a.shape.slice(0, batch), b.shape.slice(0, batch)]),
    rows: a.shape.slice(batch, a.shape.length - inner),
    inner: b.shape.slice(batch, batch + inner),
    columns: b.shape.slice(batch + inner),
  };
}

/** The types of the operands, and of the result, of the same product as one of matrices. */
function asMatrices([a, b]: readonly Type[], axes: Axes, dtype: DType): readonly [readonly Type[], Type] {
  const { batch, rows, inner, columns } = sidesOf(a as Type, b as Type, axes);
  const [m, k, n] = [sizeOf(rows), sizeOf(inner), sizeOf(columns)];
  const matrices = (lead: Shape, row: number, column: number): Type => ({ shape: [...lead, row, column], dtype });
  const lead = (t: Type | undefined): Shape => (t as Type).shape.slice(0, axes.batch);
  return [[matrices(lead(a), m, k), matrices(lead(b), k, n)], matrices(batch, m, n)];
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Batch axes that stretch in an operand are summed inside the product that makes its cotangent: as inner axes. */
function cotangentOf(index: number, operands: readonly [Tensor, Tensor], ct: Tensor, { batch, inner }: Axes): Tensor {
  const [a, b] = operands;
  const own = operands[index] as Tensor;
  const summed = range(0, batch).filter((i) => own.shape[i] === 1 && ct.shape[i] !== 1);
  const kept = range(0, batch).filter((i) => !summed.includes(i));
  const rows = range(batch, a.rank - batch - inner);
  const columns = range(batch + rows.length, b.rank - batch - inner);
  const [left, right] =
    index === 0
      ? [
          transpose(ct, [...kept, ...rows, ...summed, ...columns]),
          transpose(b, [...kept, ...summed, ...range(batch + inner, columns.length), ...range(batch, inner)]),
        ]
      : [
          transpose(a, [...kept, ...range(batch + rows.length, inner), ...summed, ...rows]),
          transpose(ct, [...kept, ...summed, ...rows, ...columns]),
        ];
  const terms = summed.length + (index === 0 ? columns : rows).length;
  return reshape(apply(contractOperation, [left, right], { batch: kept.length, inner: terms }), own.shape);
}

/** The product in the dtype in which both operands compute. */
export function contract(operands: readonly [Tensor, Tensor], axes: Axes): Tensor {
  const { tensors, dtype } = meet("contract", operands);
  const common = computeIn("contract", "number", dtype);
  return apply(
    contractOperation,
    tensors.map((t) => convert(t, common)),
    { ...axes },
  );
}

/** a: [batch…, rows…, inner…], b: [batch…, inner…, columns…] → [batch…, rows…, columns…]. */
export const contractOperation: Operation = operation<Axes>({
  name: "contract",
  kind: "routine",
  infer: ([a, b], axes) => {
    const { batch, rows, columns } = sidesOf(a as Type, b as Type, axes);
    return { shape: [...batch, ...rows, ...columns], dtype: (a as Type).dtype };
  },
  evaluate: (values, types, axes, { dtype }) => {
    const [operands, result] = asMatrices(types, axes, dtype);
    return matmulOperation.evaluate(values, operands, {}, result);
  },
  interval: (bounds, types, axes, { dtype }) => {
    const [operands, result] = asMatrices(types, axes, dtype);
    return matmulOperation.interval?.(bounds, operands, {}, result) as Bounds;
  },
  linear: { how: "separately" },
  transpose: (ct, index, [a, b], axes) => cotangentOf(index, [a as Tensor, b as Tensor], ct, axes),
  batch: (inputs, batched, size, { batch, inner }) => {
    const operands = inputs.map((t, i) => (batched[i] ? t : reshape(t, [1, ...t.shape])));
    const result = apply(contractOperation, operands, { batch: batch + 1, inner });
    return result.shape[0] === size ? result : broadcastTo(result, [size, ...result.shape.slice(1)]);
  },
  supports: (sets, context, axes) => {
    const [types, result] = asMatrices(context.types, axes, context.result.dtype);
    return matmulOperation.supports?.(sets, { ...context, types, result }, {});
  },
  kernel: (_inputs, { batch, inner }) => ({ name: "contract", parameters: { batch, inner }, strided: true }),
  work: ([a, b], axes, { shape }) => sizeOf(shape) * sizeOf(sidesOf(a as Type, b as Type, axes).inner),
  laws: {
    cases: [
      {
        label: "[2,3 | 2,4] [2,4 | 5]",
        shapes: [
          [2, 3, 2, 4],
          [2, 4, 5],
        ],
        apply: (a, b) => contract([a as Tensor, b as Tensor], { batch: 0, inner: 2 }),
      },
      {
        label: "[1,2; 3 | 2,2] [3,1; 2,2 | 2,3]",
        shapes: [
          [1, 2, 3, 2, 2],
          [3, 1, 2, 2, 2, 3],
        ],
        apply: (a, b) => contract([a as Tensor, b as Tensor], { batch: 2, inner: 2 }),
      },
    ],
    integer: true,
  },
});
