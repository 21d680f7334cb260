/** The accumulators of max and min: NaN if there is one, and −0 is less than 0. */
import type { DType } from "../../base/dtype.ts";
import { type Accumulator, foldLanes, onlyFirst } from "./accumulate.ts";
import { storeVector } from "./element.ts";
import { type Expr, type FunctionBuilder, f32x4, f64x2, i32x4, v128 } from "./encode.ts";
import type { Width } from "./vector.ts";

type Vector = Expr<"v128">;

export const extremum = (f: FunctionBuilder, how: "max" | "min", dtype: DType, width: Width): Accumulator =>
  dtype === "float64" || dtype === "float32" ? ofFloats(f, how, dtype, width) : ofIntegers(f, how, dtype, width);

/**
 * The instructions that order NaN and zeros take some eight of the processor's. Here one compares, and two keep beside
 * it what that forgets: whether there was a NaN, and the signs, which decide where the extremum is a zero: all other
 * elements are then on the other side of it.
 */
function ofFloats(f: FunctionBuilder, how: "max" | "min", dtype: "float64" | "float32", width: Width): Accumulator {
  const [best, nan, signs, x] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
  const lanes = dtype === "float64" ? f64x2 : f32x4;
  const constant = (v: number): Vector => (dtype === "float64" ? f64x2.const(v, v) : f32x4.const(v, v, v, v));
  const identity = constant(how === "max" ? -Infinity : Infinity);
  const compare = how === "max" ? lanes.pmax : lanes.pmin;
  const together = how === "max" ? v128.and : v128.or;
  const result = v128.or(
    nan.get,
    v128.bitselect(v128.and(signs.get, constant(-0)), best.get, lanes.eq(best.get, constant(0))),
  );
  return {
    state: [best, nan, signs],
    start: () => [best.set(identity), nan.set(i32x4.const(0, 0, 0, 0)), signs.set(identity)],
    merge: ([otherBest, otherNaN, otherSigns]) => [
      best.set(compare(best.get, otherBest as Vector)),
      nan.set(v128.or(nan.get, otherNaN as Vector)),
      signs.set(together(signs.get, otherSigns as Vector)),
    ],
    add: (value, count) => [
      x.set(count < width ? v128.bitselect(value, identity, onlyFirst(dtype, count)) : value),
      best.set(compare(best.get, x.get)),
      nan.set(v128.or(nan.get, lanes.ne(x.get, x.get))),
      signs.set(together(signs.get, x.get)),
    ],
    storeLanes: (address, count) => [x.set(result), storeVector(dtype, address, x.get, width, 0, 1, count)],
    storeTotal: (address) => [
      x.set(result),
      foldLanes(dtype, width, x, lanes[how]),
      storeVector(dtype, address, x.get, width, 0, 1, 1),
    ],
  };
}

function ofIntegers(f: FunctionBuilder, how: "max" | "min", dtype: DType, width: Width): Accumulator {
  const best = f.local("v128");
  const unsigned = dtype === "uint32";
  const [low, high] = unsigned ? [0, -1] : [-(2 ** 31), 2 ** 31 - 1];
  const end = how === "max" ? low : high;
  const identity = i32x4.const(end, end, end, end);
  const combine = how === "max" ? (unsigned ? i32x4.maxU : i32x4.maxS) : unsigned ? i32x4.minU : i32x4.minS;
  return {
    state: [best],
    start: () => best.set(identity),
    merge: ([other]) => best.set(combine(best.get, other as Vector)),
    add: (value, count) =>
      best.set(combine(best.get, count < width ? v128.bitselect(value, identity, onlyFirst(dtype, count)) : value)),
    storeLanes: (address, count) => storeVector(dtype, address, best.get, width, 0, 1, count),
    storeTotal: (address) => [
      foldLanes(dtype, width, best, combine),
      storeVector(dtype, address, best.get, width, 0, 1, 1),
    ],
  };
}
