/** The data of a fit, checked before any work. */
import { NablaError } from "../base/error.ts";
import { toTensor } from "../graph/convert.ts";
import { constant, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenArguments } from "../graph/trees.ts";

export interface Observations {
  /** What was given as x, its tensors in place of whatever becomes one. */
  readonly x: unknown;
  readonly y: Float64Array;
  readonly shape: readonly number[];
  /** √weight of each observation, or 1/σ; undefined where all are 1. */
  readonly weight: Float64Array | undefined;
}

export interface WeightOptions {
  /** The standard deviation of each observation, or of all. */
  readonly sigma?: TensorLike;
  /** How often each observation counts: 1/σ² but for a factor. */
  readonly weights?: TensorLike;
}

/** @throws E-VALUE for no data, too few, or what is not finite: in which row; E-SHAPE where lengths differ */
export function observe(
  what: string,
  x: unknown,
  y: TensorLike,
  parameters: number,
  options: WeightOptions,
): Observations {
  const response = toTensor(`${what}: y`, y);
  const data = Float64Array.from(response.data);
  const m = data.length;
  const inputs = flattenArguments(what, x, "x");
  if (m === 0) throw new NablaError("E-VALUE", `${what}: y is empty`, "at least one observation a parameter");
  const rows = response.shape[0] ?? 1;
  allFinite(what, "y", response, rows);
  inputs.tensors.forEach((t, i) => {
    const path = inputs.paths[i] as string;
    if (t.rank > 0 && !t.shape.includes(rows))
      throw new NablaError("E-SHAPE", `${what}: y has ${rows} rows, ${path} is [${t.shape}]`, "as many rows in each");
    allFinite(what, path, t, rows);
  });
  if (m < parameters)
    throw new NablaError(
      "E-VALUE",
      `${what}: ${m} observation${m === 1 ? "" : "s"} cannot determine ${parameters} parameters`,
      "more data, or fewer parameters",
    );
  return {
    x: inputs.rebuild(inputs.tensors),
    y: data,
    shape: response.shape,
    weight: weightOf(what, options, response),
  };
}

function weightOf(what: string, { sigma, weights }: WeightOptions, y: Tensor): Float64Array | undefined {
  if (sigma !== undefined && weights !== undefined)
    throw new NablaError("E-OPTION", `${what}: both sigma and weights are given`, "one of them: weights are 1/σ²");
  const given = sigma ?? weights;
  if (given === undefined) return undefined;
  const name = sigma === undefined ? "weights" : "sigma";
  const t = toTensor(`${what}: ${name}`, given);
  if (t.size !== 1 && t.size !== y.size)
    throw new NablaError(
      "E-SHAPE",
      `${what}: ${name} has ${t.size} elements, y ${y.size}`,
      "one for each observation, or one for all",
    );
  return Float64Array.from({ length: y.size }, (_, i) => {
    const v = t.data[t.size === 1 ? 0 : i] as number;
    if (!(v > 0 && v < Number.POSITIVE_INFINITY))
      throw new NablaError(
        "E-VALUE",
        `${what}: ${name}[${t.size === 1 ? 0 : i}] is ${v}`,
        "positive finite numbers; a row that does not count is left out",
      );
    return name === "sigma" ? 1 / v : Math.sqrt(v);
  });
}

function allFinite(what: string, name: string, t: Tensor, rows: number): void {
  const bad = t.data.findIndex((v) => !Number.isFinite(v));
  if (bad < 0) return;
  const axis = t.shape.indexOf(rows);
  const after = t.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  throw new NablaError(
    "E-VALUE",
    axis < 0
      ? `${what}: ${name} is ${t.data[bad]}`
      : `${what}: row ${Math.floor(bad / after) % rows} of ${name} is ${t.data[bad]}`,
    "leaving out rows with missing values",
  );
}

export const asTensor = (data: Float64Array, shape: readonly number[]): Tensor => constant(data.slice(), [...shape]);
