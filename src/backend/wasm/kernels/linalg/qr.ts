/** Orthogonal factors: the steps of `ops/linalg/numerics/qr.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { blockSize } from "../../../../ops/linalg/numerics/block-reflector.ts";
import {
  type Code,
  call,
  type FunctionReference,
  f64,
  f64x2,
  i32,
  type ModuleBuilder,
  memory,
  when,
} from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus, times } from "../memory.ts";
import {
  applyBlock,
  clear,
  formProduct,
  formTriangle,
  keep,
  type Reflections,
  reflectionBytes,
} from "./block-reflector.ts";
import { alongLine, loadFirst, storeFirst } from "./line.ts";
import { copyRows, forEachMatrix, get, lesser, neg, put, row, spread, zero } from "./matrices.ts";
import { product } from "./product.ts";
import { reflection } from "./reflection.ts";

const reflectionsOf = (m: number, n: number): Reflections => ({
  rows: m,
  count: Math.min(m, n),
  offset: 0,
  columns: n,
});

/** (h, w, v, from, end), rows of w spread: reflections for these columns, kept in h and applied to these columns alone; v is scratch. */
const factorColumns = (module: ModuleBuilder, m: number, n: number): FunctionReference<undefined> => {
  const [reflect, store] = [reflection(module), keep(module, reflectionsOf(m, n))];
  const along = product(module, { a: { row: 8, depth: 8 }, b: 8 * spread(n), c: 8 * spread(n), minus: false });
  const subtract = product(module, { a: { row: 8, depth: 8 }, b: 8 * spread(n), c: 8 * spread(n), minus: true });
  return module.once(`qr.columns:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, h, w, v, from, end) => {
      const [beta, rows, columns] = [f.local("f64"), f.local("i32"), f.local("i32")];
      const sums = plus(v.get, int(8 * m));
      const found = plus(sums, int(8 * blockSize));
      return f.for(from.get, end.get, 1, (j) => {
        const right = plus(row(w.get, j, spread(n)), times(plus(j, int(1)), 8));
        return [
          rows.set(i32.sub(int(m), j)),
          columns.set(i32.sub(i32.sub(end.get, j), int(1))),
          f.for(int(0), rows.get, 1, (i) => put(v.get, i, get(row(w.get, plus(j, i), spread(n)), j))),
          call(reflect, v.get, rows.get, found),
          beta.set(get(found, int(0))),
          put(row(w.get, j, spread(n)), j, get(found, int(1))),
          call(store, h.get, j, v.get, beta.get),
          along(sums, v.get, right, int(1), columns.get, rows.get),
          alongLine(f, int(0), columns.get, (at, valid) =>
            storeFirst(plus(sums, at), f64x2.mul(f64x2.splat(beta.get), loadFirst(plus(sums, at), valid)), valid),
          ),
          subtract(right, v.get, sums, rows.get, columns.get, int(1)),
        ];
      });
    }),
  );
};

/** Of a, and later of q: k ≤ n. */
const matrixBytes = (m: number, n: number): number => 8 * m * (n + 8);

/** Bytes of scratch memory: the matrix, the reflections, one vector, its products, β and α. */
export const qrWork = (m: number, n: number): number =>
  matrixBytes(m, n) + reflectionBytes(reflectionsOf(m, n)) + 8 * (m + blockSize + 2);

/** (a, q, r, work) */
export const qrCore = (module: ModuleBuilder, m: number, n: number): FunctionReference<undefined> => {
  const k = Math.min(m, n);
  const width = spread(n);
  const given = reflectionsOf(m, n);
  const columns = factorColumns(module, m, n);
  const triangle = formTriangle(module, given);
  const apply = applyBlock(module, given, 8 * width, true);
  const form = formProduct(module, given, k);
  return module.once(`qr.core:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, q, r, w) => {
      const end = f.local("i32");
      const h = plus(w.get, int(matrixBytes(m, n)));
      const v = plus(h, int(reflectionBytes(given)));
      const negate = (base: Int, i: Int): Code => put(base, i, neg(get(base, i)));
      return [
        copyRows(f, w.get, width, a.get, n, m, n),
        clear(given, h),
        f.for(int(0), int(k), blockSize, (from) => {
          const block = i32.shrU(from, int(Math.log2(blockSize)));
          const right = plus(row(w.get, from, width), times(end.get, 8));
          return [
            end.set(lesser(plus(from, int(blockSize)), int(k))),
            call(columns, h, w.get, v, from, end.get),
            call(triangle, h, block),
            call(apply, h, block, right, i32.sub(int(n), end.get)),
          ];
        }),
        memory.fill(r.get, int(0), int(8 * k * n)),
        f.for(int(0), int(k), 1, (i) =>
          f.for(i, int(n), 1, (j) => put(row(r.get, i, n), j, get(row(w.get, i, width), j))),
        ),
        call(form, h, w.get),
        copyRows(f, q.get, k, w.get, spread(k), m, k),
        f.for(int(0), int(k), 1, (i) =>
          when(f64.lt(get(row(r.get, i, n), i), zero), [
            f.for(i, int(n), 1, (j) => negate(row(r.get, i, n), j)),
            f.for(int(0), int(m), 1, (p) => negate(row(q.get, p, k), i)),
          ]),
        ),
      ];
    }),
  );
};

export const qr: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const [m, n] = shape.slice(-2) as [number, number];
  const batch = sizeOf(shape.slice(0, -2));
  return forEachMatrix(module, `qr:${[m, n]}`, batch, inputs, results, qrWork(m, n), () => qrCore(module, m, n));
};
