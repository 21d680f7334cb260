/** Schedules beside their formulas, the plateau, the range test, and what Hebbian rules find. */
import { cast, eigh, grad, hvp, jvp, matmul, random, type Tensor, tensor } from "nabla";
import { arrays } from "nabla/data";
import { dense, meanSquaredError, sequential, type Variables } from "nabla/nn";
import {
  adam,
  type Connections,
  type Cost,
  chain,
  constantRate,
  cosine,
  cosineWithRestarts,
  exponentialDecay,
  hebbian,
  type Inputs,
  inverseSqrt,
  joined,
  learning,
  oja,
  oneCycle,
  plateau,
  polynomialDecay,
  type Rule,
  rateRangeTest,
  type Schedule,
  sanger,
  sgd,
  stepDecay,
  train,
  warmUp,
  weightDecay,
} from "nabla/train";
import { describe, expect, test } from "vitest";
import { type TrainingState, trainingStep } from "../src/train/step.ts";

const { PI, cos, floor, min, max, sqrt } = Math;
const wave = (from: number, to: number, p: number) => to + ((from - to) * (1 + cos(PI * p))) / 2;

const schedules: readonly (readonly [name: string, schedule: Schedule, formula: (t: number) => number])[] = [
  ["constantRate", constantRate(0.3), () => 0.3],
  ["stepDecay", stepDecay(0.5, { every: 30, factor: 0.3 }), (t) => 0.5 * 0.3 ** floor(t / 30)],
  ["exponentialDecay", exponentialDecay(0.5, { every: 30 }), (t) => 0.5 * 0.1 ** (t / 30)],
  ["polynomialDecay", polynomialDecay(0.5, { steps: 200 }), (t) => 0.5 * (1 - min(1, t / 200))],
  [
    "polynomialDecay of power 3",
    polynomialDecay(0.5, { steps: 200, to: 0.1, power: 3 }),
    (t) => 0.1 + 0.4 * (1 - min(1, t / 200)) ** 3,
  ],
  ["cosine", cosine(0.5, { steps: 200, to: 0.1 }), (t) => wave(0.5, 0.1, min(1, t / 200))],
  ["cosineWithRestarts", cosineWithRestarts(0.5, { steps: 30 }), (t) => wave(0.5, 0, (t % 30) / 30)],
  ...[2, 3].map(
    (factor) =>
      [
        `cosineWithRestarts, each ${factor} times as long`,
        cosineWithRestarts(0.5, { steps: 7, to: 0.1, factor }),
        (t: number) => {
          let [begin, length] = [0, 7];
          while (t >= begin + length) [begin, length] = [begin + length, length * factor];
          return wave(0.5, 0.1, (t - begin) / length);
        },
      ] as const,
  ),
  [
    "oneCycle",
    oneCycle(0.5, { steps: 200 }),
    (t) => (t < 60 ? wave(0.02, 0.5, t / 60) : wave(0.5, 2e-6, min(1, (t - 60) / 140))),
  ],
  ["oneCycle without a rise", oneCycle(0.5, { steps: 200, rise: 0 }), (t) => wave(0.5, 2e-6, min(1, t / 200))],
  ["inverseSqrt", inverseSqrt(0.5, { warmUp: 40 }), (t) => 0.5 * min((t + 1) / 40, sqrt(40 / (t + 1)))],
  ["warmUp", warmUp(25, constantRate(0.5)), (t) => 0.5 * min(1, (t + 1) / 25)],
  [
    "warmUp, then cosine",
    warmUp(25, cosine(0.5, { steps: 100 })),
    (t) => (t < 25 ? (0.5 * (t + 1)) / 25 : wave(0.5, 0, min(1, (t - 25) / 100))),
  ],
  [
    "joined",
    joined([0.1, exponentialDecay(1, { every: 10 }), 0.01], [50, 80]),
    (t) => (t < 50 ? 0.1 : t < 80 ? 0.1 ** ((t - 50) / 10) : 0.01),
  ],
];

test.each(schedules)("%s is its formula at every step, in float64", (_, schedule, formula) => {
  for (const t of [...Array.from({ length: 300 }, (_, i) => i), 100_001, 3_000_000]) {
    const rate = schedule(tensor(t, { dtype: "int32" }));
    expect([rate.dtype, rate.shape]).toEqual(["float64", []]);
    expect(Math.abs(rate.item() - formula(t))).toBeLessThan(1e-9 * max(1e-3, formula(t)));
  }
});

