/** Lines of float64 by vectors of two: the loops that the kernels on matrices share. */
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f64x2,
  i32,
  type Local,
  v128,
  when,
  whileDo,
} from "../../encode.ts";
import { lanesOf } from "../../matmul/lanes.ts";
import { type Int, int, plus } from "../memory.ts";
import { add, type Real } from "./matrices.ts";

export type Vector = Expr<"v128">;
/** The first one or two elements at an address; the rest is 0, and nothing is read or written beyond. */
export const { loadFirst, storeFirst, splat: splatAt } = lanesOf("float64");
export const zeros: Vector = v128.const(new ArrayBuffer(16));

/** body(bytes from the start, how many elements) for all pairs from element `from` to before `to`, then for the one left. */
export function alongLine(f: FunctionBuilder, from: Int, to: Int, body: (at: Int, valid: 1 | 2) => Code): Code {
  const [at, end] = [f.local("i32"), f.local("i32")];
  return [
    at.set(i32.shl(from, int(3))),
    end.set(i32.shl(to, int(3))),
    whileDo(i32.ltS(plus(at.get, int(8)), end.get), [body(at.get, 2), at.set(plus(at.get, int(16)))]),
    when(i32.ltS(at.get, end.get), body(at.get, 1)),
  ];
}

/** The sum of both lanes. */
export const bothLanes = (sums: Local<"v128">): Real =>
  add(f64x2.extractLane(sums.get, 0), f64x2.extractLane(sums.get, 1));

/** sums = Σ x·y over a line, even and odd terms (from its start) apart. */
export const dotLanes = (f: FunctionBuilder, sums: Local<"v128">, x: Int, y: Int, from: Int, to: Int): Code => [
  sums.set(zeros),
  alongLine(f, from, to, (at, valid) =>
    sums.set(f64x2.add(sums.get, f64x2.mul(loadFirst(plus(x, at), valid), loadFirst(plus(y, at), valid)))),
  ),
];
/** y −= c·x. */
export function subtractLine(f: FunctionBuilder, y: Int, c: Real, x: Int, from: Int, to: Int): Code {
  const factor = f.local("v128");
  return [
    factor.set(f64x2.splat(c)),
    alongLine(f, from, to, (at, valid) =>
      storeFirst(
        plus(y, at),
        f64x2.sub(loadFirst(plus(y, at), valid), f64x2.mul(factor.get, loadFirst(plus(x, at), valid))),
        valid,
      ),
    ),
  ];
}

/** x = x / c. */
export function divideLine(f: FunctionBuilder, x: Int, c: Real, from: Int, to: Int): Code {
  const divisor = f.local("v128");
  return [
    divisor.set(f64x2.splat(c)),
    alongLine(f, from, to, (at, valid) =>
      storeFirst(plus(x, at), f64x2.div(loadFirst(plus(x, at), valid), divisor.get), valid),
    ),
  ];
}

/** Exchanges the first `count` elements of x and y. */
export function exchangeLines(f: FunctionBuilder, x: Int, y: Int, count: Int): Code {
  const held = f.local("v128");
  return alongLine(f, int(0), count, (at, valid) => [
    held.set(loadFirst(plus(x, at), valid)),
    storeFirst(plus(x, at), loadFirst(plus(y, at), valid), valid),
    storeFirst(plus(y, at), held.get, valid),
  ]);
}
