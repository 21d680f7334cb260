/**
 * A small typed assembler for WebAssembly 2.0 (with SIMD128): expressions are ropes of bytes that
 * carry their value type, so ill-typed code does not compile in TypeScript.
 *
 * Long because it lists the instruction set once.
 * Source of every opcode: WebAssembly Core Specification 2.0, §5.4 "Binary Format: Instructions".
 */

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** A rope of bytes: nested arrays are flattened once, when the function is finished. */
export type Code = readonly (number | Code)[] | Uint8Array;

/** Code that leaves one value of type `T` on the stack. */
export interface Expr<T extends ValueType = ValueType> {
  readonly type: T;
  readonly code: Code;
  /** Of a `sequence`: its parts. */
  readonly parts?: { readonly statements: readonly Code[]; readonly value: Expr<T> };
}

export interface Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly index: number;
  readonly get: Expr<T>;
  set(value: Expr<T>): Code;
  tee(value: Expr<T>): Expr<T>;
}

export interface FunctionReference<R extends ValueType | undefined = ValueType | undefined> {
  readonly index: number;
  readonly result: R;
}

const typeByte: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return bytes;
}

export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if (rest === (byte & 0x40 ? -1 : 0)) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}

function signedLong(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === (byte & 0x40 ? -1n : 0n)) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}

/** The same as an item of a rope: a byte where one is enough. */
const short = (value: number): number | Code => (value < 0x80 ? value : unsigned(value));

const expr = <T extends ValueType>(type: T, ...code: (number | Code)[]): Expr<T> => ({ type, code });

/** Bytes as an item of a rope. */
const asItem = (bytes: readonly number[]): number | Code => (bytes.length === 1 ? (bytes[0] as number) : bytes);

type Binary<A extends ValueType, R extends ValueType> = (a: Expr<A>, b: Expr<A>) => Expr<R>;
type Unary<A extends ValueType, R extends ValueType> = (a: Expr<A>) => Expr<R>;

const binary = <A extends ValueType, R extends ValueType>(
  _operand: A,
  result: R,
  ...opcode: number[]
): Binary<A, R> => {
  const last = asItem(opcode);
  return (a, b) => ({ type: result, code: [a.code, b.code, last] });
};
const unary = <A extends ValueType, R extends ValueType>(_operand: A, result: R, ...opcode: number[]): Unary<A, R> => {
  const last = asItem(opcode);
  return (a) => ({ type: result, code: [a.code, last] });
};

const load = <T extends ValueType>(type: T, align: number, ...opcode: number[]) => {
  const aligned = [...opcode, align];
  return (address: Expr<"i32">, offset = 0): Expr<T> => ({ type, code: [address.code, aligned, short(offset)] });
};
const store = <T extends ValueType>(_type: T, align: number, ...opcode: number[]) => {
  const aligned = [...opcode, align];
  return (address: Expr<"i32">, value: Expr<T>, offset = 0): Code => [address.code, value.code, aligned, short(offset)];
};

/** A SIMD instruction: the prefix 0xfd and an LEB128 opcode. */
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

const compare = <T extends "i32" | "i64">(type: T, first: number) => ({
  eq: binary(type, "i32", first + 1),
  ne: binary(type, "i32", first + 2),
  ltS: binary(type, "i32", first + 3),
  ltU: binary(type, "i32", first + 4),
  gtS: binary(type, "i32", first + 5),
  gtU: binary(type, "i32", first + 6),
  leS: binary(type, "i32", first + 7),
  leU: binary(type, "i32", first + 8),
  geS: binary(type, "i32", first + 9),
  geU: binary(type, "i32", first + 10),
  eqz: unary(type, "i32", first),
});

