/** Singular values: the steps of `ops/linalg/numerics/svd.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { maxSweeps, negligible } from "../../../../ops/linalg/numerics/svd.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  call,
  type FunctionReference,
  f64,
  i32,
  loop,
  type ModuleBuilder,
  memory,
  select,
  when,
} from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus } from "../memory.ts";
import {
  abs,
  add,
  cell,
  div,
  dot,
  exchange,
  fill,
  finiteness,
  forEachMatrix,
  get,
  ints,
  mul,
  neg,
  one,
  put,
  type Real,
  reals,
  row,
  scaleOf,
  sqrt,
  sub,
  subtract,
  zero,
} from "./matrices.ts";

type Local = ReturnType<typeof reals>[number];
type IntLocal = ReturnType<typeof ints>[number];

/** (x, y, c, s): (x, y) becomes (c·x − s·y, s·x + c·y). */
const turn = (module: ModuleBuilder, length: number): FunctionReference<undefined> =>
  module.once(`turn:${length}`, () =>
    module.function(["i32", "i32", "f64", "f64"], undefined, (f, x, y, c, s) => {
      const [u, v] = reals(f, 2) as [Local, Local];
      return f.for(int(0), int(length), 1, (i) => [
        u.set(get(x.get, i)),
        v.set(get(y.get, i)),
        put(x.get, i, sub(mul(c.get, u.get), mul(s.get, v.get))),
        put(y.get, i, add(mul(s.get, u.get), mul(c.get, v.get))),
      ]);
    }),
  );

/** (w, r) */
const rotateAll = (module: ModuleBuilder, k: number, rows: number): FunctionReference<undefined> => {
  const [long, short] = [turn(module, rows), turn(module, k)];
  return module.once(`rotateAll:${[k, rows]}`, () =>
    module.function(["i32", "i32"], undefined, (f, w, r) => {
      const [alpha, beta, gamma, x, y, zeta, tangent, c] = reals(f, 8) as Eight;
      const [sweep, rotated] = ints(f, 2) as [IntLocal, IntLocal];
      const both = (p: Int, q: Int, c: Real, s: Real): Code => [
        call(long, row(w.get, p, rows), row(w.get, q, rows), c, s),
        call(short, row(r.get, p, k), row(r.get, q, k), c, s),
      ];
      const tolerance = f64.const(2 ** -52 * Math.sqrt(rows));
      const pair = (p: Int, q: Int): Code => [
        [alpha, beta, gamma].map((sum) => sum.set(zero)),
        f.for(int(0), int(rows), 1, (i) => [
          x.set(get(row(w.get, p, rows), i)),
          y.set(get(row(w.get, q, rows), i)),
          alpha.set(add(alpha.get, mul(x.get, x.get))),
          beta.set(add(beta.get, mul(y.get, y.get))),
          gamma.set(add(gamma.get, mul(x.get, y.get))),
        ]),
        when(f64.lt(alpha.get, beta.get), [
          both(p, q, zero, f64.const(-1)),
          x.set(alpha.get),
          alpha.set(beta.get),
          beta.set(x.get),
          gamma.set(neg(gamma.get)),
        ]),
        when(f64.gt(abs(gamma.get), mul(tolerance, mul(sqrt(alpha.get), sqrt(beta.get)))), [
          rotated.set(int(1)),
          zeta.set(div(sub(beta.get, alpha.get), mul(f64.const(2), gamma.get))),
          x.set(abs(zeta.get)),
          tangent.set(
            select(
              f64.gt(x.get, f64.const(1e150)),
              div(f64.const(0.5), x.get),
              div(one, add(x.get, sqrt(add(one, mul(zeta.get, zeta.get))))),
            ),
          ),
          tangent.set(select(f64.lt(zeta.get, zero), neg(tangent.get), tangent.get)),
          c.set(div(one, sqrt(add(one, mul(tangent.get, tangent.get))))),
          both(p, q, c.get, mul(c.get, tangent.get)),
        ]),
      ];
      return block(
        loop([
          rotated.set(int(0)),
          f.for(int(0), int(k - 1), 1, (p) => f.for(plus(p, int(1)), int(k), 1, (q) => pair(p, q))),
          branchIf(i32.eqz(rotated.get), 1),
          sweep.set(plus(sweep.get, int(1))),
          branchIf(i32.ltS(sweep.get, int(maxSweeps)), 0),
        ]),
      );
    }),
  );
};
type Eight = [Local, Local, Local, Local, Local, Local, Local, Local];

