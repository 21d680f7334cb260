/** Sequences of unequal length in one batch: value and gradient are those of each sequence alone, with its own length. */
import {
  compile,
  concatenate,
  grad,
  mapTree,
  random,
  type Tensor,
  type TensorLike,
  type Tree,
  tensor,
  vmap,
  where,
  zeros,
} from "nabla";
import { arrays } from "nabla/data";
import * as nn from "nabla/nn";
import { adam, train } from "nabla/train";
import { describe, expect, test } from "vitest";

const seed = Number(process.env.NABLA_SEED ?? 83);
const key = random.key(seed);
const [batch, time, features] = [4, 5, 4];
const lengths = tensor([5, 2, 1, 3], { dtype: "int32" });
const lengthOf = (i: number): number => lengths.data[i] as number;

interface SequenceCase {
  readonly name: string;
  readonly layer: nn.Layer;
  /** One output a sequence, not one a time. */
  readonly last?: boolean;
  /** What fills up may be NaN, and what is given out there is 0. */
  readonly clears?: boolean;
}

const recurrent: SequenceCase[] = ([nn.rnn, nn.gru, nn.lstm] as const).flatMap((make) =>
  [{}, { reverse: true }, { outputs: "last" }, { outputs: "last", reverse: true }].map((options) => ({
    name: `${make.name} ${JSON.stringify(options)}`,
    layer: make(3, options as nn.RecurrentOptions) as nn.Layer,
    last: "outputs" in options,
    clears: true,
  })),
);
const cases: readonly SequenceCase[] = [
  ...recurrent,
  { name: "two LSTMs", layer: nn.sequential(nn.lstm(3), nn.lstm(2, { outputs: "last" })), last: true, clears: true },
  { name: "both ways", layer: nn.parallel([nn.gru(3), nn.gru(2, { reverse: true })]) as nn.Layer, clears: true },
  { name: "attention", layer: nn.multiHeadAttention({ heads: 2 }) as nn.Layer },
  { name: "attention, causal", layer: nn.multiHeadAttention({ heads: 1, causal: true }) as nn.Layer },
  {
    name: "transformer",
    layer: nn.sequential(nn.transformerBlock({ heads: 2 }), nn.lstm(3, { outputs: "last" })),
    last: true,
  },
];

const leavesOf = (tree: Tree): Tensor[] => {
  const leaves: Tensor[] = [];
  mapTree((t) => {
    leaves.push(t);
    return t;
  }, tree);
  return leaves;
};
function close(actual: Tensor, expected: Tensor, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const size = Math.max(1, ...Array.from(expected.data, Math.abs));
  for (const [i, v] of expected.data.entries())
    expect(Math.abs((actual.data[i] as number) - v), `${what}, ${i}`).toBeLessThan(tolerance * size);
}
const within = tensor(Array.from({ length: batch }, (_, i) => Array.from({ length: time }, (_, t) => t < lengthOf(i))));
const filledUp = (x: Tensor, filling: number): Tensor => where(within.reshape([batch, time, 1]), x, filling);
const alone = (x: Tensor, i: number): Tensor =>
  x.slice([
    [i, i + 1],
    [0, lengthOf(i)],
  ]);

describe.each(cases.map((c) => [c.name, c] as const))(
  `%s (seed ${seed})`,
  (_, { layer, last = false, clears = false }) => {
    test.each(["float64", "float32"] as const)("%s", (dtype) => {
      const tolerance = dtype === "float64" ? 1e-12 : 2e-5;
      const { parameters, state } = layer.init(key, [time, features], dtype);
      const raw = random.normal(random.foldIn(key, 1), [batch, time, features], { dtype });
      const run = (p: Tree, x: Tensor, n?: Tensor): Tensor =>
        layer.apply({ parameters: p, state }, x, n === undefined ? undefined : { training: false, lengths: n })[0];
      const width = run(parameters, raw).shape.at(-1) as number;
      const weights = random.normal(random.foldIn(key, 2), [batch, time, width], { dtype });
      const weightOf = (i: number): Tensor =>
        last
          ? alone(weights, i)
              .slice([null, [0, 1]])
              .reshape([1, width])
          : alone(weights, i);
      // Only what belongs to a sequence is given a weight.
      const counted = last ? weights.slice([null, [0, 1]]).reshape([batch, width]) : filledUp(weights, 0);
      const together = (p: Tree, x: Tensor, n: Tensor): Tensor => run(p, x, n).mul(counted).sum();
      const apart = (p: Tree, x: Tensor): Tensor =>
        Array.from({ length: batch }, (_, i) => run(p, alone(x, i)).mul(weightOf(i)).sum()).reduce((a, b) => a.add(b));
      const slopes = (f: unknown) =>
        grad(f as never, { wrt: [0, 1] } as never) as unknown as (...a: unknown[]) => [Tree, Tensor];
      const [byParameters, byX] = slopes(apart)(parameters, raw);
      for (const filling of clears ? [100, Number.NaN] : [100]) {
        const x = filledUp(raw, filling);
        const compiled = compile(run as never) as unknown as typeof run;
        const outputs = [run(parameters, x, lengths), compiled(parameters, x, lengths)];
        for (const y of outputs) {
          expect(y.dtype).toBe(dtype);
          for (let i = 0; i < batch; i++) {
            const one = run(parameters, alone(x, i));
            close(
              last ? y.slice([[i, i + 1]]) : alone(y, i),
              one,
              tolerance,
              `sequence ${i}, filled up with ${filling}`,
            );
          }
          if (clears && !last) close(where(within.reshape([batch, time, 1]), 0, y), y.mul(0), 1e-300, "beyond the end");
        }
        const compiledSlopes = compile(slopes(together) as never) as unknown as ReturnType<typeof slopes>;
        for (const f of [slopes(together), compiledSlopes]) {
          const [p, s] = f(parameters, x, lengths);
          const expected = leavesOf(byParameters);
          leavesOf(p).forEach((t, k) => {
            close(t, expected[k] as Tensor, 10 * tolerance, `slope of parameter ${k}`);
          });
          close(s, byX, 10 * tolerance, "slope of x; 0 beyond the end");
        }
        const lists = [x.reshape([2, 2, time, features]), lengths.reshape([2, 2])] as const;
        const mapped = vmap((a: Tensor, n: Tensor) => run(parameters, a, n)) as (a: Tensor, n: Tensor) => Tensor;
        const inTwo = mapped(...lists);
        close(inTwo.reshape((outputs[0] as Tensor).shape), outputs[0] as Tensor, tolerance, "under vmap");
      }
    });
  },
);