const integer = <T extends "i32" | "i64">(type: T, first: number) => ({
  clz: unary(type, type, first),
  ctz: unary(type, type, first + 1),
  popcnt: unary(type, type, first + 2),
  add: binary(type, type, first + 3),
  sub: binary(type, type, first + 4),
  mul: binary(type, type, first + 5),
  divS: binary(type, type, first + 6),
  divU: binary(type, type, first + 7),
  remS: binary(type, type, first + 8),
  remU: binary(type, type, first + 9),
  and: binary(type, type, first + 10),
  or: binary(type, type, first + 11),
  xor: binary(type, type, first + 12),
  shl: binary(type, type, first + 13),
  shrS: binary(type, type, first + 14),
  shrU: binary(type, type, first + 15),
  rotl: binary(type, type, first + 16),
  rotr: binary(type, type, first + 17),
});

const float = <T extends "f32" | "f64">(type: T, compareFirst: number, first: number) => ({
  eq: binary(type, "i32", compareFirst),
  ne: binary(type, "i32", compareFirst + 1),
  lt: binary(type, "i32", compareFirst + 2),
  gt: binary(type, "i32", compareFirst + 3),
  le: binary(type, "i32", compareFirst + 4),
  ge: binary(type, "i32", compareFirst + 5),
  abs: unary(type, type, first),
  neg: unary(type, type, first + 1),
  ceil: unary(type, type, first + 2),
  floor: unary(type, type, first + 3),
  trunc: unary(type, type, first + 4),
  /** Rounds half to even. */
  nearest: unary(type, type, first + 5),
  sqrt: unary(type, type, first + 6),
  add: binary(type, type, first + 7),
  sub: binary(type, type, first + 8),
  mul: binary(type, type, first + 9),
  div: binary(type, type, first + 10),
  min: binary(type, type, first + 11),
  max: binary(type, type, first + 12),
  copysign: binary(type, type, first + 13),
});

const scratch = new DataView(new ArrayBuffer(16));
const scratchBytes = new Uint8Array(scratch.buffer);
const floatBytes = (value: number, width: 4 | 8): number[] => {
  if (width === 4) scratch.setFloat32(0, value, true);
  else scratch.setFloat64(0, value, true);
  return Array.from(scratchBytes.subarray(0, width));
};

export const i32 = {
  const: (value: number): Expr<"i32"> => expr("i32", 0x41, asItem(signed(value))),
  ...compare("i32", 0x45),
  ...integer("i32", 0x67),
  load: load("i32", 2, 0x28),
  load8u: load("i32", 0, 0x2d),
  store: store("i32", 2, 0x36),
  store8: store("i32", 0, 0x3a),
  wrapI64: unary("i64", "i32", 0xa7),
  /** Saturating: NaN → 0. */
  truncSatF32S: unary("f32", "i32", 0xfc, 0),
  truncSatF32U: unary("f32", "i32", 0xfc, 1),
  truncSatF64S: unary("f64", "i32", 0xfc, 2),
  truncSatF64U: unary("f64", "i32", 0xfc, 3),
  reinterpretF32: unary("f32", "i32", 0xbc),
};

export const i64 = {
  const: (value: bigint): Expr<"i64"> => expr("i64", 0x42, signedLong(value)),
  ...compare("i64", 0x50),
  ...integer("i64", 0x79),
  load: load("i64", 3, 0x29),
  store: store("i64", 3, 0x37),
  extendI32S: unary("i32", "i64", 0xac),
  extendI32U: unary("i32", "i64", 0xad),
  truncSatF64S: unary("f64", "i64", 0xfc, 6),
  reinterpretF64: unary("f64", "i64", 0xbd),
};

export const f32 = {
  const: (value: number): Expr<"f32"> => expr("f32", 0x43, floatBytes(value, 4)),
  ...float("f32", 0x5b, 0x8b),
  load: load("f32", 2, 0x2a),
  store: store("f32", 2, 0x38),
  convertI32S: unary("i32", "f32", 0xb2),
  convertI32U: unary("i32", "f32", 0xb3),
  demoteF64: unary("f64", "f32", 0xb6),
  reinterpretI32: unary("i32", "f32", 0xbe),
};

