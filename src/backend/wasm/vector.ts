/**
 * The arithmetic of `Lanes` as SIMD code. A vector holds 4 elements, or 2 where float64 takes part; 32-bit elements
 * of a pair sit in the low half. A bool is a mask of lanes as wide as half or a quarter of the vector.
 */
import type { DType } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import type { Lane, Lanes } from "../../graph/operation.ts";
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i32,
  i32x4,
  i64x2,
  type ModuleBuilder,
  v128,
} from "./encode.ts";
import { mathLibrary } from "./math/library.ts";

export type Width = 2 | 4;
type Vector = Expr<"v128">;

export interface VectorLane extends Lane {
  readonly code: Vector;
  /** The number in all lanes, if it is known. */
  readonly number?: number;
}

const lane = (dtype: DType, code: Vector): VectorLane => ({ dtype, code });
/** The low 32 bits of both 64-bit lanes, side by side. */
const lowWords = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

export class VectorLanes implements Lanes {
  readonly #module: ModuleBuilder;
  readonly #f: FunctionBuilder;
  readonly width: Width;
  /** Statements that must run before the values made so far are used. */
  statements: Code[] = [];

  constructor(module: ModuleBuilder, f: FunctionBuilder, width: Width) {
    this.#module = module;
    this.#f = f;
    this.width = width;
  }

  /** A value that may be read any number of times. */
  hold(a: Lane): VectorLane {
    const value = a as VectorLane;
    if (value.number !== undefined) return value;
    const [steps, local] = this.#f.letSteps(value.code);
    this.statements.push(...steps);
    return { ...value, code: local.get };
  }

  constant(value: number, dtype: DType): VectorLane {
    const code =
      dtype === "float64"
        ? f64x2.const(value, value)
        : dtype === "float32"
          ? f32x4.const(value, value, value, value)
          : dtype === "bool"
            ? i32x4.const(-value, -value, -value, -value)
            : i32x4.const(value, value, value, value);
    return { dtype, code, number: value };
  }