test("the state goes on from where each sequence ended, and stays where one has no steps", () => {
  const layer = nn.lstm(3);
  const { parameters } = layer.init(key, [time, features], "float64");
  const x = random.normal(key, [2, time, features]);
  const first = layer.run(parameters, x, undefined, [2, 5]);
  // The first sequence goes on with its third time, the second is at its end.
  const rest = concatenate([
    x.slice([
      [0, 1],
      [2, 5],
    ]),
    zeros([1, 3, features]),
  ]);
  const second = layer.run(parameters, rest, first.final, [3, 0]);
  const whole = layer.run(parameters, x);
  close(second.final.cell, whole.final.cell, 1e-14, "cell");
  close(second.final.hidden, whole.final.hidden, 1e-14, "hidden");
  const none = layer.run(parameters, x, undefined, [0, 0]);
  expect([...none.final.hidden.data, ...none.outputs.data].every((v) => v === 0)).toBe(true);
});

test("who reads another sequence needs to know where that one ends", () => {
  const layer = nn.multiHeadAttention({ heads: 2 });
  const { parameters } = layer.init(key, [3, 4], "float64");
  const [x, memory] = [random.normal(key, [2, 3, 4]), random.normal(random.foldIn(key, 1), [2, 5, 4])];
  const y = layer.attend(parameters, x, memory, { training: false, lengths: [4, 2] });
  for (const [i, n] of [4, 2].entries()) {
    const own = layer.attend(
      parameters,
      x.slice([[i, i + 1]]),
      memory.slice([
        [i, i + 1],
        [0, n],
      ]),
    );
    close(y.slice([[i, i + 1]]), own, 1e-13, `memory ${i}`);
  }
});

const model = nn.lstm(3);
const variables = model.init(key, [time, features]);
const errors: [string, RegExp, TensorLike][] = [
  ["too few", /E-SHAPE lstm: lengths are \[3\], there are 4 sequences/, [1, 2, 3]],
  ["one for all", /E-SHAPE/, 3],
  ["too long", /E-VALUE lstm: lengths\[1\] is 6/, [1, 6, 1, 1]],
  ["below 0", /E-VALUE lstm: lengths\[2\] is -1/, [1, 1, -1, 1]],
  ["a fraction", /E-INDEX lstm: lengths: element 3 of the index is 1.5/, [1, 1, 1, 1.5]],
];
test.each(errors)("lengths: %s", (_, message, given) => {
  const x = zeros([batch, time, features], { dtype: "float32" });
  expect(() => model.apply(variables, x, { training: false, lengths: given })).toThrow(message);
});

test("training on lengths: an LSTM says what it read first, wherever the sequence ended", async () => {
  const words = random.integers(random.foldIn(key, 5), [64, 5], 0, 3);
  const data = arrays({
    x: words,
    y: words.slice([null, [0, 1]]).reshape([64]),
    lengths: random.integers(random.foldIn(key, 6), [64], 1, 6),
  });
  const reader = nn.sequential(nn.embedding(3, 6), nn.lstm(12, { outputs: "last" }), nn.dense(3));
  const { history } = await train({
    variables: reader.init(key, [5]),
    cost: (own, batch, mode) => {
      const [scores, next] = reader.apply(own, batch.x, { ...mode, lengths: batch.lengths });
      return [nn.crossEntropy(scores, batch.y), next];
    },
    data,
    rule: adam(0.02),
    batchSize: 16,
    epochs: 30,
    seed,
    progress: false,
  });
  expect(history[0]?.loss).toBeGreaterThan(0.8);
  expect(history.at(-1)?.loss).toBeLessThan(0.05);
});
