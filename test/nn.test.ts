/** Layers against plain JavaScript, their gradients against differences, compiled against uncompiled; what they learn. */
import * as nabla from "nabla";
import { compile, grad, mapTree, ones, random, type Tensor, type Tree, tensor, valueAndGrad, zeros } from "nabla";
import * as nn from "nabla/nn";
import { describe, expect, test } from "vitest";
import { type LayerCase, layerCases, type Numbers, type Read } from "./nn-cases.ts";

const seed = 71;
const key = random.key(seed);
type FloatType = "float32" | "float64";

/** Leaves from left to right. */
function leavesOf(tree: Tree): Tensor[] {
  const leaves: Tensor[] = [];
  mapTree((t) => {
    leaves.push(t);
    return t;
  }, tree);
  return leaves;
}

/** What stands at `.a[0].b` of a tree, as lists; paths that begin with "state" look there. */
const reader =
  ({ parameters, state }: nn.Variables): Read =>
  (path) => {
    const steps = path.replace(/^state/, "").match(/[^.[\]]+/g) ?? [];
    let at: unknown = path.startsWith("state") ? state : parameters;
    for (const step of steps) at = (at as Record<string, unknown>)[step];
    return (at as Tensor).toArray() as Numbers;
  };

/** Parameters off their first values, which are often 0 or 1; states with positive variances. */
function made({ layer, input }: LayerCase, dtype: FloatType): nn.Variables {
  const { parameters, state } = layer.init(key, input, dtype);
  let i = 100;
  const moved = (t: Tensor): Tensor => t.add(random.normal(random.foldIn(key, i++), t.shape, { dtype }).mul(0.3));
  return { parameters: mapTree(moved, parameters), state: mapTree((t: Tensor) => moved(t).abs().add(0.1), state) };
}

function examplesOf({ input, indices }: LayerCase, batch: number, dtype: FloatType): Tensor {
  const shape = [batch, ...input];
  return indices === undefined
    ? random.normal(random.foldIn(key, 7), shape, { dtype })
    : random.integers(random.foldIn(key, 7), shape, 0, indices);
}

const flat = (value: Numbers): number[] => (typeof value === "number" ? [value] : value.flatMap(flat));

function close(actual: Tensor, expected: readonly number[], tolerance: number, what: string): void {
  expect(actual.size, what).toBe(expected.length);
  const worst = Math.max(
    ...Array.from(actual.data, (v, i) => Math.abs(v - (expected[i] as number)) / Math.max(1, Math.abs(v))),
  );
  expect(worst, what).toBeLessThan(tolerance);
}

const tolerances = { float64: 1e-9, float32: 2e-4 } as const;
const modes = [
  { name: "inference", mode: { training: false } },
  { name: "training", mode: { training: true, key: random.foldIn(key, 3) } },
];

