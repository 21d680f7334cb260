/**
 * x − n·π/2 for a float64 of any size.
 * Moderate x: Cody–Waite with π/2 in three pieces of 33 bits and a tail, the errors kept
 * (Muller, "Elementary Functions", 3rd ed., §11.2). Huge x: Payne and Hanek, "Radian reduction for
 * trigonometric functions", 1983, in 64-bit integers with a window of 192 bits of 2/π.
 */
import {
  call,
  choose,
  type Expr,
  type FunctionReference,
  f64,
  f64x2,
  i32,
  i64,
  i64x2,
  type ModuleBuilder,
  sequence,
  v128,
} from "../encode.ts";
import { float64, type Vector } from "./lanes.ts";
import { fastTwoSum, mulPair, type Pair, twoSum } from "./pair.ts";
import { Scope } from "./scope.ts";

/** n·33 bits is exact up to here: n < 2^20. */
export const moderateLimit = 1.6e6;

/** 2/π, the first 1216 bits. */
const twoOverPi =
  "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921c" +
  "fe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980f" +
  "ef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d08" +
  "56033046fc7b6bab";

export interface ReducedAngle extends Pair {
  /** Integer lanes; the low two bits are the quadrant. */
  readonly quadrant: Vector;
}

export function reduceAngle(k: Scope, x: Vector): ReducedAngle {
  const { abs, add, sub, mul, neg, gt, lt } = k.ops;
  const shift = k.constant(1.5 * 2 ** 52);
  const t = k.variable(add(mul(x, k.constant(2 / Math.PI)), shift));
  const n = k.let(sub(t.get, shift));
  const first = k.let(sub(x, mul(n, k.constant(1.5707963267341256))));
  const second = twoSum(k, first, k.let(neg(mul(n, k.constant(6.077100506303966e-11)))));
  const third = twoSum(k, second.hi, k.let(neg(mul(n, k.constant(2.0222662487111665e-21)))));
  const rest = sub(add(second.lo, third.lo), mul(n, k.constant(8.4784276603689e-32)));
  const sum = fastTwoSum(k, third.hi, k.let(rest));
  const hi = k.variable(sum.hi);
  const lo = k.variable(sum.lo);
  const size = k.let(abs(x));
  const infinity = k.constant(Number.POSITIVE_INFINITY);
  const huge = k.let(v128.and(gt(size, k.constant(moderateLimit)), lt(size, infinity)));
  k.whenAny(huge, () => {
    const reduce = reduceHuge(k.module);
    const a = k.let(call(reduce, f64x2.extractLane(x, 0)));
    const b = k.let(call(reduce, f64x2.extractLane(x, 1)));
    const low = k.let(v128.shuffle(a, b, [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]));
    const high = v128.shuffle(a, b, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
    k.run(hi.set(k.pick(huge, high, hi.get)));
    k.run(lo.set(k.pick(huge, low, lo.get)));
    k.run(t.set(k.pick(huge, low, t.get)));
  });
  return { hi: hi.get, lo: lo.get, quadrant: t.get };
}

const u64 = (value: number): Expr<"i64"> => i64.const(BigInt(value));

/** The upper 64 bits of a product of two unsigned 64-bit integers. */
const mulHigh = (module: ModuleBuilder): FunctionReference<"i64"> =>
  module.once("math.mulHigh", () =>
    module.function(["i64", "i64"], "i64", (f, a, b) => {
      const low = (x: Expr<"i64">) => i64.and(x, i64.const(0xffffffffn));
      const high = (x: Expr<"i64">) => i64.shrU(x, u64(32));
      const [setInner, inner] = f.let(i64.add(i64.mul(high(a.get), low(b.get)), high(i64.mul(low(a.get), low(b.get)))));
      const [setOther, other] = f.let(i64.add(i64.mul(low(a.get), high(b.get)), low(inner.get)));
      const sum = i64.add(i64.mul(high(a.get), high(b.get)), i64.add(high(inner.get), high(other.get)));
      return sequence([setInner, setOther], sum);
    }),
  );

/** The 64 bits of …000.2/π that begin at bit 64·index. */
const twoOverPiWord = (module: ModuleBuilder): FunctionReference<"i64"> =>
  module.once("math.twoOverPi", () =>
    module.function(["i32"], "i64", (_f, index) => {
      const words = [0n, ...Array.from({ length: 19 }, (_, i) => BigInt(`0x${twoOverPi.slice(16 * i, 16 * i + 16)}`))];
      const find = (from: number, to: number): Expr<"i64"> => {
        if (to - from === 1) return i64.const(words[from] ?? 0n);
        const middle = (from + to) >> 1;
        return choose(i32.ltS(index.get, i32.const(middle)), find(from, middle), find(middle, to));
      };
      return find(0, words.length);
    }),
  );

/** Lane 0: hi; lane 1: lo, with the quadrant in its two lowest bits. */
const reduceHuge = (module: ModuleBuilder): FunctionReference<"v128"> =>
  module.once("math.reduceHuge", () => {
    const high = mulHigh(module);
    const word = twoOverPiWord(module);
    return module.function(["f64"], "v128", (f, x) => {
      const k = new Scope(module, f, float64);
      const let64 = (value: Expr<"i64">): Expr<"i64"> => {
        const [code, local] = f.let(value);
        k.run(code);
        return local.get;
      };
      const bits = let64(i64.reinterpretF64(x.get));
      const significand = let64(i64.or(i64.and(bits, i64.const(0xfffffffffffffn)), i64.const(1n << 52n)));
      // |x| = significand·2^(exponent − 1075); the window begins at the bit of 2/π whose product weighs 2.
      const exponent = i32.and(i32.wrapI64(i64.shrU(bits, u64(52))), i32.const(0x7ff));
      const [setStart, start] = f.let(i32.add(exponent, i32.const(64 - 2 - 1075)));
      k.run(setStart);
      const skip = let64(i64.extendI32U(i32.and(start.get, i32.const(63))));
      const at = (i: number) => let64(call(word, i32.add(i32.shrU(start.get, i32.const(6)), i32.const(i))));
      const words = [at(0), at(1), at(2), at(3)] as const;
      const window = (a: Expr<"i64">, b: Expr<"i64">) =>
        let64(i64.or(i64.shl(a, skip), i64.shrU(i64.shrU(b, u64(1)), i64.sub(u64(63), skip))));
      const [z0, z1, z2] = [window(words[0], words[1]), window(words[1], words[2]), window(words[2], words[3])];
      const lowPart = let64(i64.mul(significand, z1));
      const middle = let64(i64.add(lowPart, call(high, significand, z2)));
      const carry = i64.extendI32U(i64.ltU(middle, lowPart));
      const upper = let64(i64.add(i64.add(i64.mul(significand, z0), call(high, significand, z1)), carry));
      // upper:middle is x·2/π mod 4 in units of 2^-126: split off the nearest integer.
      const top = let64(i64.or(i64.shl(upper, u64(2)), i64.shrU(middle, u64(62))));
      const bottom = let64(i64.shl(middle, u64(2)));
      const negative = let64(i64.shrS(top, u64(63)));
      const q = i64.sub(i64.shrU(upper, u64(62)), negative);
      const flippedTop = let64(i64.xor(top, negative));
      const flippedBottom = let64(i64.xor(bottom, negative));
      const zeros = let64(i64.clz(flippedTop));
      const g = let64(
        i64.or(i64.shl(flippedTop, zeros), i64.shrU(i64.shrU(flippedBottom, u64(1)), i64.sub(u64(63), zeros))),
      );
      const h = i64.shl(flippedBottom, zeros);
      const g2 = i64.or(i64.shl(i64.and(g, i64.const(0x7ffn)), u64(42)), i64.shrU(h, u64(22)));
      const splat = (value: Expr<"f64">) => k.let(f64x2.splat(value));
      const fraction: Pair = {
        hi: splat(f64.mul(f64.convertI64S(i64.shrU(g, u64(11))), f64.const(2 ** -53))),
        lo: splat(f64.mul(f64.convertI64S(g2), f64.const(2 ** -106))),
      };
      const halfPi: Pair = { hi: k.constant(Math.PI / 2), lo: k.constant(6.123233995736766e-17) };
      const r = mulPair(k, fraction, halfPi);
      const sign = i64.and(i64.xor(bits, negative), i64.const(1n << 63n));
      const power = i64.or(sign, i64.shl(i64.sub(u64(1023), zeros), u64(52)));
      const factor = k.let(i64x2.splat(power));
      const signed = (value: Expr<"i64">) =>
        let64(i64.sub(i64.xor(value, let64(i64.shrS(bits, u64(63)))), i64.shrS(bits, u64(63))));
      const quadrant = i64.and(signed(q), u64(3));
      const lo = i64.and(i64x2.extractLane(k.ops.mul(r.lo, factor), 0), i64.const(-4n));
      return k.finish(i64x2.replaceLane(k.ops.mul(r.hi, factor), 1, i64.or(lo, quadrant)));
    });
  });
