/** Where a run is, as plain data: how an epoch's end changes it, and when it is over. */
import { expect, test } from "vitest";
import { endOf } from "../src/train/ending.ts";
import type { Settings } from "../src/train/options.ts";
import { afterEpoch, afterStep, atStart, type Position, rowOf } from "../src/train/position.ts";
import { withCost, withDiagnosis } from "../src/train/sums.ts";

const endless = Number.POSITIVE_INFINITY;
const settings: Settings = {
  batchSize: 4,
  dropLast: false,
  epochs: endless,
  steps: endless,
  seed: 0,
  monitor: "loss",
  maximize: false,
  patience: endless,
  saveEvery: "epoch",
};

/** Epochs of one step each, with these losses. */
const after = (losses: readonly number[], given: Settings): Position =>
  losses.reduce((position: Position, loss) => {
    const stepped = afterStep(position, withCost(position.sums, loss, 1));
    return afterEpoch(stepped, rowOf(stepped, {}, 0), given, undefined)[0];
  }, atStart);

test.each([
  ["the least is best", [3, 1, 2, 2], false, 1, 2],
  ["the greatest is best", [3, 1, 2, 4], true, 3, 0],
  ["an equal one is no better", [1, 1, 1], false, 0, 2],
  ["what is no number is never best", [Number.NaN, 5, Number.NaN], false, 1, 1],
] as const)("%s", (_, losses, maximize, epoch, waited) => {
  const position = after(losses, { ...settings, maximize });
  expect(position).toMatchObject({ best: { epoch, value: losses[epoch] }, waited, epoch: losses.length, batch: 0 });
  expect(position.history.map(({ loss }) => loss)).toEqual(losses);
});

test("a row is the weighted mean of costs, and the ratio of mean noise to mean gradient", () => {
  const batches = [
    [2, 4],
    [5, 1],
    [-1, 3],
  ] as const;
  const costs = batches.reduce((sums, [cost, weight]) => withCost(sums, cost, weight), atStart.sums);
  const sums = [1, 3].reduce((s, k) => withDiagnosis(s, { gradientSquared: k, noise: 10, curvature: k }), costs);
  const row = rowOf({ ...atStart, sums }, { validation: { loss: 7 } }, 1.5);
  expect(row).toEqual({
    epoch: 0,
    step: 0,
    loss: 10 / 8,
    validation: { loss: 7 },
    noiseScale: 5,
    curvature: 2,
    seconds: 1.5,
  });
  expect(atStart.sums.weight).toBe(0); // nothing is changed in place
});

test.each([
  [{ steps: 2 }, undefined, "finished: 2 steps are made"],
  [{ epochs: 2 }, undefined, "finished: 2 epochs are over"],
  [{ patience: 1 }, undefined, "early-stopped: no better for 1 epochs than after epoch 1"],
  [{}, "SIGINT", "stopped: by SIGINT after 2 steps"],
  [{ epochs: 2 }, "SIGINT", "finished: 2 epochs are over"],
  [{}, undefined, undefined],
] as const)("with %o, asked by %s to stop: %s", (given, stop, expected) => {
  const end = endOf(after([1, 2], settings), { ...settings, ...given }, stop);
  expect(end && `${end.status}: ${end.message}`).toBe(expected);
});
