/**
 * Accumulators of reductions, a vector wide. Sums lose nothing that matters: float32 adds up in float64, float64 keeps
 * the rounding error of every addition (Knuth's two-sum; Ogita, Rump and Oishi 2005).
 */
import type { DType } from "../../base/dtype.ts";
import type { ReduceHow } from "../target.ts";
import { storeVector } from "./element.ts";
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32,
  f32x4,
  f64,
  f64x2,
  i32x4,
  type Local,
  select,
  v128,
} from "./encode.ts";
import { extremum } from "./extremum.ts";
import type { Width } from "./vector.ts";

type Vector = Expr<"v128">;

export interface Accumulator {
  /** All that it knows. */
  readonly state: readonly Local<"v128">[];
  start(): Code;
  /** Takes in the first `lanes` of a vector. */
  add(value: Vector, lanes: number): Code;
  /** Takes in what another one of its kind knows. */
  merge(state: readonly Vector[]): Code;
  /** Lane by lane: the first `lanes` results at `address`. */
  storeLanes(address: Expr<"i32">, lanes: number): Code;
  /** All lanes together: one result. */
  storeTotal(address: Expr<"i32">): Code;
}

/** A mask of the first `lanes`. */
export function onlyFirst(dtype: DType, lanes: number): Vector {
  const words = lanes * (dtype === "float64" ? 2 : 1);
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => (i < words ? -1 : 0)) as [number, number, number, number];
  return i32x4.const(a, b, c, d);
}

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
    add: (value, lanes) => add(lanes < 2 ? v128.and(value, onlyFirst("float64", lanes)) : value),
    merge: ([sum, error]) => [add(sum as Vector), c.set(f64x2.add(c.get, error as Vector))],
    storeLanes: (address, lanes) => storeVector("float64", address, finiteOr(f64x2.add(s.get, c.get)), 2, 0, 1, lanes),
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

/** Lane 0 becomes all lanes together. */
export function foldLanes(
  dtype: DType,
  width: Width,
  lanes: Local<"v128">,
  combine: (a: Vector, b: Vector) => Vector,
): Code {
  const orders = dtype === "float64" ? [highHalf] : width === 2 ? [secondLane] : [highHalf, secondLane];
  return orders.map((order) => lanes.set(combine(lanes.get, v128.shuffle(lanes.get, lanes.get, order))));
}

const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const secondLane = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7];

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
    add: (value, lanes) => [
      x.set(lanes < width ? v128.and(value, onlyFirst("float32", lanes)) : value),
      low.set(f64x2.add(low.get, f64x2.promoteLowF32x4(x.get))),
      high === undefined || lanes <= 2
        ? []
        : high.set(f64x2.add(high.get, f64x2.promoteLowF32x4(v128.shuffle(x.get, x.get, highHalf)))),
    ],
    storeLanes: (address, lanes) => {
      const first = f32x4.demoteF64x2Zero(low.get);
      if (high === undefined || lanes <= 2) return storeVector("float32", address, first, 2, 0, 1, lanes);
      return [
        x.set(v128.shuffle(first, f32x4.demoteF64x2Zero(high.get), lowHalves)),
        storeVector("float32", address, x.get, 4, 0, 1, lanes),
      ];
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
    add: (value, lanes) =>
      total.set(i32x4.add(total.get, lanes < width ? v128.and(value, onlyFirst(dtype, lanes)) : value)),
    storeLanes: (address, lanes) => storeVector(dtype, address, total.get, width, 0, 1, lanes),
    storeTotal: (address) => [
      foldLanes(dtype, width, total, i32x4.add),
      storeVector(dtype, address, total.get, width, 0, 1, 1),
    ],
  };
}