describe.each(layerCases.map((c) => [c.name, c] as const))(`%s (seed ${seed})`, (_, c) => {
  test.each(["float64", "float32"] as const)("shape, value, compiled as uncompiled: %s", (dtype) => {
    const variables = made(c, dtype);
    const read = reader(variables);
    for (const { name, mode } of modes)
      for (const batch of mode.training && c.needsBatch ? [3] : [3, 1]) {
        const what = `${name}, ${batch} examples`;
        const x = examplesOf(c, batch, dtype);
        const [y, state] = c.layer.apply(variables, x, mode);
        expect(y.shape, what).toEqual([batch, ...c.output]);
        expect(y.dtype).toBe(dtype);
        if (!(mode.training && c.draws))
          close(y, flat(c.formula(read, x.toArray() as Numbers[], mode.training)), tolerances[dtype], what);
        const apply = ((p: nn.Variables, t: Tensor) => c.layer.apply(p, t, mode)) as never;
        const [compiled, next] = (compile(apply) as (p: object, t: Tensor) => [Tensor, Tree])(variables, x);
        close(compiled, [...y.data], dtype === "float64" ? 1e-12 : 1e-5, `${what}, compiled`);
        leavesOf(state).forEach((t, i) => {
          const same = leavesOf(next)[i] as Tensor;
          expect([same.dtype, same.shape]).toEqual([t.dtype, t.shape]);
          close(same, [...t.data], dtype === "float64" ? 1e-12 : 1e-5, `${what}, state`);
        });
      }
    expect(c.layer.apply(variables, examplesOf(c, 2, dtype))[0].shape, "without a mode").toEqual([2, ...c.output]);
  });

  test.each(modes)("gradients against central differences: $name", ({ mode }) => {
    const { parameters, state } = made(c, "float64");
    const x = examplesOf(c, 3, "float64");
    const weights = random.normal(random.foldIn(key, 9), [3, ...c.output]);
    const cost = (p: Tree, t: Tensor): Tensor => c.layer.apply({ parameters: p, state }, t, mode)[0].mul(weights).sum();
    const h = 1e-5;
    let drawn = 500;
    const along = (t: Tensor): Tensor => random.normal(random.foldIn(key, drawn++), t.shape);
    const leaves = leavesOf(parameters);
    const put = (k: number, value: Tensor): Tree => {
      let i = 0;
      return mapTree((t) => (i++ === k ? value : t), parameters);
    };
    if (leaves.length > 0) {
      const slopes = leavesOf((grad(cost as never) as (p: Tree, t: Tensor) => Tree)(parameters, x));
      leaves.forEach((leaf, k) => {
        const v = along(leaf);
        const [up, down] = [1, -1].map((s) => cost(put(k, leaf.add(v.mul(s * h))), x).item()) as [number, number];
        close((slopes[k] as Tensor).mul(v).sum(), [(up - down) / (2 * h)], 1e-6, `parameter ${k}`);
      });
    }
    if (c.indices !== undefined) return;
    const v = along(x);
    const byX = grad((t: Tensor) => cost(parameters, t))(x);
    const [up, down] = [1, -1].map((s) => cost(parameters, x.add(v.mul(s * h))).item()) as [number, number];
    close(byX.mul(v).sum(), [(up - down) / (2 * h)], 1e-6, "x");
  });

  test("the same key, the same bits; another key, others", () => {
    const [a, b] = [c.layer.init(key, c.input), c.layer.init(key, c.input)].map((v) => leavesOf(v.parameters));
    expect(a?.map((t) => [...t.data])).toEqual(b?.map((t) => [...t.data]));
    expect(a?.every(({ dtype }) => dtype === "float32")).toBe(true);
  });
});

describe("initialisers", () => {
  const shapes = [
    { shape: [300, 200], fanIn: 300, fanOut: 200 },
    { shape: [64, 32, 5, 5], fanIn: 32 * 25, fanOut: 64 * 25 },
  ];
  const laws: [string, nn.Initializer, (fanIn: number, fanOut: number) => number, uniform: boolean][] = [
    ["glorotUniform", nn.glorotUniform, (a, b) => 2 / (a + b), true],
    ["glorotNormal", nn.glorotNormal, (a, b) => 2 / (a + b), false],
    ["heUniform", nn.heUniform, (a) => 2 / a, true],
    ["heNormal", nn.heNormal, (a) => 2 / a, false],
    ["lecunUniform", nn.lecunUniform, (a) => 1 / a, true],
    ["lecunNormal", nn.lecunNormal, (a) => 1 / a, false],
  ];
  test.each(laws)("%s: mean, variance, kurtosis", (_, initializer, variance, uniform) => {
    for (const { shape, fanIn, fanOut } of shapes) {
      const w = initializer(key, shape, "float32");
      expect([w.dtype, w.shape]).toEqual(["float32", shape]);
      const z = w.cast("float64").div(Math.sqrt(variance(fanIn, fanOut)));
      const moment = (k: number): number => z.pow(k).mean().item();
      const n = w.size;
      // Six standard errors of the mean, the variance, the fourth moment.
      expect(Math.abs(moment(1))).toBeLessThan(6 / Math.sqrt(n));
      expect(Math.abs(moment(2) - 1)).toBeLessThan(6 * Math.sqrt(2 / n));
      expect(Math.abs(moment(4) - (uniform ? 1.8 : 3))).toBeLessThan(6 * Math.sqrt(96 / n));
    }
  });

  test("orthogonal: orthonormal along the shorter side, any sign as likely", () => {
    for (const shape of [
      [5, 5],
      [7, 3],
      [3, 7],
      [4, 2, 3],
    ]) {
      const [rows, ...rest] = shape as [number, ...number[]];
      const w = nn
        .orthogonal(2)(key, shape, "float64")
        .reshape([rows, rest.reduce((a, b) => a * b, 1)]);
      const gram = w.shape[0] === Math.min(...w.shape) ? w.matmul(w.transpose()) : w.transpose().matmul(w);
      close(gram, [...nabla.eye(gram.shape[0] as number).mul(4).data], 1e-12, String(shape));
    }
    const first = random.split(key, 400).map((k) => nn.orthogonal()(k, [3, 3], "float64").data);
    for (const place of [0, 4, 8]) {
      const mean = first.reduce((sum, w) => sum + (w[place] as number), 0) / 400;
      expect(Math.abs(mean)).toBeLessThan(6 * Math.sqrt(1 / 3 / 400)); // a coordinate of a point on the sphere
    }
  });

  test("truncatedNormal: within two deviations, with the variance of what remains", () => {
    const z = nn.truncatedNormal(0.5)(key, [40000], "float64").div(0.5);
    expect(z.abs().max().item()).toBeLessThanOrEqual(2);
    // 1 − 2·2φ(2)/(2Φ(2) − 1)
    expect(Math.abs(z.square().mean().item() - 0.77374)).toBeLessThan(0.02);
    expect(nn.constant(3)(key, [2], "float32").toArray()).toEqual([3, 3]);
  });
});

