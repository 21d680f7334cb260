/** Sums of products: matmul, and what is a matmul after moving axes. */
import { allocate, type Data, isInteger } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { added, type Bounds, type Interval, isKnown, magnitude, multiplied, unknown } from "../base/interval.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkAxis,
  type Shape,
  showShape,
  sizeOf,
  stridesOf,
} from "../base/shape.ts";
import { meet } from "../graph/convert.ts";
import type { Operation, Type } from "../graph/operation.ts";
import { apply, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { mul } from "./arithmetic.ts";
import { conv1d, conv2d } from "./convolve.ts";
import { einsum } from "./einsum.ts";
import { boundsOf, roundingOf, settled } from "./enclosure.ts";
import { alignBatch, broadcastTo, expandDims, matrixTranspose, reshape, sumTo, transpose } from "./movement.ts";
import { computeIn, convert, forEachOffset, operation } from "./record.ts";
import { joined, summed } from "./support.ts";

const lead = (shape: Shape): Shape => shape.slice(0, -2);
const rows = (t: Type): number => t.shape.at(-2) as number;
const columns = (t: Type): number => t.shape.at(-1) as number;

/** a: [B…, m, k], b: [B…, k, n] → [B…, m, n]; batch axes broadcast. */
export const matmulOperation: Operation = operation<object>({
  name: "matmul",
  kind: "routine",
  infer: ([a, b]) => ({
    shape: [
      ...broadcastShapes("matmul", [lead((a as Type).shape), lead((b as Type).shape)]),
      rows(a as Type),
      columns(b as Type),
    ],
    dtype: (a as Type).dtype,
  }),
  evaluate: ([x, y], [a, b], _attributes, result) => {
    const [m, k, n] = [rows(a as Type), columns(a as Type), columns(b as Type)];
    const out = allocate(result.dtype, sizeOf(result.shape));
    const batch = lead(result.shape);
    const strides = [a as Type, b as Type].map((t) =>
      broadcastStrides(lead(t.shape), batch).map((s) => s * rows(t) * columns(t)),
    );
    const integer = isInteger(result.dtype);
    const [left, right] = integer ? [] : [widened(x as Data), widened(y as Data)];
    forEachOffset(batch, strides, ([from, other], i) => {
      if (integer) integerProduct(x as Data, y as Data, out, from as number, other as number, i * m * n, m, k, n);
      else
        floatProduct(
          left as Float64Array,
          right as Float64Array,
          out,
          from as number,
          other as number,
          i * m * n,
          m,
          k,
          n,
        );
    });
    return out;
  },
  interval: (inputs, types, _attributes, result) => productBounds(inputs, types, result),
  linear: { how: "separately" },
  transpose: (ct, index, [a, b]) =>
    index === 0
      ? sumTo(apply(matmulOperation, [ct, matrixTranspose(b as Tensor)]), (a as Tensor).shape)
      : sumTo(apply(matmulOperation, [matrixTranspose(a as Tensor), ct]), (b as Tensor).shape),
  batch: ([a, b], [aBatched, bBatched], size) => {
    const [x, y] = [a as Tensor, b as Tensor];
    if (!bBatched && y.rank === 2) {
      // One tall product instead of many small ones.
      const tall = apply(matmulOperation, [reshape(x, [sizeOf(x.shape.slice(0, -1)), columns(x)]), y]);
      return reshape(tall, [...x.shape.slice(0, -1), columns(y)]);
    }
    const rank = Math.max(x.rank - Number(aBatched), y.rank - Number(bBatched));
    const align = (t: Tensor, batched: boolean | undefined): Tensor => (batched ? alignBatch(t, rank) : t);
    const result = apply(matmulOperation, [align(x, aBatched), align(y, bBatched)]);
    return result.shape[0] === size ? result : broadcastTo(result, [size, ...result.shape.slice(1)]);
  },
  supports: (sets, { types, result, union }) => {
    const batch = lead(result.shape);
    const parts = sets.flatMap((own, i) => {
      if (own === undefined) return [];
      const t = types[i] as Type;
      // Summed over the terms: a set for each row of a, for each column of b.
      const each = lead(t.shape).concat(i === 0 ? rows(t) : columns(t));
      const [row, column] = i === 0 ? [1, 0] : [0, 1];
      const inner = stridesOf(each);
      const strides = [...inner.slice(0, -1), row, column];
      return [
        {
          sets: summed(own, t.shape, strides, sizeOf(each), union),
          strides: [...broadcastStrides(lead(t.shape), batch, inner.slice(0, -1)), row, column],
        },
      ];
    });
    return joined(parts, result.shape, union);
  },
  kernel: () => ({ name: "matmul", parameters: {}, strided: true }),
  work: ([a], _attributes, { shape }) => sizeOf(shape) * columns(a as Type),
  laws: {
    cases: [
      {
        label: "[2,3] [3,4]",
        shapes: [
          [2, 3],
          [3, 4],
        ],
        apply: (a, b) => matmul(a as Tensor, b as Tensor),
      },
      {
        label: "[2,1,3,2] [3,2,5]",
        shapes: [
          [2, 1, 3, 2],
          [3, 2, 5],
        ],
        apply: (a, b) => matmul(a as Tensor, b as Tensor),
      },
      {
        label: "[9,17] [17,5]",
        shapes: [
          [9, 17],
          [17, 5],
        ],
        apply: (a, b) => matmul(a as Tensor, b as Tensor),
      },
      { label: "[3] [3,2]", shapes: [[3], [3, 2]], apply: (a, b) => matmul(a as Tensor, b as Tensor) },
      {
        label: "einsum bij,bkj->bki",
        shapes: [
          [2, 3, 4],
          [2, 2, 4],
        ],
        apply: (a, b) => einsum("bij,bkj->bki", a as Tensor, b as Tensor),
      },
      {
        label: "conv2d stride 2, padding 1",
        shapes: [
          [1, 2, 5, 5],
          [2, 2, 3, 3],
        ],
        apply: (x, w) => conv2d(x as Tensor, w as Tensor, { stride: 2, padding: 1 }),
      },
      {
        label: "conv1d dilation 2, groups 2",
        shapes: [
          [2, 4, 7],
          [2, 2, 2],
        ],
        apply: (x, w) => conv1d(x as Tensor, w as Tensor, { dilation: 2, groups: 2 }),
      },
    ],
    integer: true,
  },
});

/** Σ of the products of intervals, widened by the rounding errors of any order of summation. */
function productBounds(inputs: readonly Bounds[], types: readonly Type[], result: Type): Bounds {
  const [x, y] = inputs as [Bounds, Bounds];
  const [a, b] = types as [Type, Type];
  const [m, k, n] = [rows(a), columns(a), columns(b)];
  const out = boundsOf(sizeOf(result.shape));
  const batch = lead(result.shape);
  const strides = [a, b].map((t) => broadcastStrides(lead(t.shape), batch).map((s) => s * rows(t) * columns(t)));
  forEachOffset(batch, strides, ([left, right], block) => {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total: Interval = [0, 0];
        let size = 0;
        for (let p = 0; p < k; p++) {
          const [at, other] = [(left as number) + i * k + p, (right as number) + p * n + j];
          const term = multiplied(
            [x.low[at] as number, x.high[at] as number],
            [y.low[other] as number, y.high[other] as number],
          );
          total = added(total, term);
          size += magnitude(term);
        }
        // Exact terms and sums are exact in any order, if they are integers.
        const exact = size < 2 ** 53 && Number.isInteger(total[0]) && Number.isInteger(total[1]);
        const error = exact ? 0 : roundingOf(k, size);
        const place = (block * m + i) * n + j;
        const bounds: Interval = isKnown(total) ? [total[0] - error, total[1] + error] : unknown;
        [out.low[place], out.high[place]] = settled(bounds, result.dtype) as [number, number];
      }
    }
  });
  return out;
}

