/** Bidiagonal form: the steps of `ops/linalg/numerics/bidiagonal.ts`, several rows of the matrix at a time. */
import {
  type Code,
  call,
  type FunctionReference,
  f64x2,
  i32,
  type ModuleBuilder,
  memory,
  v128,
  when,
} from "../../encode.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { clear, keep, type Reflections } from "./block-reflector.ts";
import { alongLine, bothLanes, dotLanes, loadFirst, storeFirst, zeros } from "./line.ts";
import { add, fill, get, mul, put, row, sub, zero } from "./matrices.ts";
import { reflection } from "./reflection.ts";

export const leftReflections = (n: number): Reflections => ({ rows: n, count: n, offset: 0, columns: n });
export const rightReflections = (n: number): Reflections => ({ rows: n, count: n - 1, offset: 1, columns: n });

/**
 * (a, u, x, y, v, p, z, count): `rows` rows, of which `count` elements, less the part of u·yᵀ + x·vᵀ; z += p·those rows.
 * a, y, v and z begin at the first of these elements, u, x and p at the first of these rows.
 */
const updateRows = (module: ModuleBuilder, n: number, rows: number): FunctionReference<undefined> =>
  module.once(`bidiagonal.update:${[n, rows]}`, () =>
    module.function(
      ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
      undefined,
      (f, a, u, x, y, v, p, z, count) => {
        const lines = Array.from({ length: rows }, (_, i) => ({
          offset: 8 * n * i,
          u: f.local("v128"),
          x: f.local("v128"),
          p: f.local("v128"),
        }));
        const [yPart, vPart, zPart, element] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
        return [
          lines.map((line, i) => [
            line.u.set(v128.load64Splat(u.get, 8 * i)),
            line.x.set(v128.load64Splat(x.get, 8 * i)),
            line.p.set(v128.load64Splat(p.get, 8 * i)),
          ]),
          alongLine(f, int(0), count.get, (at, valid) => [
            yPart.set(loadFirst(plus(y.get, at), valid)),
            vPart.set(loadFirst(plus(v.get, at), valid)),
            zPart.set(loadFirst(plus(z.get, at), valid)),
            lines.map((line) => {
              const change = f64x2.add(f64x2.mul(line.u.get, yPart.get), f64x2.mul(line.x.get, vPart.get));
              return [
                element.set(f64x2.sub(loadFirst(plus(a.get, at), valid, line.offset), change)),
                storeFirst(plus(a.get, at), element.get, valid, line.offset),
                zPart.set(f64x2.add(zPart.get, f64x2.mul(line.p.get, element.get))),
              ];
            }),
            storeFirst(plus(z.get, at), zPart.get, valid),
          ]),
        ];
      },
    ),
  );

/** (a, q, out, count): `rows` products of a row, of which `count` elements, and q. */
const dotRows = (module: ModuleBuilder, n: number, rows: number): FunctionReference<undefined> =>
  module.once(`bidiagonal.dot:${[n, rows]}`, () =>
    module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, q, out, count) => {
      const sums = Array.from({ length: rows }, () => f.local("v128"));
      const part = f.local("v128");
      return [
        sums.map((sum) => sum.set(zeros)),
        alongLine(f, int(0), count.get, (at, valid) => [
          part.set(loadFirst(plus(q.get, at), valid)),
          sums.map((sum, i) =>
            sum.set(f64x2.add(sum.get, f64x2.mul(loadFirst(plus(a.get, at), valid, 8 * n * i), part.get))),
          ),
        ]),
        sums.map((sum, i) => put(out.get, int(i), bothLanes(sum))),
      ];
    }),
  );

/** Bytes of scratch memory: seven vectors, β and α. */
export const bidiagonalWork = (n: number): number => 8 * (7 * n + 2);