test("batchNorm: running statistics, by hand", () => {
  const layer = nn.batchNorm({ momentum: 0.25 });
  const variables = layer.init(key, [1], "float64");
  const [, state] = layer.apply(variables, tensor([[1], [2], [6]]), { training: true });
  close(state.mean, [0.25 * 3], 1e-12, "mean");
  close(state.variance, [0.75 + 0.25 * 7], 1e-12, "the unbiased variance of 1, 2, 6 is 7");
  expect(layer.apply(variables, tensor([[1]]))[1]).toEqual(variables.state);
  expect(() => layer.apply(variables, tensor([[1]]), { training: true })).toThrow(/E-SHAPE batchNorm/);
  const single = layer.init(key, [1]);
  const [, kept] = layer.apply(single, tensor([[1], [2]]), { training: true });
  expect(kept.mean.dtype, "float64 data do not change the state's dtype").toBe("float32");
});

test("dropout: the share, the scale, keys", () => {
  const layer = nn.dropout(0.3);
  const nothing = { parameters: {}, state: {} };
  const draw = (k: Tensor): Tensor => layer.apply(nothing, ones([20000]), { training: true, key: k })[0];
  const y = draw(key);
  expect(new Set(y.data)).toEqual(new Set([0, 1 / 0.7]));
  expect(Math.abs(y.mean().item() - 1)).toBeLessThan(6 * Math.sqrt(0.3 / 0.7 / 20000));
  expect([...draw(key).data]).toEqual([...y.data]);
  expect([...draw(random.key(1)).data]).not.toEqual([...y.data]);
  expect(() => layer.apply(nothing, ones([2]), { training: true })).toThrow(/E-OPTION dropout/);
  const twice = nn.sequential(layer, layer);
  const [both] = twice.apply(twice.init(key, [20000]), ones([1, 20000]), { training: true, key });
  expect(Math.abs(both.greater(0).cast("float64").mean().item() - 0.49)).toBeLessThan(0.03); // independent draws
});

