/** Sparse Jacobians and Hessians: one product for each colour, and every entry read from one of them. */
import { NablaError } from "../../base/error.ts";
import { place } from "../../base/lists.ts";
import { checkShape, showShape, sizeOf } from "../../base/shape.ts";
import { describe } from "../../graph/convert.ts";
import { constant, filled, Tensor } from "../../graph/tensor.ts";
import { add, less, mul, where } from "../../ops/arithmetic.ts";
import { scatterAdd, take } from "../../ops/gather.ts";
import { concatenate, reshape } from "../../ops/movement.ts";
import { pullAll, pushAll, pushes, seedsFor } from "../batch.ts";
import type { LinearMap } from "../products.ts";
import { type Coloring, columnColoring, longest, starColoring } from "./coloring.ts";
import { fromRows, type Pattern, patternOf, transposed } from "./pattern.ts";

/**
 * A matrix by those entries that can differ from 0, row by row, columns ascending: entry k is `values[k]`, at
 * `rows[k]`, `columns[k]`. Rows count the elements of the function's result, columns those of the argument, through all
 * tensors of the tree in turn, each in row-major order.
 */
export interface SparseMatrix {
  /** int32, [entries]. */
  readonly rows: Tensor;
  /** int32, [entries]. */
  readonly columns: Tensor;
  /** [entries]. */
  readonly values: Tensor;
}

/** By columns' colours and forward mode or by rows' colours and reverse mode, whichever takes fewer products. */
export function sparseJacobian(map: LinearMap, mode: "forward" | "reverse" | undefined): SparseMatrix {
  const pattern = patternOf(map);
  const forward = { mode: "forward", pattern } as const;
  const reverse = { mode: "reverse", pattern: transposed(pattern) } as const;
  const possible =
    mode === undefined ? (pushes(map) ? [forward, reverse] : [reverse]) : mode === "forward" ? [forward] : [reverse];
  const ways = possible.toSorted((a, b) => longest(a.pattern) - longest(b.pattern));
  checkProducts(longest((ways[0] as (typeof ways)[number]).pattern), pattern);
  let best: { readonly mode: "forward" | "reverse"; readonly coloring: Coloring } | undefined;
  for (const way of ways) {
    if (best !== undefined && best.coloring.count <= longest(way.pattern)) continue;
    const coloring = columnColoring(way.pattern);
    if (best === undefined || coloring.count < best.coloring.count) best = { mode: way.mode, coloring };
  }
  const { mode: chosen, coloring } = best as NonNullable<typeof best>;
  checkProducts(coloring.count, pattern);
  const colorOf = (line: number): number => coloring.colors[line] as number;
  const products = compressed(map, coloring, chosen);
  return read(pattern, products, (row, column) =>
    chosen === "forward" ? [colorOf(column), row] : [colorOf(row), column],
  );
}

/** Of the derivative of a gradient, which is symmetric. */
export function sparseHessian(map: LinearMap): SparseMatrix {
  const pattern = symmetric(patternOf(map));
  const coloring = starColoring(pattern);
  const colorOf = (vertex: number): number => coloring.colors[vertex] as number;
  checkProducts(coloring.count, pattern);
  const mixed = repeated(pattern, coloring);
  return read(pattern, compressed(map, coloring, "forward"), (i, j) => {
    const [row, column] = [Math.min(i, j), Math.max(i, j)];
    const isMixed = mixed.has(row * coloring.count + colorOf(column));
    return isMixed ? [colorOf(row), column] : [colorOf(column), row];
  });
}

/** Places in the products are counted in 32 bits. */
function checkProducts(count: number, { shape }: Pattern): void {
  const longer = Math.max(...shape);
  if (count * longer >= 2 ** 31)
    throw new NablaError(
      "E-LIMIT",
      `sparse: a matrix of ${showShape(shape)} with this pattern takes ${count} or more products of ${longer} elements`,
      "a function without both a full row and a full column, or one for its full rows and one for the others",
    );
}

