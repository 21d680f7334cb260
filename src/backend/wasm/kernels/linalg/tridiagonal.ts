/** Tridiagonal form: the steps of `ops/linalg/numerics/tridiagonal.ts`. */
import { type Code, call, type FunctionReference, f64, i32, type ModuleBuilder, select, when } from "../../encode.ts";
import { type Int, int, plus } from "../memory.ts";
import {
  abs,
  add,
  div,
  dot,
  down,
  fill,
  get,
  mul,
  neg,
  one,
  put,
  type Real,
  reals,
  row,
  sqrt,
  sub,
  subtract,
  zero,
} from "./matrices.ts";

/** (z, d, e) */
export const tridiagonalize = (module: ModuleBuilder, n: number): FunctionReference<undefined> => {
  const then = accumulate(module, n);
  return module.once(`tridiagonalize:${n}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, z, d, e) => {
      const [scale, h, v, top, g, sum, c, half] = reals(f, 8) as Many;
      const at = (i: Int, j: Int): Real => get(row(z.get, i, n), j);
      const set = (i: Int, j: Int, value: Real): Code => put(row(z.get, i, n), j, value);
      const flat = (i: Int): Code => [
        put(e.get, i, get(d.get, i32.sub(i, int(1)))),
        f.for(int(0), i, 1, (j) => [put(d.get, j, at(j, i32.sub(i, int(1)))), set(j, i, zero), set(i, j, zero)]),
      ];
      const reflected = (i: Int): Code => [
        f.for(int(0), i, 1, (k) => [
          v.set(div(get(d.get, k), scale.get)),
          put(d.get, k, v.get),
          h.set(add(h.get, mul(v.get, v.get))),
        ]),
        top.set(get(d.get, i32.sub(i, int(1)))),
        g.set(sqrt(h.get)),
        g.set(select(f64.gt(top.get, zero), neg(g.get), g.get)),
        put(e.get, i, mul(scale.get, g.get)),
        h.set(sub(h.get, mul(top.get, g.get))),
        put(d.get, i32.sub(i, int(1)), sub(top.get, g.get)),
        fill(f, e.get, i, zero),
        f.for(int(0), i, 1, (j) => [
          c.set(get(d.get, j)),
          set(i, j, c.get),
          sum.set(add(get(e.get, j), mul(at(j, j), c.get))),
          f.for(plus(j, int(1)), i, 1, (k) => [
            v.set(at(j, k)),
            sum.set(add(sum.get, mul(v.get, get(d.get, k)))),
            put(e.get, k, add(get(e.get, k), mul(v.get, c.get))),
          ]),
          put(e.get, j, sum.get),
        ]),
        sum.set(zero),
        f.for(int(0), i, 1, (j) => [
          v.set(div(get(e.get, j), h.get)),
          put(e.get, j, v.get),
          sum.set(add(sum.get, mul(v.get, get(d.get, j)))),
        ]),
        half.set(div(sum.get, add(h.get, h.get))),
        subtract(f, e.get, half.get, d.get, int(0), i),
        f.for(int(0), i, 1, (j) => [
          c.set(get(d.get, j)),
          v.set(get(e.get, j)),
          f.for(j, i, 1, (k) => set(j, k, sub(at(j, k), add(mul(c.get, get(e.get, k)), mul(v.get, get(d.get, k)))))),
          put(d.get, j, at(j, i32.sub(i, int(1)))),
          set(j, i, zero),
        ]),
      ];
      return [
        f.for(int(0), int(n), 1, (j) => put(d.get, j, at(j, int(n - 1)))),
        down(f, int(n), int(1), (i) => [
          scale.set(zero),
          h.set(zero),
          f.for(int(0), i, 1, (k) => scale.set(add(scale.get, abs(get(d.get, k))))),
          when(f64.eq(scale.get, zero), flat(i), reflected(i)),
          put(d.get, i, h.get),
        ]),
        call(then, z.get, d.get),
        put(e.get, int(0), zero),
      ];
    }),
  );
};
type Local = ReturnType<typeof reals>[number];
type Many = [Local, Local, Local, Local, Local, Local, Local, Local];

/** (z, d): the product of the reflections. */
const accumulate = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`accumulate:${n}`, () =>
    module.function(["i32", "i32"], undefined, (f, z, d) => {
      const [h, g] = [f.local("f64"), f.local("f64")];
      const last = int(n - 1);
      const at = (i: Int, j: Int): Real => get(row(z.get, i, n), j);
      const set = (i: Int, j: Int, value: Real): Code => put(row(z.get, i, n), j, value);
      return [
        f.for(int(0), last, 1, (i) => {
          const next = row(z.get, plus(i, int(1)), n);
          const end = plus(i, int(1));
          return [
            set(i, last, at(i, i)),
            set(i, i, one),
            h.set(get(d.get, end)),
            when(f64.ne(h.get, zero), [
              f.for(int(0), end, 1, (k) => put(d.get, k, div(get(next, k), h.get))),
              f.for(int(0), end, 1, (j) => [
                g.set(zero),
                dot(f, g, next, row(z.get, j, n), int(0), end),
                subtract(f, row(z.get, j, n), g.get, d.get, int(0), end),
              ]),
            ]),
            fill(f, next, end, zero),
          ];
        }),
        f.for(int(0), int(n), 1, (j) => [put(d.get, j, at(j, last)), set(j, last, zero)]),
        set(last, last, one),
      ];
    }),
  );
