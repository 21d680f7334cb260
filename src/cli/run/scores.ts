/** How good outputs are beside targets, in the units of the target. */
import { tensor } from "nabla";
import { batches, type Dataset, type EncodedRows, type Encoder } from "nabla/data";
import {
  accuracy,
  crossEntropy,
  f1,
  type Layer,
  meanAbsoluteError,
  predictWith,
  r2,
  rocAUC,
  rootMeanSquaredError,
  type Variables,
} from "nabla/nn";

/** A row of outputs for each target; numbers are in the units of the target, classes have scores. */
export interface Outputs {
  readonly values: Float64Array;
  readonly targets: Float64Array;
  /** How many values a target has. */
  readonly width: number;
}

/** Measures by name, the one to compare by first. */
export type Scores = Readonly<Record<string, number>>;

const batchSize = 1024;

/** What a model gives for all examples, beside their targets. */
export async function outputsOf(
  encoder: Encoder,
  model: Layer,
  variables: Variables,
  data: Dataset<EncodedRows>,
): Promise<Outputs> {
  const predict = predictWith(model, variables);
  const width = widthOf(encoder);
  const [values, targets] = [new Float64Array(data.size * width), new Float64Array(data.size)];
  let row = 0;
  for await (const { x, y } of batches(data, { batchSize, shuffle: false })) {
    values.set(predict(x).data, row * width);
    targets.set(y.data, row);
    row += y.size;
  }
  return inUnits(encoder, { values, targets, width });
}

/** What an example's output has: a number, or a score for each class. */
export const widthOf = ({ classes }: Encoder): number => Math.max(1, classes.length);

/** What is said without looking at the features: the mean of the training part, or the frequency of each class. */
export function constantOutputs(encoder: Encoder, { targets, width }: Outputs): Outputs {
  const { target } = encoder.toJSON();
  const row = target.task === "regression" ? [target.mean] : target.counts.map((count) => Math.log(Math.max(count, 1)));
  return {
    values: Float64Array.from({ length: targets.length * width }, (_, i) => row[i % width] as number),
    targets,
    width,
  };
}

export function scoresOf({ task }: Encoder, { values, targets, width }: Outputs): Scores {
  if (task === "regression") {
    const [outputs, wanted] = [tensor(values), tensor(targets)];
    return {
      RMSE: rootMeanSquaredError(outputs, wanted),
      MAE: meanAbsoluteError(outputs, wanted).mean().item(),
      "R²": r2(outputs, wanted),
    };
  }
  const scores = tensor(values).reshape([targets.length, width]);
  const labels = tensor(Int32Array.from(targets));
  return {
    accuracy: accuracy(scores, labels),
    "log loss": crossEntropy(scores, labels).mean().item(),
    F1: f1(scores, labels),
    ...(width === 2 ? { AUC: rocAUC(scores, labels) } : {}),
  };
}

/** Standardised numbers as they were; scores stay. */
export function inUnits(encoder: Encoder, outputs: Outputs): Outputs {
  const { target } = encoder.toJSON();
  if (target.task === "classification") return outputs;
  const decode = (v: number): number => v * target.deviation + target.mean;
  return { ...outputs, values: outputs.values.map(decode), targets: outputs.targets.map(decode) };
}