test("impossible schedules are errors", () => {
  for (const wrong of [
    () => constantRate(-1),
    () => cosine(1, { steps: 0 }),
    () => joined([0.1, 0.2], []),
    () => joined([0.1, 0.2, 0.3], [5, 5]),
    () => warmUp(0.5, 1),
    () => oneCycle(1, { steps: 10, rise: 1 }),
    () => cosineWithRestarts(1, { steps: 10, factor: 1.5 }),
    () => plateau({ factor: 1 }),
  ])
    expect(wrong).toThrow(/E-OPTION/);
});

const losses = [10, 9, 8.95, 8.94, 8.93, 8, NaN, 8, 8, 7.99, 7.98, 7.97, 7.97, 7.97, 7.97, -1, -1.001, -2];
const factors = [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2];
const fall = plateau({ factor: 0.5, patience: 2, threshold: 0.01, least: 0.2 });

test("a plateau lowers the factor after patience, and goes on from its JSON", () => {
  let state = fall.start;
  losses.forEach((loss, i) => {
    state = JSON.parse(JSON.stringify(fall.next(state, loss)));
    expect(state.factor).toBe(factors[i]);
  });
});

test("the loop shows a plateau the monitored value, and steps by its factor", async () => {
  // The gradient is 1, so each step moves by rate · factor.
  let asked = 0;
  const data = arrays({ x: [[0]], y: [0] });
  const model = {
    name: "w",
    init: () => ({ parameters: { w: tensor(0) }, state: {} }),
    apply: ({ parameters: { w } }: Variables<{ w: Tensor }, object>, x: Tensor) =>
      [x.reshape([-1]).add(w), {}] as const,
  };
  const { history, variables } = await train({
    model,
    data,
    validation: data,
    loss: (outputs) => outputs,
    metrics: { given: () => losses[asked++] as number },
    monitor: "given",
    rule: sgd(1),
    plateau: fall,
    epochs: losses.length,
    progress: false,
  });
  expect(history.map(({ factor }) => factor)).toEqual([1, ...factors.slice(0, -1)]);
  const moved = factors.slice(0, -1).reduce((sum, factor) => sum + factor, 1);
  expect(variables.parameters.w.item()).toBeCloseTo(-moved, 12);
});

/** Inputs of mean 0 whose principal directions are far from the axes: 200 examples of 4. */
const inputs = (() => {
  const sizes = tensor([3, 2, 1, 0.5]);
  const raw = random.normal(random.key(11), [200, 4]).mul(sizes);
  const mixed = matmul(
    raw,
    tensor([
      [1, 1, 0, 1],
      [-1, 1, 1, 0],
      [0, -1, 1, 1],
      [1, 0, 1, -1],
    ]).div(Math.sqrt(3)),
  );
  return mixed.sub(mixed.mean({ axis: 0 }));
})();
const covariance = matmul(inputs.transpose(), inputs).div(200);
const principal = eigh(covariance).vectors; // ascending: the last column is the first direction

/** The weights after so many steps on all examples. */
function learned(cost: Cost<Inputs>, rule: Rule, units: number, steps: number): Tensor {
  const parameters = { weights: random.normal(random.key(3), [4, units]).mul(0.1) };
  let state: TrainingState = {
    variables: { parameters, state: {} },
    rule: rule.init(parameters),
    step: tensor(0, { dtype: "int32" }),
  };
  const step = trainingStep(cost, rule);
  for (let t = 0; t < steps; t++)
    [state] = step(state, { x: inputs } as Inputs, { factor: tensor(1), key: random.key(0) });
  return (state.variables.parameters as Connections).weights;
}
const asCost = (cost: Cost<Inputs, Connections>): Cost<Inputs> => cost as unknown as Cost<Inputs>;

const mode = { training: true };

