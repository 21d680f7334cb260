/** Sliding windows, and their transpose: overlapping pieces laid over each other and added up. */
import { allocate, type Data } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { checkAxis, type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import { toTensor } from "../graph/convert.ts";
import type { Operation, Type } from "../graph/operation.ts";
import { apply, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { moveAxis, reshape, viewing } from "./movement.ts";
import { forEachOffset, operation } from "./record.ts";
import { summed } from "./support.ts";

interface WindowAttributes {
  readonly axes: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
  readonly dilations: readonly number[];
}

const shifted = (attributes: WindowAttributes): WindowAttributes => ({
  ...attributes,
  axes: attributes.axes.map((a) => a + 1),
});

/** Strides by which the windows' elements, [places…, taps…], lie in the array that was cut. */
function windowStrides(strides: readonly number[], { axes, steps, dilations }: WindowAttributes): number[] {
  const places = [...strides];
  axes.forEach((axis, i) => {
    places[axis] = (strides[axis] as number) * (steps[i] as number);
  });
  return [...places, ...axes.map((axis, i) => (strides[axis] as number) * (dilations[i] as number))];
}

export const windowsOperation: Operation = viewing<WindowAttributes>({
  name: "windows",
  infer: ({ shape, dtype }, { axes, sizes, steps, dilations }) => {
    const places = [...shape];
    axes.forEach((axis, i) => {
      const reach = ((sizes[i] as number) - 1) * (dilations[i] as number) + 1;
      places[axis] = Math.floor(((shape[axis] as number) - reach) / (steps[i] as number)) + 1;
    });
    return { shape: [...places, ...sizes], dtype };
  },
  view: (_x, { offset, strides }, attributes) => ({ offset, strides: windowStrides(strides, attributes) }),
  transpose: (ct, x, attributes) => apply(foldOperation, [ct], { ...attributes, shape: x.shape }),
  batch: (x, attributes) => apply(windowsOperation, [x], { ...shifted(attributes) }),
  cases: [
    { label: "[7] by 3, step 2", shapes: [[7]], apply: (x) => windows(x as Tensor, 0, 3, { step: 2 }) },
    { label: "[8,2] by 2, dilation 3", shapes: [[8, 2]], apply: (x) => windows(x as Tensor, 0, 2, { dilation: 3 }) },
    { label: "[2,5,4] by 3 × 2", shapes: [[2, 5, 4]], apply: (x) => windows(x as Tensor, [1, 2], [3, 2]) },
  ],
});

/** The transpose of windows. */
export const foldOperation: Operation = operation<WindowAttributes & { readonly shape: Shape }>({
  name: "fold",
  kind: "routine",
  infer: ([x], { shape }) => ({ shape, dtype: (x as Type).dtype }),
  evaluate: ([data], [x], attributes, result) => {
    const out = allocate(result.dtype, sizeOf(result.shape));
    const strides = windowStrides(stridesOf(result.shape), attributes);
    forEachOffset((x as Type).shape, [strides], ([offset], i) => {
      out[offset as number] = (out[offset as number] as number) + ((data as Data)[i] as number);
    });
    return out;
  },
  increases: { terms: (_, { sizes }) => sizeOf(sizes) },
  linear: { how: "separately" },
  transpose: (ct, _index, _inputs, { axes, sizes, steps, dilations }) =>
    apply(windowsOperation, [ct], { axes, sizes, steps, dilations }),
  batch: ([x], _batched, size, attributes) =>
    apply(foldOperation, [x as Tensor], { ...shifted(attributes), shape: [size, ...attributes.shape] }),
  supports: ([sets], { types, union, result }, attributes) => {
    const strides = windowStrides(stridesOf(result.shape), attributes);
    return sets && summed(sets, (types[0] as Type).shape, strides, sizeOf(result.shape), union);
  },
  kernel: (_inputs, attributes, result) => ({
    name: "fold",
    parameters: { target: windowStrides(stridesOf(result.shape), attributes), axes: attributes.axes },
    strided: true,
  }),
  work: ([x]) => 20 * sizeOf((x as Type).shape),
  laws: {
    cases: [
      {
        label: "[3,3] into [7], step 2",
        shapes: [[3, 3]],
        apply: (x) =>
          apply(foldOperation, [x as Tensor], { axes: [0], sizes: [3], steps: [2], dilations: [1], shape: [7] }),
      },
      {
        label: "[2,7,5,3,2] into [2,9,6]",
        shapes: [[2, 7, 5, 3, 2]],
        apply: (x) =>
          apply(foldOperation, [x as Tensor], {
            axes: [1, 2],
            sizes: [3, 2],
            steps: [1, 1],
            dilations: [1, 1],
            shape: [2, 9, 6],
          }),
      },
    ],
  },
});

/** One number for all, or one for each. */
type PerAxis = number | readonly number[];

/**
 * Sliding windows along axes: each becomes the window's place, new last axes the place within it. Convolution and
 * pooling are products and reductions over them.
 *
 * @example
 * windows([1, 2, 3, 4], 0, 2).toArray() // [[1, 2], [2, 3], [3, 4]]
 */
export function windows(
  x: TensorLike,
  axis: PerAxis,
  size: PerAxis,
  options: { readonly step?: PerAxis; readonly dilation?: PerAxis } = {},
): Tensor {
  checkOptions("windows", options, "{ step: 2 }");
  const t = toTensor("windows", x);
  const axes = (typeof axis === "number" ? [axis] : axis).map((a) => checkAxis("windows", a, t.rank));
  const each = (name: string, value: PerAxis): readonly number[] => {
    const list = typeof value === "number" ? axes.map(() => value) : value;
    if (list.length === axes.length && list.every((v) => Number.isInteger(v) && v >= 1)) return list;
    throw new NablaError(
      "E-OPTION",
      `windows: ${name} is ${list}, not a positive integer for each axis`,
      "an integer ≥ 1 for each axis",
    );
  };
  const sizes = each("size", size);
  const steps = each("step", options.step ?? 1);
  const dilations = each("dilation", options.dilation ?? 1);
  axes.forEach((a, i) => {
    const reach = ((sizes[i] as number) - 1) * (dilations[i] as number) + 1;
    if (reach <= (t.shape[a] as number)) return;
    throw new NablaError(
      "E-SHAPE",
      `windows: a window that reaches over ${reach} elements does not fit axis ${a} of ${showShape(t.shape)}`,
      "padding the input",
    );
  });
  const tiles = axes.every(
    (a, i) => steps[i] === sizes[i] && dilations[i] === 1 && (t.shape[a] as number) % (sizes[i] as number) === 0,
  );
  return tiles ? tiled(t, axes, sizes) : apply(windowsOperation, [t], { axes, sizes, steps, dilations });
}

/** Windows that neither overlap nor leave anything out only split their axes. */
function tiled(t: Tensor, axes: readonly number[], sizes: readonly number[]): Tensor {
  const parts = t.shape.flatMap((n, a) => {
    const i = axes.indexOf(a);
    return i < 0 ? [n] : [n / (sizes[i] as number), sizes[i] as number];
  });
  let result = reshape(t, parts);
  axes.forEach((a, i) => {
    // The axis of places is followed by that of taps; those of earlier windows have moved to the end already.
    const before = axes.filter((b, k) => b < a && k > i).length;
    result = moveAxis(result, a + before + 1, -1);
  });
  return result;
}
