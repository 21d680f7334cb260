/** model.safetensors of a run: variables, and in the metadata all that prediction needs. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { NablaError } from "nabla";
import { type Encoder, encoderFromJSON } from "nabla/data";
import { loadModel, saveModel } from "nabla/interop";
import type { Layer, Variables } from "nabla/nn";
import { files } from "./config.ts";
import { modelOf } from "./model.ts";
import { type Scores, widthOf } from "./scores.ts";

/** How a run went. */
export interface Metrics {
  readonly status: string;
  readonly epochs: number;
  /** The epoch whose variables these are, from 1, and its monitored loss. */
  readonly best: { readonly epoch: number; readonly loss: number } | null;
  readonly seconds: number;
  /** What was judged by: "test", "validation" or "training", and how many rows of it. */
  readonly held: string;
  readonly rows: number;
  /** Of the model and what it is compared with, by name. */
  readonly scores: Readonly<Record<string, Scores>>;
}

export interface Trained {
  readonly encoder: Encoder;
  readonly architecture: string;
  readonly model: Layer;
  readonly variables: Variables;
  readonly metrics: Metrics;
}

export const saveTrained = (
  folder: string,
  { encoder, architecture, variables, metrics }: Omit<Trained, "model">,
): Promise<void> =>
  saveModel(join(folder, files.model), variables, {
    encoder: JSON.stringify(encoder),
    architecture: JSON.stringify({ model: architecture, inputs: encoder.features.length, outputs: widthOf(encoder) }),
    metrics: JSON.stringify(metrics),
  });

/** How a run went; undefined where it is not over. */
export async function loadMetrics(folder: string): Promise<Metrics | undefined> {
  const path = join(folder, files.model);
  if ((await stat(path).catch(() => undefined)) === undefined) return undefined;
  return parsed((await loadModel(path)).metadata.metrics) as Metrics | undefined;
}

/** A text of the metadata; undefined if it is no JSON, or not there. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The model of a run's folder, or of a model file. */
export async function loadTrained(place: string): Promise<Trained> {
  const folder = (await stat(place).catch(() => undefined))?.isDirectory() === true;
  const path = folder ? join(place, files.model) : place;
  if (folder && (await stat(path).catch(() => undefined)) === undefined)
    throw new NablaError("E-FILE", `${place} holds no ${files.model}: the run is not over`, `nabla resume ${place}`);
  const { variables, metadata } = await loadModel(path);
  const { encoder: encoding } = metadata;
  const [architecture, metrics] = [parsed(metadata.architecture), parsed(metadata.metrics)];
  const { model } = (architecture ?? {}) as { readonly model?: unknown };
  if (encoding === undefined || typeof model !== "string" || metrics === undefined)
    throw new NablaError(
      "E-VALUE",
      `${path}: its metadata has no encoder, architecture and metrics`,
      "a file of nabla train",
    );
  const encoder = encoderFromJSON(encoding);
  return {
    encoder,
    architecture: model,
    model: await modelOf(model, encoder.features.length, widthOf(encoder)),
    variables,
    metrics: metrics as Metrics,
  };
}
