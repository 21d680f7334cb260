/** What the operations on matrices share: arguments, batches, and the small linear maps in their derivatives. */
import { allocate, type Data } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { broadcastShapes, type Shape, showShape, sizeOf } from "../../base/shape.ts";
import { meet, toTensor } from "../../graph/convert.ts";
import type { Type } from "../../graph/operation.ts";
import { apply, constant, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { add, mul } from "../arithmetic.ts";
import { matmulOperation } from "../contract.ts";
import { broadcastTo, matrixTranspose, reshape, transpose } from "../movement.ts";
import { computeIn, convert } from "../record.ts";

export const leading = (shape: Shape): Shape => shape.slice(0, -2);
export const rowsOf = (t: Type): number => t.shape.at(-2) as number;
export const columnsOf = (t: Type): number => t.shape.at(-1) as number;

/** The argument as float matrices, batch axes first. */
export function toMatrices(what: string, a: TensorLike): Tensor {
  const t = toTensor(what, a);
  if (t.rank < 2) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: a is ${showShape(t.shape)}, not a matrix or a batch of matrices`,
      "an array with at least two axes",
    );
  }
  return convert(t, computeIn(what, "float", t.dtype));
}

export function toSquareMatrices(what: string, a: TensorLike): Tensor {
  const t = toMatrices(what, a);
  if (rowsOf(t) !== columnsOf(t)) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: a is ${showShape(t.shape)}: ${rowsOf(t)} rows, ${columnsOf(t)} columns, but it must be square`,
      "lstsq, pinv, qr or svd, which take any shape",
    );
  }
  return t;
}

export interface System {
  readonly a: Tensor;
  /** [.., n, k]. */
  readonly b: Tensor;
  readonly batch: Shape;
  /** Gives the solution the axes that were asked for. */
  result(x: Tensor): Tensor;
}

/** Both sides of a·x = b: b is a vector if it has one axis, else matrices (NumPy 2). Batch axes are to be broadcast. */
export function toSystem(what: string, a: TensorLike, b: TensorLike, square = true): System {
  const { tensors, dtype } = meet(what, [toTensor(what, a), toTensor(what, b)]);
  const common = computeIn(what, "float", dtype);
  const [given, right] = tensors.map((t) => convert(t, common)) as [Tensor, Tensor];
  const left = square ? toSquareMatrices(what, given) : toMatrices(what, given);
  if (right.rank === 0) throw new NablaError("E-SHAPE", `${what}: b is a scalar`, "a vector or matrices");
  const vector = right.rank === 1;
  const columns = vector ? reshape(right, [right.size, 1]) : right;
  if (rowsOf(columns) !== rowsOf(left)) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: a is ${showShape(left.shape)}, b is ${showShape(right.shape)}: ${rowsOf(left)} equations, ${rowsOf(columns)} right-hand sides`,
      right.shape.at(-1) === rowsOf(left)
        ? "matrixTranspose(b), or expandDims(b, -1) if b is a batch of vectors"
        : "b with a row for each row of a",
    );
  }
  const batch = broadcastShapes(what, [leading(left.shape), leading(columns.shape)]);
  return { a: left, b: columns, batch, result: (x) => (vector ? reshape(x, x.shape.slice(0, -1)) : x) };
}

/** With these batch axes before the last `rank`. */
export const spreadBatch = (t: Tensor, batch: Shape, rank = 2): Tensor =>
  broadcastTo(t, [...batch, ...t.shape.slice(t.rank - rank)]);

/** For batch rules: every input with the batch in front. */
export const allBatched = (inputs: readonly Tensor[], batched: readonly boolean[], size: number): Tensor[] =>
  inputs.map((t, i) => (batched[i] ? t : broadcastTo(t, [size, ...t.shape])));

/** Right-hand sides [size, n, k] of one matrix are the columns of one right-hand side [n, size·k]. */
export function besideEachOther(b: Tensor, solve: (columns: Tensor) => Tensor): Tensor {
  const [size, n, k] = b.shape as [number, number, number];
  const x = solve(reshape(transpose(b, [1, 0, 2]), [n, size * k]));
  return transpose(reshape(x, [n, size, k]), [1, 0, 2]);
}

/** The reference loop over a batch: float64 copies of each matrix in, results rounded once at the end. */
export function eachMatrix(
  values: readonly Data[],
  inputs: readonly Type[],
  results: readonly Type[],
  batch: number,
  run: (inputs: readonly Float64Array[], outputs: readonly Float64Array[]) => void,
): Data[] {
  const sizes = inputs.map((t) => sizeOf(t.shape) / batch);
  const outs = results.map((t) => allocate(t.dtype, sizeOf(t.shape)));
  const parts = results.map((t) => new Float64Array(batch === 0 ? 0 : sizeOf(t.shape) / batch));
  for (let i = 0; i < batch; i++) {
    run(
      values.map((data, k) =>
        Float64Array.from(data.subarray(i * (sizes[k] as number), (i + 1) * (sizes[k] as number))),
      ),
      parts,
    );
    parts.forEach((part, k) => {
      outs[k]?.set(part, i * part.length);
    });
  }
  return outs;
}

/** `work` of an operation that takes about so many nanoseconds for each element and column of its first input. */
export const cubic =
  (time: number) =>
  ([a]: readonly Type[]): number =>
    time * sizeOf((a as Type).shape) * columnsOf(a as Type);

// — the small linear maps —

/** The product of matrices whose shapes are known to fit. */
export const times = (a: Tensor, b: Tensor): Tensor => apply(matmulOperation, [a, b]);
/** (a + aᵀ)/2 */
export const symmetricPart = (a: Tensor): Tensor => mul(add(a, matrixTranspose(a)), 0.5);
export const identity = (n: number, like: Tensor): Tensor => masked(n, n, (i, j) => (i === j ? 1 : 0), like);

/** A constant matrix by its elements. */
export function masked(rows: number, columns: number, element: (i: number, j: number) => number, like: Type): Tensor {
  const data = allocate(like.dtype, rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = element(i, j);
  return constant(data, [rows, columns], like.dtype);
}
