/** Programs within a limit of memory: the same bits, in no more bytes, by recomputing; and what says so when they cannot. */
import {
  type Compiled,
  type CompileOptions,
  compile,
  concatenate,
  conv2d,
  exp,
  max,
  mean,
  NablaError,
  random,
  relu,
  scan,
  sigmoid,
  type Tensor,
  tanh,
  valueAndGrad,
  zeros,
} from "nabla";
import { describe, expect, test } from "vitest";
import { chainTable, type Row } from "../examples/recompute.ts";
import { checkPlan } from "../src/compile/check.ts";
import { workOf } from "../src/compile/recompute/work.ts";

const normal = (seed: number, shape: number[], scale = 1): Tensor =>
  random.normal(random.key(seed), shape, { dtype: "float32" }).mul(scale);
const layers = (n: number, width: number): Tensor[] =>
  Array.from({ length: n }, (_, i) => normal(i, [width, width], 0.3));

const chain = (weights: Tensor[], x: Tensor): Tensor =>
  weights
    .reduce((h, w) => tanh(h.matmul(w)), x)
    .square()
    .sum();

/** Down twice and up again; what was found on the way down is laid beside what comes up. */
function unet(kernels: Tensor[], image: Tensor): Tensor {
  const next = kernels.values();
  const convolve = (x: Tensor): Tensor => relu(conv2d(x, next.next().value as Tensor, { padding: 1 }));
  const sizes = (x: Tensor): [number, number, number, number] => [...x.shape] as [number, number, number, number];
  const down = (x: Tensor): Tensor => {
    const [b, c, h, w] = sizes(x);
    return max(x.reshape([b, c, h / 2, 2, w / 2, 2]), { axis: [3, 5] });
  };
  const up = (x: Tensor): Tensor => {
    const [b, c, h, w] = sizes(x);
    return x
      .reshape([b, c, h, 1, w, 1])
      .mul(zeros([2, 1, 2], { dtype: "float32" }).add(1))
      .reshape([b, c, 2 * h, 2 * w]);
  };
  const first = convolve(convolve(image));
  const second = convolve(convolve(down(first)));
  const third = convolve(convolve(down(second)));
  const fourth = convolve(convolve(concatenate([second, up(third)], 1)));
  const fifth = convolve(convolve(concatenate([first, up(fourth)], 1)));
  return mean(fifth.square());
}
const channels = [1, 4, 4, 8, 8, 16, 16, 24, 8, 12, 4];
const kernels = [0, 1, 2, 3, 4, 5].map((i) =>
  normal(40 + i, [channels[i + 1] as number, channels[i] as number, 3, 3], 0.3),
);
const upKernels = [
  [8, 24],
  [8, 8],
  [4, 12],
  [4, 4],
].map(([out, inside], i) => normal(50 + i, [out as number, inside as number, 3, 3], 0.3));

/** Layers of LSTM over a sequence, each a scan whose stacks the scan backwards reads. */
function lstm(weights: Tensor[], xs: Tensor): Tensor {
  const [batch, width] = (xs.shape as number[]).slice(1) as [number, number];
  const layer = (inputs: Tensor, w: Tensor): Tensor => {
    const start = zeros([batch, width], { dtype: "float32" });
    return scan(
      ([h, c]: [Tensor, Tensor], x: Tensor) => {
        const gates = concatenate([x, h], 1).matmul(w);
        const gate = (k: number): Tensor => gates.slice([[], [k * width, (k + 1) * width]]);
        const cell = sigmoid(gate(0))
          .mul(c)
          .add(sigmoid(gate(1)).mul(tanh(gate(2))));
        const hidden = sigmoid(gate(3)).mul(tanh(cell));
        return [[hidden, cell], hidden] as [[Tensor, Tensor], Tensor];
      },
      [start, start],
      inputs,
    )[1];
  };
  return weights.reduce(layer, xs).square().sum();
}

interface Case {
  readonly name: string;
  make(options: CompileOptions): { run(): unknown; inspect(): Compiled };
  /** Limits as parts of what the program takes without one. */
  readonly limits: readonly number[];
}

/** A function of weights and an input. */
function plain<W>(
  name: string,
  f: (weights: W, x: Tensor) => unknown,
  weights: W,
  x: Tensor,
  limits: readonly number[],
): Case {
  const make = (options: CompileOptions) => {
    const compiled = compile<[W, Tensor], unknown>(f, options);
    const args = [weights, x] as Parameters<typeof compiled>;
    return { run: () => compiled(...args), inspect: () => compiled.inspect(...args) };
  };
  return { name, limits, make };
}

const step = ([weights, speed]: [Tensor[], Tensor[]], x: Tensor): [[Tensor[], Tensor[]], Tensor] => {
  const [loss, slope] = valueAndGrad(chain)(weights, x);
  const next = speed.map((v, i) => v.mul(0.9).sub((slope[i] as Tensor).mul(0.01)));
  return [[weights.map((w, i) => w.add(next[i] as Tensor)), next], loss];
};

