/** The same elements in another shape. */
import type { Shape } from "../base/shape.ts";
import { fixed, type Layer, type Nothing } from "./layer.ts";

/**
 * Each example in a row: [batch, …] → [batch, elements].
 *
 * @example
 * flattening().apply({ parameters: {}, state: {} }, ones([2, 3, 4]))[0].shape // [2, 12]
 */
export const flattening = (): Layer<Nothing, Nothing> =>
  fixed("flattening", (x) => {
    const [batch = 1, ...shape] = x.shape;
    return x.reshape([batch, shape.reduce((n, k) => n * k, 1)]);
  });

/**
 * Each example in another shape, of which one size may be −1: [batch, …] → [batch, ...shape].
 *
 * @example
 * reshaping([1, 8, 8]).apply({ parameters: {}, state: {} }, ones([2, 64]))[0].shape // [2, 1, 8, 8]
 */
export const reshaping = (shape: Shape): Layer<Nothing, Nothing> =>
  fixed(`reshaping(${shape.join("×")})`, (x) => x.reshape([x.shape[0] ?? 1, ...shape]));
