/** A product of kernels and windows, as conv1d and conv2d make it (ops/convolve), is ONNX's Conv. */
import { type Dimension, fixed, type Traced } from "./dimension.ts";
import type { Scope } from "./scope.ts";

const is = ({ first }: Traced, name: string): boolean => first.operation.name === name;
const input = (node: Traced, i = 0): Traced => node.inputs[i] as Traced;
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i]);

/**
 * contract(kernels, transpose(reshape(windows(x)))): kernels [1, groups, out/groups, channels/groups, …window] and images
 * first, or kernels [groups, …] and images behind. Undefined if the node is anything else.
 */
export function convolution(scope: Scope, node: Traced): string | undefined {
  const [kernels, ordered] = node.inputs as [Traced, Traced];
  if (!is(ordered, "transpose")) return undefined;
  const grouped = input(ordered);
  if (!is(grouped, "reshape") || !is(input(grouped), "windows")) return undefined;
  const cut = input(grouped);
  const { axes, sizes, steps, dilations } = cut.first.attributes as Readonly<Record<string, readonly number[]>>;
  const count = (axes as readonly number[]).length;
  if (!same(axes as readonly number[], range(2, count)) || cut.first.rank !== 2 + 2 * count) return undefined;
  const { axes: order } = ordered.first.attributes as { axes: readonly number[] };
  const { batch } = node.first.attributes as { batch: number };
  const [spots, taps] = [range(3, count), range(3 + count, count)];
  const imagesFirst = batch === 2 && same(order, [0, 1, 2, ...taps, ...spots]);
  const imagesLast = batch === 1 && same(order, [1, 2, ...taps, 0, ...spots]);
  if (!imagesFirst && !imagesLast) return undefined;

  const shape = kernels.first.shape.slice(imagesFirst ? 1 : 0);
  const [groups, out, channels, ...window] = shape as [number, number, number, ...number[]];
  if (!same(window, sizes as readonly number[])) return undefined;
  const conv = scope.node(
    "Conv",
    [scope.name(input(cut)), scope.reshape(scope.name(kernels), [groups * out, channels, ...window].map(fixed))],
    {
      kernel_shape: window,
      strides: steps as readonly number[],
      dilations: dilations as readonly number[],
      group: groups,
    },
  );
  if (imagesFirst) return scope.reshape(conv, node.shape);
  const images = input(cut).shape[0] as Dimension;
  const places = node.shape.slice(3);
  const split = scope.reshape(conv, [images, fixed(groups), fixed(out), ...places]);
  return scope.node("Transpose", [split], { perm: [1, 2, 0, ...range(3, count)] });
}
