/** Functions over boxes with what is true of them: Lipschitz constants by hand, convexity by theory. */
import {
  abs,
  cos,
  cosh,
  elu,
  exp,
  greater,
  leakyRelu,
  log,
  logaddexp,
  logSoftmax,
  logsumexp,
  matmul,
  maximum,
  min,
  mul,
  norm,
  pow,
  relu,
  sin,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  variance,
  where,
} from "nabla";

export interface Case {
  readonly name: string;
  f(x: Tensor): Tensor;
  readonly lower: number | readonly number[];
  readonly upper: number | readonly number[];
}

/** A case with its greatest value, and how sharply it is asked for: 1% if nothing else is said. */
export interface Known extends Case {
  readonly constant: number;
  readonly precision?: number;
}

const over = (name: string, lower: Case["lower"], upper: Case["upper"], f: Case["f"]): Case => ({
  name,
  f,
  lower,
  upper,
});
const square2 = (name: string, f: Case["f"]): Case => over(name, [-1, -1], [1, 1], f);
const first = (x: Tensor): Tensor => x.at(0);
const second = (x: Tensor): Tensor => x.at(1);

export const rosenbrock = (x: Tensor): Tensor =>
  square(second(x).sub(square(first(x))))
    .mul(100)
    .add(square(sub(1, first(x))));

const data = [
  [1, 2],
  [3, -1],
  [0.5, 0.25],
];

/** The greatest ‖∇f‖₂ over the box. */
export const slopes: readonly Known[] = [
  { ...over("sin", 0, 1, sin), constant: 1 },
  { ...over("sin about π/2", 1, 2, sin), constant: Math.cos(1) },
  { ...over("exp", -1, 2, exp), constant: Math.exp(2) },
  { ...over("x⁴", -1, 2, (x) => pow(x, 4)), constant: 32 },
  { ...over("|x|", -1, 2, abs), constant: 1 },
  { ...over("relu and its mirror", -1, 2, (x) => relu(x).sub(relu(x.neg()).mul(3))), constant: 3 },
  { ...over("log", 0.25, 2, log), constant: 4 },
  { ...square2("|x| + |y|", (x) => abs(x).sum()), constant: Math.SQRT2 },
  { ...square2("3 x − 4 y", (x) => sum(mul(x, [3, -4]))), constant: 5 },
  { ...square2("½‖x‖²", (x) => square(x).sum().div(2)), constant: Math.SQRT2 },
  { ...over("Rosenbrock", [-2, -2], [2, 2], rosenbrock), constant: Math.hypot(4806, 1200) },
  { ...over("norm away from 0", [1, 1], [2, 2], (x) => norm(x)), constant: 1, precision: 0.03 },
  { ...square2("sin x cos y", (x) => sin(first(x)).mul(cos(second(x)))), constant: 1 },
];

/** The greatest ‖H‖₂ over the box. */
export const curvatures: readonly Known[] = [
  { ...over("sin", 0, 1, sin), constant: Math.sin(1) },
  { ...over("x⁴", -1, 2, (x) => pow(x, 4)), constant: 48 },
  { ...over("exp", -1, 1, exp), constant: Math.E },
  {
    ...square2("x² + 3xy − y²", (x) =>
      matmul(
        x,
        matmul(
          [
            [1, 1.5],
            [1.5, -1],
          ],
          x,
        ),
      ),
    ),
    constant: Math.sqrt(13),
  },
  {
    ...over("Rosenbrock", [-2, -2], [2, 2], rosenbrock),
    constant: (5802 + Math.hypot(5602 - 200, 1600)) / 2,
  },
  // λmax(XᵀX)/4, at 0; XᵀX is [[10.25, −0.875], [−0.875, 5.0625]]
  {
    ...square2("logistic loss", (w) => softplus(matmul(data, w)).sum()),
    constant: (15.3125 + Math.hypot(5.1875, 1.75)) / 8,
  },
  // the softmax's covariance, ½ where two share the weight
  { ...square2("log-sum-exp", (x) => logsumexp(x)), constant: 0.5, precision: 0.1 },
  { ...over("softplus", -3, 3, softplus), constant: 0.25 },
];