export const f64 = {
  const: (value: number): Expr<"f64"> => expr("f64", 0x44, floatBytes(value, 8)),
  ...float("f64", 0x61, 0x99),
  load: load("f64", 3, 0x2b),
  store: store("f64", 3, 0x39),
  convertI32S: unary("i32", "f64", 0xb7),
  convertI32U: unary("i32", "f64", 0xb8),
  convertI64S: unary("i64", "f64", 0xb9),
  promoteF32: unary("f32", "f64", 0xbb),
  reinterpretI64: unary("i64", "f64", 0xbf),
};

const vector1 = (opcode: number) => unary("v128", "v128", ...simd(opcode));
const vector2 = (opcode: number) => binary("v128", "v128", ...simd(opcode));
const shift = (opcode: number): ((a: Expr<"v128">, bits: Expr<"i32">) => Expr<"v128">) => {
  const code = simd(opcode);
  return (a, bits) => ({ type: "v128", code: [a.code, bits.code, code] });
};
const extract =
  <T extends ValueType>(type: T, opcode: number) =>
  (a: Expr<"v128">, lane: number): Expr<T> =>
    expr(type, a.code, simd(opcode), lane);
const replace =
  <T extends ValueType>(_type: T, opcode: number) =>
  (a: Expr<"v128">, lane: number, value: Expr<T>): Expr<"v128"> =>
    expr("v128", a.code, value.code, simd(opcode), lane);
const loadLane =
  (align: number, opcode: number) =>
  (address: Expr<"i32">, vector: Expr<"v128">, lane: number, offset = 0): Expr<"v128"> =>
    expr("v128", address.code, vector.code, simd(opcode), align, short(offset), lane);
const storeLane =
  (align: number, opcode: number) =>
  (address: Expr<"i32">, vector: Expr<"v128">, lane: number, offset = 0): Code => [
    address.code,
    vector.code,
    simd(opcode),
    align,
    short(offset),
    lane,
  ];

export const v128 = {
  load: load("v128", 0, ...simd(0x00)),
  load32Splat: load("v128", 0, ...simd(0x09)),
  load64Splat: load("v128", 0, ...simd(0x0a)),
  /** Loads 4 (or 8) bytes into the low lanes and zeroes the rest. */
  load32Zero: load("v128", 0, ...simd(0x5c)),
  load64Zero: load("v128", 0, ...simd(0x5d)),
  load32Lane: loadLane(0, 0x56),
  load64Lane: loadLane(0, 0x57),
  store: store("v128", 0, ...simd(0x0b)),
  store32Lane: storeLane(0, 0x5a),
  store64Lane: storeLane(0, 0x5b),
  const: (bytes: ArrayBuffer): Expr<"v128"> => expr("v128", simd(0x0c), new Uint8Array(bytes, 0, 16)),
  not: vector1(0x4d),
  and: vector2(0x4e),
  /** a AND NOT b. */
  andnot: vector2(0x4f),
  or: vector2(0x50),
  xor: vector2(0x51),
  /** Bit by bit: mask ? a : b. */
  bitselect: (a: Expr<"v128">, b: Expr<"v128">, mask: Expr<"v128">): Expr<"v128"> =>
    expr("v128", a.code, b.code, mask.code, simd(0x52)),
  anyTrue: unary("v128", "i32", ...simd(0x53)),
  /** Picks 16 bytes from the 32 bytes of a then b. */
  shuffle: (a: Expr<"v128">, b: Expr<"v128">, bytes: readonly number[]): Expr<"v128"> =>
    expr("v128", a.code, b.code, simd(0x0d), bytes),
};

/** a·b + c, rounded once or twice as the processor likes (relaxed SIMD, where `fused.ts` finds it). */
const relaxedMadd =
  (opcode: number) =>
  (a: Expr<"v128">, b: Expr<"v128">, c: Expr<"v128">): Expr<"v128"> =>
    expr("v128", a.code, b.code, c.code, simd(opcode));
export const relaxed = { maddF32x4: relaxedMadd(0x105), maddF64x2: relaxedMadd(0x107) };

