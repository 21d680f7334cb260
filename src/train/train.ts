/** The loop of stochastic gradient descent. */
import { NablaError } from "../base/error.ts";
import { batches, type Dataset } from "../data/index.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import type { Layer, Loss, Variables } from "../nn/index.ts";
import { random } from "../ops/random.ts";
import { costOf, type Examples } from "./cost.ts";
import type { Rule } from "./rule.ts";
import { type TrainingState, trainingStep } from "./step.ts";

/** What to train, on what, and how. */
export interface TrainOptions {
  readonly model: Layer;
  readonly data: Dataset<Examples>;
  readonly loss: Loss;
  readonly rule: Rule;
  /** Default 32. */
  readonly batchSize?: number;
  /** Default 10. */
  readonly epochs?: number;
  /** Of parameters, order and everything drawn; default 0. */
  readonly seed?: number;
}

/** What came of it. */
export interface Training {
  readonly variables: Variables;
  /** The mean cost of each epoch's batches. */
  readonly history: readonly number[];
}

/**
 * Minimises the mean loss of the examples by mini-batches.
 *
 * @example
 * const data = arrays({ x: new Float32Array([0, 1, 2, 3]), y: new Float32Array([1, 3, 5, 7]) });
 * const model = sequential((x) => x.reshape([-1, 1]), dense(1), (x) => x.reshape([-1]));
 * const { variables } = await train({ model, data, loss: meanSquaredError, rule: sgd(0.1), batchSize: 4, epochs: 200 });
 */
export async function train(options: TrainOptions): Promise<Training> {
  const { model, data, loss, rule, batchSize = 32, epochs = 10, seed = 0 } = options;
  if (data.size === 0) throw new NablaError("E-VALUE", "train: there are no examples", "a dataset with examples");
  const first = await data.take(Uint32Array.of(0));
  const [initKey, key] = random.split(random.key(seed)) as [Tensor, Tensor];
  const variables = model.init(initKey, first.x.shape.slice(1));
  let state: TrainingState = { variables, rule: rule.init(variables.parameters), step: filled(0, [], "int32") };
  const step = trainingStep(costOf(model, loss), rule);
  const inputs = { factor: filled(1, [], "float64"), key };
  const history: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [total, count] = [0, 0];
    for await (const batch of batches(data, { batchSize, seed, epoch })) {
      const [next, value] = step(state, batch, inputs);
      state = next;
      const examples = batch.x.shape[0] as number;
      total += value.item() * examples;
      count += examples;
    }
    history.push(total / count);
  }
  return { variables: state.variables, history };
}
