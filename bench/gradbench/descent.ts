/** The suite's own descent (cpp/gradbench/gd.hpp), whose constants the expected results of particle and saddle contain. */
import {
  add,
  equal,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  sqrt,
  square,
  sum,
  type Tensor,
  where,
  whileLoop,
} from "nabla";

const tolerance = 1e-5;
const length = (x: Tensor): Tensor => sqrt(sum(square(x)));

/** A function with its gradient. */
export type Differentiated = (x: Tensor) => readonly [Tensor, Tensor];

/**
 * Gradient descent whose step doubles after ten that went down and halves after one that did not. It ends where the
 * gradient or the step is at most 10⁻⁵ long.
 */
export function argminOf(f: Differentiated, start: Tensor): Tensor {
  const [value, slope] = f(start);
  const { x } = whileLoop(
    ({ done }) => logicalNot(done),
    ({ x, value, slope, rate, streak }) => {
      const doubled = equal(streak, 10);
      const now = where(doubled, rate.mul(2), rate);
      const step = slope.mul(now);
      const done = logicalOr(lessEqual(length(slope), tolerance), lessEqual(length(step), tolerance));
      const next = x.sub(step);
      const [nextValue, nextSlope] = f(next);
      const accept = logicalAnd(logicalNot(done), less(nextValue, value));
      return {
        x: where(accept, next, x),
        value: where(accept, nextValue, value),
        slope: where(accept, nextSlope, slope),
        rate: where(accept, now, now.div(2)),
        streak: where(accept, add(where(doubled, 0, streak), 1), 0),
        done,
      };
    },
    { x: start, value, slope, rate: 1e-5, streak: 0, done: false },
  );
  return x;
}

export const argmaxOf = (f: Differentiated, start: Tensor): Tensor =>
  argminOf((x) => {
    const [value, slope] = f(x);
    return [value.neg(), slope.neg()];
  }, start);
