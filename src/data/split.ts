/** Parts of a dataset to learn from and to be judged by. */
import { NablaError } from "../base/error.ts";
import { Tensor } from "../graph/tensor.ts";
import { check, checkDataset, checkEach, counted, type Kind, list, seeding, share, told } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import { shuffled } from "./order.ts";
import { subset } from "./views.ts";

/** Labels of all examples: whole numbers, names, anything that is equal where the class is. */
export type Labels = ArrayLike<unknown> | Tensor;

/** Which parts. */
export interface SplitOptions {
  /** Shares of the examples, from 0 to 1; default 0. */
  readonly validation?: number;
  readonly test?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Labels by which each part has its share of each class, to one example; `labelsOf(data)` reads them. */
  readonly stratify?: Labels;
}

const labelled: Kind = [(value) => value instanceof Tensor || list[0](value), "a list of labels, one an example"];
export const splitKinds = { validation: share, test: share, seed: seeding, stratify: labelled };

/** The parts, by what they are for. */
export interface Parts<T> {
  readonly train: T;
  readonly validation: T;
  readonly test: T;
}

/**
 * Places of the parts, each in rising order: a function of size, options and labels alone. Rows of a table are split by
 * it before they are encoded.
 *
 * @example
 * const places = splitPlaces(10, { test: 0.3, seed: 1 });
 * [places.train.length, places.test.length] // [7, 3]
 */
export function splitPlaces(size: number, options: SplitOptions): Parts<Uint32Array> {
  check("splitPlaces", "size", size, counted(0));
  checkEach("trainTestSplit", options, splitKinds);
  const { validation = 0, test = 0, seed = 0, stratify } = options;
  if (validation + test >= 1)
    throw new NablaError(
      "E-OPTION",
      "trainTestSplit: validation and test leave nothing to train on",
      "shares below 1 in sum",
    );
  const order = orderOf("trainTestSplit", size, seed, stratify);
  const [a, b] = [Math.round(size * test), Math.round(size * (test + validation))];
  if (size > 0 && b === size)
    throw new NablaError(
      "E-OPTION",
      `trainTestSplit: of ${size} examples validation and test leave none to train on`,
      "smaller shares, or more examples",
    );
  return { test: order.slice(0, a).sort(), validation: order.slice(a, b).sort(), train: order.slice(b).sort() };
}

/**
 * Parts to train on, to choose by (validation) and to report (test).
 *
 * @example
 * const parts = trainTestSplit(arrays({ x: [1, 2, 3, 4, 5] }), { validation: 0.2, test: 0.2 });
 * parts.train.size // 3
 */
export function trainTestSplit<E>(data: Dataset<E>, options: SplitOptions): Parts<Dataset<E>> {
  checkDataset("trainTestSplit", data);
  const { train, validation, test } = splitPlaces(data.size, options);
  return { train: subset(data, train), validation: subset(data, validation), test: subset(data, test) };
}

/**
 * k parts by which the same model is judged k times: each example is held out once.
 *
 * @example
 * kFold(arrays({ x: [1, 2, 3, 4] }), 2).map(({ train, validation }) => [train.size, validation.size]) // [[2, 2], [2, 2]]
 */
export function kFold<E>(
  data: Dataset<E>,
  k: number,
  options: Pick<SplitOptions, "seed" | "stratify"> = {},
): { readonly train: Dataset<E>; readonly validation: Dataset<E> }[] {
  checkDataset("kFold", data);
  checkEach("kFold", options, { seed: seeding, stratify: labelled });
  const { seed = 0, stratify } = options;
  if (!Number.isInteger(k) || k < 2 || k > data.size)
    throw new NablaError(
      "E-OPTION",
      `kFold: ${told(k)} folds of ${data.size} examples`,
      "a whole number from 2 to the examples",
    );
  const order = orderOf("kFold", data.size, seed, stratify);
  return Array.from({ length: k }, (_, fold) => {
    const [from, to] = [Math.round((fold * data.size) / k), Math.round(((fold + 1) * data.size) / k)];
    const others = new Uint32Array(data.size - (to - from));
    others.set(order.subarray(0, from));
    others.set(order.subarray(to), from);
    return { train: subset(data, others.sort()), validation: subset(data, order.slice(from, to).sort()) };
  });
}

/**
 * A random order; with labels one of which every stretch has each class by its share, to one example: the i-th of the n
 * examples of a class comes (i + ½)/n of the way.
 */
function orderOf(what: string, size: number, seed: number, labels: Labels | undefined): Uint32Array {
  const order = shuffled(size, { seed, epoch: 0 });
  if (labels === undefined) return order;
  const classes: ArrayLike<unknown> = labels instanceof Tensor ? labels.data : labels;
  if (classes.length !== size)
    throw new NablaError("E-SHAPE", `${what}: ${classes.length} labels for ${size} examples`, "one label an example");
  const counts = new Map<unknown, number>();
  const ranks = new Float64Array(size); // by place
  for (const place of order) {
    const rank = counts.get(classes[place]) ?? 0;
    ranks[place] = rank;
    counts.set(classes[place], rank + 1);
  }
  for (let place = 0; place < size; place++)
    ranks[place] = ((ranks[place] as number) + 0.5) / (counts.get(classes[place]) as number);
  return order.sort((a, b) => (ranks[a] as number) - (ranks[b] as number)); // stable: ties stay as shuffled
}