export const convexOnes: readonly Case[] = [
  square2("log-sum-exp", (x) => logsumexp(x)),
  square2("norm", (x) => norm(x)),
  square2("1-norm", (x) => norm(x, { order: 1 })),
  square2("∞-norm", (x) => norm(x, { order: Infinity })),
  square2("norm of an affine map", (x) => norm(matmul(data, x).sub(1))),
  square2("least squares", (x) => square(matmul(data, x).sub(0.1)).sum()),
  square2("logistic loss", (x) => softplus(matmul(data, x)).sum()),
  square2("cross-entropy", (x) => logSoftmax(x).at(0).neg()),
  square2("x⁴ + y⁴", (x) => pow(x, 4).sum()),
  square2("|x| + |y|", (x) => abs(x).sum()),
  square2("max of x and −y", (x) => maximum(first(x), second(x).neg())),
  square2("logaddexp", (x) => logaddexp(first(x), second(x))),
  square2("a layer of relu", (x) => relu(matmul(data, x)).sum()),
  square2("relu²", (x) => square(relu(x)).sum()),
  square2("exp ‖x‖²", (x) => exp(square(x).sum())),
  square2("pseudo-Huber", (x) => sqrt(square(x).add(1)).sum()),
  square2("a positive definite form", (x) =>
    matmul(
      x,
      matmul(
        [
          [2, 1],
          [1, 2],
        ],
        x,
      ),
    ),
  ),
  square2("a singular form", (x) =>
    matmul(
      x,
      matmul(
        [
          [2, 2],
          [2, 2],
        ],
        x,
      ),
    ),
  ),
  square2("(x + y)²", (x) => square(sum(x))),
  square2("variance", (x) => variance(x)),
  square2("elu", (x) => elu(x).sum()),
  square2("leakyRelu", (x) => leakyRelu(x).sum()),
  square2("cosh + sin", (x) => cosh(x).sum().add(sin(x).sum())),
  square2("affine", (x) => first(x).sub(second(x)).add(3)),
  over("entropy", [0.1, 0.1], [1, 1], (x) => x.mul(log(x)).sum()),
  over("1/x + 1/y", [0.1, 0.5], [1, 1], (x) => pow(x, -1).sum()),
  over("−log", [0.1, 0.1], [2, 2], (x) => log(x).neg().sum()),
  over("−√x", 0.1, 2, (x) => sqrt(x).neg()),
  over("x³ where it is", 0, 2, (x) => pow(x, 3)),
  over("Rosenbrock below its valley", [1, 0.9], [1.1, 1], rosenbrock),
  over("Rosenbrock about its minimum", [0.999, 0.999], [1.001, 1.001], rosenbrock),
];

export const notConvex: readonly Case[] = [
  over("Rosenbrock", [-2, -2], [2, 2], rosenbrock),
  square2("−|x|", (x) => abs(x).neg().sum()),
  square2("min", (x) => min(x)),
  square2("sin", (x) => sin(x).sum()),
  square2("x y", (x) => first(x).mul(second(x))),
  square2("x² − y²", (x) => square(first(x)).sub(square(second(x)))),
  square2("x³", (x) => pow(x, 3).sum()),
  square2("tanh", (x) => tanh(x).sum()),
  square2("a step", (x) => where(greater(x, 0), 0, 1).sum()),
  square2("softmax", (x) => softmax(x).at(0)),
  square2("√(|x| + 0.01)", (x) => sqrt(abs(x).add(0.01)).sum()),
  // only in a corner: no chord among the samples sees it
  over("x² with a dent", -1, 1, (x) => square(x).sub(exp(square(x.sub(0.987)).mul(-1e4)).mul(0.001))),
];
