/** Vectors for words. */
import { checkOptions } from "../base/options.ts";
import type { Tensor } from "../graph/tensor.ts";
import { take } from "../ops/gather.ts";
import { random } from "../ops/random.ts";
import type { Initializer } from "./initializers.ts";
import { asIndices, checkCount, type Layer, type Nothing } from "./layer.ts";

/** How the table begins. */
export interface EmbeddingOptions {
  /** Of the table, default standard normal. */
  readonly initializer?: Initializer;
}

/**
 * A row of a table for each index: [batch, …] of integers 0 … count − 1 → [batch, …, width]. Indices are int32; whole
 * numbers in floats serve too. One outside the table is an E-INDEX.
 *
 * @example
 * const layer = embedding(10, 4);
 * layer.apply(layer.init(random.key(0), [3]), tensor([[1, 2, 9]], { dtype: "int32" }))[0].shape // [1, 3, 4]
 */
export function embedding(
  count: number,
  width: number,
  options: EmbeddingOptions = {},
): Layer<{ readonly table: Tensor }, Nothing> {
  checkOptions("embedding", options, "embedding(10, 4, { initializer: heNormal })");
  const { initializer = (key, shape, dtype) => random.normal(key, shape, { dtype }) } = options;
  checkCount("embedding", "rows", count);
  checkCount("embedding", "columns", width);
  return {
    name: `embedding(${count}, ${width})`,
    init: (key, _, dtype = "float32") => ({
      parameters: { table: initializer(key, [count, width], dtype) },
      state: {},
    }),
    apply: ({ parameters: { table } }, x) => [take(table, asIndices("embedding", x, count)), {}],
  };
}
