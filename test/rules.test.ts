/** Update rules: what each does to gradients, beside the recurrence of its paper in plain JavaScript. */
import { cast, compile, matmul, mean, mul, random, square, sum, Tensor, type Tree, tensor } from "nabla";
import { crossEntropy } from "nabla/nn";
import { minimize } from "nabla/optimize";
import {
  accumulate,
  adadelta,
  adagrad,
  adam,
  adamw,
  amsgrad,
  averagedParameters,
  type Context,
  type Cost,
  chain,
  clipByNorm,
  clipByValue,
  cosine,
  exponentialMovingAverage,
  freeze,
  groups,
  lamb,
  lion,
  momentum,
  muon,
  nadam,
  nesterov,
  orthogonalize,
  polyakAverage,
  type Rate,
  type Rule,
  radam,
  rmsprop,
  scaleByAdam,
  scaleByMomentum,
  scaleByRate,
  sgd,
  shampoo,
  sophia,
  weightDecay,
} from "nabla/train";
import { describe, expect, test } from "vitest";
import { shortfall } from "../src/train/rules/moments.ts";
import { type TrainingState, trainingStep } from "../src/train/step.ts";

const seed = 20250; // of everything random here

/** Uniform in [−1, 1): a multiplicative generator (Park and Miller 1988). */
function drawing(from: number): () => number {
  let state = from;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  };
}

type Leaves = Readonly<Record<string, Tensor>>;
const shapes: Readonly<Record<string, readonly number[]>> = { w: [3, 4], b: [5] };
type Values = Record<string, number[]>;
const draw = (next: () => number): Values =>
  Object.fromEntries(
    Object.entries(shapes).map(([k, s]) => [k, Array.from({ length: s.reduce((a, b) => a * b) }, next)]),
  );
const toTree = (values: Values, dtype: "float64" | "float32" = "float64"): Leaves =>
  Object.fromEntries(
    Object.entries(values).map(([k, v]) => [
      k,
      tensor(v)
        .reshape(shapes[k] as number[])
        .cast(dtype),
    ]),
  );
const listOf = (tree: Tree): number[] =>
  tree instanceof Tensor ? [...tree.data] : Object.values(tree as Record<string, Tree>).flatMap(listOf);
const typesOf = (tree: Tree, path = ""): string[] =>
  tree instanceof Tensor
    ? [`${path} ${tree.dtype} [${tree.shape}]`]
    : Object.entries(tree as Record<string, Tree>).flatMap(([k, t]) => typesOf(t, `${path}.${k}`));

/** The curvature that the contexts of these tests have: diagonal. */
const curvatures: Values = Object.fromEntries(
  Object.entries(draw(drawing(seed + 1))).map(([k, v]) => [k, v.map((x, i) => (i === 1 ? -1 : 2 + x))]),
);
const contextAt = (parameters: Tree, step: Tensor, factor = tensor(1)): Context => ({
  parameters,
  step,
  factor,
  key: random.foldIn(random.key(seed), step),
  hvp: (v) =>
    Object.fromEntries(
      Object.entries(v as Leaves).map(([k, t]) => [
        k,
        t.mul(cast(tensor(curvatures[k] as number[]).reshape(t.shape), t.dtype)),
      ]),
    ),
});

/** The change of one parameter's elements, from gradients, values, the number t ≥ 1 of the step and the curvature. */
type Recurrence = (g: readonly number[], theta: readonly number[], t: number, h: readonly number[]) => number[];

/** A recurrence for each element by itself; its memory begins at 0. */
const elementwise =
  (f: (g: number, s: Record<"m" | "v" | "u", number>, t: number, theta: number, h: number) => number) =>
  (): Recurrence => {
    const memory: Record<"m" | "v" | "u", number>[] = [];
    return (g, theta, t, h) =>
      g.map((x, i) => {
        memory[i] ??= { m: 0, v: 0, u: 0 };
        return f(x, memory[i], t, theta[i] as number, h[i] as number);
      });
  };