const cases: readonly Case[] = [
  plain(
    "the gradient of a deep chain",
    valueAndGrad(chain),
    layers(40, 16),
    normal(99, [64, 16]),
    [0.9, 0.7, 0.5, 0.4],
  ),
  plain(
    "the gradient of a chain with one matrix",
    (w: Tensor, x: Tensor) => valueAndGrad((y: Tensor) => chain(new Array<Tensor>(40).fill(w), y))(x),
    normal(0, [16, 16], 0.3),
    normal(99, [64, 16]),
    [0.8, 0.6, 0.4, 0.3, 0.2, 0.15],
  ),
  plain("a U-Net", valueAndGrad(unet), [...kernels, ...upKernels], normal(98, [2, 1, 16, 16]), [0.9, 0.85, 0.8, 0.77]),
  plain(
    "layers of LSTM",
    valueAndGrad(lstm),
    [60, 61, 62, 63, 64].map((k) => normal(k, [16, 32], 0.3)),
    normal(97, [12, 16, 8]),
    [0.97, 0.94, 0.93],
  ),
  plain(
    "sums over rows between elementwise layers",
    (w: Tensor, x: Tensor) =>
      valueAndGrad((y: Tensor) => {
        let h = y;
        for (let i = 0; i < 12; i++) {
          const e = exp(h.sub(max(h, { axis: 1, keepDims: true })));
          h = e
            .div(e.sum({ axis: 1, keepDims: true }))
            .matmul(w)
            .add(h.mul(0.5));
        }
        return h.sum();
      })(x),
    normal(94, [32, 32]),
    normal(96, [32, 32]),
    [0.9, 0.7, 0.5, 0.3],
  ),
  {
    name: "training steps, whose state stays in place",
    limits: [0.9, 0.8, 0.7],
    make: (options) => {
      const compiled = compile(step, { ...options, state: true });
      const start = (): [Tensor[], Tensor[]] => [layers(30, 16), layers(30, 16).map((w) => w.mul(0))];
      const x = normal(95, [64, 16]);
      return {
        inspect: () => compiled.inspect(start(), x),
        run: () => {
          let state = start();
          const losses: Tensor[] = [];
          for (let i = 0; i < 4; i++) {
            const [next, loss] = compiled(state, x);
            losses.push(loss);
            state = next;
          }
          return [...losses, ...state.flat()];
        },
      };
    },
  },
];

const bits = (tree: unknown): string =>
  JSON.stringify(tree, (_, value: unknown) =>
    value instanceof Object && "data" in value ? [...(value.data as Float32Array)] : value,
  );
const text = (result: unknown): string => bits((result as unknown[]).flat ? (result as unknown[]).flat(3) : result);
const failure = (f: () => unknown): NablaError => {
  try {
    f();
  } catch (error) {
    if (error instanceof NablaError) return error;
  }
  throw new Error("no NablaError");
};

describe.each(cases)("$name", ({ make, limits }) => {
  const free = make({ threads: 1 });
  const all = free.inspect().program;
  const expected = text(free.run());
  const within = limits.map((part) => {
    const limit = Math.floor(part * all.memoryBytes);
    return { limit, ...make({ threads: 1, memoryLimit: limit }) };
  });

  test("gives the same bits in no more memory", () => {
    for (const { limit, run, inspect } of within) {
      const { memoryBytes, plan } = inspect().program;
      expect(memoryBytes).toBeLessThanOrEqual(limit);
      expect(plan.bytes).toBeLessThanOrEqual(limit);
      expect(plan.lowerBound).toBeLessThanOrEqual(plan.bytes);
      expect(plan.recomputed).toBeGreaterThan(0);
      checkPlan(plan);
      expect(text(run())).toBe(expected);
    }
  });

  test("recomputes more, the lower the limit", () => {
    expect(all.plan.recomputed).toBe(0);
    const works = [all, ...within.map(({ inspect }) => inspect().program)].map(({ plan }) => workOf(plan.steps));
    expect(works).toEqual(works.toSorted((a, b) => a - b));
  });

  test("says what the least is, and reaches it", () => {
    const error = failure(() => make({ threads: 1, memoryLimit: 1 }).inspect());
    expect(error.code).toBe("E-LIMIT");
    const least = Number(/by recomputing, is (\d+)/.exec(error.message)?.[1]);
    expect(least).toBeLessThan(all.memoryBytes);
    const tight = make({ threads: 1, memoryLimit: least });
    expect(tight.inspect().program.memoryBytes).toBeLessThanOrEqual(least);
    checkPlan(tight.inspect().plan);
    expect(text(tight.run())).toBe(expected);
  });
});

test("a limit that the program keeps anyway changes nothing", () => {
  const f = (memoryLimit?: number) =>
    compile(chain, { ...(memoryLimit && { memoryLimit }) }).inspect(layers(3, 8), zeros([4, 8])).program;
  expect(f(1e6).bytes).toEqual(f().bytes);
  expect(f(1e6).plan.recomputed).toBe(0);
});

test.each([-1, 0, Number.NaN])("memoryLimit: %d is no limit", (memoryLimit) => {
  expect(failure(() => compile(chain, { memoryLimit })).code).toBe("E-OPTION");
});

test("the chain: memory against time (examples/recompute.ts)", () => {
  const n = 49;
  const table = chainTable({ n, rows: 16, width: 8, runs: 1 });
  const [all, half, quarter, asRoot, root, least] = table as [Row, Row, Row, Row, Row, Row];
  // Two values a layer are kept; a checkpoint a stretch, and the values of one stretch; a handful.
  const layer = 16 * 8 * 4;
  expect(all.bytes).toBeGreaterThan(n * layer);
  expect(root.bytes).toBeLessThan(4 * Math.sqrt(n) * layer + 4096);
  expect(least.bytes).toBeLessThan(8 * layer + 4096);
  for (const { bytes, limit } of [
    { ...half, limit: all.bytes / 2 },
    { ...quarter, limit: all.bytes / 4 },
    { ...asRoot, limit: root.bytes },
  ])
    expect(bytes).toBeLessThanOrEqual(limit);
  expect(all.recomputed).toBe(0);
  const counts = [all, half, quarter, least].map((row) => row.recomputed);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  // As often as n·(n + 1)/2 layers: a matrix product and a tanh each, and the slope of tanh for every layer.
  expect(least.recomputed).toBeGreaterThan((n * n) / 4);
  for (const { gradient } of table) expect([...gradient.data]).toEqual([...all.gradient.data]);
});
