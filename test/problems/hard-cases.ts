/** Starts and functions at which optimisers err: what is to be said of each. */
import {
  abs,
  add,
  cos,
  exp,
  floor,
  log,
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
  where,
} from "nabla";
import type { Status } from "nabla/optimize";

export interface HardCase {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly start: number | readonly number[];
  readonly status: Status;
  /** What the message says. */
  readonly says: RegExp;
  /** The value, where there is one to reach. */
  readonly value?: number;
  /** How exactly. */
  readonly within?: number;
}

const at = (x: Tensor, i: number): Tensor => x.at(i);
/** (x + y − 1)² */
const line = (x: Tensor): Tensor => square(sub(sum(x), 1));

/** x² − a·y² + b·y⁴ */
const quarticIn = (x: Tensor, a: number, b: number): Tensor =>
  add(sub(square(at(x, 0)), square(at(x, 1)).mul(a)), pow(at(x, 1), 4).mul(b));

export const hardCases: readonly HardCase[] = [
  {
    name: "cos x from its maximum",
    f: (x) => cos(x),
    start: 0,
    status: "converged",
    says: /start was critical but no minimum \(curvature -1 along x\)/,
    value: -1,
  },
  {
    name: "x³ from its inflection",
    f: (x) => pow(x, 3),
    start: 0,
    status: "unbounded",
    says: /third derivative leads down.*without limit/,
  },
  { name: "x³ from above", f: (x) => pow(x, 3), start: 1, status: "unbounded", says: /without limit/ },
  {
    name: "x³ + x⁴ from its inflection",
    f: (x) => add(pow(x, 3), pow(x, 4)),
    start: 0,
    status: "converged",
    says: /third derivative leads down/,
    value: -27 / 256,
  },
  {
    name: "a monkey saddle",
    f: (x) =>
      add(
        sub(pow(at(x, 0), 3), mul(mul(at(x, 0), square(at(x, 1))), 3)),
        pow(square(at(x, 0)).add(square(at(x, 1))), 2),
      ),
    start: [0, 0],
    status: "converged",
    says: /curvature vanishes along .* third derivative leads down/,
    value: -27 / 256,
  },
  {
    name: "x² − y² + y⁴ from its saddle",
    f: (x) => add(sub(square(at(x, 0)), square(at(x, 1))), pow(at(x, 1), 4)),
    start: [0, 0],
    status: "converged",
    says: /no minimum \(curvature -2 along x\[1\]\)/,
    value: -0.25,
  },
  {
    name: "(y − x²)(y − 2x²), a minimum on every line through 0 but none",
    f: (x) => add(mul(sub(at(x, 1), square(at(x, 0))), sub(at(x, 1), square(at(x, 0)).mul(2))), pow(at(x, 0), 6)),
    start: [0, 0],
    status: "converged",
    says: /fourth derivatives leads? down/,
  },
  {
    name: "x² − y² from its saddle",
    f: (x) => sub(square(at(x, 0)), square(at(x, 1))),
    start: [0, 0],
    status: "unbounded",
    says: /without limit/,
  },
  { name: "x", f: (x) => x, start: 3, status: "unbounded", says: /without limit/ },
  { name: "−log x", f: (x) => neg(log(x)), start: 1, status: "unbounded", says: /without limit/ },
  { name: "e^−x", f: (x) => exp(neg(x)), start: 0, status: "unbounded", says: /infimum is at infinity/ },
  { name: "1 + e^−x", f: (x) => add(exp(neg(x)), 1), start: 0, status: "unbounded", says: /infimum is at infinity/ },
  {
    name: "1/(1 + x²)",
    f: (x) => pow(add(square(x), 1), -1),
    start: 1,
    status: "unbounded",
    says: /infimum is at infinity/,
  },
  {
    name: "a line of minima",
    f: line,
    start: [3, -1],
    status: "converged",
    says: /does not change along the direction \(.*x\[0\] − .*x\[1\]\), which stays free/,
    value: 0,
  },
  {
    name: "a curve of minima, xy = 1",
    f: (x) => square(sub(mul(at(x, 0), at(x, 1)), 1)),
    start: [2, 3],
    status: "converged",
    says: /stays free/,
    value: 0,
  },
  {
    name: "|x| + |y|",
    f: (x) => sum(abs(x)),
    start: [1.3, -0.7],
    status: "converged",
    says: /kink.*derivative is undefined/,
    value: 0,
  },
  {
    name: "|x| + |y| from the kink",
    f: (x) => sum(abs(x)),
    start: [0, 0],
    status: "converged",
    says: /kink.*derivative is undefined/,
    value: 0,
  },
  {
    name: "|x| + |y| from one kink",
    f: (x) => sum(abs(x)),
    start: [0, 2],
    status: "converged",
    says: /kink/,
    value: 0,
  },
  {
    name: "max(x, −2x) + y²",
    f: (x) => add(maximum(at(x, 0), at(x, 0).mul(-2)), square(at(x, 1))),
    start: [1, 1],
    status: "converged",
    says: /kink/,
    value: 0,
    within: 1e-6,
  },
  {
    name: "(x − 3)² + (y − 0.2)² + |x| + |y|, a kink in y alone",
    f: (x) => add(sum(square(sub(x, [3, 0.2]))), sum(abs(x))),
    start: [1, 1],
    status: "converged",
    says: /kink/,
    value: 2.79,
  },
  {
    name: "−|x| from its kink, a maximum",
    f: (x) => add(neg(abs(x)), square(x).mul(0.5)),
    start: 0,
    status: "converged",
    says: /minimum/,
    value: -0.5,
  },
  { name: "x⁴", f: (x) => pow(x, 4), start: 1, status: "converged", says: /curvature vanishes/, value: 0 },
  {
    name: "x⁴ from its minimum",
    f: (x) => pow(x, 4),
    start: 0,
    status: "converged",
    says: /curvature vanishes .* order 4/,
    value: 0,
  },
  {
    name: "x⁶ + y²",
    f: (x) => add(pow(at(x, 0), 6), square(at(x, 1))),
    start: [1, 1],
    status: "converged",
    says: /curvature vanishes/,
    value: 0,
  },
  { name: "a plateau", f: (x) => square(maximum(sub(x, 1), 0)), start: -5, status: "stalled", says: /plateau/ },
  { name: "a constant", f: (x) => sum(mul(x, 0)).add(7), start: [1, 2], status: "stalled", says: /plateau/, value: 7 },
  {
    name: "√x from where it is NaN",
    f: (x) => sqrt(x),
    start: -1,
    status: "undefined",
    says: /f is not finite at the start: sqrt\(-1\) gave NaN/,
  },
  {
    name: "x − log x, NaN on the left",
    f: (x) => sub(x, log(x)),
    start: 20,
    status: "converged",
    says: /minimum/,
    value: 1,
  },
  {
    name: "√(1 − x²) sin 3x, NaN outside",
    f: (x) => mul(sqrt(sub(1, square(x))), sin(x.mul(3))),
    start: 0.1,
    status: "converged",
    says: /minimum/,
  },
  {
    name: "a minimum scaled by 1e-20",
    f: (x) => mul(square(sub(x, 3)), 1e-20),
    start: 0,
    status: "converged",
    says: /minimum/,
    value: 0,
    within: 1e-30,
  },
  {
    name: "a minimum scaled by 1e20",
    f: (x) => mul(square(sub(exp(x), 3)), 1e20),
    start: 0,
    status: "converged",
    says: /minimum/,
    value: 0,
    within: 1e-10,
  },
  {
    name: "a branch on values",
    f: (x) => (x.item() > 1 ? square(sub(x, 1)) : square(sub(x, 1)).mul(3)),
    start: 5,
    status: "converged",
    says: /minimum/,
    value: 0,
  },
  {
    name: "x where (x > 0) else −x³",
    f: (x) => where(x.greater(0), square(x), neg(pow(x, 3))),
    start: 1,
    status: "converged",
    says: /minimum/,
    value: 0,
  },
  {
    name: "10⁶ + x² − 10⁻⁹y² + 10⁻¹²y⁴ beside its saddle, where f falls by less than its rounding",
    f: (x) => add(quarticIn(x, 1e-9, 1e-12), 1e6),
    start: [1, 0],
    status: "converged",
    says: /minimum/,
    value: 1e6 - 2.5e-7,
    within: 1e-9,
  },
  {
    name: "10⁶ + x² − 10⁻⁹y² + 10⁻⁶y⁴, whose falling values are all lost in rounding",
    f: (x) => add(quarticIn(x, 1e-9, 1e-6), 1e6),
    start: [1, 0],
    status: "stalled",
    says: /curvature -2e-9 along x\[1\], but no lower value/,
    value: 1e6,
  },
  {
    name: "1 + x⁶ from its minimum",
    f: (x) => add(pow(x, 6), 1),
    start: 0,
    status: "converged",
    says: /curvature vanishes .* f rises there/,
    value: 1,
  },
  { name: "⌊x⌋, steps without a slope", f: (x) => floor(x), start: 3.3, status: "stalled", says: /plateau/ },
];
