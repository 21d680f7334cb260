/** Cube root: Halley's iteration from a polynomial start, then one correction with an exact residue. */
import { v128 } from "../encode.ts";
import { powerOfTwo, roundingConstant } from "./exp.ts";
import { float64 } from "./lanes.ts";
import { decompose } from "./log.ts";
import { twoProduct } from "./pair.ts";
import { type Kernel, outOfLine, widened } from "./scope.ts";

/** ∛x on [0.353, 2.829] to 2^-9 (own Remez fit). */
const start = [0.4434477499907478, 0.8987807750117228, -0.47432520518983107, 0.15351773197776952, -0.01957975076874616];

const cbrtKernel: Kernel = (k, x) => {
  const { abs, add, sub, mul, div, gt, lt, nearest } = k.ops;
  const size = k.let(abs(x));
  const { m, e } = decompose(k, size);
  const third = k.let(nearest(mul(e, k.constant(1 / 3))));
  const shift = roundingConstant(k);
  const a = k.let(mul(m, powerOfTwo(k, add(sub(e, mul(third, k.constant(3))), shift))));
  let y = k.let(k.polynomial(a, start));
  for (let round = 0; round < 2; round++) {
    const cube = k.let(mul(mul(y, y), y));
    y = k.let(mul(y, div(add(cube, add(a, a)), add(add(cube, cube), a))));
  }
  const square = twoProduct(k, y, y);
  const cube = twoProduct(k, square.hi, y);
  const residue = sub(sub(sub(a, cube.hi), cube.lo), mul(square.lo, y));
  const root = add(y, div(residue, mul(square.hi, k.constant(3))));
  const scaled = v128.or(mul(root, powerOfTwo(k, add(third, shift))), k.sign(x));
  const regular = v128.and(gt(size, k.constant(0)), lt(size, k.constant(Number.POSITIVE_INFINITY)));
  return k.pick(regular, scaled, x);
};

const double = outOfLine("cbrt", float64, cbrtKernel);
export const cbrt = { f32x4: widened("cbrt", double), f64x2: double };
