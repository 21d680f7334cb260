/** How operations on constants are computed: by the reference, or by whatever else has the same meaning. */
import type { Data } from "../base/dtype.ts";
import type { Attributes, Operation, Type } from "./operation.ts";

/** The results of an operation on constants by another way than the reference, which may decline. */
export type Evaluator = (
  operation: Operation,
  inputs: readonly Type[],
  attributes: Attributes,
  results: readonly Type[],
  values: readonly Data[],
) => readonly Data[] | undefined;

let faster: Evaluator | undefined;

/** Operations that state their work are first offered to this evaluator. */
export function evaluateBy(evaluator: Evaluator): void {
  faster = evaluator;
}

/** The result of an operation on constants. */
export function evaluate(
  operation: Operation,
  values: readonly Data[],
  inputs: readonly Type[],
  attributes: Attributes,
  result: Type,
): Data {
  const results = operation.work && faster?.(operation, inputs, attributes, [result], values);
  return results?.[0] ?? operation.evaluate(values, inputs, attributes, result);
}

/** The same for an operation with several results. */
export function evaluateAll(
  operation: Operation,
  values: readonly Data[],
  inputs: readonly Type[],
  attributes: Attributes,
  results: readonly Type[],
): readonly Data[] {
  return (
    (operation.work && faster?.(operation, inputs, attributes, results, values)) ??
    operation.evaluateAll?.(values, inputs, attributes) ??
    []
  );
}
