/** Singular values: the steps of `ops/linalg/numerics/svd.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { call, type FunctionReference, f64, i32, type ModuleBuilder, sequence, when } from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus } from "../memory.ts";
import { bidiagonalize, bidiagonalWork, leftReflections, rightReflections } from "./bidiagonal.ts";
import { diagonalizeBidiagonal } from "./bidiagonal-steps.ts";
import { formProduct, formTriangles, type Reflections, reflectionBytes } from "./block-reflector.ts";
import {
  cell,
  div,
  fill,
  finiteness,
  forEachMatrix,
  get,
  mul,
  neg,
  nothing,
  put,
  row,
  scaleOf,
  sortValues,
  spread,
  zero,
} from "./matrices.ts";
import { product } from "./product.ts";
import { qrCore, qrWork } from "./qr.ts";
import { intoPanels, negateRow, outOfPanels, panelBytes, recordBytes } from "./sweeps.ts";

/** (h, z, q): the product of the reflections into the panels z, transposed, by way of q. */
const rowsOf = (module: ModuleBuilder, given: Reflections, k: number): FunctionReference<undefined> => {
  const [triangles, form, turn] = [formTriangles(module, given), formProduct(module, given, k), intoPanels(module, k)];
  return module.once(`svd.rows:${[given.offset, k]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (_f, h, z, q) => [
      call(triangles, h.get),
      call(form, h.get, q.get),
      call(turn, q.get, z.get),
    ]),
  );
};

/** Scratch memory of a square problem: e; both reflections, then both records; the vectors in panels; their product before; lines; order. */
function squareParts(k: number) {
  const left = 8 * k;
  const right = left + Math.max(reflectionBytes(leftReflections(k)), recordBytes(k));
  const u = right + Math.max(reflectionBytes(rightReflections(k)), recordBytes(k));
  const v = u + panelBytes(k);
  const q = v + panelBytes(k);
  const lines = q + 8 * k * spread(k);
  const order = lines + bidiagonalWork(k);
  return { order, left, right, u, v, q, lines, end: order + 4 * k };
}

/** (a, u, s, v, work) → 1 if it converged; a is overwritten. */
const squareSvd = (module: ModuleBuilder, k: number): FunctionReference<"i32"> => {
  const reduce = bidiagonalize(module, k);
  const [leftRows, rightRows] = [rowsOf(module, leftReflections(k), k), rowsOf(module, rightReflections(k), k)];
  const diagonalize = diagonalizeBidiagonal(module, k);
  const [negate, turnBack] = [negateRow(module, k), outOfPanels(module, k)];
  return module.once(`svd.square:${k}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], "i32", (f, a, u, s, v, e) => {
      const fine = f.local("i32");
      const at = squareParts(k);
      const [order, left, right, uRows, vRows, q, lines] = [
        at.order,
        at.left,
        at.right,
        at.u,
        at.v,
        at.q,
        at.lines,
      ].map((bytes) => plus(e.get, int(bytes))) as [Int, Int, Int, Int, Int, Int, Int];
      const statements = [
        call(reduce, a.get, s.get, e.get, left, right, lines),
        call(leftRows, left, uRows, q),
        call(rightRows, right, vRows, q),
        fine.set(call(diagonalize, s.get, e.get, uRows, vRows, left, right)),
        f.for(int(0), int(k), 1, (j) =>
          when(f64.lt(get(s.get, j), zero), [put(s.get, j, neg(get(s.get, j))), call(negate, vRows, j)]),
        ),
        sortValues(f, s.get, order, k, f64.gt),
        call(turnBack, uRows, order, u.get),
        call(turnBack, vRows, order, v.get),
      ];
      return sequence(statements, fine.get);
    }),
  );
};

/** Scratch memory: the matrix; if it is not square, its factors, the inner vectors and what their making needs; the rest. */
function parts(rows: number, k: number) {
  const q = 8 * rows * k;
  if (rows === k) return { q, r: q, inner: q, factoring: q, square: q, end: q + squareParts(k).end };
  const r = q + 8 * rows * k;
  const inner = r + 8 * k * k;
  const factoring = inner + 8 * k * k;
  return { q, r, inner, factoring, square: factoring, end: factoring + Math.max(qrWork(rows, k), squareParts(k).end) };
}

const core = (module: ModuleBuilder, m: number, n: number): FunctionReference<undefined> => {
  const tall = m >= n;
  const [rows, k] = tall ? [m, n] : [n, m];
  const range = scaleOf(module);
  const square = squareSvd(module, k);
  const factor = rows === k ? undefined : qrCore(module, rows, k);
  const combine = product(module, { a: { row: 8 * k, depth: 8 }, b: 8 * k, c: 8 * k, minus: false });
  return module.once(`svd.core:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, a, u, s, v, w) => {
      const [sum, scale, fine] = [f.local("f64"), f.local("f64"), f.local("i32")];
      const at = parts(rows, k);
      const [q, r, inner, rest] = [at.q, at.r, at.inner, at.square].map((bytes) => plus(w.get, int(bytes))) as [
        Int,
        Int,
        Int,
        Int,
      ];
      const [long, short] = tall ? [u.get, v.get] : [v.get, u.get];
      const nan = f64.const(Number.NaN);
      return [
        finiteness(f, sum, a.get, m * n),
        when(f64.eq(sum.get, zero), [
          scale.set(call(range, a.get, int(m * n))),
          f.for(int(0), int(rows), 1, (i) =>
            f.for(int(0), int(k), 1, (j) =>
              put(row(w.get, i, k), j, mul(get(a.get, tall ? cell(i, n, j) : cell(j, n, i)), scale.get)),
            ),
          ),
          factor === undefined
            ? fine.set(call(square, w.get, long, s.get, short, rest))
            : [
                call(factor, w.get, q, r, rest),
                fine.set(call(square, r, inner, s.get, short, rest)),
                combine(long, q, inner, int(rows), int(k), int(k)),
              ],
          f.for(int(0), int(k), 1, (j) => put(s.get, j, div(get(s.get, j), scale.get))),
        ]),
        when(i32.eqz(fine.get), [
          fill(f, u.get, int(m * k), nan),
          fill(f, s.get, int(k), nan),
          fill(f, v.get, int(n * k), nan),
        ]),
      ];
    }),
  );
};

export const svd: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const [m, n] = shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  if (k === 0) return nothing(module, 5);
  const batch = sizeOf(shape.slice(0, -2));
  const work = parts(Math.max(m, n), k).end;
  return forEachMatrix(module, `svd:${[m, n]}`, batch, inputs, results, work, () => core(module, m, n));
};
