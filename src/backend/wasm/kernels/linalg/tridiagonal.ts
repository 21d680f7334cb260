/** Tridiagonal form: the steps of `ops/linalg/numerics/tridiagonal.ts`, two rows of the matrix at a time. */
import {
  type Code,
  call,
  type Expr,
  type FunctionReference,
  f64,
  f64x2,
  i32,
  type ModuleBuilder,
  memory,
  v128,
  when,
} from "../../encode.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { clear, keep, type Reflections } from "./block-reflector.ts";
import { alongLine, bothLanes, dotLanes, loadFirst, storeFirst, subtractLine, zeros } from "./line.ts";
import { add, fill, get, mul, put, type Real, row, sub, zero } from "./matrices.ts";
import { reflection } from "./reflection.ts";

export const tridiagonalReflections = (n: number): Reflections => ({ rows: n, count: n - 1, offset: 1, columns: n });

type Vector = Expr<"v128">;

/**
 * (a, v, w, x, y, count): two rows from the diagonal on, of `count` and count − 1 elements: less the part of v·wᵀ + w·vᵀ;
 * y += (those rows and the columns that mirror them)·x.
 */
const twoRows = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`tridiagonal.rows:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32", "i32"], undefined, (f, a, v, w, x, y, count) => {
      const own = [f.local("f64"), f.local("f64")] as const;
      const corner = f.local("f64");
      const lines = [0, 1].map((r) => ({
        offset: 8 * n * r,
        v: f.local("v128"),
        w: f.local("v128"),
        x: f.local("v128"),
        element: f.local("v128"),
        sums: f.local("v128"),
      }));
      const [vPart, wPart, xPart, yPart] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
      const single = (i: number, k: number): Real => {
        const [vi, wi, vk, wk] = [get(v.get, int(i)), get(w.get, int(i)), get(v.get, int(k)), get(w.get, int(k))];
        return sub(get(a.get, int(i * n + k)), add(mul(vi, wk), mul(wi, vk)));
      };
      const updated = (part: Vector, line: (typeof lines)[number]): Vector =>
        f64x2.sub(part, f64x2.add(f64x2.mul(line.v.get, wPart.get), f64x2.mul(line.w.get, vPart.get)));
      return [
        own[0].set(single(0, 0)),
        corner.set(single(0, 1)),
        own[1].set(single(1, 1)),
        put(a.get, int(0), own[0].get),
        put(a.get, int(1), corner.get),
        put(a.get, int(n + 1), own[1].get),
        put(y.get, int(1), add(get(y.get, int(1)), mul(get(x.get, int(0)), corner.get))),
        lines.map((line, r) => [
          line.v.set(v128.load64Splat(v.get, 8 * r)),
          line.w.set(v128.load64Splat(w.get, 8 * r)),
          line.x.set(v128.load64Splat(x.get, 8 * r)),
          line.sums.set(r === 0 ? f64x2.replaceLane(zeros, 1, mul(corner.get, get(x.get, int(1)))) : zeros),
        ]),
        alongLine(f, int(2), count.get, (at, valid) => [
          vPart.set(loadFirst(plus(v.get, at), valid)),
          wPart.set(loadFirst(plus(w.get, at), valid)),
          xPart.set(loadFirst(plus(x.get, at), valid)),
          yPart.set(loadFirst(plus(y.get, at), valid)),
          lines.map((line) => [
            line.element.set(updated(loadFirst(plus(a.get, at), valid, line.offset), line)),
            storeFirst(plus(a.get, at), line.element.get, valid, line.offset),
            yPart.set(f64x2.add(yPart.get, f64x2.mul(line.x.get, line.element.get))),
            line.sums.set(f64x2.add(line.sums.get, f64x2.mul(line.element.get, xPart.get))),
          ]),
          storeFirst(plus(y.get, at), yPart.get, valid),
        ]),
        lines.map(({ sums }, r) =>
          put(
            y.get,
            int(r),
            add(add(get(y.get, int(r)), mul((own[r] as (typeof own)[0]).get, get(x.get, int(r)))), bothLanes(sums)),
          ),
        ),
      ];
    }),
  );

/** Bytes of scratch memory: four vectors, β and α. */
export const tridiagonalWork = (n: number): number => 8 * (4 * n + 2);

/** (a, d, e, h, work): the reflections go to h. */
export const tridiagonalize = (module: ModuleBuilder, n: number): FunctionReference<undefined> => {
  const given = tridiagonalReflections(n);
  const [pass, reflect, store] = [twoRows(module, n), reflection(module), keep(module, given)];
  return module.once(`tridiagonalize:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, a, d, e, h, v) => {
      const [beta, half] = [f.local("f64"), f.local("f64")];
      const [left, first, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [vOwn, wOwn, sums] = [f.local("v128"), f.local("v128"), f.local("v128")];
      const [w, x, y] = [plus(v.get, int(8 * n)), plus(v.get, int(16 * n)), plus(v.get, int(24 * n))];
      const found = plus(v.get, int(32 * n));
      const from = (base: Int, i: Int): Int => plus(base, times(i, 8));
      const diagonal = (i: Int): Int => plus(a.get, times(i, 8 * (n + 1)));
      /** Row j from its diagonal on, up to date. */
      const ownRow = (j: Int): Code => [
        vOwn.set(f64x2.splat(get(v.get, j))),
        wOwn.set(f64x2.splat(get(w, j))),
        alongLine(f, j, int(n), (k, valid) => {
          const change = f64x2.add(
            f64x2.mul(vOwn.get, loadFirst(plus(w, k), valid)),
            f64x2.mul(wOwn.get, loadFirst(plus(v.get, k), valid)),
          );
          const element = plus(row(a.get, j, n), k);
          return storeFirst(element, f64x2.sub(loadFirst(element, valid), change), valid);
        }),
      ];
      const lastRow = (i: Int): Code => {
        const [vi, wi] = [get(v.get, i), get(w, i)];
        const element = sub(get(diagonal(i), int(0)), add(mul(vi, wi), mul(wi, vi)));
        return [put(diagonal(i), int(0), element), put(y, i, add(get(y, i), mul(get(diagonal(i), int(0)), get(x, i))))];
      };
      return [
        clear(given, h.get),
        fill(f, v.get, int(2 * n), zero),
        f.for(int(0), int(n - 1), 1, (j) => [
          ownRow(j),
          put(d.get, j, get(diagonal(j), int(0))),
          first.set(plus(j, int(1))),
          left.set(i32.sub(int(n), first.get)),
          at.set(from(x, first.get)),
          copyLine(at.get, from(row(a.get, j, n), first.get), left.get),
          call(reflect, at.get, left.get, found),
          beta.set(get(found, int(0))),
          put(e.get, j, get(found, int(1))),
          call(store, h.get, j, at.get, beta.get),
          fill(f, y, int(n), zero),
          f.for(first.get, int(n - 1), 2, (i) =>
            call(pass, diagonal(i), from(v.get, i), from(w, i), from(x, i), from(y, i), i32.sub(int(n), i)),
          ),
          when(i32.and(left.get, int(1)), lastRow(int(n - 1))),
          alongLine(f, first.get, int(n), (k, valid) =>
            storeFirst(plus(y, k), f64x2.mul(f64x2.splat(beta.get), loadFirst(plus(y, k), valid)), valid),
          ),
          dotLanes(f, sums, x, y, first.get, int(n)),
          half.set(mul(mul(f64.const(0.5), beta.get), bothLanes(sums))),
          copyLine(from(v.get, first.get), at.get, left.get),
          copyLine(from(w, first.get), from(y, first.get), left.get),
          subtractLine(f, w, half.get, x, first.get, int(n)),
        ]),
        ownRow(int(n - 1)),
        put(d.get, int(n - 1), get(diagonal(int(n - 1)), int(0))),
        put(e.get, int(n - 1), zero),
      ];
    }),
  );
};
const copyLine = (to: Int, from: Int, count: Int): Code => memory.copy(to, from, times(count, 8));
