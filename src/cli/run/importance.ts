/** Which columns a model leans on. */
import { tensor } from "nabla";
import { type Dataset, type EncodedRows, type Encoder, shuffled } from "nabla/data";
import { type Layer, predictWith, type Variables } from "nabla/nn";
import { inUnits, type Scores, scoresOf, widthOf } from "./scores.ts";

/** A column, and how much worse the first score is without it. */
export interface Importance {
  readonly column: string;
  readonly loss: number;
}

const mostRows = 2000;
const repeats = 3;

/**
 * Permutation importance (Breiman 2001, Random Forests, § 10): by how much accuracy falls, or the root mean squared error
 * rises, where a column's values are shuffled among the examples; the mean of three shuffles, the most important first.
 */
export async function importanceOf(
  encoder: Encoder,
  model: Layer,
  variables: Variables,
  data: Dataset<EncodedRows>,
): Promise<Importance[]> {
  const size = Math.min(data.size, mostRows);
  const places = Uint32Array.from({ length: size }, (_, i) => Math.floor((i * data.size) / size));
  const { x, y } = await data.take(places);
  const predict = predictWith(model, variables);
  const targets = Float64Array.from(y.data);
  const score = (values: Float32Array): number => {
    const outputs = predict(tensor(values).reshape(x.shape)).data;
    const scores: Scores = scoresOf(
      encoder,
      inUnits(encoder, { values: Float64Array.from(outputs), targets, width: widthOf(encoder) }),
    );
    return encoder.task === "regression" ? (scores.RMSE as number) : -(scores.accuracy as number);
  };
  const given = Float32Array.from(x.data);
  const whole = score(given);
  let first = 0;
  const all = encoder.columns.map(({ name, categories, indicator, indicatorOnly }) => {
    const from = first;
    first += (indicatorOnly ? 0 : Math.max(1, categories.length)) + Number(indicator);
    const losses = Array.from({ length: repeats }, (_, seed) => {
      const order = shuffled(size, { seed, epoch: 0 });
      const values = given.slice();
      for (let row = 0; row < size; row++)
        for (let k = from; k < first; k++)
          values[row * encoder.features.length + k] = given[
            (order[row] as number) * encoder.features.length + k
          ] as number;
      return score(values) - whole;
    });
    return { column: name, loss: losses.reduce((sum, v) => sum + v, 0) / repeats };
  });
  return all.sort((a, b) => b.loss - a.loss);
}