/** Atomic instructions (WebAssembly threads), on addresses divisible by 4. */
export const atomic = {
  load: load("i32", 2, 0xfe, 0x10),
  store: store("i32", 2, 0xfe, 0x17),
  /** Adds; the value before. */
  add: (address: Expr<"i32">, value: Expr<"i32">): Expr<"i32"> =>
    expr("i32", address.code, value.code, 0xfe, 0x1e, 2, 0),
  /** Sleeps while the word is `expected`, without a time limit. */
  wait: (address: Expr<"i32">, expected: Expr<"i32">): Expr<"i32"> =>
    expr("i32", address.code, expected.code, i64.const(-1n).code, 0xfe, 0x01, 2, 0),
  /** Wakes all sleepers; how many there were. */
  notify: (address: Expr<"i32">): Expr<"i32"> => expr("i32", address.code, i32.const(-1).code, 0xfe, 0x00, 2, 0),
};

/** Evaluates and forgets. */
export const drop = (value: Expr): Code => [value.code, 0x1a];

export const i8x16 = { swizzle: vector2(0x0e) };

export const i32x4 = {
  splat: unary("i32", "v128", ...simd(0x11)),
  const: (a: number, b: number, c: number, d: number) => v128.const(new Int32Array([a, b, c, d]).buffer),
  extractLane: extract("i32", 0x1b),
  replaceLane: replace("i32", 0x1c),
  eq: vector2(0x37),
  ne: vector2(0x38),
  ltS: vector2(0x39),
  ltU: vector2(0x3a),
  gtS: vector2(0x3b),
  gtU: vector2(0x3c),
  leS: vector2(0x3d),
  leU: vector2(0x3e),
  geS: vector2(0x3f),
  geU: vector2(0x40),
  abs: vector1(0xa0),
  neg: vector1(0xa1),
  allTrue: unary("v128", "i32", ...simd(0xa3)),
  bitmask: unary("v128", "i32", ...simd(0xa4)),
  /** Widens the low four 16-bit lanes. */
  extendLowI16x8S: vector1(0xa7),
  extendLowI16x8U: vector1(0xa9),
  shl: shift(0xab),
  shrS: shift(0xac),
  shrU: shift(0xad),
  add: vector2(0xae),
  sub: vector2(0xb1),
  mul: vector2(0xb5),
  minS: vector2(0xb6),
  minU: vector2(0xb7),
  maxS: vector2(0xb8),
  maxU: vector2(0xb9),
  truncSatF32x4S: vector1(0xf8),
  truncSatF32x4U: vector1(0xf9),
  truncSatF64x2SZero: vector1(0xfc),
  truncSatF64x2UZero: vector1(0xfd),
};

export const i64x2 = {
  splat: unary("i64", "v128", ...simd(0x12)),
  const: (a: bigint, b: bigint) => v128.const(new BigInt64Array([a, b]).buffer),
  extractLane: extract("i64", 0x1d),
  replaceLane: replace("i64", 0x1e),
  abs: vector1(0xc0),
  neg: vector1(0xc1),
  allTrue: unary("v128", "i32", ...simd(0xc3)),
  bitmask: unary("v128", "i32", ...simd(0xc4)),
  extendLowI32x4S: vector1(0xc7),
  extendHighI32x4S: vector1(0xc8),
  extendLowI32x4U: vector1(0xc9),
  extendHighI32x4U: vector1(0xca),
  shl: shift(0xcb),
  shrS: shift(0xcc),
  shrU: shift(0xcd),
  add: vector2(0xce),
  sub: vector2(0xd1),
  mul: vector2(0xd5),
  eq: vector2(0xd6),
  ne: vector2(0xd7),
  ltS: vector2(0xd8),
  gtS: vector2(0xd9),
  leS: vector2(0xda),
  geS: vector2(0xdb),
};

