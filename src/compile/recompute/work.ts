/** About how many nanoseconds steps take: what it costs to run them again. */
import type { RoutineStep, Step } from "../../backend/target.ts";
import { loopTime } from "../../backend/wasm/loop.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Type } from "../../graph/operation.ts";

/** Starting a step; a multiply–add of a product, by dtype; an element that a routine reads or makes, or that is copied. */
const start = 20;
const multiplyAdd = { float32: 0.08, float64: 0.16 } as const;
const element = 1;
const copied = 0.1;
/** How often a loop of unknown length is taken to run. */
const unknownLength = 32;

export const workOf = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + start + stepWork(step), 0);

function stepWork(step: Step): number {
  switch (step.kind) {
    case "loop":
      return loopTime(step);
    case "routine":
      return routineWork(step);
    case "copy":
      return copied * sizeOf(step.to.type.shape);
    case "repeat":
      return step.length * workOf(step.body);
    case "while":
      return unknownLength * workOf([...step.condition, ...step.body]);
    case "branch":
      return Math.max(workOf(step.yes), workOf(step.no));
  }
}

const elements = (types: readonly Type[]): number => types.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

function routineWork({ request, inputTypes, outputTypes, epilogue }: RoutineStep): number {
  const made = elements(epilogue === undefined ? outputTypes : [epilogue.type]);
  const first = inputTypes[0] as Type;
  const add = multiplyAdd[first.dtype === "float32" ? "float32" : "float64"];
  const { inner, folded } = request.parameters as { inner?: number; folded?: readonly number[] };
  if (request.name === "matmul") return add * made * (first.shape.at(-1) ?? 1);
  if (inner === undefined) return element * (made + elements(inputTypes));
  return add * (folded === undefined ? made : sizeOf(folded)) * sizeOf(first.shape.slice(-inner));
}
