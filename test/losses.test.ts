/** Losses and metrics against their formulas by hand: values, slopes, extremes, weights. */
import { arange, compile, grad, random, sum, type Tensor, tensor, vmap } from "nabla";
import * as nn from "nabla/nn";
import { describe, expect, test } from "vitest";

const seed = 19;
const key = random.key(seed);
type Row = readonly number[];

/** One example's loss: outputs and target as flat lists, all targets alike if the loss looks at one only. */
interface LossCase {
  readonly name: string;
  readonly loss: (outputs: Tensor, targets: Tensor) => Tensor;
  /** Of one example. */
  readonly outputs: readonly number[];
  /** From a key, for so many examples. */
  readonly targets: (key: Tensor, batch: number) => Tensor;
  readonly formula: (outputs: Row, target: Row) => number;
}

const total = (list: Row): number => list.reduce((a, b) => a + b, 0);
const mean = (list: Row): number => total(list) / list.length;
const at = (list: Row, i: number): number => list[i] as number;
const each = (outputs: Row, target: Row, f: (y: number, t: number) => number): number[] =>
  outputs.map((y, i) => f(y, at(target, i)));
const logSoftmax = (s: Row): number[] => {
  const top = Math.max(...s);
  const z = top + Math.log(total(s.map((v) => Math.exp(v - top))));
  return s.map((v) => v - z);
};
const rows = (list: Row, n: number): number[][] =>
  Array.from({ length: list.length / n }, (_, i) => list.slice(i * n, i * n + n));

const real =
  (...shape: number[]) =>
  (k: Tensor, batch: number): Tensor =>
    random.normal(k, [batch, ...shape]);
const whole =
  (below: number, ...shape: number[]) =>
  (k: Tensor, batch: number): Tensor =>
    random.integers(k, [batch, ...shape], 0, below);
const chances =
  (...shape: number[]) =>
  (k: Tensor, batch: number): Tensor =>
    random.uniform(k, [batch, ...shape]);
const distributions =
  (classes: number) =>
  (k: Tensor, batch: number): Tensor => {
    // Some classes have the probability 0.
    const p = random
      .uniform(k, [batch, classes], { low: -0.5 })
      .abs()
      .mul(random.bernoulli(k, 0.7, [batch, classes]));
    const kept = p.add(tensor(Array.from({ length: classes }, (_, i) => (i === 0 ? 0.1 : 0))));
    return kept.div(sum(kept, { axis: -1, keepDims: true }));
  };
const signs = (k: Tensor, batch: number): Tensor => random.bernoulli(k, 0.5, [batch]).cast("float64").mul(2).sub(1);

const gaussian = (m: Row, v: Row, t: Row): number =>
  mean(m.map((mu, i) => 0.5 * (Math.log(2 * Math.PI * at(v, i)) + (at(t, i) - mu) ** 2 / at(v, i))));
const hubered = (e: number, d: number): number => (Math.abs(e) <= d ? e * e * 0.5 : d * (Math.abs(e) - d / 2));
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

const weights = [0.5, 2, 3];
const smoothed = (label: number, e: number): number[] => [0, 1, 2].map((k) => (k === label ? 1 - e : 0) + e / 3);