/** (a, d, e, left, right, work): the reflections go to left and right. */
export const bidiagonalize = (module: ModuleBuilder, n: number): FunctionReference<undefined> => {
  const [left, right] = [leftReflections(n), rightReflections(n)];
  const [update, updateOne] = [updateRows(module, n, 2), updateRows(module, n, 1)];
  const [dots, dotOne] = [dotRows(module, n, 4), dotRows(module, n, 1)];
  const [reflect, keepLeft, keepRight] = [reflection(module), keep(module, left), keep(module, right)];
  return module.once(`bidiagonalize:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32", "i32"], undefined, (f, a, d, e, l, r, u) => {
      const [beta, overlap, sums] = [f.local("f64"), f.local("f64"), f.local("v128")];
      const [first, count] = [f.local("i32"), f.local("i32")];
      const vector = (i: number): Int => plus(u.get, int(8 * n * i));
      const [y, x, v, p, z, q, found] = [1, 2, 3, 4, 5, 6, 7].map(vector) as [Int, Int, Int, Int, Int, Int, Int];
      const from = (base: Int, i: Int): Int => plus(base, times(i, 8));
      const rowsFrom = (i: Int, which: FunctionReference<undefined>): Code =>
        call(
          which,
          from(row(a.get, i, n), first.get),
          from(u.get, i),
          from(x, i),
          from(y, first.get),
          from(v, first.get),
          from(p, i),
          from(z, first.get),
          count.get,
        );
      const column = (j: Int): Code =>
        f.for(j, int(n), 1, (i) => {
          const change = add(mul(get(u.get, i), get(y, j)), mul(get(x, i), get(v, j)));
          return put(p, i, sub(get(row(a.get, i, n), j), change));
        });
      /** Column j is finished: its reflection, and d[j]. */
      const reflectColumn = (j: Int): Code => [
        column(j),
        call(reflect, from(p, j), i32.sub(int(n), j), found),
        beta.set(get(found, int(0))),
        put(d.get, j, get(found, int(1))),
        call(keepLeft, l.get, j, from(p, j), beta.get),
      ];
      const even = (begin: Int): Int => i32.and(i32.sub(int(n), begin), int(-2));
      return [
        clear(left, l.get),
        clear(right, r.get),
        fill(f, u.get, int(4 * n), zero),
        f.for(int(0), int(n - 1), 1, (j) => [
          reflectColumn(j),
          first.set(plus(j, int(1))),
          count.set(i32.sub(int(n), first.get)),
          fill(f, z, int(n), zero),
          f.for(j, plus(j, even(j)), 2, (i) => rowsFrom(i, update)),
          when(i32.and(i32.sub(int(n), j), int(1)), rowsFrom(int(n - 1), updateOne)),
          alongLine(f, first.get, int(n), (k, valid) => [
            storeFirst(plus(z, k), f64x2.mul(f64x2.splat(beta.get), loadFirst(plus(z, k), valid)), valid),
            storeFirst(
              plus(q, k),
              f64x2.sub(loadFirst(plus(row(a.get, j, n), k), valid), loadFirst(plus(z, k), valid)),
              valid,
            ),
          ]),
          call(reflect, from(q, first.get), count.get, found),
          beta.set(get(found, int(0))),
          put(e.get, j, get(found, int(1))),
          call(keepRight, r.get, j, from(q, first.get), beta.get),
          dotLanes(f, sums, z, q, first.get, int(n)),
          overlap.set(bothLanes(sums)),
          copyRest(u.get, p, first.get, n),
          copyRest(y, z, first.get, n),
          copyRest(v, q, first.get, n),
          f.for(first.get, i32.sub(int(n), int(3)), 4, (i) =>
            call(dots, from(row(a.get, i, n), first.get), from(q, first.get), from(x, i), count.get),
          ),
          f.for(i32.sub(int(n), i32.and(count.get, int(3))), int(n), 1, (i) =>
            call(dotOne, from(row(a.get, i, n), first.get), from(q, first.get), from(x, i), count.get),
          ),
          f.for(first.get, int(n), 1, (i) => put(x, i, mul(beta.get, sub(get(x, i), mul(get(u.get, i), overlap.get))))),
        ]),
        reflectColumn(int(n - 1)),
        put(e.get, int(n - 1), zero),
      ];
    }),
  );
};
const copyRest = (to: Int, from: Int, first: Int, n: number): Code =>
  memory.copy(plus(to, times(first, 8)), plus(from, times(first, 8)), times(i32.sub(int(n), first), 8));
