/** argmax and argmin: the first place of the extremum, or of NaN. */
import { byteSize } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  type ModuleBuilder,
  select,
  v128,
  when,
  whileDo,
} from "../encode.ts";
import { type KernelMaker, runsOf } from "../kernel.ts";
import { asDouble, at, type Int, int, plus, times } from "./memory.ts";

/** The array seen as [outer, n, inner], reduced over n. */
interface Lines {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  readonly dtype: Type["dtype"];
  readonly greatest: boolean;
}

/** Fewer elements are not worth a second thread. */
const leastWork = 3e4;

export const argreduce: KernelMaker = (module, { how, axis }, [x], _results, threads = 1) => {
  const { shape, dtype } = x as Type;
  const [outer, inner] = [sizeOf(shape.slice(0, axis as number)), sizeOf(shape.slice((axis as number) + 1))];
  const n = shape[axis as number] as number;
  const reduced = (outer: number) => running(module, { outer, n, inner, dtype, greatest: how === "argmax" });
  const whole = { run: reduced(outer), scratch: 0 };
  if (threads === 1 || outer < threads || sizeOf(shape) < leastWork) return whole;
  return {
    ...whole,
    parts: runsOf(outer, threads, 1).map(({ start, size }) => ({
      run: reduced(size),
      offsets: [start * n * inner * byteSize[dtype], start * inner * 4],
    })),
  };
};

function running(module: ModuleBuilder, lines: Lines) {
  const { n, inner, dtype } = lines;
  const floating = dtype === "float64" || dtype === "float32";
  const inVectors = floating && inner === 1 && n >= 16 / byteSize[dtype];
  return module.once(`argreduce:${JSON.stringify(lines)}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, x, out) =>
      inVectors ? byVectors(f, x.get, out.get, lines) : oneByOne(f, x.get, out.get, lines),
    ),
  );
}

function oneByOne(f: FunctionBuilder, x: Int, out: Int, { outer, n, inner, dtype, greatest }: Lines): Code {
  const [best, value] = [f.local("f64"), f.local("f64")];
  const [place, start] = [f.local("i32"), f.local("i32")];
  const better = greatest ? f64.gt : f64.lt;
  const wins = i32.or(better(value.get, best.get), i32.and(f64.ne(value.get, value.get), f64.eq(best.get, best.get)));
  return f.for(int(0), int(outer), 1, (o) =>
    f.for(int(0), int(inner), 1, (i) => [
      start.set(plus(times(o, n * inner), i)),
      best.set(asDouble(dtype, at(x, start.get, dtype))),
      place.set(int(0)),
      f.for(int(1), int(n), 1, (k) => [
        value.set(asDouble(dtype, at(x, plus(start.get, times(k, inner)), dtype))),
        when(wins, [best.set(value.get), place.set(k)]),
      ]),
      i32.store(at(out, plus(times(o, inner), i), "int32"), place.get),
    ]),
  );
}

/** Two passes over a line, which is in the cache by the second: the extremum, and the first place that has it. */
function byVectors(f: FunctionBuilder, x: Int, out: Int, { outer, n, dtype, greatest }: Lines): Code {
  const double = dtype === "float64";
  const lane = double ? f64x2 : f32x4;
  const lanes = 16 / byteSize[dtype];
  // Several extrema at a time, where a line is long: each waits for the one before it.
  const ways = n >= 8 * lanes ? 4 : 1;
  const extreme = greatest ? lane.pmax : lane.pmin;
  const [line, place] = [f.local("i32"), f.local("i32")];
  const best = Array.from({ length: ways }, () => f.local("v128"));
  const [nan, value, first] = [f.local("v128"), f.local("v128"), f.local("f64")];
  const load = (k: Int): Expr<"v128"> => v128.load(at(line.get, k, dtype));
  const scalar = (k: Int): Expr<"f64"> => asDouble(dtype, at(line.get, k, dtype));
  const look = (way: (typeof best)[number], k: Int): Code => [
    value.set(load(k)),
    nan.set(v128.or(nan.get, lane.ne(value.get, value.get))),
    way.set(extreme(way.get, value.get)),
  ];
  const [head] = best as [(typeof best)[number]];
  const stride = ways * lanes;
  const strided = n - (n % stride);
  const across = Array.from({ length: lanes }, (_, i) =>
    double ? f64x2.extractLane(head.get, i) : f64.promoteF32(f32x4.extractLane(head.get, i)),
  );
  const extremum: Code = [
    best.map((way, w) => way.set(load(int(w * lanes)))),
    nan.set(best.map((way) => lane.ne(way.get, way.get)).reduce((a, b) => v128.or(a, b))),
    f.for(int(stride), int(strided), stride, (k) => best.map((way, w) => look(way, plus(k, int(w * lanes))))),
    f.for(int(strided), int(n - lanes + 1), lanes, (k) => look(head, k)),
    // The last elements again together with those before them.
    n % lanes === 0 ? [] : look(head, int(n - lanes)),
    best.slice(1).map((way) => head.set(extreme(head.get, way.get))),
    first.set(across[0] as Expr<"f64">),
    across.slice(1).map((v) => first.set(select((greatest ? f64.gt : f64.lt)(v, first.get), v, first.get))),
  ];
  const splat = double ? f64x2.splat(first.get) : f32x4.splat(f32.demoteF64(first.get));
  const next = plus(place.get, int(lanes));
  // Few elements are all compared, the first last: a branch that cannot be foreseen costs more.
  const chosen: Code = Array.from({ length: n }, (_, i) => int(n - 1 - i)).map((k) =>
    place.set(select(f64.eq(scalar(k), first.get), k, place.get)),
  );
  const sought: Code = [
    head.set(splat),
    whileDo(i32.eqz(v128.anyTrue(lane.eq(load(place.get), head.get))), [
      place.set(select(i32.gtS(next, int(n - lanes)), int(n - lanes), next)),
    ]),
    whileDo(f64.ne(scalar(place.get), first.get), place.set(plus(place.get, int(1)))),
  ];
  const foundNaN = whileDo(f64.eq(scalar(place.get), scalar(place.get)), place.set(plus(place.get, int(1))));
  return f.for(int(0), int(outer), 1, (o) => [
    line.set(at(x, times(o, n), dtype)),
    place.set(int(0)),
    extremum,
    when(v128.anyTrue(nan.get), foundNaN, n <= 8 ? chosen : sought),
    i32.store(at(out, o, "int32"), place.get),
  ]);
}