const cases: readonly LossCase[] = [
  {
    name: "meanSquaredError",
    loss: nn.meanSquaredError,
    outputs: [2, 3],
    targets: real(2, 3),
    formula: (y, t) => mean(each(y, t, (a, b) => (a - b) ** 2)),
  },
  {
    name: "meanSquaredError of [batch]",
    loss: nn.meanSquaredError,
    outputs: [],
    targets: real(),
    formula: (y, t) => (at(y, 0) - at(t, 0)) ** 2,
  },
  {
    name: "meanAbsoluteError, [batch, 1] beside [batch]",
    loss: nn.meanAbsoluteError,
    outputs: [1],
    targets: real(),
    formula: (y, t) => Math.abs(at(y, 0) - at(t, 0)),
  },
  {
    name: "huber",
    loss: nn.huber,
    outputs: [4],
    targets: real(4),
    formula: (y, t) => mean(each(y, t, (a, b) => hubered(a - b, 1))),
  },
  {
    name: "huber, delta 0.3",
    loss: (y, t) => nn.huber(y, t, { delta: 0.3 }),
    outputs: [4],
    targets: real(4),
    formula: (y, t) => mean(each(y, t, (a, b) => hubered(a - b, 0.3))),
  },
  {
    name: "crossEntropy",
    loss: nn.crossEntropy,
    outputs: [3],
    targets: whole(3),
    formula: (s, [t]) => -at(logSoftmax(s), t as number),
  },
  {
    name: "crossEntropy over time",
    loss: nn.crossEntropy,
    outputs: [4, 3],
    targets: whole(3, 4),
    formula: (s, t) => mean(rows(s, 3).map((row, i) => -at(logSoftmax(row), at(t, i)))),
  },
  {
    name: "crossEntropy of soft labels",
    loss: nn.crossEntropy,
    outputs: [5],
    targets: distributions(5),
    formula: (s, t) => -total(each(logSoftmax(s), t, (l, p) => p * l)),
  },
  {
    name: "crossEntropy, labels in floats",
    loss: (s, t) => nn.crossEntropy(s, t.cast("float64")),
    outputs: [3],
    targets: whole(3),
    formula: (s, [t]) => -at(logSoftmax(s), t as number),
  },
  {
    name: "crossEntropy, smoothed",
    loss: (s, t) => nn.crossEntropy(s, t, { smoothing: 0.2 }),
    outputs: [3],
    targets: whole(3),
    formula: (s, [t]) => -total(each(logSoftmax(s), smoothed(t as number, 0.2), (l, p) => p * l)),
  },
  {
    name: "crossEntropy, weighted",
    loss: (s, t) => nn.crossEntropy(s, t, { classWeights: weights }),
    outputs: [3],
    targets: whole(3),
    formula: (s, [t]) => -at(weights, t as number) * at(logSoftmax(s), t as number),
  },
  {
    name: "crossEntropy, smoothed and weighted",
    loss: (s, t) => nn.crossEntropy(s, t, { smoothing: 0.2, classWeights: weights }),
    outputs: [3],
    targets: whole(3),
    formula: (s, [t]) => -total(logSoftmax(s).map((l, k) => at(weights, k) * at(smoothed(t as number, 0.2), k) * l)),
  },
  {
    name: "binaryCrossEntropy",
    loss: nn.binaryCrossEntropy,
    outputs: [3],
    targets: chances(3),
    formula: (s, t) =>
      mean(each(s, t, (v, p) => -p * Math.log(1 / (1 + Math.exp(-v))) - (1 - p) * Math.log(1 / (1 + Math.exp(v))))),
  },
  {
    name: "binaryCrossEntropy, weighted",
    loss: (s, t) => nn.binaryCrossEntropy(s, t, { positiveWeight: 3 }),
    outputs: [],
    targets: whole(2),
    formula: ([v], [p]) =>
      p === 1 ? -3 * Math.log(1 / (1 + Math.exp(-(v as number)))) : -Math.log(1 / (1 + Math.exp(v as number))),
  },
  {
    name: "klDivergence",
    loss: nn.klDivergence,
    outputs: [4],
    targets: distributions(4),
    formula: (s, t) => total(each(logSoftmax(s), t, (l, p) => (p === 0 ? 0 : p * (Math.log(p) - l)))),
  },
  {
    name: "gaussianNegativeLogLikelihood",
    loss: nn.gaussianNegativeLogLikelihood,
    outputs: [4],
    targets: real(2),
    formula: (y, t) =>
      gaussian(
        y.slice(0, 2),
        y.slice(2).map((s) => Math.exp(s) + 1e-6),
        t,
      ),
  },
  {
    name: "gaussianNegativeLogLikelihood of [batch] targets",
    loss: (y, t) => nn.gaussianNegativeLogLikelihood(y, t, { floor: 0.25 }),
    outputs: [2],
    targets: real(),
    formula: ([m, s], t) => gaussian([m as number], [Math.exp(s as number) + 0.25], t),
  },
  {
    name: "gaussianNegativeLogLikelihood of variances",
    loss: (y, t) => nn.gaussianNegativeLogLikelihood(y, t, { spread: "variance", floor: 0.1 }),
    outputs: [4],
    targets: real(2),
    formula: (y, t) =>
      gaussian(
        y.slice(0, 2),
        y.slice(2).map((v) => Math.max(v, 0.1)),
        t,
      ),
  },
  {
    name: "poissonNegativeLogLikelihood",
    loss: nn.poissonNegativeLogLikelihood,
    outputs: [3],
    targets: whole(9, 3),
    formula: (y, t) => mean(each(y, t, (s, k) => Math.exp(s) - k * s)),
  },
  {
    name: "poissonNegativeLogLikelihood, full",
    loss: (y, t) => nn.poissonNegativeLogLikelihood(y, t, { full: true }),
    outputs: [3],
    targets: whole(9, 3),
    formula: (y, t) => mean(each(y, t, (s, k) => -Math.log((Math.exp(s * k) * Math.exp(-Math.exp(s))) / factorial(k)))),
  },
  {
    name: "hinge",
    loss: nn.hinge,
    outputs: [],
    targets: signs,
    formula: ([s], [t]) => Math.max(0, 1 - (t as number) * (s as number)),
  },
  {
    name: "hinge, squared",
    loss: (s, t) => nn.hinge(s, t, { squared: true }),
    outputs: [],
    targets: signs,
    formula: ([s], [t]) => Math.max(0, 1 - (t as number) * (s as number)) ** 2,
  },
  {
    name: "multiclassHinge",
    loss: nn.multiclassHinge,
    outputs: [4],
    targets: whole(4),
    formula: (s, [t]) => Math.max(0, 1 + Math.max(...s.filter((_, k) => k !== t)) - at(s, t as number)),
  },
  {
    name: "contrastive",
    loss: (y, t) => nn.contrastive(y, t, { margin: 2 }),
    outputs: [2, 3],
    targets: whole(2),
    formula: (y, [t]) => {
      const d = Math.hypot(...each(y.slice(0, 3), y.slice(3), (a, b) => a - b));
      return t === 1 ? d ** 2 / 2 : Math.max(0, 2 - d) ** 2 / 2;
    },
  },
];

