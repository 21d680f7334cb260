/** argsort and cumulative sums. */
import { byteSize } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { branchIf, type Code, type Expr, f32, f64, i32, loop, memory, select, when } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { asDouble, at, copyBytes, type Int, int, plus, times } from "./memory.ts";

/** Bottom-up merge sort of places: stable, NaN last. */
export const argsort: KernelMaker = (module, _parameters, [x]) => {
  const { shape, dtype } = x as Type;
  const n = shape.at(-1) as number;
  const rows = n === 0 ? 0 : sizeOf(shape) / n;
  const run = module.once(`argsort:${[n, rows, dtype]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, x, out, scratch) => {
      const [width, i, j, k] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const [mid, end, second] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [a, b] = [f.local("f64"), f.local("f64")];
      const row = f.local("i32");
      const order = f.local("i32");
      const key = (place: Int): Expr<"f64"> => asDouble(dtype, at(row.get, place, dtype));
      const entry = (base: Int, place: Int): Int => i32.load(at(base, place, "int32"));
      // The second run's element comes first only if it is smaller, or the first's is NaN and it is not.
      const smaller = i32.or(f64.lt(b.get, a.get), i32.and(f64.ne(a.get, a.get), f64.eq(b.get, b.get)));
      const least = (u: Int, v: Int): Int => select(i32.ltS(u, v), u, v);
      const merge = (start: Int): Code => [
        i.set(start),
        mid.set(least(plus(start, width.get), int(n))),
        end.set(least(plus(start, times(width.get, 2)), int(n))),
        j.set(mid.get),
        f.for(start, end.get, 1, (to) => [
          second.set(i32.geS(i.get, mid.get)),
          when(i32.and(i32.ltS(i.get, mid.get), i32.ltS(j.get, end.get)), [
            a.set(key(entry(order.get, i.get))),
            b.set(key(entry(order.get, j.get))),
            second.set(smaller),
          ]),
          when(
            second.get,
            [i32.store(at(scratch.get, to, "int32"), entry(order.get, j.get)), j.set(plus(j.get, int(1)))],
            [i32.store(at(scratch.get, to, "int32"), entry(order.get, i.get)), i.set(plus(i.get, int(1)))],
          ),
        ]),
      ];
      return f.for(int(0), int(rows), 1, (r) => [
        row.set(plus(x.get, times(r, n * byteSize[dtype]))),
        order.set(plus(out.get, times(r, n * 4))),
        f.for(int(0), int(n), 1, (p) => i32.store(at(order.get, p, "int32"), p)),
        width.set(int(1)),
        n < 2
          ? []
          : loop([
              k.set(int(0)),
              loop([merge(k.get), k.set(plus(k.get, times(width.get, 2))), branchIf(i32.ltS(k.get, int(n)), 0)]),
              copyBytes(order.get, scratch.get, n * 4),
              width.set(times(width.get, 2)),
              branchIf(i32.ltS(width.get, int(n)), 0),
            ]),
      ]);
    }),
  );
  return { run, scratch: n * 4 };
};

/** Accumulates floats in float64, as the reference does. */
export const cumsum: KernelMaker = (module, { axis, reverse }, [x]) => {
  const { shape, dtype } = x as Type;
  const n = shape[axis as number] as number;
  const inner = sizeOf(shape.slice((axis as number) + 1));
  const outer = sizeOf(shape.slice(0, axis as number));
  const floating = dtype === "float64" || dtype === "float32";
  const size = floating ? 8 : 4;
  const run = module.once(`cumsum:${[n, inner, outer, dtype, reverse]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, x, out, totals) => {
      const total = f.local("f64");
      const whole = f.local("i32");
      const place = f.local("i32");
      const from = at(x.get, place.get, dtype);
      const to = at(out.get, place.get, dtype);
      const step: Code = floating
        ? [
            total.set(f64.add(total.get, asDouble(dtype, from))),
            dtype === "float64" ? f64.store(to, total.get) : f32.store(to, f32.demoteF64(total.get)),
          ]
        : [whole.set(i32.add(whole.get, i32.load(from))), i32.store(to, whole.get)];
      const row = (o: Int, k: Int): Int => plus(times(o, n), reverse ? i32.sub(int(n - 1), k) : k);
      if (inner === 1) {
        return f.for(int(0), int(outer), 1, (o) => [
          total.set(f64.const(0)),
          whole.set(int(0)),
          f.for(int(0), int(n), 1, (k) => [place.set(row(o, k)), step]),
        ]);
      }
      // Row after row, a total for each column: going down one column at a time misses the cache at every step.
      const held = (i: Int): Int => plus(totals.get, times(i, size));
      const start = f.local("i32");
      return f.for(int(0), int(outer), 1, (o) => [
        memory.fill(totals.get, int(0), int(inner * size)),
        f.for(int(0), int(n), 1, (k) => [
          start.set(times(row(o, k), inner)),
          f.for(int(0), int(inner), 1, (i) => [
            place.set(plus(start.get, i)),
            floating ? total.set(f64.load(held(i))) : whole.set(i32.load(held(i))),
            step,
            floating ? f64.store(held(i), total.get) : i32.store(held(i), whole.get),
          ]),
        ]),
      ]);
    }),
  );
  return { run, scratch: inner === 1 ? 0 : inner * size };
};
