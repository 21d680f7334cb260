/**
 * Unevaluated sums of two floats, about twice the precision, without fused multiply-add.
 * Dekker, "A floating-point technique for extending the available precision", 1971; Knuth, TAOCP 2, 4.2.2;
 * Joldes, Muller, Popescu, "Tight and rigorous error bounds for … double-word arithmetic", 2017.
 */
import type { Vector } from "./lanes.ts";
import type { Scope } from "./scope.ts";

/** hi + lo with |lo| ≤ ulp(hi)/2 or thereabouts; both are locals. */
export interface Pair {
  readonly hi: Vector;
  readonly lo: Vector;
}

/** a + b exactly. */
export function twoSum(k: Scope, a: Vector, b: Vector): Pair {
  const { add, sub } = k.ops;
  const hi = k.let(add(a, b));
  const bb = k.let(sub(hi, a));
  return { hi, lo: k.let(add(sub(a, sub(hi, bb)), sub(b, bb))) };
}

/** a + b exactly, where |a| ≥ |b| or a = 0. */
export function fastTwoSum(k: Scope, a: Vector, b: Vector): Pair {
  const { add, sub } = k.ops;
  const hi = k.let(add(a, b));
  return { hi, lo: k.let(sub(b, sub(hi, a))) };
}

/** a·b exactly, barring overflow of the splitting and underflow of the error. */
export function twoProduct(k: Scope, a: Vector, b: Vector): Pair {
  const { add, sub, mul } = k.ops;
  const hi = k.let(mul(a, b));
  const [ah, al] = split(k, a);
  const [bh, bl] = a === b ? [ah, al] : split(k, b);
  const cross = add(sub(mul(ah, bh), hi), mul(ah, bl));
  return { hi, lo: k.let(add(add(cross, mul(al, bh)), mul(al, bl))) };
}

function split(k: Scope, a: Vector): [Vector, Vector] {
  const { sub, mul } = k.ops;
  const c = k.let(mul(a, k.constant(k.lanes.splitter)));
  const high = k.let(sub(c, sub(c, a)));
  return [high, k.let(sub(a, high))];
}

export const normalized = (k: Scope, hi: Vector, lo: Vector): Pair => fastTwoSum(k, hi, lo);

export function addPair(k: Scope, a: Pair, b: Pair): Pair {
  const s = twoSum(k, a.hi, b.hi);
  return normalized(k, s.hi, k.ops.add(s.lo, k.let(k.ops.add(a.lo, b.lo))));
}

export function mulPair(k: Scope, a: Pair, b: Pair): Pair {
  const { add, mul } = k.ops;
  const p = twoProduct(k, a.hi, b.hi);
  return normalized(k, p.hi, k.let(add(p.lo, add(mul(a.hi, b.lo), mul(a.lo, b.hi)))));
}

export function scalePair(k: Scope, a: Pair, factor: Vector): Pair {
  return { hi: k.let(k.ops.mul(a.hi, factor)), lo: k.let(k.ops.mul(a.lo, factor)) };
}

/** a / b by one step of long division. */
export function divPair(k: Scope, a: Pair, b: Pair): Pair {
  const { add, sub, mul, div } = k.ops;
  const q = k.let(div(a.hi, b.hi));
  const p = twoProduct(k, q, b.hi);
  const rest = add(sub(sub(a.hi, p.hi), p.lo), sub(a.lo, mul(q, b.lo)));
  return { hi: q, lo: k.let(div(rest, b.hi)) };
}

/** √a by one step of Newton's iteration; √0 = 0. */
export function sqrtPair(k: Scope, a: Pair): Pair {
  const { add, sub, div, sqrt, pmax } = k.ops;
  const r = k.let(sqrt(a.hi));
  const p = twoProduct(k, r, r);
  const rest = add(sub(sub(a.hi, p.hi), p.lo), a.lo);
  return { hi: r, lo: k.let(div(rest, pmax(add(r, r), k.constant(k.lanes.smallestNormal)))) };
}