/** 1 − βᵗ as (1 − β) Σ βᵏ, which loses no digits. */
const short = (beta: number, t: number): number => {
  let total = 0;
  for (let k = t - 1; k >= 0; k--) total = total * beta + 1;
  return (1 - beta) * total;
};
const adamDirection = (g: number, s: { m: number; v: number }, t: number, epsilon = 1e-8): number => {
  s.m = 0.9 * s.m + 0.1 * g;
  s.v = 0.999 * s.v + 0.001 * g * g;
  return s.m / short(0.9, t) / (Math.sqrt(s.v / short(0.999, t)) + epsilon);
};

interface Case {
  readonly name: string;
  readonly rule: (rate: Rate) => Rule;
  readonly recurrence?: () => Recurrence;
  /** The first rate with which it minimises, and how far above the minimum it may end. */
  readonly rate: number;
  readonly accuracy?: number;
}

const cases: readonly Case[] = [
  { name: "sgd", rule: sgd, rate: 0.3, recurrence: elementwise((g) => -0.1 * g) },
  {
    name: "momentum",
    rule: momentum,
    rate: 0.02,
    recurrence: elementwise((g, s) => {
      s.v = 0.9 * s.v + g;
      return -0.1 * s.v;
    }),
  },
  {
    name: "nesterov",
    rule: nesterov,
    rate: 0.02,
    recurrence: elementwise((g, s) => {
      s.v = 0.9 * s.v + g;
      return -0.1 * (g + 0.9 * s.v);
    }),
  },
  {
    name: "adagrad",
    rule: adagrad,
    rate: 1,
    recurrence: elementwise((g, s) => {
      s.v += g * g;
      return (-0.1 * g) / (Math.sqrt(s.v) + 1e-10);
    }),
  },
  {
    name: "rmsprop",
    rule: rmsprop,
    rate: 0.1,
    recurrence: elementwise((g, s) => {
      s.v = 0.9 * s.v + 0.1 * g * g;
      return (-0.1 * g) / (Math.sqrt(s.v) + 1e-8);
    }),
  },
  {
    name: "adadelta",
    rule: adadelta,
    rate: 10,
    recurrence: elementwise((g, s) => {
      s.v = 0.95 * s.v + 0.05 * g * g;
      const d = (g * Math.sqrt(s.u + 1e-6)) / Math.sqrt(s.v + 1e-6);
      s.u = 0.95 * s.u + 0.05 * d * d;
      return -0.1 * d;
    }),
  },
  { name: "adam", rule: adam, rate: 0.1, recurrence: elementwise((g, s, t) => -0.1 * adamDirection(g, s, t)) },
  {
    name: "adamw",
    rule: (rate) => adamw(rate, { weightDecay: 0.02 }),
    rate: 0.1,
    accuracy: 0.1, // decay moves its minimum
    recurrence: elementwise((g, s, t, theta) => -0.1 * (adamDirection(g, s, t) + 0.02 * theta)),
  },
  {
    name: "amsgrad",
    rule: amsgrad,
    rate: 0.1,
    recurrence: elementwise((g, s, t) => {
      s.m = 0.9 * s.m + 0.1 * g;
      s.v = 0.999 * s.v + 0.001 * g * g;
      s.u = Math.max(s.u, s.v);
      return (-0.1 * s.m) / short(0.9, t) / (Math.sqrt(s.u / short(0.999, t)) + 1e-8);
    }),
  },
  {
    name: "nadam",
    rule: nadam,
    rate: 0.1,
    recurrence: elementwise((g, s, t) => {
      s.m = 0.9 * s.m + 0.1 * g;
      s.v = 0.999 * s.v + 0.001 * g * g;
      const m = (0.9 * s.m) / short(0.9, t + 1) + (0.1 * g) / short(0.9, t);
      return (-0.1 * m) / (Math.sqrt(s.v / short(0.999, t)) + 1e-8);
    }),
  },
  {
    name: "radam",
    rule: radam,
    rate: 0.1,
    recurrence: elementwise((g, s, t) => {
      const direction = adamDirection(g, s, t);
      const limit = 2 / (1 - 0.999) - 1;
      const rho = limit - (2 * t * (1 - short(0.999, t))) / short(0.999, t);
      if (rho <= 4) return (-0.1 * s.m) / short(0.9, t);
      return -0.1 * direction * Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
    }),
  },
  {
    name: "lion",
    rule: (rate) => lion(rate),
    rate: 0.05,
    recurrence: elementwise((g, s) => {
      const direction = Math.sign(0.9 * s.m + 0.1 * g);
      s.m = 0.99 * s.m + 0.01 * g;
      return -0.1 * direction;
    }),
  },
  {
    name: "lion with weight decay",
    rule: (rate) => lion(rate, { weightDecay: 0.02 }),
    rate: 0.05,
    accuracy: 0.1,
    recurrence: elementwise((g, s, _t, theta) => {
      const direction = Math.sign(0.9 * s.m + 0.1 * g) + 0.02 * theta;
      s.m = 0.99 * s.m + 0.01 * g;
      return -0.1 * direction;
    }),
  },
  {
    name: "lamb",
    rule: (rate) => lamb(rate),
    rate: 0.1,
    accuracy: 0.1,
    recurrence: () => {
      const adams = elementwise((g, s, t, theta) => adamDirection(g, s, t, 1e-6) + 0.01 * theta)();
      return (g, theta, t, h) => {
        const r = adams(g, theta, t, h);
        return r.map((x) => (-0.1 * x * Math.hypot(...theta)) / Math.hypot(...r));
      };
    },
  },
  { name: "lamb without weight decay", rule: (rate) => lamb(rate, { weightDecay: 0 }), rate: 0.1 },
  {
    name: "sophia",
    rule: (rate) => sophia(rate, { every: 3, gamma: 0.5 }),
    rate: 0.1,
    recurrence: elementwise((g, s, t, _theta, h) => {
      s.m = 0.96 * s.m + (1 - 0.96) * g;
      if (t % 3 === 1) s.u = 0.99 * s.u + (1 - 0.99) * h; // u ∘ H u is the diagonal where H is diagonal
      return -0.1 * Math.max(-1, Math.min(1, s.m / Math.max(0.5 * s.u, 1e-12)));
    }),
  },
  { name: "muon", rule: (rate) => muon(rate, { fallback: adam(rate) }), rate: 0.1 },
  { name: "shampoo", rule: (rate) => shampoo(rate, { every: 4 }), rate: 1 },
  {
    name: "adam of clipped values",
    rule: (rate) => chain(clipByValue(0.3), adam(rate)),
    rate: 0.1,
    recurrence: elementwise((g, s, t) => -0.1 * adamDirection(Math.max(-0.3, Math.min(0.3, g)), s, t)),
  },
  {
    name: "weight decay before momentum",
    rule: (rate) => chain(weightDecay(0.01), scaleByMomentum(), scaleByRate(rate)),
    rate: 0.02,
    accuracy: 0.1,
    recurrence: elementwise((g, s, _t, theta) => {
      s.v = 0.9 * s.v + (g + 0.01 * theta);
      return -0.1 * s.v;
    }),
  },
  {
    name: "accumulated momentum",
    rule: (rate) => accumulate(3, momentum(rate)),
    rate: 0.06,
    recurrence: elementwise((g, s, t) => {
      s.u += g;
      if (t % 3 > 0) return 0;
      s.v = 0.9 * s.v + s.u / 3;
      s.u = 0;
      return -0.1 * s.v;
    }),
  },
  { name: "clipped by norm", rule: (rate) => chain(clipByNorm(1), adam(rate)), rate: 0.1 },
  { name: "averaged from step 3", rule: (rate) => chain(sgd(rate), polyakAverage(3)), rate: 0.3 },
  { name: "averaged", rule: (rate) => chain(sgd(rate), exponentialMovingAverage(0.9)), rate: 0.3 },
  {
    name: "groups",
    rule: (rate) =>
      groups([{ match: (path) => path === "b", rule: momentum(rate, { decay: 0.5 }) }, { rule: adam(rate) }]),
    rate: 0.1,
  },
];

