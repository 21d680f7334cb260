/** Points to be judged: functions, where they are looked at, and what is to be said. */
import {
  abs,
  add,
  cos,
  div,
  exp,
  log,
  logsumexp,
  maximum,
  mul,
  neg,
  pow,
  sin,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from "nabla";
import type { HigherVerdict, Kind } from "nabla/analyze";

export interface JudgedPoint {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly x: number | readonly number[];
  readonly kind: Kind;
  readonly higher?: HigherVerdict;
  readonly says?: RegExp;
}

const at = (x: Tensor, i: number): Tensor => x.at(i);
/** A function of the first two components. */
const plane =
  (f: (x: Tensor, y: Tensor) => Tensor) =>
  (v: Tensor): Tensor =>
    f(at(v, 0), at(v, 1));
const rosenbrock = plane((x, y) => add(mul(100, square(sub(y, square(x)))), square(sub(1, x))));

export const judgedPoints: readonly JudgedPoint[] = [
  { name: "x²", f: square, x: 0, kind: "minimum" },
  { name: "x² beside", f: square, x: 1e-3, kind: "not-critical" },
  { name: "cos at its maximum", f: cos, x: 0, kind: "maximum", says: /negative, -1/ },
  { name: "sin at π/2", f: sin, x: Math.PI / 2, kind: "maximum" },
  { name: "Rosenbrock's minimum", f: rosenbrock, x: [1, 1], kind: "minimum", says: /0\.3994 to 1002/ },
  { name: "Rosenbrock's start", f: rosenbrock, x: [-1.2, 1], kind: "not-critical" },
  { name: "x² − y²", f: plane((x, y) => sub(square(x), square(y))), x: [0, 0], kind: "saddle" },
  {
    name: "x·y",
    f: plane(mul),
    x: [0, 0],
    kind: "saddle",
    says: /rises along x\[0\] \+ x\[1\].*falls along x\[0\] − x\[1\]/,
  },
  { name: "a long saddle", f: plane((x, y) => sub(square(x), mul(1e-6, square(y)))), x: [0, 0], kind: "saddle" },
  { name: "1e8·x², nearly there", f: (x) => mul(1e8, square(x)), x: 1e-9, kind: "minimum" },
  { name: "1e-8·x², far off", f: (x) => mul(1e-8, square(x)), x: 1, kind: "not-critical" },
  { name: "a slope of 1e-20", f: (x) => mul(1e-20, x), x: 1, kind: "not-critical" },
  {
    name: "x³",
    f: (x) => pow(x, 3),
    x: 0,
    kind: "inconclusive",
    higher: "saddle",
    says: /third derivative along x is 6/,
  },
  { name: "x³ beside", f: (x) => pow(x, 3), x: 1e-7, kind: "inconclusive", higher: "saddle" },
  { name: "x⁴", f: (x) => pow(x, 4), x: 0, kind: "inconclusive", higher: "minimum", says: /the fourth 24/ },
  { name: "x⁴ where optimisers stop", f: (x) => pow(x, 4), x: 1e-3, kind: "inconclusive", higher: "minimum" },
  { name: "x⁴ nearer", f: (x) => pow(x, 4), x: 1e-6, kind: "inconclusive", higher: "minimum" },
  { name: "−x⁴", f: (x) => neg(pow(x, 4)), x: 0, kind: "inconclusive", higher: "maximum" },
  { name: "x⁶", f: (x) => pow(x, 6), x: 0, kind: "inconclusive", higher: "unknown", says: /looks like a minimum/ },
  {
    name: "the monkey saddle",
    f: plane((x, y) => sub(pow(x, 3), mul(3, mul(x, square(y))))),
    x: [0, 0],
    kind: "inconclusive",
    higher: "saddle",
  },
  {
    name: "x·y·z, a cubic without squares",
    f: (v) => mul(mul(at(v, 0), at(v, 1)), at(v, 2)),
    x: [0, 0, 0],
    kind: "inconclusive",
    higher: "saddle",
  },
  {
    name: "Peano's surface, a minimum along every line but none",
    f: plane((x, y) => mul(sub(y, square(x)), sub(y, mul(3, square(x))))),
    x: [0, 0],
    kind: "inconclusive",
    higher: "saddle",
  },
  {
    name: "a parabola of minima",
    f: plane((x, y) => square(sub(y, square(x)))),
    x: [0, 0],
    kind: "inconclusive",
    higher: "unknown",
  },
  {
    name: "x² + y⁴",
    f: plane((x, y) => add(square(x), pow(y, 4))),
    x: [0, 0],
    kind: "inconclusive",
    higher: "minimum",
  },
  { name: "x² − y⁴", f: plane((x, y) => sub(square(x), pow(y, 4))), x: [0, 0], kind: "inconclusive", higher: "saddle" },
  {
    name: "x⁴ + y⁴",
    f: plane((x, y) => add(pow(x, 4), pow(y, 4))),
    x: [0, 0],
    kind: "inconclusive",
    higher: "unknown",
    says: /looks like a minimum/,
  },
  { name: "x⁴ − y⁴", f: plane((x, y) => sub(pow(x, 4), pow(y, 4))), x: [0, 0], kind: "inconclusive", higher: "saddle" },
  {
    name: "a line of minima",
    f: plane((x, y) => square(sub(add(x, y), 1))),
    x: [0.3, 0.7],
    kind: "inconclusive",
    higher: "flat",
    says: /does not change along x\[0\] − x\[1\]/,
  },
  {
    name: "a plane of minima",
    f: (v) => square(sub(sum(v), 1)),
    x: [0, 0, 1],
    kind: "inconclusive",
    higher: "flat",
    says: /x\[0\] − x\[2\] and x\[1\] − x\[2\]/,
  },
  {
    name: "softmax, which shifts do not change",
    f: (v) => sub(logsumexp(v), mul(1 / 3, sum(v))),
    x: [0.1, 0.1, 0.1],
    kind: "inconclusive",
    higher: "flat",
    says: /x\[0\] \+ x\[1\] \+ x\[2\]/,
  },
  { name: "a plateau", f: (x) => tanh(x), x: 30, kind: "inconclusive", higher: "flat", says: /plateau/ },
  { name: "a constant", f: (x) => mul(0, x), x: 1, kind: "inconclusive", higher: "flat" },
  { name: "e^−x, 20 out", f: (x) => exp(neg(x)), x: 20, kind: "not-critical", says: /although the gradient is small/ },
  { name: "e^−100x", f: (x) => exp(mul(-100, x)), x: 1, kind: "not-critical" },
  { name: "e^−x², 6 out", f: (x) => exp(neg(square(x))), x: 6, kind: "not-critical" },
  {
    name: "e^−10⁶x, whose model's minimum stays a step ahead",
    f: (x) => exp(mul(-1e6, x)),
    x: 2e-5,
    kind: "not-critical",
  },
  {
    name: "e^−100x on a value that hides it",
    f: (x) => add(exp(mul(-100, x)), 1e6),
    x: 1,
    kind: "inconclusive",
    higher: "saddle",
  },
  { name: "√x beside 0", f: sqrt, x: 1e-9, kind: "not-critical" },
  {
    name: "softmax in millionths, whose fourth derivatives cancel",
    f: (v) => sub(logsumexp(mul(1e6, v)), mul(1e6 / 3, sum(v))),
    x: [1e-7, 1e-7, 1e-7],
    kind: "inconclusive",
    higher: "unknown",
  },
  { name: "a jump", f: (x) => x.floor(), x: 1, kind: "inconclusive", says: /to the right are ∞ and 0 along x/ },
  {
    name: "a jump, and a slope beside",
    f: plane((x, y) => add(x.floor(), y)),
    x: [1, 0],
    kind: "not-critical",
    says: /slope 1 along x\[1\]/,
  },
  { name: "1/x, far out", f: (x) => div(1, x), x: 1e5, kind: "not-critical" },
  { name: "−x², where it falls for ever", f: (x) => neg(square(x)), x: 100, kind: "not-critical" },
  {
    name: "|x| + |y|",
    f: plane((x, y) => add(abs(x), abs(y))),
    x: [0, 0],
    kind: "inconclusive",
    says: /kink at 0.*like at a minimum/,
  },
  {
    name: "|x| + y",
    f: plane((x, y) => add(abs(x), y)),
    x: [0, 0],
    kind: "not-critical",
    says: /slope 1 along x\[1\]/,
  },
  { name: "max(x, 2x)", f: (x) => maximum(x, mul(2, x)), x: 0, kind: "inconclusive", says: /1 and 2 along x/ },
  { name: "√x at 0", f: sqrt, x: 0, kind: "inconclusive", says: /vertical tangent/ },
  { name: "log of −1", f: (x) => log(x), x: -1, kind: "inconclusive", says: /f is NaN here: log\(-1\)/ },
];
