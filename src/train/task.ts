/** A model with its loss, or a cost, as the one thing that the loop knows. */
import { NablaError } from "../base/error.ts";
import type { Dataset } from "../data/index.ts";
import { Tensor } from "../graph/tensor.ts";
import type { Layer, Variables } from "../nn/index.ts";
import { type Cost, costOf, type Examples, type Weighted } from "./cost.ts";
import { costEvaluator, evaluator } from "./evaluate.ts";
import type { AnyOptions, Settings } from "./options.ts";
import type { Measured } from "./position.ts";

/** What is learned, whether it was given as a model or as a cost. */
export interface Task {
  readonly cost: Cost<Weighted>;
  readonly data: Dataset<Weighted>;
  /** Variables to begin with. */
  initial(key: Tensor): Promise<Variables>;
  /** Loss and metrics of the validation data, if there are any, and of the training data, if that is asked for. */
  measure(variables: Variables): Promise<Measured>;
}

/** What a model draws for such inputs. */
export function initialOf(what: string, layer: Layer, key: Tensor, { x }: Examples): Variables {
  if (!(x instanceof Tensor))
    throw new NablaError(
      "E-VALUE",
      `${what}: the examples have no tensor x`,
      what === "train" ? "arrays({ x, y }), or a cost for others" : "arrays({ x, y })",
    );
  return layer.init(key, x.shape.slice(1), x.dtype === "float64" ? "float64" : "float32");
}

export function taskOf(options: AnyOptions, { batchSize }: Settings): Task {
  const { model, loss, cost, threads, metrics = {} } = options;
  // What kind of batch goes with what cost is the business of train's own type.
  const [data, validation] = [options.data, options.validation] as unknown as [Dataset<Examples>, Dataset<Examples>?];
  const run = { batchSize: Math.max(batchSize, 256), ...(threads === undefined ? {} : { threads }) };
  const measuring =
    (on: (variables: Variables, data: Dataset<Examples>) => Promise<Record<string, number>>): Task["measure"] =>
    async (variables) => ({
      ...(validation === undefined ? {} : { validation: await on(variables, validation) }),
      ...(options.trainingMetrics === true ? { training: await on(variables, data) } : {}),
    });
  if (model === undefined || loss === undefined) {
    const of = cost as unknown as Cost<Weighted>;
    return {
      cost: of,
      data,
      initial: async () => options.variables as unknown as Variables,
      measure: measuring(costEvaluator("train", of, run)),
    };
  }
  const layer = model as unknown as Layer;
  return {
    cost: costOf(layer, loss) as Cost<Weighted>,
    data,
    async initial(key) {
      if (options.variables !== undefined) return options.variables as unknown as Variables;
      return initialOf("train", layer, key, await data.take(Uint32Array.of(0)));
    },
    measure: measuring(evaluator("train", layer, loss, metrics, run)),
  };
}