/** Rows of the result accumulate in float64: four elements of a row of a meet four whole rows of b at a time. */
function floatProduct(
  a: Float64Array,
  b: Float64Array,
  out: Data,
  a0: number,
  b0: number,
  out0: number,
  m: number,
  k: number,
  n: number,
): void {
  const row = new Float64Array(n);
  const whole = k - (k % 4);
  for (let i = 0; i < m; i++) {
    row.fill(0);
    const from = a0 + i * k;
    for (let p = 0; p < whole; p += 4) {
      const [v0, v1, v2, v3] = [a[from + p], a[from + p + 1], a[from + p + 2], a[from + p + 3]] as [
        number,
        number,
        number,
        number,
      ];
      const at = b0 + p * n;
      for (let j = 0; j < n; j++) {
        const first = (row[j] as number) + v0 * (b[at + j] as number) + v1 * (b[at + n + j] as number);
        row[j] = first + v2 * (b[at + 2 * n + j] as number) + v3 * (b[at + 3 * n + j] as number);
      }
    }
    for (let p = whole; p < k; p++) {
      const v = a[from + p] as number;
      for (let j = 0; j < n; j++) row[j] = (row[j] as number) + v * (b[b0 + p * n + j] as number);
    }
    out.set(row, out0 + i * n);
  }
}

const widened = (data: Data): Float64Array => (data instanceof Float64Array ? data : Float64Array.from(data));