const floatLanes = (compareFirst: number, rounding: [number, number, number, number], first: number) => ({
  eq: vector2(compareFirst),
  ne: vector2(compareFirst + 1),
  lt: vector2(compareFirst + 2),
  gt: vector2(compareFirst + 3),
  le: vector2(compareFirst + 4),
  ge: vector2(compareFirst + 5),
  ceil: vector1(rounding[0]),
  floor: vector1(rounding[1]),
  trunc: vector1(rounding[2]),
  nearest: vector1(rounding[3]),
  abs: vector1(first),
  neg: vector1(first + 1),
  sqrt: vector1(first + 3),
  add: vector2(first + 4),
  sub: vector2(first + 5),
  mul: vector2(first + 6),
  div: vector2(first + 7),
  /** NaN if either is NaN. */
  min: vector2(first + 8),
  max: vector2(first + 9),
  /** b < a ? b : a. */
  pmin: vector2(first + 10),
  pmax: vector2(first + 11),
});

export const f32x4 = {
  splat: unary("f32", "v128", ...simd(0x13)),
  const: (a: number, b: number, c: number, d: number) => v128.const(new Float32Array([a, b, c, d]).buffer),
  extractLane: extract("f32", 0x1f),
  replaceLane: replace("f32", 0x20),
  ...floatLanes(0x41, [0x67, 0x68, 0x69, 0x6a], 0xe0),
  convertI32x4S: vector1(0xfa),
  convertI32x4U: vector1(0xfb),
  demoteF64x2Zero: vector1(0x5e),
};

export const f64x2 = {
  splat: unary("f64", "v128", ...simd(0x14)),
  const: (a: number, b: number) => v128.const(new Float64Array([a, b]).buffer),
  extractLane: extract("f64", 0x21),
  replaceLane: replace("f64", 0x22),
  ...floatLanes(0x47, [0x74, 0x75, 0x7a, 0x94], 0xec),
  convertLowI32x4S: vector1(0xfe),
  convertLowI32x4U: vector1(0xff),
  promoteLowF32x4: vector1(0x5f),
};

/** The i32 in memory instructions: bulk copy and fill of bytes. */
export const memory = {
  copy: (to: Expr<"i32">, from: Expr<"i32">, bytes: Expr<"i32">): Code => [
    to.code,
    from.code,
    bytes.code,
    0xfc,
    10,
    0,
    0,
  ],
  fill: (to: Expr<"i32">, byte: Expr<"i32">, bytes: Expr<"i32">): Code => [to.code, byte.code, bytes.code, 0xfc, 11, 0],
};

/** condition ? a : b, both evaluated. */
export const select = <T extends ValueType>(condition: Expr<"i32">, a: Expr<T>, b: Expr<T>): Expr<T> =>
  a.type === "v128"
    ? expr(a.type, a.code, b.code, condition.code, 0x1c, 1, typeByte.v128)
    : expr(a.type, a.code, b.code, condition.code, 0x1b);

/** Statements first, then the value. */
export const sequence = <T extends ValueType>(statements: readonly Code[], value: Expr<T>): Expr<T> => ({
  type: value.type,
  code: [...statements, value.code],
  parts: { statements, value },
});

export const when = (condition: Expr<"i32">, then: Code, otherwise: Code = []): Code =>
  otherwise.length === 0
    ? [condition.code, 0x04, 0x40, then, 0x0b]
    : [condition.code, 0x04, 0x40, then, 0x05, otherwise, 0x0b];

/** A lazy conditional that yields a value. */
export const choose = <T extends ValueType>(condition: Expr<"i32">, then: Expr<T>, otherwise: Expr<T>): Expr<T> =>
  expr(then.type, condition.code, 0x04, typeByte[then.type], then.code, 0x05, otherwise.code, 0x0b);

/** `do { body } while (condition)`. */
export const doWhile = (body: Code, condition: Expr<"i32">): Code => [0x03, 0x40, body, condition.code, 0x0d, 0, 0x0b];

/** `while (condition) { body }`. */
export const whileDo = (condition: Expr<"i32">, body: Code): Code => when(condition, doWhile(body, condition));

