/** The remainder of truncated division, as JavaScript's %: exact, with the sign of the dividend. */
import { v128 } from "../encode.ts";
import { float64, type Vector } from "./lanes.ts";
import { twoProduct } from "./pair.ts";
import { type Kernel, outOfLine, type Scope, widened } from "./scope.ts";

const digits = 2 ** 48;

/** a mod d for a < d·2^49: the quotient is off by one at most and every difference is exact. */
function reduceOnce(k: Scope, a: Vector, d: Vector): Vector {
  const { add, sub, mul, div, trunc, ge, lt } = k.ops;
  const large = ge(a, k.constant(2 ** 900));
  const factor = k.let(k.pick(large, k.constant(2 ** -200), k.constant(1)));
  const x = k.let(mul(a, factor));
  const y = k.let(mul(d, factor));
  const p = twoProduct(k, k.let(trunc(div(x, y))), y);
  const first = k.let(sub(sub(x, p.hi), p.lo));
  const second = k.let(add(first, k.only(lt(first, k.constant(0)), y)));
  const rest = k.let(sub(second, k.only(ge(second, y), y)));
  return div(rest, factor);
}

const remKernel: Kernel = (k, x, y) => {
  const { abs, mul, lt, le, ge, gt, eq } = k.ops;
  const infinity = k.constant(Number.POSITIVE_INFINITY);
  const d = k.let(abs(y));
  const size = k.let(abs(x));
  const regular = k.let(v128.and(lt(size, infinity), v128.and(gt(d, k.constant(0)), lt(d, infinity))));
  const a = k.variable(size);
  k.whileAny(
    () => v128.and(regular, ge(a.get, d)),
    (active) => {
      // The divisor times a power of two, so that the quotient has 48 bits at most.
      const multiple = k.variable(d);
      k.whileAny(
        () => v128.and(active, le(mul(multiple.get, k.constant(digits)), a.get)),
        (growing) => {
          k.run(multiple.set(k.pick(growing, mul(multiple.get, k.constant(digits)), multiple.get)));
        },
      );
      k.run(a.set(k.pick(active, reduceOnce(k, a.get, multiple.get), a.get)));
    },
  );
  const remainder = v128.or(a.get, k.sign(x));
  const keeps = v128.and(eq(d, infinity), lt(size, infinity));
  const nan = v128.andnot(k.constant(Number.NaN), v128.or(regular, keeps));
  return k.pick(keeps, x, v128.or(remainder, nan));
};

const double = outOfLine("rem", float64, remKernel);
export const rem = { f32x4: widened("rem", double), f64x2: double };
