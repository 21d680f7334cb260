/**
 * Accumulators of reductions, a vector wide. Sums lose nothing that matters: float32 adds up in float64, float64 keeps
 * the rounding error of every addition (Knuth's two-sum; Ogita, Rump and Oishi 2005).
 */
import type { DType } from "../../base/dtype.ts";
import type { ReduceHow } from "../target.ts";
import { storeSingle, storeVector } from "./element.ts";
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  type Local,
  select,
  sequence,
  v128,
} from "./encode.ts";
import type { Width } from "./vector.ts";

type Vector = Expr<"v128">;

export interface Accumulator {
  /** All that it knows. */
  readonly state: readonly Local<"v128">[];
  start(): Code;
  /** Takes in a vector; `single`: lane 0 only. */
  add(value: Vector, single: boolean): Code;
  /** Takes in what another one of its kind knows. */
  merge(state: readonly Vector[]): Code;
  /** Lane by lane: `width` results (or the first) at `address`. */
  storeLanes(address: Expr<"i32">, single: boolean): Code;
  /** All lanes together: one result. */
  storeTotal(address: Expr<"i32">): Code;
}

const onlyFirst = (dtype: DType): Vector =>
  dtype === "float64" ? i32x4.const(-1, -1, 0, 0) : i32x4.const(-1, 0, 0, 0);

export function accumulator(f: FunctionBuilder, how: ReduceHow, dtype: DType, width: Width): Accumulator {
  if (how !== "sum") return extremum(f, how, dtype, width);
  if (dtype === "float64") return exactSum(f);
  if (dtype === "float32") return wideSum(f, width);
  return integerSum(f, dtype, width);
}

/** s + x = t + e exactly; the errors e are summed beside. */
function exactSum(f: FunctionBuilder): Accumulator {
  const [s, c, x, t, z] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
  const nothing = f64x2.const(0, 0);
  const finiteOr = (value: Vector): Vector =>
    v128.bitselect(value, s.get, f64x2.lt(f64x2.abs(s.get), f64x2.const(Infinity, Infinity)));
  const add = (value: Vector): Code => [
    x.set(value),
    t.set(f64x2.add(s.get, x.get)),
    z.set(f64x2.sub(t.get, s.get)),
    c.set(f64x2.add(c.get, f64x2.add(f64x2.sub(s.get, f64x2.sub(t.get, z.get)), f64x2.sub(x.get, z.get)))),
    s.set(t.get),
  ];
  return {
    state: [s, c],
    start: () => [s.set(nothing), c.set(nothing)],
    add: (value, single) => add(single ? v128.and(value, onlyFirst("float64")) : value),
    merge: ([sum, error]) => [add(sum as Vector), c.set(f64x2.add(c.get, error as Vector))],
    storeLanes: (address, single) =>
      (single ? storeSingle : storeVector)("float64", address, finiteOr(f64x2.add(s.get, c.get)), 2),
    storeTotal: (address) => {
      const [a, b, total, shift] = [f.local("f64"), f.local("f64"), f.local("f64"), f.local("f64")];
      const error = f64.add(f64.sub(a.get, f64.sub(total.get, shift.get)), f64.sub(b.get, shift.get));
      const correction = f64.add(error, f64.add(f64x2.extractLane(c.get, 0), f64x2.extractLane(c.get, 1)));
      return [
        a.set(f64x2.extractLane(s.get, 0)),
        b.set(f64x2.extractLane(s.get, 1)),
        total.set(f64.add(a.get, b.get)),
        shift.set(f64.sub(total.get, a.get)),
        f64.store(
          address,
          select(f64.lt(f64.abs(total.get), f64.const(Infinity)), f64.add(total.get, correction), total.get),
        ),
      ];
    },
  };
}

