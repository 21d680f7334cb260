/**
 * Logistic regression of handwritten digits, with a penalty, so that the optimum is unique: by stochastic gradient descent
 * (a rate that falls, an average of the parameters along the way) and by L-BFGS on all examples. Both must come to the same.
 *
 * Run: npm run example -- logistic [--epochs 600] [--seed 1]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { mapTree, type Tensor, tensor, zeros } from "nabla";
import { arrays, trainTestSplit } from "nabla/data";
import { accuracy, crossEntropy } from "nabla/nn";
import { minimize } from "nabla/optimize";
import { type Cost, inverseSqrt, sgd, train } from "nabla/train";

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "600" }, seed: { type: "string", default: "1" } },
});
const [epochs, seed] = [Number(values.epochs), Number(values.seed)];

// — data: 1,797 images of 8×8 pixels from 0 to 16, the label last —

const rows = gunzipSync(readFileSync(new URL("../data/digits.csv.gz", import.meta.url)))
  .toString()
  .trim()
  .split("\n")
  .map((line) => line.split(",").map(Number));
const all = arrays({
  x: rows.map((row) => row.slice(0, 64).map((pixel) => pixel / 16)),
  y: Int32Array.from(rows, (row) => row[64] as number),
});
const { train: data, test } = trainTestSplit(all, { test: 0.2, seed });
const everything = (of: typeof all) => of.take(Uint32Array.from({ length: of.size }, (_, i) => i));

// — the cost: mean cross-entropy and ½ λ ‖θ‖² —

type Model = { readonly weights: Tensor; readonly bias: Tensor };
const penalty = 3e-3;
const scores = ({ weights, bias }: Model, x: Tensor): Tensor => x.matmul(weights).add(bias);
const losses = (model: Model, x: Tensor, y: Tensor): Tensor =>
  crossEntropy(scores(model, x), y).add(
    model.weights
      .square()
      .sum()
      .add(model.bias.square().sum())
      .mul(penalty / 2),
  );
const start: Model = { weights: zeros([64, 10]), bias: zeros([10]) };
const { x, y } = await everything(data);
const cost = (model: Model): Tensor => losses(model, x, y).mean();

// — L-BFGS on all examples at once —

const began = performance.now();
const exact = minimize(cost, start, { method: "l-bfgs" });
const time = performance.now() - began;
console.log(`L-BFGS, ${(time / 1000).toFixed(1)} s\n${exact}\n`);

// — SGD: what a cost keeps besides parameters is its state, here the average of the second half —

type Average = { readonly mean: Model; readonly count: Tensor };
const averaged: Cost<{ x: Tensor; y: Tensor }, Model, Average> = ({ parameters, state }, batch) => {
  const count = state.count.add(1);
  const weight = count.sub(warm).clip(1, Number.POSITIVE_INFINITY).reciprocal();
  return [
    losses(parameters, batch.x, batch.y),
    { mean: mapTree((m, p) => m.add(p.sub(m).mul(weight)), state.mean, parameters), count },
  ];
};
const batchSize = 32;
const warm = Math.floor((epochs * Math.ceil(data.size / batchSize)) / 2);
const training = await train({
  cost: averaged,
  variables: { parameters: start, state: { mean: start, count: tensor(0) } },
  data,
  rule: sgd(inverseSqrt(1, { warmUp: 100 })),
  batchSize,
  epochs,
  seed,
  progress: false,
});
console.log(`SGD\n${training}\n`);

// — both beside each other —

const held = await everything(test);
const { mean } = training.variables.state;
console.log("                          cost   test accuracy");
for (const [name, model] of [
  ["L-BFGS", exact.x],
  ["SGD, averaged", mean],
  ["SGD, last", training.variables.parameters],
] as const) {
  const right = accuracy(scores(model, held.x), held.y);
  console.log(`${name.padEnd(16)}${cost(model).item().toFixed(10).padStart(14)}   ${(100 * right).toFixed(2)} %`);
}
const gap = cost(mean).item() - exact.value;
const distance = mean.weights.sub(exact.x.weights).abs().max().item();
console.log(
  `\nThe averaged cost is ${gap.toExponential(1)} above the least; the weights differ by ${distance.toExponential(1)} at most`,
);