/** (w, j): row j becomes a unit vector orthogonal to the rows before. */
const complete = (module: ModuleBuilder, rows: number): FunctionReference<undefined> =>
  module.once(`complete:${rows}`, () =>
    module.function(["i32", "i32"], undefined, (f, w, j) => {
      const total = f.local("f64");
      const unit = f.local("i32");
      const own = row(w.get, j.get, rows);
      return block(
        loop([
          fill(f, own, int(rows), zero),
          put(own, unit.get, one),
          f.for(int(0), int(2), 1, () =>
            f.for(int(0), j.get, 1, (p) => [
              total.set(zero),
              dot(f, total, own, row(w.get, p, rows), int(0), int(rows)),
              subtract(f, own, total.get, row(w.get, p, rows), int(0), int(rows)),
            ]),
          ),
          total.set(zero),
          dot(f, total, own, own, int(0), int(rows)),
          when(f64.gt(mul(total.get, f64.const(2 * rows)), one), [
            total.set(sqrt(total.get)),
            f.for(int(0), int(rows), 1, (i) => put(own, i, div(get(own, i), total.get))),
            branch(2),
          ]),
          unit.set(plus(unit.get, int(1))),
          branchIf(i32.ltS(unit.get, int(rows)), 0),
        ]),
      );
    }),
  );

/** (w, r, s) */
const normalize = (module: ModuleBuilder, k: number, rows: number): FunctionReference<undefined> => {
  const [long, short, fresh] = [turn(module, rows), turn(module, k), complete(module, rows)];
  return module.once(`normalize:${[k, rows]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, w, r, s) => {
      const sum = f.local("f64");
      const best = f.local("i32");
      const size = (j: Int): Real => get(s.get, j);
      const at = (j: Int): Int => plus(s.get, i32.mul(j, int(8)));
      const wRow = (j: Int): Int => row(w.get, j, rows);
      const rRow = (j: Int): Int => row(r.get, j, k);
      return [
        f.for(int(0), int(k), 1, (j) => [
          sum.set(zero),
          dot(f, sum, wRow(j), wRow(j), int(0), int(rows)),
          put(s.get, j, select(f64.gt(sum.get, f64.const(negligible)), sqrt(sum.get), zero)),
        ]),
        f.for(int(0), int(k), 1, (j) => [
          best.set(j),
          f.for(plus(j, int(1)), int(k), 1, (i) => when(f64.gt(size(i), size(best.get)), best.set(i))),
          exchange(f, at(j), at(best.get), int(1)),
          when(i32.ne(best.get, j), [
            call(long, wRow(j), wRow(best.get), zero, f64.const(-1)),
            call(short, rRow(j), rRow(best.get), zero, f64.const(-1)),
          ]),
        ]),
        f.for(int(0), int(k), 1, (j) => [
          sum.set(size(j)),
          when(
            f64.eq(sum.get, zero),
            call(fresh, w.get, j),
            f.for(int(0), int(rows), 1, (i) => put(wRow(j), i, div(get(wRow(j), i), sum.get))),
          ),
        ]),
      ];
    }),
  );
};

const core = (module: ModuleBuilder, m: number, n: number): FunctionReference<undefined> => {
  const tall = m >= n;
  const [rows, k] = tall ? [m, n] : [n, m];
  const rotate = rotateAll(module, k, rows);
  const finish = normalize(module, k, rows);
  const range = scaleOf(module);
  return module.once(`svd.core:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, a, u, s, v, work) => {
      if (k === 0) return [];
      const [sum, scale] = reals(f, 2) as [Local, Local];
      const w = work.get;
      const r = plus(w, int(8 * k * rows));
      const [left, right] = tall ? [u, v] : [v, u];
      const nan = f64.const(Number.NaN);
      const regular: Code = [
        scale.set(call(range, a.get, int(m * n))),
        f.for(int(0), int(k), 1, (j) =>
          f.for(int(0), int(rows), 1, (i) =>
            put(row(w, j, rows), i, mul(get(a.get, tall ? cell(i, n, j) : cell(j, n, i)), scale.get)),
          ),
        ),
        memory.fill(r, int(0), int(8 * k * k)),
        f.for(int(0), int(k), 1, (j) => put(row(r, j, k), j, one)),
        call(rotate, w, r),
        call(finish, w, r, s.get),
        f.for(int(0), int(k), 1, (j) => [
          put(s.get, j, div(get(s.get, j), scale.get)),
          f.for(int(0), int(rows), 1, (i) => put(row(left.get, i, k), j, get(row(w, j, rows), i))),
          f.for(int(0), int(k), 1, (i) => put(row(right.get, i, k), j, get(row(r, j, k), i))),
        ]),
      ];
      return [
        finiteness(f, sum, a.get, m * n),
        when(f64.eq(sum.get, zero), regular, [
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
  const batch = sizeOf(shape.slice(0, -2));
  const work = 8 * (m * n + k * k);
  return forEachMatrix(module, `svd:${[m, n]}`, batch, inputs, results, work, () => core(module, m, n));
};
