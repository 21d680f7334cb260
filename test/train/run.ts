/** A small run that has everything a checkpoint must keep: momentum, running means, noise from keys, a falling rate. */
import { cast, mul, random, type Tensor, zeros, zerosLike } from "nabla";
import { arrays } from "nabla/data";
import type { Layer } from "nabla/nn";
import { dense, meanSquaredError, sequential } from "nabla/nn";
import type { ModelOptions, RateFactor, Rule, Training } from "nabla/train";

type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

const map = (f: (...leaves: Tensor[]) => Tensor, ...trees: Tree[]): Tree => {
  const [first] = trees as [Tree];
  if (Array.isArray(first)) return first.map((_, i) => map(f, ...trees.map((t) => (t as Tree[])[i] as Tree)));
  if ("shape" in first && "dtype" in first) return f(...(trees as Tensor[]));
  return Object.fromEntries(
    Object.keys(first).map((key) => [key, map(f, ...trees.map((t) => (t as Record<string, Tree>)[key] as Tree))]),
  );
};

/** v ← 0.9 v + g, θ ← θ − rate · factor · v, the rate falling with the steps. */
export const heavyBall = (rate: number): Rule => ({
  name: "heavy ball",
  init: (parameters) => map((p) => zerosLike(p), parameters as Tree),
  update(gradient, state, { step, factor }) {
    const v = map((a, g) => a.mul(0.9).add(g), state as Tree, gradient as Tree);
    const now = mul(factor, rate).div(step.mul(0.01).add(1));
    return [map((a) => cast(a.mul(now.neg()), a.dtype), v), v];
  },
});

/** Multiplies by noise in training, and keeps the mean of what it sees. */
const noisy: Layer<Record<string, never>, { readonly mean: Tensor }> = {
  name: "noisy",
  init: (_, [n = 1]) => ({ parameters: {}, state: { mean: zeros([n], { dtype: "float32" }) } }),
  apply: ({ state }, x, mode) => {
    if (mode?.key === undefined) return [x.sub(state.mean.mul(0.1)), state];
    const noise = random.normal(mode.key, x.shape, { dtype: "float32" });
    return [x.mul(noise.mul(0.1).add(1)), { mean: state.mean.mul(0.9).add(x.mean({ axis: 0 }).mul(0.1)) }];
  },
};

const halving: RateFactor = {
  name: "three quarters an epoch",
  start: { factor: 1 },
  next: ({ factor }) => ({ factor: factor * 0.75 }),
};

/** 90 examples, batches of 16: the last one is smaller. */
const examples = (seed: number, n: number, width: number) => {
  const x = random.normal(random.key(seed), [n, width], { dtype: "float32" });
  return arrays({
    x,
    y: x.mul(x).mean({ axis: 1 }),
    weight: random.uniform(random.key(seed + 1), [n], { dtype: "float32" }),
  });
};

export const run = (width = 20, hidden = 32): ModelOptions<readonly unknown[], readonly unknown[]> => ({
  model: sequential(
    dense(hidden),
    noisy as Layer,
    (x) => x.tanh(),
    dense(1),
    (x) => x.reshape([-1]),
  ) as Layer<readonly unknown[], readonly unknown[]>,
  data: examples(1, 90, width) as ModelOptions<unknown, unknown>["data"],
  validation: examples(3, 40, width) as ModelOptions<unknown, unknown>["data"],
  loss: meanSquaredError,
  metrics: { bias: (outputs, targets) => outputs.sub(targets).mean() },
  rule: heavyBall(0.02),
  plateau: halving,
  batchSize: 16,
  epochs: 6,
  seed: 5,
  progress: false,
});

/** All of a result that must be the same, as text: every bit, and no times. */
export function fingerprint({ variables, best, history, steps }: Training<unknown, unknown>): string {
  return JSON.stringify([variables, best, history, steps], (key, value) => (key === "seconds" ? 0 : value));
}
