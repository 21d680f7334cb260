/**
 * A composite whose derivative is stated instead of followed: where the way to the value (a factorization) has no
 * good derivative of its own, or an expensive one.
 */
import type { Bounds } from "../../base/interval.ts";
import type { Laws, Operation, Type } from "../../graph/operation.ts";
import { apply, type Tensor } from "../../graph/tensor.ts";
import { operation } from "../record.ts";
import { allBatched } from "./matrix.ts";

/** Inputs: the value, then what the derivative is stated in. The value's own dependencies do not count. */
export function stated(rule: {
  readonly name: string;
  /** The tangent of the value from the tangents of the arguments. All work on leading batch axes. */
  jvp(tangents: readonly (Tensor | undefined)[], args: readonly Tensor[], value: Tensor): Tensor | undefined;
  /** The arguments in which the value is linear, and the cotangent of such an argument. */
  readonly linear?: readonly number[];
  transpose?(cotangent: Tensor, index: number, args: readonly Tensor[]): Tensor;
  readonly laws: Laws;
}): Operation {
  const { name, linear = [], laws } = rule;
  const record: Operation = operation<object>({
    name,
    kind: "movement",
    infer: ([value]) => ({ shape: (value as Type).shape, dtype: (value as Type).dtype }),
    evaluate: ([value]) => value as NonNullable<typeof value>,
    interval: ([value]) => value as Bounds,
    view: (_input, view) => view,
    linear: { how: "separately", inputs: linear.map((i) => i + 1) },
    transpose: (ct, index, [, ...args]) =>
      linear.includes(index - 1) ? rule.transpose?.(ct, index - 1, args) : undefined,
    jvp: ([, ...tangents], [, ...args], output) => rule.jvp(tangents, args, output),
    batch: (inputs, batched, size) => apply(record, allBatched(inputs, batched, size)),
    laws,
  });
  return record;
}

/** The value alone: no derivative passes. */
export const heldOperation: Operation = operation<object>({
  name: "held",
  kind: "movement",
  infer: ([x]) => x as Type,
  evaluate: ([x]) => x as NonNullable<typeof x>,
  interval: ([x]) => x as Bounds,
  view: (_input, view) => view,
  jvp: () => undefined,
  batch: ([x]) => apply(heldOperation, [x as Tensor]),
  laws: {
    cases: [
      { label: "[2,3]", shapes: [[2, 3]], apply: (x) => apply(heldOperation, [x as Tensor]), differentiable: false },
    ],
  },
});
export const held = (x: Tensor): Tensor => apply(heldOperation, [x]);