const batch = 6;
const outputsOf = ({ outputs }: LossCase, dtype: "float32" | "float64"): Tensor =>
  random.normal(random.foldIn(key, 1), [batch, ...outputs], { dtype }).mul(1.5);
const numbers = (t: Tensor): number[] => [...t.data];

describe.each(cases.map((c) => [c.name, c] as const))(`%s (seed ${seed})`, (_, c) => {
  const targets = c.targets(random.foldIn(key, 2), batch);
  test.each(["float64", "float32"] as const)("formula, shape, compiled, one example: %s", (dtype) => {
    const y = outputsOf(c, dtype);
    const loss = c.loss(y, targets);
    expect([loss.shape, loss.dtype]).toEqual([[batch], dtype]);
    const size = y.size / batch;
    const own = rows(numbers(targets), targets.size / batch);
    const expected = rows(numbers(y), size).map((one, i) => c.formula(one, own[i] as Row));
    const compiled = compile((a: Tensor, b: Tensor) => c.loss(a, b))(y, targets);
    const tolerance = dtype === "float64" ? 1e-12 : 2e-5;
    expected.forEach((v, i) => {
      for (const t of [loss, compiled])
        expect(Math.abs((t.data[i] as number) - v) / Math.max(1, Math.abs(v))).toBeLessThan(tolerance);
    });
    const first = (t: Tensor): Tensor => t.slice([[0, 1]]);
    expect(c.loss(first(y), first(targets)).shape).toEqual([1]);
  });

  test("its slope is that of central differences", () => {
    const y = outputsOf(c, "float64");
    const slope = numbers(grad((t: Tensor) => sum(c.loss(t, targets)))(y));
    const h = 1e-5;
    const flat = arange(y.size);
    slope.forEach((v, i) => {
      const step = flat.equal(i).cast("float64").mul(h).reshape(y.shape);
      const [up, down] = [y.add(step), y.sub(step)].map((t) => sum(c.loss(t, targets)).item()) as [number, number];
      expect(Math.abs(v - (up - down) / (2 * h))).toBeLessThan(1e-6 * Math.max(1, Math.abs(v)));
    });
  });

  test("finite at ±10⁴ in float32, and so is its slope", () => {
    const ends = random
      .bernoulli(random.foldIn(key, 3), 0.5, [batch, ...c.outputs])
      .cast("float32")
      .mul(2)
      .sub(1);
    for (const y of [ends.mul(1e4), ends.mul(0).add(1e4), ends.mul(0).sub(1e4), ends.mul(0)]) {
      const cost = (t: Tensor): Tensor => sum(c.loss(t, targets));
      for (const f of [cost, compile(cost)]) expect(Number.isFinite(f(y).item())).toBe(true);
      for (const f of [grad(cost), compile(grad(cost))]) expect(numbers(f(y)).every(Number.isFinite)).toBe(true);
    }
  });
});