const moved = (parameters: Leaves, change: Tree): Leaves =>
  Object.fromEntries(Object.entries(parameters).map(([k, p]) => [k, p.add((change as Leaves)[k] as Tensor)]));

const relative = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number)))) / Math.max(1e-3, ...b.map(Math.abs));

interface RuleState {
  readonly parameters: Leaves;
  readonly rule: Tree;
  readonly step: Tensor;
}

/** The step of a rule alone, on given gradients. */
const stepOf =
  (rule: Rule) =>
  (state: RuleState, gradient: Leaves): readonly [RuleState, Tree] => {
    const [change, next] = rule.update(gradient, state.rule, contextAt(state.parameters, state.step));
    return [{ parameters: moved(state.parameters, change), rule: next, step: state.step.add(1) }, change];
  };
const compiled = (rule: Rule): ReturnType<typeof stepOf> =>
  compile(stepOf(rule) as unknown as (...t: Tensor[]) => Tensor, { state: true }) as unknown as ReturnType<
    typeof stepOf
  >;
const begin = (rule: Rule, parameters: Leaves): RuleState => ({
  parameters,
  rule: rule.init(parameters),
  step: tensor(0, { dtype: "int32" }),
});

describe.each(cases)("$name", ({ rule: ruleOf, recurrence, rate, accuracy = 1e-3 }) => {
  // Muon, Shampoo and what is made of several rules are held by laws of their own below.
  const own = recurrence === undefined ? [] : [recurrence];
  test.each(own)("is the recurrence of its paper", (recurrence) => {
    const next = drawing(seed);
    const rule = ruleOf(0.1);
    const theta = draw(next);
    const references = Object.fromEntries(Object.keys(shapes).map((k) => [k, recurrence()]));
    let state = begin(rule, toTree(theta));
    for (let t = 1; t <= 20; t++) {
      const g = draw(next);
      const [to, change] = stepOf(rule)(state, toTree(g));
      state = to;
      for (const [k, reference] of Object.entries(references)) {
        const expected = reference(g[k] as number[], theta[k] as number[], t, curvatures[k] as number[]);
        expect(relative(listOf((change as Leaves)[k] as Tensor), expected)).toBeLessThan(1e-12);
        theta[k] = (theta[k] as number[]).map((x, i) => x + (expected[i] as number));
      }
    }
  });

  test("compiled as uncompiled; the state keeps its tree, its shapes and dtypes", () => {
    for (const [dtype, tolerance] of [
      ["float64", 1e-11],
      ["float32", 1e-4],
    ] as const) {
      const next = drawing(seed + 2);
      const rule = ruleOf(cosine(0.1, { steps: 30 }));
      const [eager, fast] = [stepOf(rule), compiled(rule)];
      const start = draw(next);
      let [a, b] = [begin(rule, toTree(start, dtype)), begin(rule, toTree(start, dtype))];
      const types = typesOf(a.rule);
      for (let t = 0; t < 12; t++) {
        const gradient = toTree(draw(next), dtype);
        [a] = eager(a, gradient);
        [b] = fast(b, gradient);
        expect(typesOf(a.rule)).toEqual(types);
        expect(typesOf(a.parameters)).toEqual(typesOf(toTree(start, dtype)));
      }
      expect(relative(listOf(b.parameters), listOf(a.parameters))).toBeLessThan(tolerance);
    }
  });

  test("stays finite at gradients of 0", () => {
    for (const dtype of ["float64", "float32"] as const) {
      const rule = ruleOf(0.1);
      const nothing = toTree({ w: new Array(12).fill(0), b: new Array(5).fill(0) }, dtype);
      let state = begin(rule, nothing);
      for (let t = 0; t < 3; t++) [state] = stepOf(rule)(state, nothing);
      expect([...listOf(state.parameters), ...listOf(state.rule)].every(Number.isFinite)).toBe(true);
    }
  });

  test("minimises a convex quadratic and a logistic regression, twice to the same bits", () => {
    const found = ruleOf(cosine(rate, { steps: 600 }));
    for (const { cost, start, minimum } of [quadratic, logistic]) {
      const train = trainer(cost, found, start, 600);
      const [end, value] = train();
      expect(value - minimum).toBeLessThan(accuracy);
      expect(listOf(train()[0])).toEqual(listOf(end));
    }
  });
});

