/** The pictures of a report. */
import { tensor } from "nabla";
import type { Encoder } from "nabla/data";
import { calibration } from "nabla/nn";
import type { EpochRecord } from "nabla/train";
import type { Figure, Line, Mark } from "../plot/figure.ts";
import { linearScale, logarithmicScale, type Scale } from "../plot/ticks.ts";
import type { Outputs } from "./scores.ts";

/** The losses of training and validation by epoch. */
export function learningCurves(history: readonly EpochRecord[], best: number | undefined): Figure {
  const train: Line = history.map(({ epoch, loss }) => [epoch + 1, loss]);
  const validation: Line = history.flatMap(({ epoch, validation: v }) =>
    v?.loss === undefined ? [] : [[epoch + 1, v.loss] as const],
  );
  const all = [...train, ...validation].map(([, loss]) => loss);
  const chosen = validation.filter(([epoch]) => epoch === best);
  const marks: Mark[] = [
    { kind: "line", lines: [train], colour: "blue", name: "training" },
    ...(validation.length > 0
      ? [{ kind: "line", lines: [validation], colour: "orange", name: "validation" } as const]
      : []),
    ...(chosen.length > 0
      ? [{ kind: "points", points: chosen, colour: "green", radius: 5, name: "chosen" } as const]
      : []),
  ];
  return {
    title: "Learning curves",
    description: `the loss of training${validation.length > 0 ? " and validation" : ""} over ${history.length} epochs`,
    x: { label: "epoch", scale: linearScale(train.map(([epoch]) => epoch)) },
    y: { label: "loss", scale: lossScale(all) },
    marks,
  };
}

const lossScale = (losses: readonly number[]): Scale => {
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  return least > 0 && most > 10 * least ? logarithmicScale(losses) : linearScale(losses);
};

const mostPoints = 2000;

/** What is left of the measured values, by what was predicted. */
export function residualFigure(target: string, { values, targets }: Outputs): Figure {
  const size = Math.min(values.length, mostPoints);
  const points: Line = Array.from({ length: size }, (_, i) => {
    const row = Math.floor((i * values.length) / size);
    return [values[row] as number, (targets[row] as number) - (values[row] as number)];
  });
  const x = linearScale(points.map(([predicted]) => predicted));
  const zero: Line = [
    [x.low, 0],
    [x.high, 0],
  ];
  return {
    title: "Residuals",
    description: `measured less predicted ${target} of ${size} held-out rows, by what was predicted`,
    x: { label: `predicted ${target}`, scale: x },
    y: { label: "measured − predicted", scale: linearScale([0, ...points.map(([, residual]) => residual)]) },
    marks: [
      { kind: "line", lines: [zero], colour: "ink" },
      { kind: "points", points, colour: "blue", name: "held-out rows" },
    ],
  };
}

const bins = 10;

/**
 * Whether predictions are what they say. Of classes: how often the decisions of a confidence are right; of numbers: the
 * mean measured value in each tenth of the predictions.
 */
export function calibrationFigure(encoder: Encoder, outputs: Outputs): Figure {
  const classes = encoder.task === "classification";
  const points = classes ? confidences(outputs) : tenths(outputs);
  const all = classes ? [0, 1] : points.flat();
  const scale = linearScale(all);
  const diagonal: Line = [
    [scale.low, scale.low],
    [scale.high, scale.high],
  ];
  return {
    title: "Calibration",
    description: classes
      ? "how often decisions are right, by how sure the model is; on the line it is as often right as it says"
      : "the mean measured value in each tenth of the predictions; on the line both are the same",
    x: { label: classes ? "confidence" : `mean predicted ${encoder.target}`, scale },
    y: { label: classes ? "accuracy" : `mean measured ${encoder.target}`, scale },
    marks: [
      { kind: "line", lines: [diagonal], colour: "ink", name: classes ? "as often right as it says" : "as measured" },
      { kind: "line", lines: [points], colour: "blue", faint: 0.5 },
      { kind: "points", points, colour: "blue", radius: 4, name: classes ? "decisions by confidence" : "tenths" },
    ],
  };
}

function confidences({ values, targets, width }: Outputs): Line {
  const scores = tensor(values).reshape([targets.length, width]);
  return calibration(scores, tensor(Int32Array.from(targets)), { bins }).bins.flatMap(
    ({ confidence, accuracy, count }) => (count > 0 ? [[confidence, accuracy] as const] : []),
  );
}

function tenths({ values, targets }: Outputs): Line {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  const mean = (rows: readonly number[], of: Float64Array): number =>
    rows.reduce((sum, row) => sum + (of[row] as number), 0) / rows.length;
  return Array.from({ length: bins }, (_, k) =>
    order.slice(Math.round((k * order.length) / bins), Math.round(((k + 1) * order.length) / bins)),
  ).flatMap((rows) => (rows.length > 0 ? [[mean(rows, values), mean(rows, targets)] as const] : []));
}
