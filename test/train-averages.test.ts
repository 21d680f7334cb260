/** Averages of parameters: what a plain loop gives, after `train`, resumed, evaluated, saved. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arrays } from "../src/data/index.ts";
import { tensor } from "../src/index.ts";
import { loadModel, saveModel } from "../src/interop/index.ts";
import { meanSquaredError } from "../src/nn/index.ts";
import {
  accumulate,
  averagedParameters,
  chain,
  evaluate,
  exponentialMovingAverage,
  freeze,
  groups,
  polyakAverage,
  sgd,
  train,
} from "../src/train/index.ts";

const scale = {
  name: "scale",
  init: () => ({ parameters: { w: tensor(1) }, state: {} }),
  apply: ({ parameters }: { parameters: { w: ReturnType<typeof tensor> } }, x: ReturnType<typeof tensor>) =>
    [x.mul(parameters.w), {}] as const,
};
const data = arrays({ x: [1, 2], y: [3, 6] });
const options = { model: scale, data, loss: meanSquaredError, batchSize: 2, progress: false } as const;
const rate = 0.01;

/** w after each step on (w x − y)², whose slope is 2 · mean(x²) · (w − 3). */
const path = (steps: number): number[] => {
  let w = 1;
  return Array.from({ length: steps }, () => {
    w -= rate * 2 * 2.5 * (w - 3);
    return w;
  });
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

test.each([
  ["moving", exponentialMovingAverage(0.8), path(9).reduce((a, w) => 0.8 * a + 0.2 * w, 1)],
  ["of all steps", polyakAverage(), mean(path(9))],
  ["of the last five", polyakAverage(4), mean(path(9).slice(4))],
  ["before it begins", polyakAverage(20), path(9).at(-1) as number],
] as const)("the average %s is that of a plain loop", async (_, average, expected) => {
  const folder = mkdtempSync(join(tmpdir(), "nabla-averages-"));
  const run = { ...options, rule: chain(sgd(rate), average), folder, interrupt: false };
  await train({ ...run, epochs: 4 });
  const resumed = await train({ ...run, epochs: 9, resume: true });
  const whole = await train({ ...options, rule: run.rule, epochs: 9 });
  const { averaged } = whole;
  expect(averaged?.parameters.w.item()).toBeCloseTo(expected, 13);
  expect(whole.variables.parameters.w.item()).toBeCloseTo(path(9).at(-1) as number, 13);
  expect(averagedParameters(whole.rule)).toBe(averaged?.parameters);
  if (averaged === undefined) throw new Error("no average");
  const bits = JSON.stringify(averaged);
  expect(JSON.stringify(resumed.averaged)).toBe(bits);
  expect(JSON.stringify((await loadModel(join(folder, "averaged.safetensors"))).variables)).toBe(bits);
  const { loss } = await evaluate({ model: scale, data, loss: meanSquaredError, variables: averaged });
  expect(loss).toBeCloseTo(2.5 * (expected - 3) ** 2, 13);
  await saveModel(join(folder, "own.safetensors"), averaged);
  rmSync(folder, { recursive: true });
});

test.each([
  ["none", sgd(rate)],
  ["two", chain(sgd(rate), polyakAverage(), exponentialMovingAverage())],
] as const)("a rule with %s gives no averages", async (_, rule) => {
  expect((await train({ ...options, rule, epochs: 1 })).averaged).toBeUndefined();
});

test("averages of a part of the parameters are no model", async () => {
  const rule = groups([{ match: (name) => name === "a", rule: chain(sgd(rate), polyakAverage()) }, { rule: freeze() }]);
  const training = await train({
    cost: ({ parameters: { a, b } }, { x }) => [x.sub(a).sub(b).square(), {}],
    variables: { parameters: { a: tensor(0), b: tensor(0) }, state: {} },
    data,
    rule,
    epochs: 1,
    progress: false,
  });
  expect(training.averaged).toBeUndefined();
});

test("accumulated steps are averaged once for each change", async () => {
  const rule = accumulate(3, chain(sgd(rate), polyakAverage()));
  const { averaged } = await train({ ...options, rule, epochs: 9 });
  expect(averaged?.parameters.w.item()).toBeCloseTo(mean(path(3)), 13);
});