test("infoNCE: each example against the whole batch", () => {
  const y = random.normal(key, [4, 2, 3]);
  const vectors = y.toArray() as number[][][];
  const cosine = (a: Row, b: Row): number => total(each(a, b, (p, q) => p * q)) / Math.hypot(...a) / Math.hypot(...b);
  const expected = vectors.map(
    ([a], i) => -at(logSoftmax(vectors.map(([, b]) => cosine(a as Row, b as Row) / 0.5)), i),
  );
  const loss = numbers(nn.infoNCE(y, { temperature: 0.5 }));
  expected.forEach((v, i) => {
    expect(loss[i]).toBeCloseTo(v, 12);
  });
  const cost = (t: Tensor): Tensor => sum(nn.infoNCE(t));
  const v = random.normal(random.foldIn(key, 4), [4, 2, 3]).mul(1e-5);
  const difference = (cost(y.add(v)).item() - cost(y.sub(v)).item()) / 2;
  expect(Math.abs(grad(cost)(y).mul(v).sum().item() - difference)).toBeLessThan(1e-6 * Math.abs(difference));
  for (const scale of [0, 1e-30, 1e4, 1e30]) {
    const large = y.cast("float32").mul(scale);
    expect(Number.isFinite(cost(large).item()), `scale ${scale}`).toBe(true);
    expect(numbers(grad(cost)(large)).every(Number.isFinite), `slope at scale ${scale}`).toBe(true);
  }
});

test("what is not finite or whole is no surprise: a class that may not be costs nothing where its target is 0", () => {
  const scores = tensor([[0, -Infinity, 0]]);
  expect(nn.crossEntropy(scores, [[0.5, 0, 0.5]]).item()).toBeCloseTo(Math.log(2), 14);
  expect(numbers(grad((s: Tensor) => sum(nn.crossEntropy(s, [[0.5, 0, 0.5]])))(scores))).toEqual([0, 0, 0]);
});

const errors: [string, RegExp, () => unknown][] = [
  [
    "all pairs",
    /E-SHAPE meanSquaredError: outputs are \[3, 2\], targets \[3\]/,
    () =>
      nn.meanSquaredError(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [1, 2, 3],
      ),
  ],
  [
    "labels of another batch",
    /E-SHAPE crossEntropy/,
    () => nn.crossEntropy([[1, 2]], tensor([0, 1], { dtype: "int32" })),
  ],
  ["a fraction", /E-INDEX/, () => nn.crossEntropy([[1, 2]], tensor([0.5]))],
  ["NaN", /E-INDEX crossEntropy: labels: element 0 of the index is NaN/, () => nn.crossEntropy([[1, 2]], [NaN])],
  ["smoothing", /E-OPTION crossEntropy/, () => nn.crossEntropy([[1, 2]], [0], { smoothing: 2 })],
  ["a weight for all classes", /E-SHAPE/, () => nn.crossEntropy([[1, 2]], [0], { classWeights: 2 })],
  ["too many weights", /E-SHAPE/, () => nn.crossEntropy([[1, 2]], [[0, 1]], { classWeights: [[1], [2]] })],
  ["means without spreads", /E-SHAPE gaussian/, () => nn.gaussianNegativeLogLikelihood([[1, 2, 3]], [1])],
  ["no pairs", /E-SHAPE contrastive/, () => nn.contrastive([[1, 2]], [1])],
];
for (const label of [-1, 2])
  errors.push(
    ["a label that is no class", /E-INDEX/, () => nn.crossEntropy([[1, 2]], tensor([label], { dtype: "int32" }))],
    [
      "the same, compiled",
      /E-INDEX/,
      () => compile((s: Tensor, t: Tensor) => nn.crossEntropy(s, t))([[1, 2]], new Int32Array([label])),
    ],
    [
      "the same, smoothed",
      /E-INDEX/,
      () =>
        compile((s: Tensor, t: Tensor) => nn.crossEntropy(s, t, { smoothing: 0.1 }))([[1, 2]], new Int32Array([label])),
    ],
    [
      "the same, by margins",
      /E-INDEX/,
      () => compile((s: Tensor, t: Tensor) => nn.multiclassHinge(s, t))([[1, 2]], new Int32Array([label])),
    ],
  );
