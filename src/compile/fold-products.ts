/**
 * A product that only a fold reads, as in the gradient by a convolution's input: the two become one step, which makes
 * and folds the product image by image, so that the windows' cotangent never exists as a whole.
 */
import type { Buffer, Read, RoutineStep, Step } from "../backend/target.ts";
import { sizeOf, stridesOf } from "../base/shape.ts";
import type { Type } from "../graph/operation.ts";
import { withBodies } from "./bodies.ts";
import { owner, Touches } from "./touch.ts";

/** `fixed`: buffers that must be written whoever reads them. */
export function foldProducts(steps: readonly Step[], fixed: ReadonlySet<Buffer>): Step[] {
  const result: (Step | undefined)[] = steps.map((step) => withBodies(step, (body) => foldProducts(body, fixed)));
  const touches = new Touches();
  result.forEach((step, i) => {
    if (step !== undefined) touches.add(step, i);
  });
  const { readers, writers } = touches;
  steps.forEach((_, i) => {
    const fold = result[i];
    if (fold?.kind !== "routine" || fold.request.name !== "fold") return;
    const { buffer } = fold.inputs[0] as Read;
    if (fixed.has(buffer) || buffer.slice !== undefined) return;
    const [at, ...others] = writers.of(buffer);
    if (at === undefined || at > i || others.length > 0 || readers.of(buffer).length > 1) return;
    const product = result[at];
    if (product?.kind !== "routine" || product.request.name !== "contract" || !byImages(product, fold)) return;
    const moves = product.inputs.every((read) => !writers.between(read.buffer, at, i));
    if (!moves || product.inputs.some((read) => fold.outputs.some((out) => owner(out) === owner(read.buffer)))) return;
    const both = joined(product, fold);
    touches.remove(product, at);
    touches.remove(fold, i);
    touches.add(both, i);
    result[at] = undefined;
    result[i] = both;
  });
  return result.filter((step) => step !== undefined);
}

/** Whether the first axis of both is the images', over which no window moves. */
function byImages(product: RoutineStep, { request, inputs, inputTypes }: RoutineStep): boolean {
  const { shape } = product.outputTypes[0] as Type;
  const [{ view }, folded] = [inputs[0] as Read, inputTypes[0] as Type];
  const images = shape[0] ?? 1;
  return (
    images > 1 &&
    (product.request.parameters.batch as number) > 0 &&
    sizeOf(shape) === sizeOf(folded.shape) &&
    view.offset === 0 &&
    folded.shape[0] === images &&
    view.strides[0] === stridesOf(shape)[0] &&
    !(request.parameters.axes as readonly number[]).includes(0)
  );
}

function joined(product: RoutineStep, fold: RoutineStep): RoutineStep {
  const { batch, inner } = product.request.parameters as { batch: number; inner: number };
  const { target, axes } = fold.request.parameters as { target: readonly number[]; axes: readonly number[] };
  const { shape } = fold.inputTypes[0] as Type;
  const { strides } = (fold.inputs[0] as Read).view;
  return {
    ...product,
    request: {
      name: "contractAndFold",
      parameters: { batch, inner, target, axes, folded: shape, seen: strides },
      strided: true,
    },
    outputs: fold.outputs,
    outputTypes: fold.outputTypes,
  };
}