/** `block { body }`; `exitIf(c)` directly inside it (depth 0) leaves it. */
export const block = (body: Code): Code => [0x02, 0x40, body, 0x0b];
export const loop = (body: Code): Code => [0x03, 0x40, body, 0x0b];
export const branch = (depth: number): Code => [0x0c, short(depth)];
export const branchIf = (condition: Expr<"i32">, depth: number): Code => [condition.code, 0x0d, short(depth)];

export const call = <R extends ValueType | undefined>(
  target: FunctionReference<R>,
  ...args: readonly Expr[]
): R extends ValueType ? Expr<R> : Code => {
  const code = [args.map((a) => a.code), 0x10, short(target.index)];
  return (target.result === undefined ? code : { type: target.result, code }) as unknown as R extends ValueType
    ? Expr<R>
    : Code;
};

/** The locals of one function while its body is being written. */
export class FunctionBuilder {
  readonly locals: ValueType[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  local<T extends ValueType>(type: T): Local<T> {
    this.locals.push(type);
    return makeLocal(type, this.#parameters + this.locals.length - 1);
  }

  /** A fresh local that holds `value`: `[statement, local]`. */
  let<T extends ValueType>(value: Expr<T>): [Code, Local<T>] {
    const local = this.local(value.type);
    return [local.set(value), local];
  }

  /** The same as single statements: those of a sequence are not hidden in the last. */
  letSteps<T extends ValueType>({ parts, ...value }: Expr<T>): [Code[], Local<T>] {
    if (parts === undefined) {
      const [code, local] = this.let(value);
      return [[code], local];
    }
    const [steps, local] = this.letSteps(parts.value);
    return [[...parts.statements, ...steps], local];
  }

  /** `for (i = from; i < to; i += step) body(i)`, signed, not run at all where from ≥ to. */
  for(from: Expr<"i32">, to: Expr<"i32">, step: number, body: (i: Expr<"i32">) => Code): Code {
    const i = this.local("i32");
    return [i.set(from), whileDo(i32.ltS(i.get, to), [body(i.get), i.set(i32.add(i.get, i32.const(step)))])];
  }
}

const makeLocal = <T extends ValueType>(type: T, place: number): Local<T> => ({
  type,
  index: place,
  get: { type, code: [0x20, short(place)] },
  set: (value) => [value.code, 0x21, short(place)],
  tee: (value) => ({ type, code: [value.code, 0x22, short(place)] }),
});

interface FunctionEntry {
  readonly signature: number;
  readonly body: Code;
}

type Parameters<P extends readonly ValueType[]> = { [K in keyof P]: Local<P[K]> };

/** One module: imported functions first, then its own; one memory, imported as `env.memory`. */
export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeCode: Code[] = [];
  readonly #imports: { name: string; signature: number }[] = [];
  readonly #functions: FunctionEntry[] = [];
  readonly #exports: { name: string; index: number }[] = [];
  readonly #once = new Map<string, unknown>();
  readonly #memory: { readonly initialPages: number; readonly maximumPages?: number; readonly shared?: boolean };
  /** Whether products may use fused multiply–add. */
  readonly fused: () => boolean;

  constructor(
    memoryLimits: { readonly initialPages: number; readonly maximumPages?: number; readonly shared?: boolean } = {
      initialPages: 1,
    },
    { fused = () => false }: { readonly fused?: () => boolean } = {},
  ) {
    this.#memory = memoryLimits;
    this.fused = fused;
  }

  #signature(parameters: readonly ValueType[], result: ValueType | undefined): number {
    const key = `${parameters.join()}>${result ?? ""}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#types.push(key);
    this.#typeCode.push([
      0x60,
      ...unsigned(parameters.length),
      ...parameters.map((t) => typeByte[t]),
      ...(result === undefined ? [0] : [1, typeByte[result]]),
    ]);
    return this.#types.length - 1;
  }

  /** Imported from `env`; all imports come before the first function. */
  import<R extends ValueType | undefined>(
    name: string,
    parameters: readonly ValueType[],
    result: R,
  ): FunctionReference<R> {
    if (this.#functions.length > 0) throw new Error(`import ${name} after the first function`);
    this.#imports.push({ name, signature: this.#signature(parameters, result) });
    return { index: this.#imports.length - 1, result };
  }

  function<const P extends readonly ValueType[], R extends ValueType | undefined>(
    parameters: P,
    result: R,
    build: (f: FunctionBuilder, ...parameters: Parameters<P>) => R extends ValueType ? Expr<R> : Code,
  ): FunctionReference<R> {
    const f = new FunctionBuilder(parameters.length);
    const locals = parameters.map((type, index) => makeLocal(type, index)) as unknown as Parameters<P>;
    const body = build(f, ...locals);
    const code = result === undefined ? (body as Code) : (body as Expr).code;
    this.#functions.push({
      signature: this.#signature(parameters, result),
      body: sized([localRuns(f.locals), code, 0x0b]),
    });
    return { index: this.#imports.length + this.#functions.length - 1, result };
  }

  /** What is known by `key`, made on first use: equal kernels share one body. */
  once<T>(key: string, make: () => T): T {
    const known = this.#once.get(key);
    if (known !== undefined) return known as T;
    const made = make();
    this.#once.set(key, made);
    return made;
  }

  export(name: string, target: FunctionReference): void {
    this.#exports.push({ name, index: target.index });
  }

  toBytes(memory = this.#memory): Uint8Array<ArrayBuffer> {
    const text = (s: string): number[] => {
      const bytes = [...new TextEncoder().encode(s)];
      return [...unsigned(bytes.length), ...bytes];
    };
    const { initialPages, maximumPages, shared } = memory;
    const limits =
      maximumPages === undefined
        ? [0, ...unsigned(initialPages)]
        : [shared ? 3 : 1, ...unsigned(initialPages), ...unsigned(maximumPages)];
    const section = (id: number, items: readonly Code[]): Code => [id, sized([unsigned(items.length), items])];
    return flatten([
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, this.#typeCode),
      section(2, [
        ...this.#imports.map(({ name, signature }) => [...text("env"), ...text(name), 0, ...unsigned(signature)]),
        [...text("env"), ...text("memory"), 2, ...limits],
      ]),
      section(
        3,
        this.#functions.map((f) => unsigned(f.signature)),
      ),
      section(
        7,
        this.#exports.map(({ name, index }) => [...text(name), 0, ...unsigned(index)]),
      ),
      section(
        10,
        this.#functions.map((f) => f.body),
      ),
    ]);
  }
}

/** Locals are declared in runs of one type. */
function localRuns(locals: readonly ValueType[]): Code {
  const runs: [number, ValueType][] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  return [...unsigned(runs.length), ...runs.map(([count, type]) => [...unsigned(count), typeByte[type]])];
}

/** The number of bytes, and they. */
function sized(code: Code): Code {
  const bytes = flatten(code);
  return [unsigned(bytes.length), bytes];
}

/** Where bytes gather; more of them take an array of their own. */
const desk = new Uint8Array(8192);

/** Iterative: ropes of unrolled code are deep. */
function flatten(code: Code): Uint8Array<ArrayBuffer> {
  let out = desk;
  let size = 0;
  const reserve = (bytes: number): void => {
    if (size + bytes <= out.length) return;
    const larger = new Uint8Array(Math.max(2 * out.length, size + bytes));
    larger.set(out);
    out = larger;
  };
  // What is left to do of the ropes around the present one.
  const ropes: (readonly (number | Code)[])[] = [];
  const places: number[] = [];
  let rope: readonly (number | Code)[] = [code];
  let at = 0;
  for (;;) {
    if (at === rope.length) {
      const around = ropes.pop();
      if (around === undefined) return out.slice(0, size);
      rope = around;
      at = places.pop() as number;
      continue;
    }
    const item = rope[at++] as number | Code;
    if (typeof item === "number") {
      reserve(1);
      out[size++] = item;
    } else if (item instanceof Uint8Array) {
      reserve(item.length);
      out.set(item, size);
      size += item.length;
    } else {
      ropes.push(rope);
      places.push(at);
      rope = item;
      at = 0;
    }
  }
}
