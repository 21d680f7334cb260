/** The log posterior of a mixture of Gaussians with a Wishart prior on the precision matrices, and its gradient. */
import {
  compile,
  concatenate,
  exp,
  eye,
  grad,
  lgamma,
  logsumexp,
  matmul,
  reshape,
  square,
  sum,
  type Tensor,
  take,
  tensor,
  transpose,
  where,
  zeros,
} from "nabla";
import type { Evaluation } from "../protocol.ts";

type Matrix = readonly (readonly number[])[];

interface Input {
  readonly d: number;
  readonly k: number;
  readonly n: number;
  readonly x: Matrix;
  readonly m: number;
  readonly gamma: number;
  readonly alpha: readonly number[];
  readonly mu: Matrix;
  readonly q: Matrix;
  readonly l: Matrix;
}

type Parameters = { alpha: Tensor; mu: Tensor; q: Tensor; l: Tensor };

/** The factors Q [k, d, d] of the precisions QᵀQ: exp(q) on the diagonal, l below it, column by column. */
function factors(q: Tensor, l: Tensor): Tensor {
  const [k, d] = q.shape as [number, number];
  const none = (d * (d - 1)) / 2;
  const place = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d }, (_, j) => (i > j ? (j * (2 * d - j - 1)) / 2 + i - j - 1 : none)),
  );
  const below = take(concatenate([l, zeros([k, 1])], 1), place, { axis: 1 });
  return where(eye(d, d, { dtype: "bool" }), reshape(exp(q), [k, d, 1]), below);
}

/** log Γ_d(a), of several variables. */
const multivariateLogGamma = (a: number, d: number): number => {
  let total = ((d * (d - 1)) / 4) * Math.log(Math.PI);
  for (let j = 0; j < d; j++) total += lgamma(a - j / 2).item();
  return total;
};

export const logPosterior =
  (x: Tensor, m: number, gamma: number) =>
  ({ alpha, mu, q, l }: Parameters): Tensor => {
    const [n, d] = x.shape as [number, number];
    const k = alpha.size;
    const Q = factors(q, l);
    const logDeterminants = sum(q, { axis: 1 });

    // Q_k (x_i − μ_k), all of them by one product.
    const turned = reshape(matmul(x, reshape(transpose(Q, [2, 0, 1]), [d, k * d])), [n, k, d]);
    const centred = turned.sub(reshape(matmul(Q, reshape(mu, [k, d, 1])), [k, d]));
    const exponents = alpha.add(logDeterminants).sub(sum(square(centred), { axis: 2 }).div(2));
    const likelihood = sum(logsumexp(exponents, { axis: 1 }))
      .sub(logsumexp(alpha).mul(n))
      .sub(0.5 * n * d * Math.log(2 * Math.PI));

    const freedom = d + m + 1;
    const constant = k * (freedom * d * Math.log(gamma / Math.SQRT2) - multivariateLogGamma(freedom / 2, d));
    const prior = sum(logDeterminants)
      .mul(m)
      .sub(sum(square(Q)).mul(0.5 * gamma * gamma));
    return likelihood.add(prior).add(constant);
  };

const prepared = ({ x, m, gamma, alpha, mu, q, l, k, d }: Input) => ({
  f: logPosterior(tensor(x), m, gamma),
  at: {
    alpha: tensor(alpha),
    mu: tensor(mu),
    q: tensor(q),
    l: reshape(tensor(l.flat()), [k, (d * (d - 1)) / 2]),
  },
});

export const objective: Evaluation<Input, Tensor> = (input, options) => {
  const { f, at } = prepared(input);
  const g = compile(f, options);
  return { run: () => g(at), output: (y) => y.item() };
};

export const jacobian: Evaluation<Input, Parameters> = (input, options) => {
  const { f, at } = prepared(input);
  const g = compile(grad(f), options);
  return {
    run: () => g(at),
    output: ({ alpha, mu, q, l }) => ({
      alpha: alpha.toArray(),
      mu: mu.toArray(),
      q: q.toArray(),
      l: l.toArray(),
    }),
  };
};
