/** What a model is to be better than: no model at all, and a linear one. */
import { type Dataset, type EncodedRows, type Encoder, type Parts, subset } from "nabla/data";
import { dense, type Loss } from "nabla/nn";
import { adam, train } from "nabla/train";
import type { Config } from "./config.ts";
import { constantOutputs, type Outputs, outputsOf, type Scores, scoresOf, widthOf } from "./scores.ts";

/** A linear model learns from so many rows at most, which is enough for it. */
const mostRows = 50_000;

/** Scores on the held-out part by the name of the baseline. */
export async function baselinesOf(
  encoder: Encoder,
  { train: rows, validation }: Parts<Dataset<EncodedRows>>,
  held: { readonly data: Dataset<EncodedRows>; readonly outputs: Outputs },
  loss: Loss,
  { model, seed }: Config,
): Promise<Readonly<Record<string, Scores>>> {
  const simplest = encoder.task === "regression" ? "mean" : "majority";
  const constant = { [simplest]: scoresOf(encoder, constantOutputs(encoder, held.outputs)) };
  if (model === "linear") return constant;
  const linear = dense(widthOf(encoder));
  const training = await train({
    ...{ model: linear, loss, rule: adam(0.01), seed, epochs: 100, patience: 5, progress: false as const },
    data: few(rows),
    batchSize: Math.min(rows.size, rows.size < 10_000 ? 32 : 256),
    ...(validation.size > 0 ? { validation: few(validation) } : {}),
  });
  const { variables } = training.best ?? training;
  return { linear: scoresOf(encoder, await outputsOf(encoder, linear, variables, held.data)), ...constant };
}

/** The first so many, if there are more: in a file they lie together. */
const few = (data: Dataset<EncodedRows>): Dataset<EncodedRows> =>
  data.size <= mostRows
    ? data
    : subset(
        data,
        Uint32Array.from({ length: mostRows }, (_, i) => Math.floor((i * data.size) / mostRows)),
      );