  #pick(
    a: Lane,
    double: (x: Vector, y: Vector) => Vector,
    single: (x: Vector, y: Vector) => Vector,
    whole: (x: Vector, y: Vector) => Vector,
    b: Lane,
  ): VectorLane {
    const [x, y] = [a as VectorLane, b as VectorLane];
    const f = a.dtype === "float64" ? double : a.dtype === "float32" ? single : whole;
    return lane(a.dtype, f(x.code, y.code));
  }
  #one(
    a: Lane,
    double: (x: Vector) => Vector,
    single: (x: Vector) => Vector,
    whole: (x: Vector) => Vector,
  ): VectorLane {
    const f = a.dtype === "float64" ? double : a.dtype === "float32" ? single : whole;
    return lane(a.dtype, f((a as VectorLane).code));
  }

  add(a: Lane, b: Lane): Lane {
    return this.#pick(a, f64x2.add, f32x4.add, i32x4.add, b);
  }
  sub(a: Lane, b: Lane): Lane {
    return this.#pick(a, f64x2.sub, f32x4.sub, i32x4.sub, b);
  }
  mul(a: Lane, b: Lane): Lane {
    return this.#pick(a, f64x2.mul, f32x4.mul, i32x4.mul, b);
  }
  div(a: Lane, b: Lane): Lane {
    return this.#pick(a, f64x2.div, f32x4.div, () => unsupported("div", a), b);
  }
  min(a: Lane, b: Lane): Lane {
    return this.#pick(a, f64x2.min, f32x4.min, a.dtype === "uint32" ? i32x4.minU : i32x4.minS, b);
  }
  max(a: Lane, b: Lane): Lane {
    return this.#pick(a, f64x2.max, f32x4.max, a.dtype === "uint32" ? i32x4.maxU : i32x4.maxS, b);
  }
  neg(a: Lane): Lane {
    return this.#one(a, f64x2.neg, f32x4.neg, i32x4.neg);
  }
  abs(a: Lane): Lane {
    return this.#one(a, f64x2.abs, f32x4.abs, a.dtype === "uint32" ? (x) => x : i32x4.abs);
  }
  sqrt(a: Lane): Lane {
    return this.#one(a, f64x2.sqrt, f32x4.sqrt, () => unsupported("sqrt", a));
  }
  floor(a: Lane): Lane {
    return this.#one(a, f64x2.floor, f32x4.floor, (x) => x);
  }
  ceil(a: Lane): Lane {
    return this.#one(a, f64x2.ceil, f32x4.ceil, (x) => x);
  }
  trunc(a: Lane): Lane {
    return this.#one(a, f64x2.trunc, f32x4.trunc, (x) => x);
  }
  nearest(a: Lane): Lane {
    return this.#one(a, f64x2.nearest, f32x4.nearest, (x) => x);
  }

  and(a: Lane, b: Lane): Lane {
    return lane(a.dtype, v128.and(this.#bits(a), this.#bits(b)));
  }
  or(a: Lane, b: Lane): Lane {
    return lane(a.dtype, v128.or(this.#bits(a), this.#bits(b)));
  }
  xor(a: Lane, b: Lane): Lane {
    return lane(a.dtype, v128.xor(this.#bits(a), this.#bits(b)));
  }
  not(a: Lane): Lane {
    return lane(a.dtype, v128.not(this.#bits(a)));
  }
  #bits(a: Lane): Vector {
    return (a as VectorLane).code;
  }

  shiftLeft(a: Lane, b: Lane): Lane {
    return this.#shift(a, b, i32x4.shl, i32.shl);
  }
  shiftRight(a: Lane, b: Lane): Lane {
    return a.dtype === "uint32" ? this.#shift(a, b, i32x4.shrU, i32.shrU) : this.#shift(a, b, i32x4.shrS, i32.shrS);
  }
  #shift(
    a: Lane,
    b: Lane,
    whole: (x: Vector, n: Expr<"i32">) => Vector,
    each: (x: Expr<"i32">, n: Expr<"i32">) => Expr<"i32">,
  ): Lane {
    const count = (b as VectorLane).number;
    if (count !== undefined) return lane(a.dtype, whole(this.#bits(a), i32.const(count)));
    return this.#lanewise(a, b, each);
  }

  /** Integers lane by lane, for what SIMD has not. */
  #lanewise(a: Lane, b: Lane, each: (x: Expr<"i32">, y: Expr<"i32">) => Expr<"i32">): Lane {
    const [x, y] = [this.hold(a).code, this.hold(b).code];
    let result = x;
    for (let i = 0; i < this.width; i++) {
      result = i32x4.replaceLane(result, i, each(i32x4.extractLane(x, i), i32x4.extractLane(y, i)));
    }
    return lane(a.dtype, result);
  }

  /** A comparison of 32-bit lanes gives 32-bit masks, which a pair widens. */
  #mask(
    a: Lane,
    b: Lane,
    double: (x: Vector, y: Vector) => Vector,
    single: (x: Vector, y: Vector) => Vector,
    whole: (x: Vector, y: Vector) => Vector,
  ): Lane {
    const [x, y] = [this.#bits(a), this.#bits(b)];
    if (a.dtype === "float64") return lane("bool", double(x, y));
    const narrow = a.dtype === "float32" ? single(x, y) : whole(x, y);
    return lane("bool", this.width === 4 ? narrow : i64x2.extendLowI32x4S(narrow));
  }
  equal(a: Lane, b: Lane): Lane {
    return this.#mask(a, b, f64x2.eq, f32x4.eq, i32x4.eq);
  }
  notEqual(a: Lane, b: Lane): Lane {
    return this.#mask(a, b, f64x2.ne, f32x4.ne, i32x4.ne);
  }
  less(a: Lane, b: Lane): Lane {
    return this.#mask(a, b, f64x2.lt, f32x4.lt, a.dtype === "uint32" ? i32x4.ltU : i32x4.ltS);
  }
  lessEqual(a: Lane, b: Lane): Lane {
    return this.#mask(a, b, f64x2.le, f32x4.le, a.dtype === "uint32" ? i32x4.leU : i32x4.leS);
  }

  /** A mask over 32-bit lanes. */
  #narrow(mask: Vector): Vector {
    if (this.width === 4) return mask;
    const [code, local] = this.#f.let(mask);
    this.statements.push(code);
    return v128.shuffle(local.get, local.get, lowWords);
  }
  #maskFor(condition: Lane, dtype: DType): Vector {
    const mask = this.#bits(condition);
    return dtype === "float64" || dtype === "bool" ? mask : this.#narrow(mask);
  }
  select(condition: Lane, a: Lane, b: Lane): Lane {
    return lane(a.dtype, v128.bitselect(this.#bits(a), this.#bits(b), this.#maskFor(condition, a.dtype)));
  }

  cast(a: Lane, dtype: DType): Lane {
    const known = (a as VectorLane).number;
    const x = this.#bits(a);
    if (a.dtype === dtype) return a;
    if (dtype === "bool") return this.notEqual(a, this.constant(0, a.dtype));
    if (a.dtype === "bool") {
      if (known !== undefined) return this.constant(known, dtype);
      return lane(dtype, v128.and(this.constant(1, dtype).code, this.#maskFor(a, dtype)));
    }
    const unsigned = a.dtype === "uint32";
    if (dtype === "float64")
      return lane(
        dtype,
        a.dtype === "float32"
          ? f64x2.promoteLowF32x4(x)
          : unsigned
            ? f64x2.convertLowI32x4U(x)
            : f64x2.convertLowI32x4S(x),
      );
    if (dtype === "float32")
      return lane(
        dtype,
        a.dtype === "float64" ? f32x4.demoteF64x2Zero(x) : unsigned ? f32x4.convertI32x4U(x) : f32x4.convertI32x4S(x),
      );
    if (a.dtype === "float64")
      return lane(dtype, dtype === "uint32" ? i32x4.truncSatF64x2UZero(x) : i32x4.truncSatF64x2SZero(x));
    if (a.dtype === "float32")
      return lane(dtype, dtype === "uint32" ? i32x4.truncSatF32x4U(x) : i32x4.truncSatF32x4S(x));
    return lane(dtype, x);
  }

  call(name: string, ...args: readonly Lane[]): Lane {
    const { dtype } = args[0] as Lane;
    if (name === "rem" && (dtype === "int32" || dtype === "uint32"))
      return this.#integerRemainder(args[0] as Lane, args[1] as Lane);
    const found = (mathLibrary as Record<string, (typeof mathLibrary)["exp"] | undefined>)[name];
    if (found === undefined) throw new NablaError("E-INTERNAL", `there is no vector function ${name}`);
    const codes = args.map((a) => (a as VectorLane).code);
    const result = (dtype === "float64" ? found.f64x2 : found.f32x4)(this.#module, this.#f, ...codes);
    return this.hold(lane(dtype, result));
  }

  /** x − y·trunc(x/y); 0 where y is 0 (no trap), and where −2³¹ meets −1. */
  #integerRemainder(a: Lane, b: Lane): Lane {
    const rem = a.dtype === "uint32" ? i32.remU : i32.remS;
    const divisor = this.hold(b);
    const safe = this.select(this.equal(divisor, this.constant(0, b.dtype)), this.constant(1, b.dtype), divisor);
    return this.#lanewise(a, safe, rem);
  }
}

function unsupported(name: string, a: Lane): never {
  throw new NablaError("E-INTERNAL", `${name} has no code for ${a.dtype}`);
}
