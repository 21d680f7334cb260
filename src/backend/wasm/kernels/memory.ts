/** Elements of any dtype as scalars, and the index arithmetic that kernels share. */
import { byteSize, type DType } from "../../../base/dtype.ts";
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32,
  f64,
  i32,
  i64,
  type Local,
  memory,
  select,
  v128,
} from "../encode.ts";
import { statusAddress, statusCodes } from "../kernel.ts";

export type Int = Expr<"i32">;
export const int = (value: number): Int => i32.const(value);
export const plus = i32.add;
export const times = (a: Int, b: number): Int => i32.mul(a, i32.const(b));

/** Address of element `index`. */
export const at = (base: Int, index: Int, dtype: DType): Int => plus(base, times(index, byteSize[dtype]));

/** Copies one element. */
export function move(dtype: DType, to: Int, from: Int): Code {
  if (dtype === "float64") return f64.store(to, f64.load(from));
  if (dtype === "bool") return i32.store8(to, i32.load8u(from));
  return i32.store(to, i32.load(from));
}

/** *to += *from. */
export function addTo(dtype: DType, to: Int, from: Int): Code {
  if (dtype === "float64") return f64.store(to, f64.add(f64.load(to), f64.load(from)));
  if (dtype === "float32") return f32.store(to, f32.add(f32.load(to), f32.load(from)));
  return i32.store(to, i32.add(i32.load(to), i32.load(from)));
}

/** A number as float64, in which every dtype but bool compares exactly. */
export function asDouble(dtype: DType, address: Int): Expr<"f64"> {
  if (dtype === "float64") return f64.load(address);
  if (dtype === "float32") return f64.promoteF32(f32.load(address));
  if (dtype === "int32") return f64.convertI32S(i32.load(address));
  if (dtype === "uint32") return f64.convertI32U(i32.load(address));
  return f64.convertI32S(i32.load8u(address));
}

/** More bytes are copied by the instruction for that, which is slow to begin. */
const mostMoved = 128;

/** Copies bytes; source and target do not overlap unless they are one. */
export function copyBytes(to: Int, from: Int, bytes: number): Code {
  if (bytes > mostMoved) return memory.copy(to, from, int(bytes));
  const moves: Code[] = [];
  let at = 0;
  const next = (size: number, move: (at: number) => Code): void => {
    for (; at + size <= bytes; at += size) moves.push(move(at));
  };
  next(16, (at) => v128.store(to, v128.load(from, at), at));
  next(8, (at) => i64.store(to, i64.load(from, at), at));
  next(4, (at) => i32.store(to, i32.load(from, at), at));
  next(1, (at) => i32.store8(to, i32.load8u(from, at), at));
  return moves;
}

/** The index at an address as a place from 0 to n − 1: from the end if negative; outside, an error and 0. */
export function placeAt(
  f: FunctionBuilder,
  address: Int,
  n: number,
): { readonly check: Code; readonly place: Local<"i32"> } {
  const place = f.local("i32");
  const outside = i32.geU(place.get, int(n));
  const check: Code = [
    place.set(i32.load(address)),
    place.set(select(i32.ltS(place.get, int(0)), plus(place.get, int(n)), place.get)),
    i32.store(int(statusAddress), select(outside, int(statusCodes.indexOutOfRange), i32.load(int(statusAddress)))),
    place.set(select(outside, int(0), place.get)),
  ];
  return { check, place };
}