const ofLabels: Record<string, nn.Loss> = {
  crossEntropy: nn.crossEntropy,
  "crossEntropy, smoothed": (s, t) => nn.crossEntropy(s, t, { smoothing: 0.1 }),
  "crossEntropy, weighted": (s, t) => nn.crossEntropy(s, t, { classWeights: [1, 2] }),
  multiclassHinge: nn.multiclassHinge,
};
for (const [name, loss] of Object.entries(ofLabels))
  for (const dtype of ["float32", "float64"] as const)
    for (const label of [0.5, 1.5, -0.5, NaN, 2, -1, 1e10, Infinity]) {
      const [scores, labels] = [tensor([[1, 2]], { dtype }), tensor([label], { dtype })];
      const slope = grad((s: Tensor, t: Tensor) => sum(loss(s, t)));
      errors.push(
        [`${name}: ${dtype} label ${label}`, /E-INDEX \w+: labels: element 0/, () => loss(scores, labels)],
        ["the same, compiled", /E-INDEX/, () => compile(loss)(scores, labels)],
        ["its slope, compiled", /E-INDEX/, () => compile(slope)(scores, labels)],
        ["the same, one by one", /E-INDEX/, () => vmap(loss)(scores.reshape([1, 1, 2]), labels.reshape([1, 1]))],
      );
    }
test.each(errors)("error: %s", (_, message, f) => expect(f).toThrow(message));

test("labels in floats that are whole cost what integers cost, compiled too", () => {
  const scores = random.normal(key, [4, 2], { dtype: "float32" });
  for (const loss of Object.values(ofLabels)) {
    const costs = (["int32", "float32", "float64"] as const).map((dtype) =>
      numbers(compile(loss)(scores, tensor([0, 1, 1, 0], { dtype }))),
    );
    expect(costs[1]).toEqual(costs[0]);
    expect(costs[2]).toEqual(costs[0]);
  }
});

