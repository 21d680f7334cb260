/** Negative log-likelihoods of numbers and counts. */
import { NablaError } from "../../base/error.ts";
import { check, checkOptions } from "../../base/options.ts";
import { showShape } from "../../base/shape.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { maximum, minimum, mul, square, sub } from "../../ops/arithmetic.ts";
import { exp, lgamma, log, logaddexp } from "../../ops/math.ts";
import { split } from "../../ops/movement.ts";
import { paired, perExample } from "./loss.ts";

/** What of the outputs is the spread, and how small it may become. */
export interface GaussianOptions {
  /** What the second half of the outputs is: log-variances (default) or variances. */
  readonly spread?: "log-variance" | "variance";
  /** The least variance: e^s + floor, or max(variance, floor); default 1e-6. */
  readonly floor?: number;
}

/**
 * ½(log 2π + log v + (t − μ)²/v): outputs [batch, …, 2k], the first k of the last axis means, the others log-variances or
 * variances; targets [batch, …, k] ([batch, …] for k = 1); averaged over an example: → [batch] (Nix and Weigend 1994).
 *
 * @example
 * gaussianNegativeLogLikelihood([[3, 0]], [3], { floor: 0 }).item() // Math.log(2 * Math.PI) / 2
 */
export function gaussianNegativeLogLikelihood(
  outputs: TensorLike,
  targets: TensorLike,
  options: GaussianOptions = {},
): Tensor {
  const what = "gaussianNegativeLogLikelihood";
  checkOptions(what, options, '{ spread: "variance" }');
  const { spread = "log-variance", floor = 1e-6 } = options;
  const both = toTensor(what, outputs);
  if (((both.shape.at(-1) ?? 1) & 1) === 1)
    throw new NablaError("E-SHAPE", `${what}: outputs are ${showShape(both.shape)}`, "as many spreads as means");
  if (spread !== "log-variance" && spread !== "variance")
    throw new NablaError("E-OPTION", `${what}: spread is "${spread}"`, '"log-variance" or "variance"');
  check(what, "a number from 0", { floor });
  const [mean, second] = split(both, 2, -1) as [Tensor, Tensor];
  const [m, t] = paired(what, mean, targets);
  const logVariance =
    spread === "variance" ? log(maximum(second, floor)) : floor > 0 ? logaddexp(second, Math.log(floor)) : second;
  const misfit = mul(square(sub(t, m)), exp(logVariance.neg()));
  return perExample(
    misfit
      .add(logVariance)
      .add(Math.log(2 * Math.PI))
      .mul(0.5),
  );
}

/** Whether the terms without influence are there. */
export interface PoissonOptions {
  /** Adds log t!, which does not depend on the outputs; default false. */
  readonly full?: boolean;
}

/** Beyond this log-rate eˢ goes on along its tangent: there float32 still holds it and what it is multiplied with. */
const tangentFrom = 70;

/**
 * eˢ − t s (+ log t!), outputs s = log of the rate and counts t, [batch, …] each, averaged over an example: → [batch].
 * Above s = 70 the exponential goes on as a line, so that the loss is finite and still falls towards smaller rates.
 *
 * @example
 * poissonNegativeLogLikelihood([0], [3]).item() // 1
 */
export function poissonNegativeLogLikelihood(
  outputs: TensorLike,
  targets: TensorLike,
  options: PoissonOptions = {},
): Tensor {
  checkOptions("poissonNegativeLogLikelihood", options, "{ full: true }");
  const { full = false } = options;
  const [s, t] = paired("poissonNegativeLogLikelihood", outputs, targets);
  const rate = mul(exp(minimum(s, tangentFrom)), maximum(s.sub(tangentFrom), 0).add(1));
  const loss = sub(rate, mul(t, s));
  return perExample(full ? loss.add(lgamma(t.add(1))) : loss);
}
