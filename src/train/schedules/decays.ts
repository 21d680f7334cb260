/** Rates that fall in steps, exponentially, as a power. */

import { check } from "../../base/options.ts";
import { add, floor, minimum, mul, sub } from "../../ops/arithmetic.ts";
import { pow, sqrt } from "../../ops/math.ts";
import type { Schedule } from "../rule.ts";
import { progress, schedule } from "./schedule.ts";

/**
 * Always the same rate.
 *
 * @example
 * constantRate(0.1)(tensor(7, { dtype: "int32" })).item() // 0.1
 */
export function constantRate(rate: number): Schedule {
  check("constantRate", "a number from 0", { rate });
  return schedule(() => rate);
}

/** After how many steps, and by how much. */
export interface FactorOptions {
  readonly every: number;
  /** Default 0.1. */
  readonly factor?: number;
}

/**
 * rate · factor^⌊t/every⌋.
 *
 * @example
 * stepDecay(1, { every: 30, factor: 0.5 })(tensor(65, { dtype: "int32" })).item() // 0.25
 */
export function stepDecay(rate: number, { every, factor = 0.1 }: FactorOptions): Schedule {
  check("stepDecay", "a number from 0", { rate, factor });
  check("stepDecay", "a whole number from 1", { every });
  return schedule((t) => mul(rate, pow(factor, floor(t.div(every)))));
}

/**
 * rate · factor^(t/every), without steps.
 *
 * @example
 * exponentialDecay(1, { every: 10, factor: 0.25 })(tensor(5, { dtype: "int32" })).item() // 0.5
 */
export function exponentialDecay(rate: number, { every, factor = 0.1 }: FactorOptions): Schedule {
  check("exponentialDecay", "a number from 0", { rate, factor });
  check("exponentialDecay", "a whole number from 1", { every });
  return schedule((t) => mul(rate, pow(factor, t.div(every))));
}

/** How long a rate falls, and how far. */
export interface FallOptions {
  readonly steps: number;
  /** Default 0. */
  readonly to?: number;
}

/**
 * to + (rate − to) · (1 − t/steps)^power, then `to`. The power is 1 by default: a line.
 *
 * @example
 * polynomialDecay(1, { steps: 10, power: 2 })(tensor(5, { dtype: "int32" })).item() // 0.25
 */
export function polynomialDecay(
  rate: number,
  { steps, to = 0, power = 1 }: FallOptions & { readonly power?: number },
): Schedule {
  check("polynomialDecay", "a number from 0", { rate, to });
  check("polynomialDecay", "a number above 0", { power });
  check("polynomialDecay", "a whole number from 1", { steps });
  return schedule((t) => add(to, mul(rate - to, pow(sub(1, progress(t, steps)), power))));
}

/**
 * rate · min((t + 1)/w, √(w/(t + 1))): up a line for w = warmUp steps, then down with the square root (Vaswani et al. 2017,
 * (3)).
 *
 * @example
 * inverseSqrt(1, { warmUp: 100 })(tensor(399, { dtype: "int32" })).item() // 0.5
 */
export function inverseSqrt(rate: number, { warmUp = 1 }: { readonly warmUp?: number } = {}): Schedule {
  check("inverseSqrt", "a number from 0", { rate });
  check("inverseSqrt", "a whole number from 1", { warmUp });
  return schedule((t) => {
    const made = t.add(1).div(warmUp);
    return mul(rate, minimum(made, sqrt(made.reciprocal())));
  });
}
