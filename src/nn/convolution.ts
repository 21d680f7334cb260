/** Convolutions with kernels that are learned. */

import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import { type ConvolutionOptions, conv1d, conv2d } from "../ops/convolve.ts";
import { zeros } from "../ops/create.ts";
import type { DenseOptions, DenseParameters } from "./dense.ts";
import { glorotUniform } from "./initializers.ts";
import { checkCount, type Layer, type Nothing } from "./layer.ts";

/** How windows lie (stride, dilation, padding, groups), and how kernels begin. */
export interface ConvolutionLayerOptions extends ConvolutionOptions, DenseOptions {}

const convolution = (axes: 1 | 2) => {
  const what = `convolution${axes}d`;
  const convolve = axes === 1 ? conv1d : conv2d;
  return (
    outputs: number,
    size: number | readonly number[],
    options: ConvolutionLayerOptions = {},
  ): Layer<DenseParameters, Nothing> => {
    checkOptions(what, options, `sequential(${what}(8, 3), relu): an activation is a layer of its own`);
    const { initializer = glorotUniform, bias = true, ...windows } = options;
    checkCount(what, "outputs", outputs);
    const window = typeof size === "number" ? new Array<number>(axes).fill(size) : [...size];
    for (const n of window) checkCount(what, "elements along a window", n);
    const { groups = 1 } = windows;
    checkCount(what, "groups", groups);
    return {
      name: `${what}(${outputs}, ${window.join("×")})`,
      init(key, input, dtype = "float32") {
        const [channels, ...places] = input;
        if (channels === undefined || places.length !== axes || window.length !== axes || channels % groups !== 0)
          throw new NablaError(
            "E-SHAPE",
            `${what}: an example is ${showShape(input)}, a window ${showShape(window)}, there are ${groups} groups`,
            axes === 1
              ? "examples [channels, n], channels a multiple of groups"
              : "examples [channels, rows, columns], channels a multiple of groups",
          );
        const weights = initializer(key, [outputs, channels / groups, ...window], dtype);
        return { parameters: bias ? { weights, bias: zeros([outputs], { dtype }) } : { weights }, state: {} };
      },
      apply({ parameters: { weights, bias: b } }, x) {
        const product = convolve(x, weights, windows);
        return [b === undefined ? product : product.add(b.reshape([-1, ...window.map(() => 1)])), {}];
      },
    };
  };
};

/**
 * Cross-correlation along one axis: [batch, channels, n] → [batch, outputs, n′], weights [outputs, channels/groups, k],
 * bias [outputs]. `conv1d` of nabla says what stride, dilation, padding and groups do.
 *
 * @example
 * const layer = convolution1d(4, 3, { padding: "same" });
 * layer.apply(layer.init(random.key(0), [2, 10]), ones([5, 2, 10]))[0].shape // [5, 4, 10]
 */
export const convolution1d = convolution(1);

/**
 * Cross-correlation of images: [batch, channels, rows, columns] → [batch, outputs, rows′, columns′], weights
 * [outputs, channels/groups, k, k], bias [outputs].
 *
 * @example
 * const layer = convolution2d(8, 3, { stride: 2 });
 * layer.apply(layer.init(random.key(0), [1, 9, 9]), ones([5, 1, 9, 9]))[0].shape // [5, 8, 4, 4]
 */
export const convolution2d = convolution(2);
