/** What is asked of training beside learning: measures of the training data, weights of 0, options, order of keys. */
import { expect, test, vi } from "vitest";
import { arrays } from "../src/data/index.ts";
import { ones, type Tensor, tensor, zeros } from "../src/index.ts";
import { dense, type Layer, meanSquaredError, sequential } from "../src/nn/index.ts";
import { evaluate, momentum, predict, rateRangeTest, sgd, train } from "../src/train/index.ts";

const model = sequential(dense(1), (v) => v.reshape([-1]));
const data = arrays({ x: [[0], [1], [2], [3], [4]], y: [1, 3, 5, 7, 9] });
const held = arrays({ x: [[5]], y: [11] });
const loss = meanSquaredError;
const metrics = { bias: (outputs: Tensor, targets: Tensor) => outputs.sub(targets).mean() };
const options = { model, data, loss, rule: sgd(0.02), batchSize: 2, epochs: 3, progress: false } as const;

test("measures of the training data are those of evaluate, and tell the best where there are no others", async () => {
  const asked = { ...options, metrics, trainingMetrics: true, monitor: "bias" };
  const both = await train({ ...asked, validation: held });
  const { variables } = both;
  const found = { training: await evaluate({ model, data, loss, metrics, variables }) };
  expect(both.history.at(-1)).toMatchObject({
    ...found,
    validation: await evaluate({ model, data: held, loss, metrics, variables }),
  });
  expect(String(both)).toMatch(/training loss \S+, bias \S+, validation loss/);
  const alone = await train(asked);
  expect(alone.best?.value).toBe(Math.min(...alone.history.map(({ training }) => training?.bias as number)));
  const byCost = await train({
    cost: ({ parameters }: { parameters: Tensor }, { x }) => [x.reshape([-1]).mul(parameters).square(), {}],
    variables: { parameters: tensor(1), state: {} },
    data,
    rule: sgd(0),
    epochs: 1,
    trainingMetrics: true,
    progress: false,
  });
  expect(byCost.history[0]?.training).toEqual({ loss: 6 }); // mean of 0, 1, 4, 9, 16
  await expect(train({ ...options, metrics })).rejects.toThrow(/E-OPTION.*validation/);
});

test("a batch of which nothing counts costs 0 and has no slope", async () => {
  const weighted = arrays({ x: ones([4, 1]), y: [1, 2, 3, 4], weight: [0, 0, 0, 0] });
  const begun = { parameters: [{ weights: tensor([[1]]), bias: tensor([0]) }, {}], state: [{}, {}] };
  const start = begun as unknown as NonNullable<
    Parameters<typeof train<typeof begun.parameters, typeof begun.state>>[0]["variables"]
  >;
  const { status, variables } = await train({ ...options, data: weighted, variables: start as never });
  expect(status).toBe("finished");
  expect(JSON.stringify(variables)).toBe(JSON.stringify(begun));
  // With others that count: only these move it. One batch of weight 0, one of slope 2 (w + b − 3) on both.
  const some = arrays({ x: ones([4, 1]), y: [9, 9, 3, 3], weight: [0, 0, 1, 1] });
  const mixed = await train({ ...options, data: some, batchSize: 4, epochs: 1, variables: start as never });
  const { parameters } = mixed.variables as unknown as typeof begun;
  expect((parameters[0] as { bias: Tensor }).bias.item()).toBeCloseTo(0.02 * 4, 14);
  expect(mixed.history[0]?.loss).toBe(4);
});

test("the next state may have its keys in any order", async () => {
  const counting: Layer<Record<string, never>, { readonly first: Tensor; readonly inner: { a: Tensor; b: Tensor } }> = {
    name: "counting",
    init: () => ({ parameters: {}, state: { first: zeros([]), inner: { a: zeros([]), b: zeros([2]) } } }),
    apply: ({ state: { first, inner } }, x) => [
      x,
      { inner: { b: inner.b.add(2), a: inner.a.add(1) }, first: first.add(3) },
    ],
  };
  const { variables } = await train({ ...options, model: sequential(counting as Layer, model), epochs: 1 });
  expect(JSON.stringify(variables.state[0])).toBe('{"first":9,"inner":{"a":3,"b":[6,6]}}');
});

test("misspelt and wrong options are named", async () => {
  const variables = model.init(tensor(new Uint32Array([0, 0])), [1]);
  const told: [(options: never) => Promise<unknown>, object, string][] = [
    [evaluate, { model, variables, data, loss, metric: {} }, 'evaluate: there is no option "metric"'],
    [evaluate, { model, variables, data }, "evaluate: loss is nothing"],
    [evaluate, { model: 3, variables, data, loss }, "evaluate: model is number 3"],
    [predict, { model, variables, data, loss }, 'predict: there is no option "loss"'],
    [predict, { model, variables }, "predict: data is nothing"],
    [rateRangeTest, { model, data, loss, rule: sgd, epochs: 3 }, 'rateRangeTest: there is no option "epochs"'],
    [rateRangeTest, { model, data, loss, rule: sgd(0.1) }, "rateRangeTest: rule is object"],
    [rateRangeTest, { model, data, loss, rule: () => 3 }, "rateRangeTest: rule gives number 3"],
    [rateRangeTest, { model, data, loss }, "rateRangeTest: rule is nothing"],
  ];
  for (const [f, given, message] of told)
    await expect(f(given as never), message).rejects.toMatchObject({
      code: "E-OPTION",
      message: expect.stringContaining(message),
    });
});

test("a range test computes in the dtype of the data", async () => {
  const types = new Set<string>();
  const looking: Layer = {
    ...dense(1),
    apply(v, x) {
      types.add((v.parameters as { weights: Tensor }).weights.dtype);
      return dense(1).apply(v as never, x);
    },
  } as Layer;
  const seen = sequential(looking, (v) => v.reshape([-1]));
  await rateRangeTest({ model: seen as Layer, data, loss, rule: (rate) => momentum(rate), steps: 10 });
  expect([...types]).toEqual(["float64"]);
});

test.each([
  ["auto", 1],
  ["bar", 0],
  [false, 0],
] as const)("progress %s says %i times that it was stopped", async (progress, times) => {
  const said = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const { message } = await train({ ...options, progress, callback: () => true });
  const texts = said.mock.calls.map(([text]) => String(text));
  said.mockRestore();
  expect(message).toBe("by the callback after 3 steps");
  expect(texts.filter((text) => text.includes(message))).toHaveLength(times);
});
