/** The greatest of each window, as maxPool1d and maxPool2d make it (ops/convolve), is ONNX's MaxPool. */
import { isFixed, type Traced } from "./dimension.ts";
import type { Scope } from "./scope.ts";

interface Windows {
  readonly x: Traced;
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
  readonly dilations: readonly number[];
}

const input = (node: Traced): Traced => node.inputs[0] as Traced;
const attributesOf = (node: Traced) => node.first.attributes as Readonly<Record<string, readonly number[]>>;
const isRange = (values: readonly number[] | undefined, from: number): boolean =>
  values?.every((v, i) => v === from + i) === true;

/** Windows over all axes but the first two, their elements behind them; undefined if the node is anything else. */
function windowsOf(node: Traced): Windows | undefined {
  const { axes, sizes, steps, dilations } = attributesOf(node);
  if (node.first.operation.name === "windows")
    return isRange(axes, 2) && node.first.rank === 2 + 2 * (axes as readonly number[]).length
      ? ({ x: input(node), sizes, steps, dilations } as Windows)
      : undefined;
  // Windows that neither overlap nor leave anything out are split axes.
  const moved = node.first.operation.name === "transpose";
  if (moved && axes?.join() !== "0,1,2,4,3,5") return undefined;
  const split = moved ? input(node) : node;
  if (split.first.operation.name !== "reshape") return undefined;
  const x = input(split);
  const count = x.first.rank - 2;
  if (count !== (moved ? 2 : 1) || split.first.rank !== 2 + 2 * count) return undefined;
  const sameFront = [0, 1].every((i) => split.first.shape[i] === x.first.shape[i]);
  const taps = Array.from({ length: count }, (_, i) => 3 + 2 * i).map((axis) => split.shape[axis]);
  const places = Array.from({ length: count }, (_, i) => split.first.shape[2 + 2 * i] as number);
  const sized = taps.map((tap) => (tap !== undefined && isFixed(tap) ? tap.offset : Number.NaN));
  if (!sameFront || !places.every((n, i) => n * (sized[i] as number) === x.first.shape[2 + i])) return undefined;
  return { x, sizes: sized, steps: sized, dilations: sized.map(() => 1) };
}

/** MaxPool, if a `max` node is one. */
export function maxPool(scope: Scope, node: Traced): string | undefined {
  const found = windowsOf(input(node));
  if (found === undefined) return undefined;
  const { x, sizes, steps, dilations } = found;
  const { axes } = attributesOf(node);
  if (axes?.length !== sizes.length || !isRange(axes, x.first.rank)) return undefined;
  return scope.node("MaxPool", [scope.name(x)], { kernel_shape: sizes, strides: steps, dilations });
}
