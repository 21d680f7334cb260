/** Random numbers: known answers, moments, ranges, and numbers that must never change. */
import {
  add,
  argmax,
  compile,
  erf,
  grad,
  mul,
  NablaError,
  random,
  scan,
  stack,
  sum,
  type Tensor,
  tensor,
  vmap,
} from "nabla";
import { describe, expect, test } from "vitest";
import type { KernelMaker } from "../src/backend/wasm/kernel.ts";
import { kernels } from "../src/backend/wasm/kernels/index.ts";
import { randomKernels } from "../src/backend/wasm/kernels/random.ts";
import { exactLog, normalQuantile, threefry } from "../src/ops/random.ts";

// The table of kernels may know these already.
Object.assign(kernels as Record<string, KernelMaker>, randomKernels);

const seed = Number(process.env.NABLA_SEED ?? 20261123);
console.log(`random: seed ${seed} (NABLA_SEED)`);
const count = 20000;
const numbers = (t: Tensor): number[] => Array.from(t.data);
const key = (stream: number): Tensor => random.key(seed + stream);

/** Mean, variance, third and fourth moment about the mean. */
function moments(t: Tensor): [number, number, number, number] {
  const data = numbers(t);
  const mean = data.reduce((s, v) => s + v, 0) / data.length;
  const about = (power: number): number => data.reduce((s, v) => s + (v - mean) ** power, 0) / data.length;
  return [mean, about(2), about(3), about(4)];
}

/** Five deviations of a mean of `count` numbers with this variance. */
const near = (value: number, expected: number, variance: number): void => {
  expect(Math.abs(value - expected)).toBeLessThan(5 * Math.sqrt(variance / count));
};