/** What gives the parameters after so many steps, and the cost there. */
function trainer(cost: Cost<object>, rule: Rule, parameters: Leaves, steps: number): () => readonly [Tree, number] {
  const step = trainingStep(cost, rule);
  const inputs = { factor: tensor(1), key: random.key(seed) };
  return () => {
    let state: TrainingState = {
      variables: { parameters, state: {} },
      rule: rule.init(parameters),
      step: tensor(0, { dtype: "int32" }),
    };
    for (let t = 0; t < steps; t++) [state] = step(state, {}, inputs);
    const end = state.variables.parameters;
    return [end, mean(cost({ parameters: end, state: {} }, {}, { training: false })[0]).item()];
  };
}

/** ½ Σ d (θ − c)² + ½ (Σ (θ − c))²/20, at its minimum 0. */
const quadratic = (() => {
  const center = toTree(draw(drawing(seed + 3)));
  const cost: Cost<object> = ({ parameters, state }) => {
    const away = Object.entries(parameters as Leaves).map(([k, t]) => t.sub(center[k] as Tensor));
    const bowl = away.map((d, i) => sum(mul(square(d), i === 0 ? 1 : 4)).div(2));
    const total = away.map((d) => sum(d)).reduce((a, b) => a.add(b));
    return [bowl.reduce((a, b) => a.add(b)).add(square(total).div(40)), state];
  };
  return { cost, start: toTree(draw(drawing(seed + 4))), minimum: 0 };
})();

