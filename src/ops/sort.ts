/** Sorting: an order, and what follows from it. */
import type { Data } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import type { Bounds } from "../base/interval.ts";
import { checkOptions } from "../base/options.ts";
import { checkAxis, sizeOf } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import type { SortOptions } from "../graph/methods.ts";
import type { Operation, Type } from "../graph/operation.ts";
import { apply, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { add, equal, greater, logicalAnd, neg } from "./arithmetic.ts";
import { scatterAddOperation, takeAlongAxis, takeOperation } from "./gather.ts";
import { concatenate, moveAxis, slice } from "./movement.ts";
import { convert, operation } from "./record.ts";

/** The places that would sort the last axis, stably; NaN last. */
export const argsortOperation: Operation = operation<object>({
  name: "argsort",
  kind: "routine",
  infer: ([x]) => ({ shape: (x as Type).shape, dtype: "int32" }),
  evaluate: ([x], [type]) => {
    const data = x as Data;
    const n = (type as Type).shape.at(-1) as number;
    const out = new Int32Array(data.length);
    for (let row = 0; row < data.length; row += n) {
      const key = (i: number): number => data[row + i] as number;
      const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => {
        const [a, b] = [key(i), key(j)];
        if (a < b || (!Number.isNaN(a) && Number.isNaN(b))) return -1;
        return a > b || (Number.isNaN(a) && !Number.isNaN(b)) ? 1 : i - j;
      });
      out.set(order, row);
    }
    return out;
  },
  interval: ([x], [type]) => {
    const { low, high } = x as Bounds;
    const n = (type as Type).shape.at(-1) as number;
    if (low.every((v, i) => v === high[i])) {
      const order = argsortOperation.evaluate([low], [type as Type], {}, type as Type);
      return { low: Float64Array.from(order), high: Float64Array.from(order) };
    }
    return { low: new Float64Array(low.length), high: new Float64Array(low.length).fill(n - 1) };
  },
  batch: ([x]) => apply(argsortOperation, [x as Tensor]),
  undefinedAt: [
    {
      at: (x) => filled(0, (x as Tensor).shape, "bool"),
      within: ([x], _order, _attributes, influence) => tiesInRow(x as Tensor, influence),
      why: "the order of equal elements is arbitrary: sort has a kink there",
      convention: "equal elements keep their order",
    },
  ],
  kernel: () => ({ name: "argsort", parameters: {} }),
  work: ([x]) => 40 * sizeOf((x as Type).shape) * Math.log2(1 + ((x as Type).shape.at(-1) as number)),
  laws: {
    cases: [
      { label: "[3,5]", shapes: [[3, 5]], apply: (x) => apply(argsortOperation, [x as Tensor]), differentiable: false },
      { label: "sort [4,6]", shapes: [[4, 6]], apply: (x) => sort(x as Tensor) },
      { label: "sort [37] descending", shapes: [[37]], apply: (x) => sort(x as Tensor, { descending: true }) },
      { label: "top 2 of [2,5]", shapes: [[2, 5]], apply: (x) => topK(x as Tensor, 2).values },
    ],
    integer: true,
  },
});

/** Ties between neighbours in the order, of which one at least has influence. */
function tiesInRow(x: Tensor, influence: Tensor): Tensor {
  const order = apply(argsortOperation, [x]);
  const sorted = apply(takeOperation, [x, order], { batch: x.rank - 1 });
  const n = x.shape.at(-1) as number;
  const lead = x.shape.slice(0, -1).map(() => null);
  const later = (t: Tensor): Tensor => slice(t, [...lead, [1, n]]);
  const earlier = (t: Tensor): Tensor => slice(t, [...lead, [0, Math.max(0, n - 1)]]);
  const matters = greater(add(later(influence), earlier(influence)), 0);
  const ties = logicalAnd(equal(later(sorted), earlier(sorted)), matters);
  // Marks the later of each tied pair, in the order of x.
  const first = filled(0, [...x.shape.slice(0, -1), Math.min(1, n)], "int32");
  return convert(
    apply(scatterAddOperation, [order, concatenate([first, convert(ties, "int32")], -1)], {
      batch: x.rank - 1,
      size: n,
    }),
    "bool",
  );
}

/**
 * The places that would sort x along an axis; stable, NaN last.
 *
 * @example
 * argsort([3, 1, 2]).toArray() // [1, 2, 0]
 */
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor {
  checkOptions("argsort", options, "{ axis: 0, descending: true }");
  const t = toTensor("argsort", x);
  const axis = checkAxis("argsort", options.axis ?? -1, t.rank);
  const rows = moveAxis(t, axis, t.rank - 1);
  if (!options.descending) return moveAxis(apply(argsortOperation, [rows]), t.rank - 1, axis);
  // Negation keeps equal elements in their order; -NaN is still NaN, hence last.
  const keys = isFloat(t.dtype) ? neg(rows) : neg(convert(rows, "float64"));
  return moveAxis(apply(argsortOperation, [keys]), t.rank - 1, axis);
}

/**
 * Sorts along an axis, ascending by default.
 *
 * @example
 * sort([3, 1, 2]).toArray() // [1, 2, 3]
 */
export function sort(x: TensorLike, options: SortOptions = {}): Tensor {
  checkOptions("sort", options, "{ axis: 0, descending: true }");
  return takeAlongAxis(x, argsort(x, options), options.axis ?? -1);
}

/**
 * The k greatest elements of the last axis, greatest first, and their places.
 *
 * @example
 * topK([3, 1, 2], 2).values.toArray() // [3, 2]
 */
export function topK(x: TensorLike, k: number): { readonly values: Tensor; readonly indices: Tensor } {
  const t = toTensor("topK", x);
  const n = t.shape.at(-1) ?? 0;
  if (!Number.isInteger(k) || k < 0 || k > n)
    throw new NablaError(
      "E-OPTION",
      `topK: k is ${k}, the last axis has ${n} elements`,
      "an integer from 0 to that number",
    );
  const order = argsort(t, { descending: true });
  const indices = slice(order, [...t.shape.slice(0, -1).map(() => null), [0, k]]);
  return { values: takeAlongAxis(t, indices), indices };
}