test("Threefry-2x32 gives the known answers of Random123", () => {
  const ones = 0xffffffff;
  expect(threefry(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
  expect(threefry(ones, ones, ones, ones)).toEqual([0x1cb996fc, 0xbb002be7]);
  expect(threefry(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
  expect(numbers(random.bits(random.key(0), 3))).toEqual([0x6b200159, 0x99ba4efe, threefry(0, 0, 0, 1)[0]]);
});

describe("distributions", () => {
  test.each(["float64", "float32"] as const)("uniform, %s", (dtype) => {
    const x = random.uniform(key(1), count, { low: -2, high: 3, dtype });
    expect(x.dtype).toBe(dtype);
    const [mean, variance, , fourth] = moments(x);
    near(mean, 0.5, 25 / 12);
    near(variance, 25 / 12, fourth);
    expect(numbers(x).every((v) => v >= -2 && v < 3)).toBe(true);
    const narrow = numbers(
      random.uniform(key(2), 1000, { low: 1, high: dtype === "float32" ? 1 + 2 ** -23 : 1 + 2 ** -52, dtype }),
    );
    expect(new Set(narrow)).toEqual(new Set([1]));
    const round = dtype === "float64" ? (v: number) => v : Math.fround;
    for (const [low, high] of [
      [1e10, 1e10 + 4096],
      [-1, 0],
      [-3e38, -1e38],
      [0, 1e-40],
      [dtype === "float64" ? -1e-300 : -1e-30, 0],
    ] as const)
      expect(
        numbers(random.uniform(key(3), 1000, { low, high, dtype })).every((v) => v >= round(low) && v < high),
      ).toBe(true);
  });

  test.each(["float64", "float32"] as const)("normal, %s", (dtype) => {
    const x = random.normal(key(4), count, { dtype });
    expect(x.dtype).toBe(dtype);
    const [mean, variance, third, fourth] = moments(x);
    near(mean, 0, 1);
    near(variance, 1, 2);
    near(third, 0, 15);
    near(fourth, 3, 96);
    // Kolmogorov and Smirnov: the greatest distance of the two distribution functions
    const sorted = numbers(x).sort((a, b) => a - b);
    const distance = Math.max(
      ...sorted.map((v, i) => Math.abs((1 + erf(v / Math.SQRT2).item()) / 2 - (i + 0.5) / count)),
    );
    expect(distance).toBeLessThan(2 / Math.sqrt(count));
  });

  test("exponential and Gumbel", () => {
    const [mean, variance] = moments(random.exponential(key(5), count));
    near(mean, 1, 1);
    near(variance, 1, 8);
    const gumbel = moments(random.gumbel(key(6), count));
    near(gumbel[0], 0.5772156649015329, Math.PI ** 2 / 6);
    near(gumbel[1], Math.PI ** 2 / 6, 12);
    expect(numbers(random.exponential(key(7), count)).every((v) => v > 0)).toBe(true);
  });

  test("bernoulli", () => {
    near(moments(random.bernoulli(key(8), 0.3, count))[0], 0.3, 0.21);
    expect(random.bernoulli(key(8), 0.3, count).dtype).toBe("bool");
    expect(numbers(random.bernoulli(key(9), [0, 1, 0, 1]))).toEqual([0, 1, 0, 1]);
    expect(random.bernoulli(key(9), [[0.5], [0.5]], [4, 2, 3]).shape).toEqual([4, 2, 3]);
  });

  test("categorical", () => {
    const drawn = numbers(
      random.categorical(key(10), [Math.log(1), Math.log(2), -Infinity, Math.log(5)], { shape: count }),
    );
    [1 / 8, 2 / 8, 0, 5 / 8].forEach((p, k) => {
      const share = drawn.filter((v) => v === k).length / count;
      expect(Math.abs(share - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / count));
    });
    expect(
      random.categorical(key(11), [
        [0, 1],
        [2, 3],
        [4, 5],
      ]).shape,
    ).toEqual([3]);
  });

  test("integers", () => {
    const drawn = random.integers(key(12), count, -3, 4);
    expect(drawn.dtype).toBe("int32");
    for (let v = -3; v < 4; v++) {
      const share = numbers(drawn).filter((w) => w === v).length / count;
      expect(Math.abs(share - 1 / 7)).toBeLessThan(5 * Math.sqrt(6 / 49 / count));
    }
    expect(numbers(random.integers(key(12), count, -(2 ** 31), 2 ** 31)).every(Number.isInteger)).toBe(true);
  });

  test("permutations", () => {
    for (const n of [0, 1, 2, 100]) {
      const order = random.permutation(key(13), n);
      expect(numbers(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
    const rows = random.permutation(
      key(14),
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect((rows.toArray() as number[][]).sort()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    // All six orders of three, equally often.
    const orders = numbers(
      vmap((k: Tensor) => mul(random.permutation(k, 3), [1, 3, 9]).sum())(stack(random.split(key(15), 6000))),
    );
    const counts = [...new Set(orders)].map((order) => orders.filter((v) => v === order).length);
    expect(counts.length).toBe(6);
    for (const c of counts) expect(Math.abs(c - 1000)).toBeLessThan(5 * Math.sqrt(6000 * (5 / 36)));
  });
});

describe("keys", () => {
  test("streams do not depend on each other", () => {
    const parent = key(20);
    const [a, b] = random.split(parent) as [Tensor, Tensor];
    const children = [
      parent,
      a,
      b,
      random.foldIn(parent, 0),
      random.foldIn(parent, 1),
      random.foldIn(a, 1),
      random.key(seed + 21),
    ];
    const draws = children.map((k) => numbers(random.normal(k, count)));
    draws.forEach((x, i) => {
      draws.slice(i + 1).forEach((y) => {
        const covariance = x.reduce((s, v, n) => s + v * (y[n] as number), 0) / count;
        expect(Math.abs(covariance)).toBeLessThan(5 / Math.sqrt(count));
      });
    });
    expect(new Set(children.map((k) => numbers(k).join())).size).toBe(children.length);
  });

  test("a key and a number folded in do not meet the next key", () => {
    expect(numbers(random.foldIn(random.key(5), 1))).not.toEqual(numbers(random.foldIn(random.key(6), 0)));
    expect(numbers(random.foldIn(random.key(5), tensor(Int32Array.of(7))))).toEqual(
      numbers(random.foldIn(random.key(5), 7)),
    );
  });

  test("seeds of 53 bits and below 0 count with all their bits", () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 31];
    expect(new Set(seeds.map((s) => numbers(random.key(s)).join())).size).toBe(seeds.length);
  });

  test("what is no key is an error", () => {
    expect(() => random.uniform(tensor([1, 2]), 3)).toThrow(/E-DTYPE random.uniform: the key is float64\[2\]/);
    expect(() => random.key(0.5)).toThrow(NablaError);
    expect(() => random.uniform(key(0), 3, { low: 2, high: 1 })).toThrow(/E-OPTION/);
    expect(() => random.foldIn(key(0), -1)).toThrow(/E-OPTION/);
    expect(() => random.bernoulli(key(0), [0.1, 0.2], [3, 1])).toThrow(/E-SHAPE/);
    expect(() => random.integers(key(0), 3, 2, 2)).toThrow(/E-OPTION/);
  });
});

describe("everywhere the same bits", () => {
  const everything = (k: Tensor): Tensor[] => {
    const keys = random.split(k, 9) as Tensor[];
    const next = (i: number): Tensor => keys[i] as Tensor;
    return [
      random.bits(next(0), [3]),
      random.uniform(next(1), [5], { low: -1, high: 2 }),
      random.uniform(next(2), [5], { dtype: "float32", low: 1, high: 2 }),
      random.normal(next(3), [999]),
      random.normal(next(4), [4, 3], { dtype: "float32" }),
      random.exponential(next(5), [7]),
      random.categorical(next(6), [0.1, 0.2, 0.3], { shape: [11] }),
      random.permutation(next(7), 13),
      random.bernoulli(random.foldIn(next(8), 3), 0.5, [9]),
      random.integers(next(8), [4], 0, 1000),
    ];
  };

  test("compiled", () => {
    const [plain, compiled] = [everything(key(30)), compile(everything)(key(30)) as Tensor[]];
    plain.forEach((t, i) => {
      expect(compiled[i]?.data).toEqual(t.data);
    });
  });

  test("compiled, any number of words: blocks side by side and those that are left", () => {
    const some = stack(random.split(key(34), 3));
    for (const size of [1, 2, 7, 8, 33, 4096, 4097, 4098, 4113, 4127, 4128, 4129]) {
      const all = (compile((k: Tensor) => vmap((one: Tensor) => random.bits(one, size))(k))(some) as Tensor).data;
      for (const row of [0, 1, 2]) {
        const [k0, k1] = numbers(some.slice([[row, row + 1]])) as [number, number];
        const expected = Array.from({ length: size }, (_, i) => threefry(k0, k1, 0, i >> 1)[i & 1]);
        expect(Array.from(all.subarray(row * size, (row + 1) * size)), `${size} words`).toEqual(expected);
      }
    }
  });

  test("under vmap", () => {
    const keys = random.split(key(31), 3);
    const all = vmap(everything as never)(stack(keys)) as unknown as Tensor[];
    keys.forEach((k, row) => {
      everything(k).forEach((t, i) => {
        expect(numbers((all[i] as Tensor).slice([[row, row + 1]]))).toEqual(numbers(t));
      });
    });
  });

  test("in a compiled loop whose key goes on", () => {
    const walk = (k: Tensor): Tensor => {
      const [[, end]] = scan(
        ([state, x]: [Tensor, Tensor]) => {
          const [next, use] = random.split(state) as [Tensor, Tensor];
          return [[next, add(x, random.normal(use, [3]))] as [Tensor, Tensor], null];
        },
        [k, tensor([0, 0, 0])] as [Tensor, Tensor],
        null,
        { length: 20 },
      ) as unknown as [[Tensor, Tensor]];
      return end;
    };
    expect(numbers(compile(walk)(key(32)))).toEqual(numbers(walk(key(32))));
  });

  test("derivatives flow through mean and deviation", () => {
    const noise = random.normal(key(33), 100);
    const slope = grad((m: Tensor, s: Tensor) => sum(add(m, mul(s, random.normal(key(33), 100)))), { wrt: [0, 1] })(
      1,
      2,
    );
    expect(slope[0]?.item()).toBe(100);
    expect(slope[1]?.item()).toBeCloseTo(sum(noise).item(), 10);
  });

  test("the logarithm and the quantile are exact enough", () => {
    for (let i = 0; i < 2000; i++) {
      const x = 2 ** (-62 + (124 * i) / 2000) * (1 + (i % 97) / 300);
      expect(Math.abs(exactLog(x).item() / Math.log(x) - 1)).toBeLessThan(5e-16);
    }
    // Quantiles to 16 digits (NIST handbook; R's qnorm)
    for (const [p, q] of [
      [0.975, 1.959963984540054],
      [0.9, 1.2815515655446004],
      [1e-5, -4.264890793922825],
      [1e-10, -6.361340902404056],
      [0.5, 0],
    ] as const)
      expect(Math.abs(normalQuantile(p).item() - q)).toBeLessThan(2e-15 * Math.max(1, Math.abs(q)));
  });

  test("golden numbers", () => {
    const k = random.key(2026);
    const golden = {
      split: random.split(k).map((t) => numbers(t)),
      foldIn: numbers(random.foldIn(k, 9)),
      bits: numbers(random.bits(k, 3)),
      uniform: numbers(random.uniform(k, 3)),
      uniform32: numbers(random.uniform(k, 3, { dtype: "float32" })),
      normal: numbers(random.normal(k, 4)),
      tail: normalQuantile([2 ** -53, 1e-12, 0.001, 0.999]).toArray(),
      exponential: numbers(random.exponential(k, 2)),
      permutation: numbers(random.permutation(k, 8)),
      categorical: numbers(random.categorical(k, [0, 1, 2], { shape: 8 })),
      integers: numbers(random.integers(k, 4, 0, 100)),
      bernoulli: numbers(random.bernoulli(k, 0.5, 8)),
    };
    expect(golden).toMatchInlineSnapshot(`
      {
        "bernoulli": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
        ],
        "bits": [
          3789761601,
          119823817,
          2381190641,
        ],
        "categorical": [
          2,
          2,
          1,
          1,
          2,
          2,
          2,
          2,
        ],
        "exponential": [
          0.12514082599504056,
          0.5898433126904522,
        ],
        "foldIn": [
          2215999936,
          2621266500,
        ],
        "integers": [
          88,
          55,
          90,
          59,
        ],
        "normal": [
          1.1869312635901725,
          0.13682173290455238,
          1.323800938380201,
          0.24808007221492018,
        ],
        "permutation": [
          6,
          1,
          3,
          5,
          4,
          0,
          2,
          7,
        ],
        "split": [
          [
            3172270557,
            1107452213,
          ],
          [
            2423655326,
            2273120758,
          ],
        ],
        "tail": [
          -8.209536151601386,
          -7.034483825301132,
          -3.090232306167813,
          3.090232306167813,
        ],
        "uniform": [
          0.88237263283058,
          0.5544141475903369,
          0.9072154177895866,
        ],
        "uniform32": [
          0.8823726177215576,
          0.02789860963821411,
          0.5544140934944153,
        ],
      }
    `);
    expect(argmax(random.uniform(k, 3)).item()).toBeLessThan(3);
  });
});