const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/** float32 in two (or one) vectors of float64. */
function wideSum(f: FunctionBuilder, width: Width): Accumulator {
  const halves = Array.from({ length: width / 2 }, () => f.local("v128"));
  const x = f.local("v128");
  const [low, high] = halves as [Local<"v128">, Local<"v128"> | undefined];
  const together = high === undefined ? low.get : f64x2.add(low.get, high.get);
  return {
    state: halves,
    start: () => halves.map((half) => half.set(f64x2.const(0, 0))),
    merge: (state) => halves.map((half, i) => half.set(f64x2.add(half.get, state[i] as Vector))),
    add: (value, single) => [
      x.set(single ? v128.and(value, onlyFirst("float32")) : value),
      low.set(f64x2.add(low.get, f64x2.promoteLowF32x4(x.get))),
      high === undefined || single
        ? []
        : high.set(f64x2.add(high.get, f64x2.promoteLowF32x4(v128.shuffle(x.get, x.get, highHalf)))),
    ],
    storeLanes: (address, single) => {
      const first = f32x4.demoteF64x2Zero(low.get);
      if (single) return storeSingle("float32", address, first);
      if (high === undefined) return storeVector("float32", address, first, 2);
      const second = f32x4.demoteF64x2Zero(high.get);
      return v128.store(address, v128.shuffle(first, second, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]));
    },
    storeTotal: (address) => {
      const both = f.local("v128");
      const total = f64.add(f64x2.extractLane(both.get, 0), f64x2.extractLane(both.get, 1));
      return [both.set(together), f32.store(address, f32.demoteF64(total))];
    },
  };
}

function integerSum(f: FunctionBuilder, dtype: DType, width: Width): Accumulator {
  const total = f.local("v128");
  return {
    state: [total],
    start: () => total.set(i32x4.const(0, 0, 0, 0)),
    merge: ([other]) => total.set(i32x4.add(total.get, other as Vector)),
    add: (value, single) => total.set(i32x4.add(total.get, single ? v128.and(value, onlyFirst(dtype)) : value)),
    storeLanes: (address, single) => (single ? storeSingle : storeVector)(dtype, address, total.get, width),
    storeTotal: (address) =>
      i32.store(
        address,
        foldLanes(total, width, (a, b) => i32.add(a, b)),
      ),
  };
}

function foldLanes(
  lanes: Local<"v128">,
  width: Width,
  combine: (a: Expr<"i32">, b: Expr<"i32">) => Expr<"i32">,
): Expr<"i32"> {
  let all = i32x4.extractLane(lanes.get, 0);
  for (let i = 1; i < width; i++) all = combine(all, i32x4.extractLane(lanes.get, i));
  return all;
}

function extremum(f: FunctionBuilder, how: "max" | "min", dtype: DType, width: Width): Accumulator {
  const best = f.local("v128");
  const top = how === "max";
  const [low, high] = dtype === "uint32" ? [0, -1] : [-(2 ** 31), 2 ** 31 - 1];
  const integer = top ? low : high;
  const far = top ? -Infinity : Infinity;
  const identity =
    dtype === "float64"
      ? f64x2.const(far, far)
      : dtype === "float32"
        ? f32x4.const(far, far, far, far)
        : i32x4.const(integer, integer, integer, integer);
  const combine =
    dtype === "float64"
      ? f64x2[how]
      : dtype === "float32"
        ? f32x4[how]
        : dtype === "uint32"
          ? top
            ? i32x4.maxU
            : i32x4.minU
          : top
            ? i32x4.maxS
            : i32x4.minS;
  return {
    state: [best],
    start: () => best.set(identity),
    merge: ([other]) => best.set(combine(best.get, other as Vector)),
    add: (value, single) =>
      best.set(combine(best.get, single ? v128.bitselect(value, identity, onlyFirst(dtype)) : value)),
    storeLanes: (address, single) => (single ? storeSingle : storeVector)(dtype, address, best.get, width),
    storeTotal: (address) => {
      if (dtype === "float64")
        return f64.store(address, f64[how](f64x2.extractLane(best.get, 0), f64x2.extractLane(best.get, 1)));
      if (dtype === "float32") {
        let all = f32x4.extractLane(best.get, 0);
        for (let i = 1; i < width; i++) all = f32[how](all, f32x4.extractLane(best.get, i));
        return f32.store(address, all);
      }
      const greater = dtype === "uint32" ? i32.gtU : i32.gtS;
      const [x, y] = [f.local("i32"), f.local("i32")];
      const pick = (a: Expr<"i32">, b: Expr<"i32">): Expr<"i32"> =>
        sequence([x.set(a), y.set(b)], select(top ? greater(x.get, y.get) : greater(y.get, x.get), x.get, y.get));
      return i32.store(address, foldLanes(best, width, pick));
    },
  };
}
