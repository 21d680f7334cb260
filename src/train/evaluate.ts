/** A model on data, without learning: its loss and metrics, its outputs. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { batches, type Dataset } from "../data/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Layer, Loss, Mode, Variables } from "../nn/index.ts";
import { cast } from "../ops/arithmetic.ts";
import { concatenate } from "../ops/movement.ts";
import { mean, sum } from "../ops/reduce.ts";
import { type Cost, type Examples, lossesOf, type Weighted, weighted, weightOf } from "./cost.ts";
import { checkKinds, type Metric } from "./options.ts";
import { compileTrees } from "./step.ts";

const inference: Mode = { training: false };

const predictOptions = ["model", "variables", "data", "batchSize", "threads"];
const evaluateOptions = [...predictOptions, "loss", "metrics"];

/** How batches are run. */
export interface BatchwiseOptions {
  /** How many examples are run at once; default 256. The last, smaller batch has a program of its own. */
  readonly batchSize?: number;
  readonly threads?: number;
}

/** What to evaluate. */
export interface EvaluateOptions<P, S> extends BatchwiseOptions {
  readonly model: Layer<P, S>;
  readonly variables: Variables<P, S>;
  readonly data: Dataset<Examples>;
  readonly loss: Loss;
  readonly metrics?: Readonly<Record<string, Metric>>;
}

/** What to predict. */
export interface PredictOptions<P, S> extends BatchwiseOptions {
  readonly model: Layer<P, S>;
  readonly variables: Variables<P, S>;
  readonly data: Dataset<{ readonly x: Tensor }>;
}

/**
 * The (weighted) mean loss over all examples, and the metrics of all outputs beside all targets.
 *
 * @throws E-VALUE where there are no examples; E-OPTION for a metric named `loss`
 * @example
 * const data = arrays({ x: [[1], [2]], y: [2, 3] });
 * const model = sequential(dense(1), (x) => x.reshape([-1]));
 * const variables = { parameters: [{ weights: tensor([[1]]), bias: tensor([1]) }, {}], state: [{}, {}] };
 * await evaluate({ model, variables, data, loss: meanSquaredError }) // ({ loss: 0 })
 */
export async function evaluate<P, S>(options: EvaluateOptions<P, S>): Promise<Record<string, number>> {
  checkOptions("evaluate", options, "evaluate({ model, variables, data, loss })", evaluateOptions);
  checkKinds("evaluate", options, ["model", "variables", "data", "loss"]);
  const { model, variables, data, loss, metrics = {} } = options;
  return evaluator("evaluate", model as Layer, loss, metrics, options)(variables as Variables, data);
}

/** A model's evaluation, compiled once. */
export function evaluator(
  what: string,
  model: Layer,
  loss: Loss,
  metrics: Readonly<Record<string, Metric>>,
  options: BatchwiseOptions,
): (variables: Variables, data: Dataset<Examples>) => Promise<Record<string, number>> {
  const names = Object.keys(metrics);
  if (names.includes("loss")) throw new NablaError("E-OPTION", `${what}: a metric is named loss`, "another name");
  const program = compileTrees((variables: Variables, { x, y, weight }: Examples): Tensor[] => {
    const [outputs] = model.apply(variables, x, inference);
    const total = weightedSum(lossesOf(loss, outputs, y), weight);
    return names.length > 0 ? [total, outputs] : [total];
  }, threadsOf(options));
  return async (variables, data) => {
    const outputs: Tensor[] = [];
    const targets: Tensor[] = [];
    const mean = await meanOver(what, data, options, (batch) => {
      const [total, output] = program(variables, batch) as [Tensor, Tensor?];
      if (output !== undefined) {
        outputs.push(output);
        targets.push(batch.y);
      }
      return total.item();
    });
    const measured: Record<string, number> = { loss: mean };
    if (names.length > 0) {
      const [all, wanted] = [concatenate(outputs), concatenate(targets)];
      for (const name of names) measured[name] = numberOf((metrics[name] as Metric)(all, wanted));
    }
    return measured;
  };
}

/** The mean of a cost over data, compiled once. */
export function costEvaluator(
  what: string,
  cost: Cost<Weighted>,
  options: BatchwiseOptions,
): (variables: Variables, data: Dataset<Weighted>) => Promise<Record<string, number>> {
  const program = compileTrees(
    (variables: Variables, batch: Weighted): Tensor => weightedSum(cost(variables, batch, inference)[0], batch.weight),
    threadsOf(options),
  );
  return async (variables, data) => ({
    loss: await meanOver(what, data, options, (batch) => program(variables, batch).item()),
  });
}

/**
 * The outputs of a model for all examples, stacked along the first axis.
 *
 * @throws E-VALUE where there are no examples
 * @example
 * const model = dense(2);
 * const variables = model.init(random.key(0), [3]);
 * const data = arrays({ x: ones([5, 3], { dtype: "float32" }) });
 * (await predict({ model, variables, data })).shape // [5, 2]
 */
export async function predict<P, S>(options: PredictOptions<P, S>): Promise<Tensor> {
  checkOptions("predict", options, "predict({ model, variables, data })", predictOptions);
  checkKinds("predict", options, ["model", "variables", "data"]);
  const { model, variables, data } = options;
  const program = compileTrees(
    (v: Variables, x: Tensor): Tensor => (model as Layer).apply(v, x, inference)[0],
    threadsOf(options),
  );
  const outputs: Tensor[] = [];
  for await (const { x } of inOrder("predict", data, options)) outputs.push(program(variables as Variables, x));
  return concatenate(outputs);
}

const threadsOf = ({ threads }: BatchwiseOptions) => (threads === undefined ? {} : { threads });

const weightedSum = (losses: Tensor, weight: Tensor | undefined): Tensor =>
  sum(cast(weight === undefined ? losses : weighted(losses, weight), "float64"));

const numberOf = (value: number | Tensor): number => (typeof value === "number" ? value : mean(value).item());

function inOrder<B>(what: string, data: Dataset<B>, { batchSize = 256 }: BatchwiseOptions) {
  if (data.size === 0) throw new NablaError("E-VALUE", `${what}: there are no examples`, "a dataset with examples");
  return batches(data, { batchSize, shuffle: false });
}

async function meanOver<B extends Weighted>(
  what: string,
  data: Dataset<B>,
  options: BatchwiseOptions,
  totalOf: (batch: B) => number,
): Promise<number> {
  const { batchSize = 256 } = options;
  let [total, weight, left] = [0, 0, data.size];
  for await (const batch of inOrder(what, data, options)) {
    total += totalOf(batch);
    weight += weightOf(batch, Math.min(batchSize, left));
    left -= batchSize;
  }
  return total / weight;
}