function integerProduct(
  a: Data,
  b: Data,
  out: Data,
  a0: number,
  b0: number,
  out0: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let total = 0;
      for (let p = 0; p < k; p++)
        total = (total + Math.imul(a[a0 + i * k + p] as number, b[b0 + p * n + j] as number)) | 0;
      out[out0 + i * n + j] = total;
    }
  }
}

function pair(what: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  const { tensors, dtype } = meet(what, [a, b]);
  const common = computeIn(what, "number", dtype);
  return tensors.map((t) => convert(t, common)) as [Tensor, Tensor];
}

/**
 * The matrix product as in NumPy: [.., m, k] · [.., k, n] → [.., m, n], batch axes broadcast;
 * a vector on the left is a row, on the right a column.
 *
 * @example
 * matmul([[1, 2], [3, 4]], [1, 1]).toArray() // [3, 7]
 */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = pair("matmul", a, b);
  if (x.rank === 0 || y.rank === 0) {
    throw new NablaError(
      "E-SHAPE",
      `matmul: a is ${showShape(x.shape)}, b is ${showShape(y.shape)}: a scalar has no rows`,
      "mul",
    );
  }
  const left = x.rank === 1 ? expandDims(x, 0) : x;
  const right = y.rank === 1 ? expandDims(y, 1) : y;
  const [inner, other] = [columns(left), rows(right)];
  if (inner !== other) {
    const repair =
      inner === columns(right)
        ? "matmul(a, matrixTranspose(b)) if b holds one row per output"
        : rows(left) === other
          ? "matmul(matrixTranspose(a), b)"
          : "b with as many rows as a has columns";
    throw new NablaError(
      "E-SHAPE",
      `matmul: inner sizes differ: a is ${showShape(x.shape)}, b is ${showShape(y.shape)} (${inner} ≠ ${other})`,
      repair,
    );
  }
  const product = apply(matmulOperation, [left, right]);
  if (x.rank > 1 && y.rank > 1) return product;
  const batch = lead(product.shape);
  return reshape(product, [...batch, ...(x.rank > 1 ? [rows(left)] : []), ...(y.rank > 1 ? [columns(right)] : [])]);
}

/**
 * Σ x·y of two vectors (matmul otherwise, as in NumPy).
 *
 * @example
 * dot([1, 2], [3, 4]).item() // 11
 */
export function dot(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = pair("dot", a, b);
  return x.rank === 0 || y.rank === 0 ? mul(x, y) : matmul(x, y);
}

/**
 * x yᵀ of two vectors.
 *
 * @example
 * outer([1, 2], [3, 4]).toArray() // [[3, 4], [6, 8]]
 */
export function outer(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = pair("outer", a, b);
  return mul(reshape(x, [-1, 1]), reshape(y, [1, -1]));
}

/**
 * Contracts the given axes of a with those of b (a number: the last n with the first n).
 *
 * @example
 * tensordot(ones([2, 3, 4]), ones([4, 3]), [[1, 2], [1, 0]]).toArray() // [12, 12]
 */
export function tensordot(
  a: TensorLike,
  b: TensorLike,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  const [x, y] = pair("tensordot", a, b);
  if (typeof axes === "number" && !(Number.isInteger(axes) && axes >= 0))
    throw new NablaError("E-OPTION", `tensordot: axes is ${axes}, not a number of axes`, "[axes of a, axes of b]");
  const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  const [xs, ys] =
    typeof axes === "number"
      ? [count(axes).map((i) => x.rank - axes + i), count(axes)]
      : [axes[0].map((i) => checkAxis("tensordot", i, x.rank)), axes[1].map((i) => checkAxis("tensordot", i, y.rank))];
  if (xs.length !== ys.length || xs.some((axis, i) => axis < 0 || x.shape[axis] !== y.shape[ys[i] as number])) {
    throw new NablaError(
      "E-SHAPE",
      `tensordot: axes [${xs}] of ${showShape(x.shape)} do not match axes [${ys}] of ${showShape(y.shape)}`,
      "[axes of a, axes of b] of equal sizes",
    );
  }
  const xFree = count(x.rank).filter((i) => !xs.includes(i));
  const yFree = count(y.rank).filter((i) => !ys.includes(i));
  const size = xs.reduce((n, i) => n * (x.shape[i] as number), 1);
  const left = reshape(transpose(x, [...xFree, ...xs]), [xFree.reduce((n, i) => n * (x.shape[i] as number), 1), size]);
  const right = reshape(transpose(y, [...ys, ...yFree]), [size, yFree.reduce((n, i) => n * (y.shape[i] as number), 1)]);
  return reshape(apply(matmulOperation, [left, right]), [
    ...xFree.map((i) => x.shape[i] as number),
    ...yFree.map((i) => y.shape[i] as number),
  ]);
}