describe("metrics", () => {
  const scores = random.normal(random.foldIn(key, 8), [40, 4]).mul(2);
  const labels = random.integers(random.foldIn(key, 9), [40], 0, 4);
  const [s, t] = [scores.toArray() as number[][], numbers(labels)];
  const best = s.map((row) => row.indexOf(Math.max(...row)));
  const count = (f: (i: number) => boolean): number => t.filter((_, i) => f(i)).length;

  test("accuracy, topKAccuracy, confusionMatrix by counting", () => {
    expect(nn.accuracy(scores, labels)).toBe(count((i) => best[i] === t[i]) / 40);
    for (const k of [1, 2, 4]) {
      const among = count((i) => {
        const row = s[i] as number[];
        return [...row]
          .sort((a, b) => b - a)
          .slice(0, k)
          .includes(at(row, at(t, i)));
      });
      expect(nn.topKAccuracy(scores, labels, k)).toBe(among / 40);
    }
    const matrix = nn.confusionMatrix(scores, labels).toArray() as number[][];
    matrix.forEach((row, a) => {
      row.forEach((n, b) => {
        expect(n).toBe(count((i) => t[i] === a && best[i] === b));
      });
    });
    expect(nn.accuracy(scores.reshape([8, 5, 4]), labels.reshape([8, 5]))).toBe(nn.accuracy(scores, labels));
  });

  test("precision, recall, f1: one class, the mean over all, nothing to say", () => {
    const of = (k: number) => {
      const hits = count((i) => t[i] === k && best[i] === k);
      const [taken, present] = [count((i) => best[i] === k), count((i) => t[i] === k)];
      return { p: hits / taken, r: hits / present, f: (2 * hits) / (taken + present) };
    };
    const all = [0, 1, 2, 3].map(of);
    all.forEach(({ p, r, f }, positive) => {
      expect(nn.precision(scores, labels, { positive })).toBeCloseTo(p, 14);
      expect(nn.recall(scores, labels, { positive })).toBeCloseTo(r, 14);
      expect(nn.f1(scores, labels, { positive })).toBeCloseTo(f, 14);
    });
    expect(nn.precision(scores, labels)).toBeCloseTo(mean(all.map(({ p }) => p)), 14);
    expect(nn.recall(scores, labels)).toBeCloseTo(mean(all.map(({ r }) => r)), 14);
    expect(nn.f1(scores, labels)).toBeCloseTo(mean(all.map(({ f }) => f)), 14);
    expect([nn.precision([-1], [0]), nn.recall([-1], [0]), nn.f1([-1], [0])]).toEqual([0, 0, 0]);
  });

  test("rocAUC: the share of pairs in order, ties half", () => {
    const score = random.integers(random.foldIn(key, 5), [60], 0, 9); // many ties
    const truth = random.integers(random.foldIn(key, 6), [60], 0, 2);
    const [v, y] = [numbers(score), numbers(truth)];
    let [pairs, ordered] = [0, 0];
    v.forEach((a, i) => {
      v.forEach((b, j) => {
        if (y[i] !== 1 || y[j] !== 0) return;
        pairs++;
        ordered += a > b ? 1 : a === b ? 0.5 : 0;
      });
    });
    expect(nn.rocAUC(score, truth)).toBeCloseTo(ordered / pairs, 13);
    expect(nn.rocAUC([1, 2], [1, 1])).toBeNaN();
    expect(nn.rocAUC([1, Number.NaN], [0, 1])).toBeNaN();
  });

  test("calibration: drawn from the scores' own probabilities it is small, of a boaster it is what he boasts", () => {
    const many = random.normal(key, [20000, 3]);
    const drawn = random.categorical(random.foldIn(key, 7), many);
    const own = nn.calibration(many, drawn);
    expect(own.error).toBeLessThan(0.02);
    expect(own.bins.reduce((n, b) => n + b.count, 0)).toBe(20000);
    const sure = many.mul(100);
    expect(Math.abs(nn.calibration(sure, drawn).error - (1 - nn.accuracy(sure, drawn)))).toBeLessThan(0.01);
    // one bin: |accuracy − mean confidence|
    const logits = [0, Math.log(3), Math.log(3)];
    expect(nn.calibration(logits, [1, 1, 0], { bins: 1 }).error).toBeCloseTo(Math.abs(1 / 3 - 2 / 3), 14);
  });

  test("r2 and rootMeanSquaredError by hand", () => {
    expect(nn.rootMeanSquaredError([1, 2, 4], [1, 3, 6])).toBeCloseTo(Math.sqrt(5 / 3), 14);
    expect(nn.r2([1, 2, 4], [1, 3, 6])).toBeCloseTo(1 - 5 / (38 / 3), 14);
    expect(nn.r2([2, 2, 2], [1, 2, 3])).toBe(0);
  });

  test("errors", () => {
    expect(() => nn.accuracy([[1, 2]], [2])).toThrow(/E-INDEX accuracy: label 0 is 2/);
    expect(() => nn.accuracy([], [])).toThrow(/E-VALUE accuracy: there are no examples/);
    expect(() => nn.rocAUC([[1, 2, 3]], [0])).toThrow(/E-SHAPE rocAUC/);
    expect(() => nn.f1([[1, 2]], [0], { positive: 2 })).toThrow(/E-OPTION f1/);
  });
});

test("a choice that is none, and scores that are no numbers", () => {
  const odd = { spread: "deviation" } as never;
  expect(() => nn.gaussianNegativeLogLikelihood([[3, 0]], [3], odd)).toThrow(
    "E-OPTION gaussianNegativeLogLikelihood: spread",
  );
  expect(() => nn.rnn(2, { outputs: "lst" } as never)).toThrow('E-OPTION rnn: outputs is "lst"');
  expect(
    nn.accuracy(
      [
        [Number.NaN, Number.NaN],
        [2, 1],
      ],
      [0, 0],
    ),
  ).toBe(0.5);
  expect(nn.accuracy([Number.NaN, -1], [0, 0])).toBe(0.5);
});