test("recurrent layers go on from a state: two halves are the whole", () => {
  const x = random.normal(key, [2, 6, 3]);
  const halves = [x.slice([null, [0, 4]]), x.slice([null, [4, 6]])] as const;
  const layer = nn.lstm(4);
  const { parameters } = layer.init(key, [6, 3], "float64");
  const first = layer.run(parameters, halves[0]);
  const second = layer.run(parameters, halves[1], first.final);
  const whole = layer.run(parameters, x);
  close(second.final.cell, [...whole.final.cell.data], 1e-14, "cell");
  close(second.outputs, [...whole.outputs.slice([null, [4, 6]]).data], 1e-14, "outputs");
  expect(parameters.bias.toArray()).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("attention reads another sequence; a query without keys is finite; causal as the last places", () => {
  const layer = nn.multiHeadAttention({ heads: 2, mask: zeros([3, 5]) });
  const { parameters } = layer.init(key, [3, 4], "float64");
  const y = layer.attend(parameters, random.normal(key, [2, 3, 4]), random.normal(key, [2, 5, 4]));
  expect(y.shape).toEqual([2, 3, 4]);
  expect(y.isFinite().all().item()).toBe(1);
  const v = tensor([[[[1], [3], [8]]]]);
  const late = nn.scaledDotProductAttention(zeros([1, 1, 2, 1]), zeros([1, 1, 3, 1]), v, { causal: true });
  close(late, [2, 4], 1e-14, "the means of the first two, of all three");
});

const embedded = (word: Tensor | number): Tensor =>
  nn.embedding(2, 2).apply({ parameters: { table: ones([2, 2]) }, state: {} }, tensor(word).reshape([1, 1]))[0];
const errors: [string, RegExp, () => unknown][] = [
  ["dense of none", /E-OPTION dense: 0 outputs/, () => nn.dense(0)],
  ["dense of a scalar", /E-SHAPE dense: an example is \[\]/, () => nn.dense(2).init(key, [])],
  ["channels in groups", /E-SHAPE convolution2d/, () => nn.convolution2d(4, 3, { groups: 2 }).init(key, [3, 8, 8])],
  ["groups of channels", /E-SHAPE groupNorm/, () => nn.groupNorm(3).init(key, [4])],
  ["a certain loss of all", /E-OPTION dropout/, () => nn.dropout(1)],
  ["a residual of another shape", /E-SHAPE residual/, () => nn.sequential(nn.residual(nn.dense(2))).init(key, [3])],
  ["heads", /E-SHAPE multiHeadAttention/, () => nn.sequential(nn.multiHeadAttention({ heads: 3 })).init(key, [2, 4])],
  ["a word below the table", /E-INDEX embedding: element 0 is -1/, () => embedded(-1)],
  ["a word beyond the table", /E-INDEX/, () => embedded(2)],
  ["a word below the table, compiled", /E-INDEX/, () => compile(embedded)(-1)],
];
test.each(errors)("error: %s", (_, message, f) => expect(f).toThrow(message));

/** What makes no sense, for each option that is a number. */
const senseless: [string, (value: never) => unknown, readonly unknown[]][] = [
  ["batchNorm: momentum", (momentum) => nn.batchNorm({ momentum }), [NaN, -0.1, 1.1, "0.1", null]],
  ["batchNorm: epsilon", (epsilon) => nn.batchNorm({ epsilon }), [NaN, -1, Infinity]],
  ["layerNorm: epsilon", (epsilon) => nn.layerNorm({ epsilon }), [NaN, -1, Infinity]],
  ["rmsNorm: epsilon", (epsilon) => nn.rmsNorm({ epsilon }), [NaN, -1, Infinity]],
  ["groupNorm: epsilon", (epsilon) => nn.groupNorm(2, { epsilon }), [NaN, -1, Infinity]],
  ["groupNorm", (groups) => nn.groupNorm(groups), [NaN, 0, -1, 1.5]],
  ["dropout: rate", (rate) => nn.dropout(rate), [NaN, -0.1, 1, 2, undefined, "0.5"]],
  ["dropout: rate", (dropout) => nn.multiHeadAttention({ heads: 1, dropout }), [NaN, -0.1, 1]],
  ["dropout: rate", (dropout) => nn.transformerBlock({ heads: 1, dropout }), [NaN, -0.1, 1]],
  ["transformerBlock", (hidden) => nn.transformerBlock({ heads: 1, hidden }), [NaN, 0, 1.5]],
  ["multiHeadAttention", (heads) => nn.multiHeadAttention({ heads }), [NaN, 0, -2, 1.5, undefined]],
  ["convolution2d", (groups) => nn.convolution2d(4, 3, { groups }), [NaN, 0, -1, 1.5]],
  ["convolution1d", (size) => nn.convolution1d(4, size), [NaN, 0, -1, 1.5]],
  ["maxPooling2d", (size) => nn.maxPooling2d(size), [NaN, 0, -1, 1.5, [2, 0]]],
  ["embedding", (width) => nn.embedding(3, width), [NaN, 0, -1, 1.5]],
  ["learnedPositions", (length) => nn.learnedPositions({ length }), [NaN, 0, -1, 1.5]],
  ["sinusoids: features", (features) => nn.sinusoids(3, features), [NaN, -1, 1.5]],
  ["lstm: forgetBias", (forgetBias) => nn.lstm(3, { forgetBias }), [NaN, Infinity]],
  ["rnn: outputs", (outputs) => nn.rnn(3, { outputs }), ["first", 1]],
  ["constant: value", (value) => nn.constant(value), [NaN, -Infinity]],
  ["truncatedNormal: deviation", (deviation) => nn.truncatedNormal(deviation), [NaN, -1]],
  ["orthogonal: gain", (gain) => nn.orthogonal(gain), [NaN, Infinity]],
  ["contrastive: margin", (margin) => nn.contrastive([[[0], [1]]], [1], { margin }), [NaN, -1, 0, Infinity]],
  ["infoNCE: temperature", (temperature) => nn.infoNCE([[[0], [1]]], { temperature }), [NaN, -1, 0, Infinity]],
  ["huber: delta", (delta) => nn.huber([1], [2], { delta }), [NaN, -1, 0, Infinity]],
  ["crossEntropy: smoothing", (smoothing) => nn.crossEntropy([[1, 2]], [0], { smoothing }), [NaN, -0.1, 1.1]],
  [
    "crossEntropy: classWeights[1]",
    (weight) => nn.crossEntropy([[1, 2]], [0], { classWeights: [1, weight] }),
    [NaN, -1, Infinity],
  ],
  [
    "binaryCrossEntropy: positiveWeight",
    (positiveWeight) => nn.binaryCrossEntropy([1], [0], { positiveWeight }),
    [NaN, -1, Infinity],
  ],
  [
    "gaussianNegativeLogLikelihood: floor",
    (floor) => nn.gaussianNegativeLogLikelihood([[1, 2]], [0], { floor }),
    [NaN, -1, Infinity],
  ],
  [
    "gaussianNegativeLogLikelihood: spread",
    (spread) => nn.gaussianNegativeLogLikelihood([[1, 2]], [0], { spread }),
    ["deviation", 1],
  ],
  ["topKAccuracy", (k) => nn.topKAccuracy([[1, 2]], [0], k), [NaN, 0, 1.5]],
  ["calibration", (bins) => nn.calibration([[1, 2]], [0], { bins }), [NaN, 0, 1.5]],
  ["summary", (batchSize) => nn.summary(nn.dense(2), [3], { batchSize }), [NaN, 0, 1.5]],
];
test.each(senseless)("%s makes no sense: E-OPTION", (what, f, values) => {
  for (const value of values)
    expect(() => f(value as never), String(value)).toThrow(
      expect.objectContaining({ code: "E-OPTION", message: expect.stringContaining(what) }),
    );
});

/** Who gives an option without its name, an activation say, would get the default. */
const nameless: Record<string, (options: never) => unknown> = {
  dense: (o) => nn.dense(2, o),
  convolution1d: (o) => nn.convolution1d(2, 3, o),
  convolution2d: (o) => nn.convolution2d(2, 3, o),
  averagePooling2d: (o) => nn.averagePooling2d(2, o),
  embedding: (o) => nn.embedding(2, 3, o),
  batchNorm: (o) => nn.batchNorm(o),
  layerNorm: (o) => nn.layerNorm(o),
  rmsNorm: (o) => nn.rmsNorm(o),
  groupNorm: (o) => nn.groupNorm(2, o),
  learnedPositions: (o) => nn.learnedPositions(o),
  rnn: (o) => nn.rnn(2, o),
  gru: (o) => nn.gru(2, o),
  lstm: (o) => nn.lstm(2, o),
  multiHeadAttention: (o) => nn.multiHeadAttention(o),
  scaledDotProductAttention: (o) => nn.scaledDotProductAttention(ones([1, 1]), ones([1, 1]), ones([1, 1]), o),
  transformerBlock: (o) => nn.transformerBlock(o),
  huber: (o) => nn.huber([1], [2], o),
  hinge: (o) => nn.hinge([1], [1], o),
  contrastive: (o) => nn.contrastive([[[0], [1]]], [1], o),
  infoNCE: (o) => nn.infoNCE([[[0], [1]]], o),
  crossEntropy: (o) => nn.crossEntropy([[1, 2]], [0], o),
  binaryCrossEntropy: (o) => nn.binaryCrossEntropy([1], [0], o),
  gaussianNegativeLogLikelihood: (o) => nn.gaussianNegativeLogLikelihood([[1, 2]], [0], o),
  poissonNegativeLogLikelihood: (o) => nn.poissonNegativeLogLikelihood([1], [0], o),
  summary: (o) => nn.summary(nn.dense(2), [3], o),
};
test.each(Object.entries(nameless))("%s: options without a name", (what, f) => {
  for (const given of [0.5, "relu", nabla.relu, null, [2]])
    expect(() => f(given as never)).toThrow(new RegExp(`E-OPTION ${what}: the options are`));
});

const noLayers: [string, (layer: never) => unknown][] = [
  ["sequential", (layer) => nn.sequential(nn.dense(2), layer)],
  ["sequential", (layer) => nn.sequential({ first: layer })],
  ["parallel", (layer) => nn.parallel([layer])],
  ["residual", (layer) => nn.residual(layer)],
  ["summary", (layer) => nn.summary(layer, [3])],
  ["predictWith", (layer) => nn.predictWith(layer, { parameters: {}, state: {} })],
];
test.each(noLayers)("%s of what is no layer", (what, f) => {
  for (const given of [undefined, null, 3, "dense", { name: "mine" }])
    expect(() => f(given as never)).toThrow(new RegExp(`E-OPTION ${what}: .* is no layer`));
  if (what === "summary" || what === "predictWith")
    expect(() => f(nabla.relu as never)).toThrow(/a function is no layer[\s\S]*sequential\(f\)/);
});

test("no name of nabla/nn hides one of nabla", () => {
  expect(Object.keys(nn).filter((name) => name in nabla)).toEqual([]);
});

test("predictWith: numbers take the parameters' dtype, outputs as in inference", () => {
  const model = nn.sequential(nn.embedding(5, 3), nn.dropout(0.5), nn.flattening(), nn.dense(2));
  const variables = model.init(key, [2]);
  const predict = nn.predictWith(model, variables);
  const y = predict([[1, 4]]);
  expect(y.dtype).toBe("float32");
  close(y, [...model.apply(variables, tensor([[1, 4]], { dtype: "int32" }))[0].data], 1e-6, "outputs");
});

test("summary: parameters and multiplications by hand, memory of both programs", () => {
  const model = nn.sequential(
    nn.convolution2d(4, 3, { padding: "same" }),
    nn.sequential(nabla.relu, nn.maxPooling2d(2)),
    nn.batchNorm(),
    nn.flattening(),
    nn.dense(10),
  );
  const options = { loss: nn.crossEntropy, target: { shape: [], dtype: "int32" }, batchSize: 8 } as const;
  const found = nn.summary(model, [1, 8, 8], options);
  expect(found.layers.map((l) => [l.name, l.output, l.parameters, l.multiplyAdds])).toEqual([
    ["convolution2d(4, 3×3)", [4, 8, 8], 40, 64 * 4 * 9],
    ["relu", [4, 8, 8], 0, 0],
    ["maxPooling2d(2)", [4, 4, 4], 0, 0],
    ["batchNorm", [4, 4, 4], 8, 0],
    ["flattening", [64], 0, 0],
    ["dense(10)", [10], 650, 640],
  ]);
  expect([found.parameters, found.multiplyAdds]).toEqual([698, 2944]);
  expect(found.memory.training).toBeGreaterThan(found.memory.forward);
  expect(found.memory.forward).toBeGreaterThan(4 * (698 + 8 * 64));
  expect(String(found)).toMatch(/^layer +output +parameters +multiply–adds\nconvolution2d/);
  // Over 5 times, 4 gates: x·W and h·R.
  expect(nn.summary(nn.lstm(3), [5, 2]).multiplyAdds).toBe(5 * 4 * 3 * (2 + 3));
});

test("summary: what lies within other layers stands below them and is not counted twice", () => {
  const [time, n, wide] = [5, 8, 32];
  const model = nn.sequential(
    nn.transformerBlock({ heads: 2 }),
    nn.parallel([nn.lstm(3), nn.residual(nn.sequential(nn.dense(n), nabla.relu))]),
    nn.dense(2),
  );
  const found = nn.summary(model, [time, n]);
  const rows = found.layers.map((l) => [l.depth, l.name, l.output.at(-1), l.parameters, l.multiplyAdds]);
  // Projections, then q·kᵀ and the weights times v.
  const [attention, read] = [4 * n * (n + 1), 4 * time * n * n + 2 * time * time * n];
  const [up, down] = [wide * (n + 1), n * (wide + 1)];
  const [recurrent, dense] = [4 * 3 * (n + 3 + 1), n * (n + 1)];
  const maps = 2 * time * n * wide;
  const steps = time * 4 * 3 * (n + 3);
  expect(rows).toEqual([
    [0, "transformerBlock(2)", n, 4 * n + attention + up + down, read + maps],
    [1, "residual(sequential)", n, 2 * n + attention, read],
    [2, "layerNorm", n, 2 * n, 0],
    [2, "multiHeadAttention(2)", n, attention, read],
    [2, "dropout(0)", n, 0, 0],
    [1, "residual(sequential)", n, 2 * n + up + down, maps],
    [2, "layerNorm", n, 2 * n, 0],
    [2, `dense(${wide})`, wide, up, maps / 2],
    [2, "gelu", wide, 0, 0],
    [2, `dense(${n})`, n, down, maps / 2],
    [2, "dropout(0)", n, 0, 0],
    [0, "parallel(lstm(3), residual(sequential))", n + 3, recurrent + dense, steps + time * n * n],
    [1, "lstm(3)", 3, recurrent, steps],
    [1, "residual(sequential)", n, dense, time * n * n],
    [2, `dense(${n})`, n, dense, time * n * n],
    [2, "relu", n, 0, 0],
    [0, "dense(2)", 2, (n + 3) * 2 + 2, time * (n + 3) * 2],
  ]);
  const whole = model.init(key, [time, n]).parameters;
  expect(found.parameters).toBe(leavesOf(whole).reduce((sum, { size }) => sum + size, 0));
  expect(found.multiplyAdds).toBe(read + maps + steps + time * n * n + time * (n + 3) * 2);
  expect(String(found)).toMatch(/^transformerBlock\(2\) .*\n {2}residual\(sequential\) .*\n {4}layerNorm /m);
});

/** Plain gradient descent with momentum; the costs before each step. */
function descend(model: nn.Layer, x: Tensor, y: Tensor, rate: number, steps: number): number[] {
  const start = model.init(key, x.shape.slice(1));
  const step = compile(
    (({ parameters, speed }: { parameters: Tree; speed: Tree }, t: Tensor, labels: Tensor) => {
      const cost = (p: Tree): Tensor =>
        nn.crossEntropy(model.apply({ parameters: p, state: start.state }, t)[0], labels).mean();
      const [value, slope] = (valueAndGrad(cost as never) as (p: Tree) => [Tensor, Tree])(parameters);
      const next = mapTree((v, g) => v.mul(0.9).sub(g.mul(rate)), speed, slope);
      return [{ parameters: mapTree((p, v) => p.add(v), parameters, next), speed: next }, value];
    }) as never,
    { state: true },
  ) as unknown as (state: object, x: Tensor, y: Tensor) => [object, Tensor];
  let state: object = {
    parameters: start.parameters,
    speed: mapTree((p) => zeros(p.shape, { dtype: "float32" }), start.parameters),
  };
  const costs: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [next, cost] = step(state, x, y);
    state = next;
    costs.push(cost.item());
  }
  return costs;
}

// To say at the fourth place which symbol of four stood at the first: chance is log 4 = 1.39 nats.
const words = random.integers(random.key(5), [64, 4], 0, 4);
test("an LSTM learns to say what it read first", () => {
  const model = nn.sequential(nn.embedding(4, 8), nn.lstm(16, { outputs: "last" }), nn.dense(4));
  const costs = descend(model, words, words.slice([null, [0, 1]]).reshape([64]), 0.5, 150);
  expect(costs[0]).toBeGreaterThan(1.2);
  expect(costs.at(-1)).toBeLessThan(0.02);
});

test("a transformer learns to say at each place what it read one place before", () => {
  const model = nn.sequential(
    nn.embedding(4, 16),
    nn.sinusoidalPositions(),
    nn.transformerBlock({ heads: 2, causal: true }),
    nn.dense(4),
  );
  const before = nabla.concatenate([words.slice([null, [0, 1]]), words.slice([null, [0, 3]])], 1);
  const costs = descend(model, words, before, 0.1, 150);
  expect(costs[0]).toBeGreaterThan(1.2);
  expect(costs.at(-1)).toBeLessThan(0.02);
});
