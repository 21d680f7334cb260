/** How schedules are written: formulas of the step in float64, in which every int32 is exact. */
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { add, cast, clip, div, mul } from "../../ops/arithmetic.ts";
import { tensor } from "../../ops/create.ts";
import { cos } from "../../ops/math.ts";
import type { Rate, Schedule } from "../rule.ts";

export const schedule =
  (formula: (t: Tensor) => TensorLike): Schedule =>
  (step) =>
    cast(formula(cast(step, "float64")), "float64");

/** A rate at a step given in float64. */
export const rateOf = (rate: Rate, t: Tensor): Tensor =>
  typeof rate === "number" ? tensor(rate) : rate(cast(t, "int32"));

/** How far t is on the way of so many steps, from 0 to 1. */
export const progress = (t: Tensor, steps: TensorLike): Tensor => clip(div(t, steps), 0, 1);

/** From `from` to `to` along half a wave of a cosine, as p goes from 0 to 1. */
export const halfWave = (from: number, to: number, p: Tensor): Tensor =>
  add(to, mul((from - to) / 2, add(1, cos(mul(p, Math.PI)))));
