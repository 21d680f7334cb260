/** The vector arithmetic of products, by element type. */
import { type Code, type Expr, f32x4, f64x2, i32, i32x4, i64, type Local, relaxed, v128 } from "../encode.ts";

export type MatmulType = "float32" | "float64" | "int32" | "uint32";

type Address = Expr<"i32">;
type Vector = Expr<"v128">;

/** The vector arithmetic of one element type; a scalar is a vector of which only lane 0 counts. */
export interface Lanes {
  /** Signed and unsigned wrapping products are the same code. */
  readonly name: "f32" | "f64" | "i32" | "f32.fused" | "f64.fused";
  readonly bytes: 4 | 8;
  /** Elements in a vector. */
  readonly count: 4 | 2;
  readonly add: (a: Vector, b: Vector) => Vector;
  /** sum + a·b. */
  readonly multiplyAdd: (sum: Vector, a: Vector, b: Vector) => Vector;
  /** Rows of a register block: as many as leave a register for each sum, of two vectors a row. */
  readonly blockRows: number;
  readonly splat: (address: Address, offset?: number) => Vector;
  /** The first `lanes` elements at the address, the rest zero; reads nothing beyond them. */
  loadFirst(address: Address, lanes: number, offset?: number): Vector;
  storeFirst(address: Address, value: Vector, lanes: number, offset?: number): Code;
  copyElement(to: Address, from: Address): Code;
  /** Lane 0 of the result is (l0 + l2) + (l1 + l3). */
  sum(value: Local<"v128">): [Code, Vector];
}

const separately =
  (add: Lanes["add"], mul: (a: Vector, b: Vector) => Vector): Lanes["multiplyAdd"] =>
  (sum, a, b) =>
    add(sum, mul(a, b));

const four = (name: "f32" | "i32", add: Lanes["add"], mul: (a: Vector, b: Vector) => Vector): Lanes => ({
  name,
  bytes: 4,
  count: 4,
  add,
  multiplyAdd: separately(add, mul),
  blockRows: 4,
  splat: v128.load32Splat,
  loadFirst(address, lanes, offset = 0) {
    if (lanes >= 4) return v128.load(address, offset);
    if (lanes === 1) return v128.load32Zero(address, offset);
    const pair = v128.load64Zero(address, offset);
    return lanes === 2 ? pair : v128.load32Lane(address, pair, 2, offset + 8);
  },
  storeFirst(address, value, lanes, offset = 0) {
    if (lanes >= 4) return v128.store(address, value, offset);
    if (lanes === 1) return v128.store32Lane(address, value, 0, offset);
    const pair = v128.store64Lane(address, value, 0, offset);
    return lanes === 2 ? pair : [pair, v128.store32Lane(address, value, 2, offset + 8)];
  },
  copyElement: (to, from) => i32.store(to, i32.load(from)),
  sum(value) {
    const v = value.get;
    return [
      value.set(add(v, v128.shuffle(v, v, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]))),
      add(v, v128.shuffle(v, v, [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11])),
    ];
  },
});

const float64: Lanes = {
  name: "f64",
  bytes: 8,
  count: 2,
  add: f64x2.add,
  multiplyAdd: separately(f64x2.add, f64x2.mul),
  blockRows: 4,
  splat: v128.load64Splat,
  loadFirst: (address, lanes, offset = 0) =>
    lanes >= 2 ? v128.load(address, offset) : v128.load64Zero(address, offset),
  storeFirst: (address, value, lanes, offset = 0) =>
    lanes >= 2 ? v128.store(address, value, offset) : v128.store64Lane(address, value, 0, offset),
  copyElement: (to, from) => i64.store(to, i64.load(from)),
  sum(value) {
    const v = value.get;
    return [[], f64x2.add(v, v128.shuffle(v, v, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]))];
  },
};

const integer = four("i32", i32x4.add, i32x4.mul);
const table: Record<MatmulType, Lanes> = {
  float32: four("f32", f32x4.add, f32x4.mul),
  float64,
  int32: integer,
  uint32: integer,
};

/** A product and its sum are one instruction, which needs no register between them: blocks are larger. */
const fused: Partial<Record<MatmulType, Lanes>> = {
  float32: {
    ...table.float32,
    name: "f32.fused",
    multiplyAdd: (sum, a, b) => relaxed.maddF32x4(a, b, sum),
    blockRows: 6,
  },
  float64: { ...float64, name: "f64.fused", multiplyAdd: (sum, a, b) => relaxed.maddF64x2(a, b, sum), blockRows: 6 },
};

export const lanesOf = (type: MatmulType, isFused = false): Lanes => (isFused && fused[type]) || table[type];

export const zero = v128.const(new ArrayBuffer(16));
export const constant = i32.const;
export const plus = (a: Address, bytes: number): Address => (bytes === 0 ? a : i32.add(a, i32.const(bytes)));
