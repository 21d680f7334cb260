/** The loop: what it measures, when it ends, what it keeps; beside values computed in plain JavaScript. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random, type Tensor, tensor } from "nabla";
import { arrays } from "nabla/data";
import { loadModel, saveModel } from "nabla/interop";
import { dense, meanSquaredError, type Variables } from "nabla/nn";
import { evaluate, predict, sgd, train } from "nabla/train";
import { afterAll, expect, test } from "vitest";
import { bar, line, showing } from "../src/train/progress.ts";
import { fingerprint, run } from "./train/run.ts";

const place = mkdtempSync(join(tmpdir(), "nabla-loop-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

type W = Variables<{ readonly w: Tensor }, Record<string, never>>;
const start = (w: number[]): W => ({ parameters: { w: tensor(w) }, state: {} });
const still = sgd(0);

test("a run with diagnostics goes on where it was, in the middle of an epoch too", async () => {
  const options = { ...run(), diagnostics: { every: 4 }, epochs: 3 };
  const through = await train(options);
  const folder = join(place, "diagnosed");
  await train({ ...options, folder, steps: 9 });
  const { best, history } = await train({ ...options, folder, resume: true });
  expect(fingerprint({ ...through, best, history })).toBe(fingerprint(through));
  const rows = readFileSync(join(folder, "log.jsonl"), "utf8").trimEnd().split("\n");
  expect(rows.map((row) => JSON.parse(row)).filter((row) => row.epoch !== undefined)).toEqual(history);
});

test("curvature and noise of a quadratic cost are what they are", async () => {
  // ½ Σ aⱼ (wⱼ − xᵢⱼ)²: the Hessian is diag(a), the gradient of example i is a (w − xᵢ).
  const a = [3, 1, 0.5];
  const x = Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 4]);
  const w = [1, 2, 3];
  const { history } = await train({
    cost: ({ parameters }: W, batch: { x: Tensor }) => [
      parameters.w.sub(batch.x).square().mul(a).sum({ axis: 1 }).mul(0.5),
      {},
    ],
    variables: start(w),
    data: arrays({ x }),
    rule: still,
    batchSize: 8,
    epochs: 1,
    diagnostics: { every: 1 },
  });
  const gradients = x.map((row) => row.map((v, j) => (a[j] as number) * ((w[j] as number) - v)));
  const mean = a.map((_, j) => gradients.reduce((s, g) => s + (g[j] as number) / 8, 0));
  const variance = gradients.reduce((s, g) => s + g.reduce((t, v, j) => t + (v - (mean[j] as number)) ** 2, 0) / 7, 0);
  const squared = mean.reduce((s, v) => s + v * v, 0) - variance / 8;
  expect(history[0]?.curvature).toBeCloseTo(3, 10);
  expect(history[0]?.noiseScale).toBeCloseTo(variance / squared, 10);
});

test("early stopping, the best epoch, callbacks, signals", async () => {
  const values = [5, 3, 4, 1, 2, 2, 2, 9];
  let asked = 0;
  const options = {
    ...run(),
    metrics: { given: () => values[asked++] as number },
    monitor: "given",
    epochs: 8,
    patience: 3,
  };
  const early = await train(options);
  expect([early.status, early.best?.epoch, early.best?.value, early.history.length]).toEqual([
    "early-stopped",
    3,
    1,
    7,
  ]);
  const three = await train({ ...run(), epochs: 4 });
  expect(JSON.stringify(early.best?.variables)).toBe(JSON.stringify(three.variables));
  asked = 0;
  const most = await train({ ...options, maximize: true, patience: 8 });
  expect([most.status, most.best?.epoch]).toEqual(["finished", 7]);
  const called = await train({ ...run(), callback: ({ epoch }) => epoch.epoch === 1 });
  expect([called.status, called.message, called.steps]).toEqual(["stopped", "by the callback after 12 steps", 12]);
  const control = new AbortController();
  control.abort();
  expect(await train({ ...run(), signal: control.signal })).toMatchObject({ status: "stopped", steps: 0 });
  expect(String(called)).toMatch(
    /^stopped: by the callback.*\n {2}epoch 2: loss .*, validation loss .*, bias .*\n {2}best: /,
  );
});

test("the loss of an epoch, evaluate and predict are means over all examples", async () => {
  const weight = [1, 2, 3, 4, 5];
  const y = [1, 0, 2, -1, 3];
  const total = weight.reduce((s, v, i) => s + v * (y[i] as number) ** 2, 0) / 15;
  const { history } = await train({
    cost: ({ parameters: { w } }: W, batch: { y: Tensor; weight: Tensor }) => [w.sub(batch.y).square(), {}],
    variables: start([0]),
    data: arrays({ y, weight }),
    rule: still,
    batchSize: 2,
    epochs: 1,
  });
  expect(history[0]?.loss).toBeCloseTo(total, 12);
  const model = {
    name: "add",
    init: () => start([0]),
    apply: ({ parameters: { w } }: W, x: Tensor) => [x.add(w), {}] as const,
  };
  const data = arrays({ x: y.map((v) => 2 * v), y, weight });
  const metrics = { worst: (a: Tensor, b: Tensor) => a.sub(b).max(), count: (a: Tensor) => a.size };
  const found = await evaluate({ model, variables: start([0]), data, loss: meanSquaredError, metrics, batchSize: 2 });
  expect(found).toEqual({ loss: expect.closeTo(total, 12), worst: 3, count: 5 });
  expect((await predict({ model, variables: start([1]), data, batchSize: 2 })).toArray()).toEqual([3, 1, 5, -1, 7]);
});

test("a loss is one number an example, and a weight goes with one loss, never with all", async () => {
  const data = arrays({ x: [[0], [1]], y: [[1], [3]], weight: [1, 2] });
  const elementwise = (outputs: Tensor, targets: Tensor) => outputs.sub(targets).square();
  const model = dense(1);
  const variables = model.init(random.key(0), [1]);
  for (const loss of [elementwise, (a: Tensor, b: Tensor) => elementwise(a, b).mean()]) {
    const refused = /E-SHAPE.*the loss gives (\[2, 1\]|\[\]) for outputs \[2, 1\]/;
    await expect(train({ model, data, loss, rule: still, progress: false })).rejects.toThrow(refused);
    await expect(evaluate({ model, variables, data, loss })).rejects.toThrow(refused);
  }
  const cost = ({ parameters: { w } }: W, { x, y }: { readonly x: Tensor; readonly y: Tensor }) =>
    [elementwise(x.mul(w), y), {}] as const;
  await expect(train({ cost, variables: start([0]), data, rule: still, progress: false })).rejects.toThrow(
    /E-SHAPE.*weights are \[2\], losses \[2, 1\]/,
  );
});

test("options that make no sense are named", async () => {
  const wrong: [object, string][] = [
    [{ batchSize: 0 }, "batchSize is 0"],
    [{ epochs: 1.5 }, "epochs is 1.5"],
    [{ metrics: {}, validation: undefined }, "validation"],
    [{ monitor: "accuracy" }, "no metric accuracy"],
    [{ dropLast: true, batchSize: 100 }, "dropLast"],
    [{ resume: true }, "folder"],
    [{ bacthSize: 3 }, 'no option "bacthSize"'],
    [{ rule: sgd }, "rule is a function"],
    [{ data: [1, 2] }, "data is"],
    [{ plateau: 3 }, "plateau is number 3"],
    [{ callback: true }, "callback is boolean true"],
    [{ diagnostics: true }, "diagnostics is boolean true"],
    [{ signal: "now" }, 'signal is string "now"'],
  ];
  for (const [other, message] of wrong)
    await expect(train({ ...run(), ...other }), message).rejects.toMatchObject({
      code: "E-OPTION",
      message: expect.stringContaining(message),
    });
  for (const f of [train, evaluate, predict] as readonly ((options: never) => unknown)[])
    await expect((async () => f(undefined as never))()).rejects.toMatchObject({ code: "E-OPTION" });
  const options = { model: dense(1), loss: meanSquaredError, rule: still, progress: false } as const;
  await expect(train({ ...options, data: arrays({ z: [[1]] }) as never })).rejects.toThrow(/E-VALUE.*no tensor x/);
});

test("a bar in a terminal, lines elsewhere, nothing for what is over at once", () => {
  expect([bar(0), bar(0.5), bar(1)].map((text) => text.replaceAll("╌", "").length)).toEqual([0, 10, 20]);
  const moment = {
    epoch: 1,
    batch: 30,
    batches: 60,
    step: 90,
    steps: 600,
    loss: 0.25,
    batchSize: 32,
    made: 90,
    last: undefined,
  };
  expect(line(moment, 9)).toBe("epoch 2 ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 30/60  loss 0.25, 320 examples/s, 51.0 s left");
  for (const isTTY of [true, false]) {
    let [text, now] = ["", 0];
    const shown = showing(
      "auto",
      {
        isTTY,
        write: (part) => {
          text += part;
        },
      },
      () => now,
    );
    shown.step(500, () => moment);
    shown.epoch({ epoch: 0, step: 1, loss: 1, seconds: 0 });
    expect(text).toBe("");
    now = 1500;
    shown.step(now, () => moment);
    expect(text.includes("━")).toBe(isTTY);
    shown.epoch({ epoch: 1, step: 60, loss: 0.5, seconds: 1.5 });
    expect(text.endsWith("epoch 2: loss 0.5 (1.5 s)\n")).toBe(true);
  }
});

test("a model file gives back every bit, its tree and its texts", async () => {
  const path = join(place, "model.safetensors");
  const weights = tensor([[Number.NaN, -0]]);
  const variables = {
    parameters: [{ weights }, {}],
    state: { none: [], n: tensor([3], { dtype: "int32" }) },
  };
  await saveModel(path, variables, { classes: "a, b" });
  const loaded = await loadModel(path);
  expect(loaded.metadata).toEqual({ classes: "a, b" });
  const [first] = loaded.variables.parameters as unknown as [{ readonly weights: Tensor }];
  expect([...first.weights.data]).toEqual([Number.NaN, -0]);
  expect(JSON.stringify(loaded.variables)).toBe(JSON.stringify(variables));
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  writeFileSync(path, bytes);
  await expect(loadModel(path)).rejects.toMatchObject({
    code: "E-VALUE",
    message: expect.stringContaining("was changed"),
  });
  await expect(loadModel(join(place, "none"))).rejects.toMatchObject({ code: "E-FILE" });
  await expect(saveModel(join(place, "no", "folder"), variables)).rejects.toMatchObject({ code: "E-FILE" });
});
