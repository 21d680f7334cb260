/**
 * One description of a vector of float lanes, so that every polynomial is written once for four
 * float32 and for two float64.
 */
import { type Expr, f32x4, f64x2, i32x4, i64x2 } from "../encode.ts";

export type Vector = Expr<"v128">;
export type Width = "f32x4" | "f64x2";

type FloatName =
  | "eq"
  | "ne"
  | "lt"
  | "gt"
  | "le"
  | "ge"
  | "floor"
  | "trunc"
  | "nearest"
  | "abs"
  | "neg"
  | "sqrt"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pmin"
  | "pmax";
type IntegerName = "add" | "sub" | "shl" | "shrU";

export interface Lanes {
  readonly name: Width;
  readonly float: Pick<typeof f32x4, FloatName>;
  readonly integer: Pick<typeof i32x4, IntegerName>;
  /** Bits of the fraction. */
  readonly precision: number;
  readonly bias: number;
  readonly smallestNormal: number;
  /** Halves of a significand are split off by this factor (Dekker 1971). */
  readonly splitter: number;
  constant(value: number): Vector;
  bits(value: bigint): Vector;
}

export const float32: Lanes = {
  name: "f32x4",
  float: f32x4,
  integer: i32x4,
  precision: 23,
  bias: 127,
  smallestNormal: 2 ** -126,
  splitter: 2 ** 12 + 1,
  constant: (value) => f32x4.const(value, value, value, value),
  bits: (value) => {
    const lane = Number(BigInt.asIntN(32, value));
    return i32x4.const(lane, lane, lane, lane);
  },
};

export const float64: Lanes = {
  name: "f64x2",
  float: f64x2,
  integer: i64x2,
  precision: 52,
  bias: 1023,
  smallestNormal: 2 ** -1022,
  splitter: 2 ** 27 + 1,
  constant: (value) => f64x2.const(value, value),
  bits: (value) => i64x2.const(BigInt.asIntN(64, value), BigInt.asIntN(64, value)),
};
