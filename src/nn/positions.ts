/** Where in a sequence a vector stands: what attention would not see by itself. */
import { NablaError } from "../base/error.ts";
import { check, checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { slice } from "../ops/movement.ts";
import { random } from "../ops/random.ts";
import { convert } from "../ops/record.ts";
import type { Initializer } from "./initializers.ts";
import { checkCount, fixed, type Layer, type Nothing, sizeAlong } from "./layer.ts";

/**
 * Waves [time, features]: at place p the features 2i and 2i + 1 are sin and cos of p/10000^(2i/features) (Vaswani et al.
 * 2017, §3.5).
 *
 * @example
 * sinusoids(1, 4).toArray() // [[0, 1, 0, 1]]
 */
export function sinusoids(time: number, features: number): Tensor {
  check("sinusoids", "a whole number from 0", { time, features });
  const wave = (p: number, j: number): number => {
    const angle = p / 10000 ** ((j - (j % 2)) / features);
    return j % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  };
  const at = (i: number): number => wave(Math.floor(i / features), i % features);
  return constant(
    Float64Array.from({ length: time * features }, (_, i) => at(i)),
    [time, features],
  );
}

/**
 * x + sinusoids: [batch, time, features] of any length.
 *
 * @example
 * sinusoidalPositions().apply({ parameters: {}, state: {} }, zeros([1, 1, 2]))[0].toArray() // [[[0, 1]]]
 */
export const sinusoidalPositions = (): Layer<Nothing, Nothing> =>
  fixed("sinusoidalPositions", (x) => {
    const [time = 1, features = 1] = x.shape.slice(-2);
    return x.add(convert(sinusoids(time, features), x.dtype));
  });

/** How many places there are, and how they begin. */
export interface LearnedPositionsOptions {
  /** The longest sequence; default that of the examples in `init`. */
  readonly length?: number;
  /** Default normal with deviation 0.02. */
  readonly initializer?: Initializer;
}

/**
 * x + a learned vector for each place: [batch, time, features], time at most `length`.
 *
 * @example
 * const layer = learnedPositions();
 * layer.init(random.key(0), [7, 4]).parameters.table.shape // [7, 4]
 */
export function learnedPositions(options: LearnedPositionsOptions = {}): Layer<{ readonly table: Tensor }, Nothing> {
  checkOptions("learnedPositions", options, "learnedPositions({ length: 100 })");
  const { length, initializer = (key, shape, dtype) => random.normal(key, shape, { dtype }).mul(0.02) } = options;
  if (length !== undefined) checkCount("learnedPositions", "places", length);
  return {
    name: "learnedPositions",
    init(key, input, dtype = "float32") {
      const features = sizeAlong("learnedPositions", input, 1, "examples [time, features]");
      return { parameters: { table: initializer(key, [length ?? (input[0] as number), features], dtype) }, state: {} };
    },
    apply({ parameters: { table } }, x) {
      const time = x.shape[1] as number;
      if (x.rank === 3 && time <= (table.shape[0] as number)) return [x.add(slice(table, [[0, time]])), {}];
      throw new NablaError(
        "E-SHAPE",
        `learnedPositions: x is ${showShape(x.shape)}, the table of places ${showShape(table.shape)}`,
        "x of shape [batch, time, features], { length } of the longest sequence",
      );
    },
  };
}