/** Softmax regression of 40 examples with an L2 term, whose minimum a second-order method finds. */
const logistic = (() => {
  const next = drawing(seed + 5);
  const x = tensor(Array.from({ length: 40 }, () => [next(), next(), next()]));
  const labels = tensor(
    Array.from({ length: 40 }, (_, i) => (i % 5) % 4),
    { dtype: "int32" },
  );
  const value = (p: Leaves): Tensor =>
    mean(crossEntropy(matmul(x, p.w as Tensor).add((p.b as Tensor).slice([[0, 4]])), labels)).add(
      sum(square(p.w as Tensor))
        .add(sum(square(p.b as Tensor)))
        .mul(0.01),
    );
  const start = toTree(draw(drawing(seed + 6)));
  const best = minimize(value as (p: Leaves) => Tensor, start);
  if (best.status !== "converged") throw new Error(best.message);
  const cost: Cost<object> = ({ parameters, state }) => [value(parameters as Leaves), state];
  return { cost, start, minimum: best.value };
})();

test("corrections keep their digits after many steps", () => {
  for (const beta of [0.9, 0.999, 0.99999, 0.9999999])
    for (const t of [1, 2, 1000, 100_001, 1_000_000]) {
      const witness = short(beta, t);
      expect(Math.abs(shortfall(beta, tensor(t, { dtype: "int32" })).item() - witness)).toBeLessThan(1e-9 * witness);
    }
});

test("Muon: singular values of the orthogonalised matrix lie near 1, its singular vectors stay", () => {
  const next = drawing(seed + 7);
  for (const [rows, columns] of [
    [6, 6],
    [8, 3],
    [3, 8],
  ] as const) {
    const g = tensor(Array.from({ length: rows }, () => Array.from({ length: columns }, next)));
    const o = orthogonalize(g);
    const k = Math.min(rows, columns);
    const small = rows >= columns ? matmul(o.transpose(), o) : matmul(o, o.transpose());
    // Gershgorin is too coarse for σ²: power sums bound them. Σ σ² and Σ σ⁴ of k values within [0.68, 1.21].
    const [second, fourth] = [sum(square(o)).item(), sum(square(small)).item()];
    expect(second).toBeGreaterThan(k * 0.68 ** 2);
    expect(second).toBeLessThan(k * 1.21 ** 2);
    expect(fourth - second ** 2 / k).toBeLessThan(k * ((1.21 ** 2 - 0.68 ** 2) / 2) ** 2); // Popoviciu
    // o = p(g gᵀ) g: gᵀ o is symmetric, and so is o gᵀ.
    for (const product of [matmul(g.transpose(), o), matmul(o, g.transpose())])
      expect(product.sub(product.transpose()).abs().max().item()).toBeLessThan(1e-12);
  }
});