/** The pattern of A + Aᵀ: structure that only one triangle shows belongs to both. */
function symmetric(pattern: Pattern): Pattern {
  const other = transposed(pattern);
  const row = ({ starts, columns }: Pattern, i: number): Int32Array => columns.subarray(starts[i], starts[i + 1]);
  const rows = Array.from({ length: pattern.shape[0] }, (_, i) => {
    const both = new Set([...row(pattern, i), ...row(other, i)]);
    return Int32Array.from(both).sort();
  });
  return fromRows(rows, pattern.shape[1]);
}

/** Rows that have several entries in columns of one colour, each with the colour as row · count + colour. */
function repeated({ starts, columns, shape }: Pattern, { colors, count }: Coloring): ReadonlySet<number> {
  const found = new Set<number>();
  const seen = new Int32Array(count).fill(-1);
  for (let row = 0; row < shape[0]; row++) {
    for (const column of columns.subarray(starts[row], starts[row + 1])) {
      const color = colors[column] as number;
      if (seen[color] === row) found.add(row * count + color);
      seen[color] = row;
    }
  }
  return found;
}

/** Products with the sums of each colour's unit vectors: [colours, elements]. */
function compressed(map: LinearMap, { colors, count }: Coloring, mode: "forward" | "reverse"): Tensor {
  const inputs = map.graph.inputs;
  if (mode === "reverse") {
    const seeds = seedsFor(map.outputs, colors, count).filter((_, i) => map.varies[i]);
    return sideBySide(pullAll(map, seeds, count), inputs, count);
  }
  const pushed = place(map.varies, pushAll(map, seedsFor(inputs, colors, count), count));
  const all = map.outputs.map((y, i) => pushed[i] ?? filled(0, [count, ...y.shape], y.dtype));
  return sideBySide(all, map.outputs, count);
}

/** Batches of tensors as one of rows. */
function sideBySide(batches: readonly Tensor[], of: readonly Tensor[], count: number): Tensor {
  const rows = batches.map((t, i) => reshape(t, [count, of[i]?.size ?? 0]));
  return rows.length === 1 ? (rows[0] as Tensor) : concatenate(rows, 1);
}

/** Every entry of the pattern from the product and the place in it that hold it. */
function read(
  { starts, columns, shape }: Pattern,
  products: Tensor,
  where: (row: number, column: number) => readonly [product: number, place: number],
): SparseMatrix {
  const rows = new Int32Array(columns.length);
  const from = new Int32Array(columns.length);
  const width = products.shape[1] as number;
  for (let row = 0; row < shape[0]; row++) {
    for (let k = starts[row] as number; k < (starts[row + 1] as number); k++) {
      const [product, place] = where(row, columns[k] as number);
      rows[k] = row;
      from[k] = product * width + place;
    }
  }
  const indices = (list: Int32Array): Tensor => constant(list, [list.length]);
  return {
    rows: indices(rows),
    columns: indices(columns),
    values: take(reshape(products, [-1]), indices(from)),
  };
}

/**
 * The matrix with its zeros.
 *
 * @param shape [rows, columns]: the number of elements of the result and of the argument
 * @throws E-INDEX if there is an entry outside
 * @example
 * const diagonal = jacobian((x) => x.mul(x), { sparse: true })([1, 2]);
 * diagonal.values.toArray() // [2, 4]
 * toDense(diagonal, [2, 2]).toArray() // [[2, 0], [0, 4]]
 */
export function toDense(matrix: SparseMatrix, shape: readonly [rows: number, columns: number]): Tensor {
  const { rows, columns, values }: Partial<SparseMatrix> = matrix ?? {};
  if (!(rows instanceof Tensor && columns instanceof Tensor && values instanceof Tensor))
    throw new NablaError(
      "E-VALUE",
      `toDense: expected a sparse matrix, got ${describe(matrix)}`,
      "what jacobian or hessian return with { sparse: true }",
    );
  const [height, width] = checkShape("toDense", shape);
  if (height === undefined || width === undefined || shape.length !== 2)
    throw new NablaError("E-SHAPE", "toDense: the shape of a matrix is [rows, columns]", "toDense(matrix, [3, 2])");
  // A column too many would be the next row's first.
  const places = where(less(columns, width), add(mul(rows, width), columns), sizeOf(shape));
  return reshape(scatterAdd(filled(0, [sizeOf(shape)], values.dtype), places, values), shape);
}