describe("learning without gradients", () => {
  test("Oja's rule finds the first principal direction", () => {
    const w = learned(asCost(learning(oja())), sgd(0.02), 1, 800).reshape([4]);
    expect(w.norm().item()).toBeCloseTo(1, 9);
    const along = matmul(w, principal).abs().toArray() as number[];
    [0, 0, 0, 1].forEach((expected, i) => void expect(along[i]).toBeCloseTo(expected, 8));
  });

  test("Sanger's rule finds the first three, in order", () => {
    const w = learned(asCost(learning(sanger())), chain(sgd(0.02)), 3, 4000);
    const along = matmul(w.transpose(), principal).abs().toArray() as number[][];
    const expected = [
      [0, 0, 0, 1],
      [0, 0, 1, 0],
      [0, 1, 0, 0],
    ];
    expected.flat().forEach((value, i) => void expect(along.flat()[i]).toBeCloseTo(value, 6));
  });

  test("Hebb's rule is the ascent of ½ E‖y‖², and points along the first direction where decay bounds it", () => {
    const weights = random.normal(random.key(5), [4, 2]);
    const [measure, direction] = hebbian()({ weights }, { x: inputs });
    const energy = (w: Tensor) => matmul(inputs, w).mul(matmul(inputs, w)).sum().div(-400);
    expect(measure.item()).toBeCloseTo(energy(weights).item(), 12);
    expect(direction.weights.sub(grad(energy)(weights)).abs().max().item()).toBeLessThan(1e-12);
    const largest = (eigh(covariance).values.toArray() as number[])[3] as number;
    const w = learned(asCost(learning(hebbian())), chain(weightDecay(largest), sgd(0.02)), 1, 800).reshape([4]);
    expect(Math.abs((matmul(w, principal).div(w.norm()).toArray() as number[])[3] as number)).toBeCloseTo(1, 8);
  });

  test("float32 stays float32, other rules take directions too, and in the Hessian's place stands a Jacobian", () => {
    const x = cast(inputs, "float32");
    const [, direction] = sanger()({ weights: tensor(new Float32Array(8)).reshape([4, 2]) }, { x });
    expect(direction.weights.dtype).toBe("float32");
    const w = learned(asCost(learning(oja())), adam(0.01), 1, 1500).reshape([4]);
    expect(Math.abs((matmul(w, principal).toArray() as number[])[3] as number)).toBeCloseTo(1, 4);
    const [weights, v] = [random.normal(random.key(6), [4, 2]), random.normal(random.key(7), [4, 2])];
    const cost = (p: Tensor) => learning(sanger())({ parameters: { weights: p }, state: {} }, { x: inputs }, mode)[0];
    const along = (p: Tensor) => sanger()({ weights: p }, { x: inputs })[1].weights;
    const difference = hvp(cost)(weights, v).sub(jvp(along, [weights], [v])[1]);
    expect(difference.abs().max().item()).toBeLessThan(1e-12);
  });
});

test("the range test finds where a line is learned, and where it diverges", async () => {
  const x = Float32Array.from({ length: 64 }, (_, i) => i / 16 - 2);
  const data = arrays({ x, y: x.map((v) => 3 * v + 1) });
  const model = sequential(
    (t) => t.reshape([-1, 1]),
    dense(1),
    (t) => t.reshape([-1]),
  );
  const options = { model, data, loss: meanSquaredError, batchSize: 64 };
  const found = await rateRangeTest({ ...options, rule: sgd, from: 1e-5, to: 100 });
  // The cost's curvatures are 2 · E x² = 2.67 and 2: it diverges beyond the rate 2/2.67.
  expect(found.diverged).toBe(true);
  expect(found.rates.at(-1)).toBeGreaterThan(0.75);
  expect(found.suggestion).toBeGreaterThan(0.01);
  expect(found.suggestion).toBeLessThan(0.75);
  found.rates.forEach((rate, i) => void expect(rate / (1e-5 * 1e7 ** (i / 99))).toBeCloseTo(1, 12));
  expect(String(found).split("\n").length).toBeLessThan(12);
  expect(String(found)).toMatch(/^suggestion: 0\.\d+, where the loss falls fastest \(\d+ steps up to .*diverged\)/);
  const again = await rateRangeTest({ ...options, rule: sgd, from: 1e-5, to: 100 });
  expect(again.losses).toEqual(found.losses);
  const variables: Variables = model.init(random.key(1), []);
  const before = JSON.stringify(variables);
  await rateRangeTest({ ...options, rule: adam, variables, steps: 20 });
  expect(JSON.stringify(variables)).toBe(before);
  await expect(rateRangeTest({ ...options, rule: sgd, from: 1, to: 0.1 })).rejects.toThrow(/E-OPTION/);
});
