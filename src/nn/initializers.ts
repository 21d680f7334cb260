/** How weights begin: scaled so that signals neither vanish nor explode on their way through the layers. */
import { NablaError } from "../base/error.ts";
import { check } from "../base/options.ts";
import { type Shape, showShape } from "../base/shape.ts";
import { erfc } from "../base/special.ts";
import type { Tensor } from "../graph/tensor.ts";
import { less, where } from "../ops/arithmetic.ts";
import { full } from "../ops/create.ts";
import { qr } from "../ops/linalg/index.ts";
import { diagonal, matrixTranspose } from "../ops/movement.ts";
import { normalQuantile, random } from "../ops/random.ts";
import { convert } from "../ops/record.ts";
import type { FloatType } from "./layer.ts";

/** Weights of a shape, from a key. A matrix is [inputs, outputs], a kernel [outputs, inputs, …window]. */
export type Initializer = (key: Tensor, shape: Shape, dtype: FloatType) => Tensor;

/** How many inputs a unit has, and how many outputs an input (of one group, if a kernel has several: all outputs). */
function fans(shape: Shape): readonly [fanIn: number, fanOut: number] {
  const [a = 1, b = 1, ...window] = shape;
  if (shape.length <= 2) return [a, b];
  const taps = window.reduce((n, k) => n * k, 1);
  return [b * taps, a * taps];
}

/** Uniform in ±√(3 · variance). */
const uniformly =
  (variance: (fanIn: number, fanOut: number) => number): Initializer =>
  (key, shape, dtype) => {
    const limit = Math.sqrt(3 * variance(...fans(shape)));
    return random
      .uniform(key, shape, { dtype })
      .mul(2 * limit)
      .sub(limit);
  };

const normally =
  (variance: (fanIn: number, fanOut: number) => number): Initializer =>
  (key, shape, dtype) =>
    random.normal(key, shape, { dtype }).mul(Math.sqrt(variance(...fans(shape))));

const glorot = (fanIn: number, fanOut: number): number => 2 / (fanIn + fanOut);
const he = (fanIn: number): number => 2 / fanIn;
const lecun = (fanIn: number): number => 1 / fanIn;

/**
 * Uniform with variance 2/(inputs + outputs), for tanh and the like (Glorot and Bengio 2010, eq. 16).
 *
 * @example
 * glorotUniform(random.key(0), [3, 2], "float32").shape // [3, 2]
 */
export const glorotUniform: Initializer = uniformly(glorot);
/**
 * Normal with variance 2/(inputs + outputs).
 *
 * @example
 * glorotNormal(random.key(0), [3, 2], "float32").shape // [3, 2]
 */
export const glorotNormal: Initializer = normally(glorot);
/**
 * Uniform with variance 2/inputs, for relu (He, Zhang, Ren and Sun 2015, eq. 10).
 *
 * @example
 * heUniform(random.key(0), [3, 2], "float32").shape // [3, 2]
 */
export const heUniform: Initializer = uniformly(he);
/**
 * Normal with variance 2/inputs.
 *
 * @example
 * heNormal(random.key(0), [3, 2], "float32").shape // [3, 2]
 */
export const heNormal: Initializer = normally(he);
/**
 * Uniform with variance 1/inputs (LeCun, Bottou, Orr and Müller 1998, §4.6).
 *
 * @example
 * lecunUniform(random.key(0), [3, 2], "float32").shape // [3, 2]
 */
export const lecunUniform: Initializer = uniformly(lecun);
/**
 * Normal with variance 1/inputs.
 *
 * @example
 * lecunNormal(random.key(0), [3, 2], "float32").shape // [3, 2]
 */
export const lecunNormal: Initializer = normally(lecun);

/**
 * All weights the same.
 *
 * @example
 * constant(2)(random.key(0), [2], "float32").toArray() // [2, 2]
 */
export function constant(value: number): Initializer {
  check("constant", "a finite number", { value });
  return (_, shape, dtype) => full(shape, value, { dtype });
}

/**
 * Normal with mean 0 and `deviation`, cut at ±2 deviations (what remains has a standard deviation of 0.88 · deviation).
 *
 * @example
 * truncatedNormal(0.02)(random.key(0), [100], "float32").abs().max().item() < 0.04001 // true
 */
export function truncatedNormal(deviation = 0.02): Initializer {
  check("truncatedNormal", "a number from 0", { deviation });
  return (key, shape, dtype) => {
    const below = erfc(Math.SQRT2) / 2; // the probability of less than −2
    const u = random.uniform(key, shape, { low: below, high: 1 - below });
    return convert(normalQuantile(u), dtype).mul(deviation);
  };
}

/**
 * Orthonormal rows or columns, whichever are fewer, times `gain`: uniformly among all such matrices (Saxe, McClelland
 * and Ganguli 2014; Mezzadri 2007 for the signs). A kernel [outputs, inputs, …window] is one row an output.
 *
 * @example
 * const w = orthogonal()(random.key(0), [3, 3], "float64");
 * w.matmul(transpose(w)).sub(eye(3)).abs().max().item() < 1e-12 // true
 */
export function orthogonal(gain = 1): Initializer {
  check("orthogonal", "a finite number", { gain });
  return (key, shape, dtype) => {
    const [rows, ...rest] = shape;
    if (rows === undefined || rest.length === 0)
      throw new NablaError("E-SHAPE", `orthogonal: ${showShape(shape)} is no matrix`, "a shape of two axes or more");
    const columns = rest.reduce((n, k) => n * k, 1);
    const tall = rows >= columns;
    const { q, r } = qr(random.normal(key, tall ? [rows, columns] : [columns, rows]));
    const unique = q.mul(where(less(diagonal(r), 0), -gain, gain));
    return convert((tall ? unique : matrixTranspose(unique)).reshape(shape), dtype);
  };
}
