/** Elements between memory and vectors: runs, one for all lanes, strided, and the few of a remainder. */
import { byteSize, type DType } from "../../base/dtype.ts";
import { type Code, type Expr, i32, i32x4, i64, i64x2, v128 } from "./encode.ts";
import type { Width } from "./vector.ts";

type Vector = Expr<"v128">;
type Address = Expr<"i32">;

const zero = i32x4.const(0, 0, 0, 0);
/** Byte i of the first operand widened to a 32- or 64-bit lane; 16 is a zero byte of the second. */
const widen4 = [0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 3, 16, 16, 16];
const widen2 = [0, 16, 16, 16, 16, 16, 16, 16, 1, 16, 16, 16, 16, 16, 16, 16];
const lowBytes = [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12];

/** `lanes` elements from `start` + `offset` bytes, `stride` elements apart; other lanes are of no meaning. */
export function loadVector(
  dtype: DType,
  start: Address,
  stride: number,
  width: Width,
  offset = 0,
  lanes: number = width,
): Vector {
  if (stride === 0) return loadSplat(dtype, start);
  if (lanes === width && stride === 1 && dtype !== "bool")
    return dtype === "float64" || width === 4 ? v128.load(start, offset) : v128.load64Zero(start, offset);
  const address = offset === 0 ? start : i32.add(start, i32.const(offset));
  if (lanes === width && stride === 1) return loadBools(address, width);
  const step = stride * byteSize[dtype];
  const at = (i: number): Address => (i === 0 ? address : i32.add(address, i32.const(i * step)));
  // Every other of seven neighbours: two overlapping vectors, so that nothing behind the last is read.
  if (lanes === 4 && stride === 2 && dtype !== "bool")
    return v128.shuffle(v128.load(start, offset), v128.load(start, offset + 12), everyOther);
  if (dtype === "bool") return gatherBools(at, width, lanes);
  if (dtype === "float64")
    return lanes === 1 ? v128.load64Zero(at(0)) : v128.load64Lane(at(1), v128.load64Zero(at(0)), 1);
  const pair = stride === 1 && lanes > 1;
  let vector = pair ? v128.load64Zero(address) : v128.load32Zero(address);
  for (let i = pair ? 2 : 1; i < lanes; i++) vector = v128.load32Lane(at(i), vector, i);
  return vector;
}

const everyOther = [0, 1, 2, 3, 8, 9, 10, 11, 20, 21, 22, 23, 28, 29, 30, 31];

function loadBools(address: Address, width: Width): Vector {
  if (width === 4) return i32x4.ne(v128.shuffle(v128.load32Zero(address), zero, widen4), zero);
  const pair = i32.or(i32.load8u(address), i32.shl(i32.load8u(address, 1), i32.const(8)));
  return i64x2.ne(v128.shuffle(i32x4.splat(pair), zero, widen2), zero);
}

function gatherBools(at: (i: number) => Address, width: Width, lanes: number): Vector {
  if (width === 2) {
    const each = (i: number): Expr<"i64"> => i64.extendI32U(i32.load8u(at(i)));
    const first = i64x2.splat(each(0));
    return i64x2.ne(lanes === 1 ? first : i64x2.replaceLane(first, 1, each(1)), zero);
  }
  let vector = i32x4.splat(i32.load8u(at(0)));
  for (let i = 1; i < lanes; i++) vector = i32x4.replaceLane(vector, i, i32.load8u(at(i)));
  return i32x4.ne(vector, zero);
}

function loadSplat(dtype: DType, address: Address): Vector {
  if (dtype === "bool") return i32x4.ne(i32x4.splat(i32.load8u(address)), zero);
  return dtype === "float64" ? v128.load64Splat(address) : v128.load32Splat(address);
}

/** The first `lanes` elements to `start` + `offset` bytes, `stride` elements apart. `value` may be read several times. */
export function storeVector(
  dtype: DType,
  start: Address,
  value: Vector,
  width: Width,
  offset = 0,
  stride = 1,
  lanes: number = width,
): Code {
  if (lanes < width || stride !== 1) return storeLanes(dtype, start, value, width, offset, stride, lanes);
  if (dtype === "float64" || (width === 4 && dtype !== "bool")) return v128.store(start, value, offset);
  const address = offset === 0 ? start : i32.add(start, i32.const(offset));
  if (dtype !== "bool") return v128.store64Lane(address, value, 0);
  const bits = v128.and(value, i32x4.const(1, 1, 1, 1));
  if (width === 4) return v128.store32Lane(address, v128.shuffle(bits, bits, lowBytes), 0);
  return [
    i32.store8(address, i32.and(i32x4.extractLane(value, 0), i32.const(1))),
    i32.store8(address, i32.and(i32x4.extractLane(value, 2), i32.const(1)), 1),
  ];
}

function storeLanes(
  dtype: DType,
  start: Address,
  value: Vector,
  width: Width,
  offset: number,
  stride: number,
  lanes: number,
): Code {
  return Array.from({ length: lanes }, (_, i): Code => {
    const place = offset + i * stride * byteSize[dtype];
    if (dtype === "float64") return v128.store64Lane(start, value, i, place);
    if (dtype !== "bool") return v128.store32Lane(start, value, i, place);
    const lane = i32x4.extractLane(value, width === 2 ? 2 * i : i);
    return i32.store8(start, i32.and(lane, i32.const(1)), place);
  });
}