test("Shampoo: L^(1/4) d R^(1/4) is the gradient", () => {
  const next = drawing(seed + 8);
  const rule = shampoo(1, { every: 1, epsilon: 1e-2 });
  const parameters = { w: tensor(Array.from({ length: 3 }, () => Array.from({ length: 4 }, next))) };
  let state = rule.init(parameters);
  let [left, right] = [identity(3, 1e-2), identity(4, 1e-2)];
  for (let t = 0; t < 3; t++) {
    const g = tensor(Array.from({ length: 3 }, () => Array.from({ length: 4 }, next)));
    const [change, kept] = rule.update({ w: g }, state, contextAt(parameters, tensor(t, { dtype: "int32" })));
    state = kept;
    left = left.add(matmul(g, g.transpose()));
    right = right.add(matmul(g.transpose(), g));
    // d = L^(−1/4) g R^(−1/4): the fourth application of L^(−1/4) is L^(−1), so with d₁ = d, dₙ₊₁ = the direction of dₙ
    // under the same roots, L d₄ R = g.
    const roots = (state as readonly (readonly Record<string, Leaves>[])[])[0]?.[0] as Record<string, Leaves>;
    const apply = (d: Tensor): Tensor => matmul(matmul(roots.leftRoot?.w as Tensor, d), roots.rightRoot?.w as Tensor);
    expect((change as Leaves).w?.add(apply(g)).abs().max().item()).toBeLessThan(1e-12);
    const back = matmul(matmul(left, apply(apply(apply(apply(g))))), right);
    expect(back.sub(g).abs().max().item()).toBeLessThan(1e-10);
  }
});

const identity = (n: number, factor: number): Tensor =>
  tensor(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? factor : 0))));

const zeroStep = (parameters: Tree): Context => contextAt(parameters, tensor(0, { dtype: "int32" }));

test("clipping by norm takes all parameters together, and does not overflow", () => {
  const g = { w: tensor([3, 0]), b: tensor([[4]]) };
  const [clipped] = clipByNorm(1).update(g, {}, zeroStep(g));
  expect(listOf(clipped)).toEqual([3 * 0.2, 0, 4 * 0.2]);
  expect(listOf(clipByNorm(6).update(g, {}, zeroStep(g))[0])).toEqual([3, 0, 4]);
  const large = { w: tensor(new Float32Array([3e30, 4e30])) };
  const [shrunk] = clipByNorm(5).update(large, {}, zeroStep(large));
  expect(listOf(shrunk)[0]).toBeCloseTo(3, 5);
});

test("groups: a rule sees its own parameters, frozen ones stay, one without a group is an error", () => {
  const parameters = { layers: [{ weights: tensor([1, 2]), bias: tensor([3]) }, { weights: tensor([4]) }] };
  const gradient = { layers: [{ weights: tensor([3, 4]), bias: tensor([7]) }, { weights: tensor([12]) }] };
  const seen: string[] = [];
  const rule = groups([
    { match: (path) => path.endsWith("bias"), rule: freeze() },
    {
      match: (path, { rank }) => {
        seen.push(path);
        return rank === 1 && path.startsWith("layers[0]");
      },
      rule: chain(clipByNorm(1), sgd(1)),
    },
    { rule: sgd(0.5) },
  ]);
  const [change] = rule.update(gradient, rule.init(parameters), zeroStep(parameters));
  expect(JSON.parse(JSON.stringify(change))).toEqual({
    layers: [{ weights: [-3 * 0.2, -4 * 0.2], bias: [0] }, { weights: [-6] }],
  });
  expect(new Set(seen)).toEqual(new Set(["layers[0].weights", "layers[1].weights"]));
  expect(() => groups([{ match: () => false, rule: sgd(1) }]).init(parameters)).toThrow(
    /groups: no group matches layers\[0\]\.weights/,
  );
});

