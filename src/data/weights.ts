/** How much examples count. */
import { NablaError } from "../base/error.ts";
import { constant, Tensor } from "../graph/tensor.ts";
import { check, checkDataset, list, told } from "./check.ts";
import type { Dataset, Labelled } from "./dataset.ts";
import { map } from "./views.ts";

/** So many examples are read at once. */
const step = 4096;
/** A label beyond is no class but a mistake: weights for all up to it would fill the memory. */
const mostClasses = 2 ** 24;

/**
 * The labels of all examples, read once.
 *
 * @example
 * await labelsOf(arrays({ x: [1, 2], y: new Int32Array([1, 0]) })) // Int32Array.of(1, 0)
 */
export async function labelsOf(data: Dataset<Labelled<unknown, Tensor>>): Promise<Int32Array> {
  checkDataset("labelsOf", data);
  const labels = new Int32Array(data.size);
  for (let from = 0; from < data.size; from += step) {
    const places = Uint32Array.from({ length: Math.min(step, data.size - from) }, (_, i) => from + i);
    const y = targetsOf("labelsOf", await data.take(places));
    if (y.dtype !== "int32" || y.rank !== 1)
      throw new NablaError("E-DTYPE", `labelsOf: y is ${y.dtype} of rank ${y.rank}`, "labels, int32 [examples]");
    labels.set(y.data, from);
  }
  return labels;
}

/** The y of examples, as a dataset of something else has not. */
function targetsOf(what: string, examples: Labelled<unknown, Tensor>): Tensor {
  const y: unknown = (examples as Partial<Labelled<unknown, Tensor>> | undefined | null)?.y;
  if (y instanceof Tensor) return y;
  throw new NablaError("E-VALUE", `${what}: y of the examples is ${told(y)}`, "examples { x, y }, y their labels");
}

/**
 * Weights by which all classes count alike, with mean 1 over the examples: n / (classes · examples of the class). A class
 * without examples has the weight 0.
 *
 * @example
 * classWeights([0, 0, 0, 1]) // Float32Array.of(2 / 3, 2)
 */
export function classWeights(labels: ArrayLike<number>, classes?: number): Float32Array {
  check("classWeights", "the list of labels", labels, list);
  if (classes !== undefined && !(Number.isInteger(classes) && classes >= 0 && classes <= mostClasses))
    throw new NablaError("E-OPTION", `classWeights: ${told(classes)} classes`, `a whole number up to ${mostClasses}`);
  const all = Array.from(labels);
  const at = all.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < mostClasses));
  const odd = all[at];
  if (at >= 0)
    throw new NablaError(
      "E-INDEX",
      `classWeights: the label ${told(odd)} is no class`,
      `whole numbers from 0 to ${mostClasses - 1}`,
    );
  const counts = new Array<number>(classes ?? all.reduce((most, label) => Math.max(most, label + 1), 0)).fill(0);
  for (const label of all) {
    if (counts[label] === undefined)
      throw new NablaError("E-INDEX", `classWeights: the label ${label} of ${counts.length} classes`, "labels from 0");
    counts[label] += 1;
  }
  const present = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count === 0 ? 0 : all.length / (present * count)));
}

/**
 * The examples with a `weight` each: their class's, by labels y.
 *
 * @example
 * weightedByClass(arrays({ x: [1, 2], y: new Int32Array([0, 1]) }), [1, 3]).size // 2
 */
export function weightedByClass<E extends Labelled<unknown, Tensor>>(
  data: Dataset<E>,
  weights: ArrayLike<number>,
): Dataset<E & { readonly weight: Tensor }> {
  checkDataset("weightedByClass", data);
  check("weightedByClass", "the list of weights", weights, list);
  return map(data, (examples) => {
    const weight = Float32Array.from(targetsOf("weightedByClass", examples).data, (label) => {
      const weight = weights[label];
      if (Number.isFinite(weight)) return weight as number;
      throw new NablaError(
        "E-INDEX",
        `weightedByClass: there is no weight for the label ${label}`,
        "classWeights(labels, classes), one a class",
      );
    });
    return { ...examples, weight: constant(weight, [weight.length]) };
  });
}