test("a group's Hessian is the block of its parameters", () => {
  const parameters = toTree(draw(drawing(seed)));
  const gradient = toTree(draw(drawing(seed + 1)));
  const part = groups([{ match: (path) => path === "w", rule: sophia(0.1) }, { rule: sgd(0.1) }]);
  const whole = sophia(0.1);
  const [a] = part.update(gradient, part.init(parameters), zeroStep(parameters));
  const [b] = whole.update(gradient, whole.init(parameters), zeroStep(parameters));
  expect(listOf((a as Leaves).w as Tensor)).toEqual(listOf((b as Leaves).w as Tensor));
});

test("the average of parameters is that of a plain loop, wherever it stands", () => {
  const rule = accumulate(1, chain(sgd(0.1), exponentialMovingAverage(0.8)));
  let state = begin(rule, toTree({ w: new Array(12).fill(1), b: new Array(5).fill(2) }));
  let [theta, average] = [2, 2];
  for (let t = 0; t < 10; t++) {
    const g = Math.sin(t);
    [state] = stepOf(rule)(state, toTree({ w: new Array(12).fill(0), b: new Array(5).fill(g) }));
    theta -= 0.1 * g;
    average = 0.8 * average + 0.2 * theta;
  }
  expect(listOf((averagedParameters(state.rule) as Leaves).b as Tensor)[0]).toBeCloseTo(average, 14);
  expect(() => averagedParameters(sgd(1).init({}))).toThrow(/0 averages/);
});

test("n small batches with accumulation are one large batch", () => {
  const next = drawing(seed);
  const gradients = Array.from({ length: 4 }, () => draw(next));
  const parameters = toTree(draw(next));
  const [small, large] = [accumulate(4, adam(0.1)), adam(0.1)];
  let a = begin(small, parameters);
  for (const g of gradients) [a] = stepOf(small)(a, toTree(g));
  const whole = Object.fromEntries(
    Object.entries(gradients[0] as Values).map(([k, first]) => [
      k,
      first.map((_, i) => gradients.reduce((s, g) => s + (g[k]?.[i] as number), 0) / 4),
    ]),
  );
  const [b] = stepOf(large)(begin(large, parameters), toTree(whole));
  expect(relative(listOf(a.parameters), listOf(b.parameters))).toBeLessThan(1e-13);
});

test("decay for some parameters only", () => {
  const parameters = toTree(draw(drawing(seed)));
  const rule = chain(scaleByAdam(), weightDecay(0.1, { match: (_, p) => p.rank > 1 }));
  const zero = toTree({ w: new Array(12).fill(0), b: new Array(5).fill(0) });
  const [change] = rule.update(zero, rule.init(parameters), zeroStep(parameters)) as unknown as readonly [Leaves];
  expect(listOf(change.b as Tensor)).toEqual([0, 0, 0, 0, 0]);
  expect(listOf(change.w as Tensor)).toEqual(listOf(parameters.w as Tensor).map((x) => x * 0.1));
});

test("the factor of the context scales the rate; impossible options are errors", () => {
  const parameters = { w: tensor([1]) };
  const context = contextAt(parameters, tensor(0, { dtype: "int32" }), tensor(0.25));
  expect(listOf(sgd(2).update(parameters, {}, context)[0])).toEqual([-0.5]);
  for (const wrong of [
    () => sgd(-1),
    () => adam(NaN),
    () => adam(0.1, { beta1: 1 }),
    () => clipByNorm(0),
    () => accumulate(0.5, sgd(1)),
    () => shampoo(1, { every: 0 }),
    () => lion(0.1, { weightDecay: -1 }),
  ])
    expect(wrong).toThrow(/E-OPTION/);
});
