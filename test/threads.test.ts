/** Several threads: the same bits as one, through every kind of step; how they wait; an idle team lets the process end. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  abs,
  arange,
  argmax,
  argmin,
  compile,
  cond,
  conv2d,
  exp,
  grad,
  greater,
  less,
  logsumexp,
  matmul,
  max,
  maxPool2d,
  mean,
  random,
  relu,
  scan,
  sin,
  softmax,
  square,
  stack,
  sum,
  type Tensor,
  tanh,
  transpose,
  valueAndGrad,
  vmap,
  whileLoop,
} from "nabla";
import { expect, test } from "vitest";
import { barrier } from "../src/backend/wasm/barrier.ts";
import { ModuleBuilder } from "../src/backend/wasm/encode.ts";
import { hasThreads } from "../src/backend/wasm/host.ts";
import { awakeAddress, barrierAddress } from "../src/backend/wasm/kernel.ts";
import { teamOf } from "../src/backend/wasm/team.ts";

const key = random.key(7);
const normal = (shape: number[], n: number, dtype: "float32" | "float64" = "float32"): Tensor =>
  random.normal(random.foldIn(key, n), shape, { dtype });

const keys = (n: number): Tensor => stack(random.split(random.key(4), n));

type Case = readonly [name: string, f: (...args: Tensor[]) => unknown, ...inputs: Tensor[]];
const cases: readonly Case[] = [
  ["elementwise", (x) => tanh(x.mul(0.5).add(1)).add(x), normal([100_003], 1)],
  ["elementwise, float64", (x) => exp(x).mul(sin(x)), normal([20_001], 2, "float64")],
  ["broadcast rows", (x, b) => relu(x.add(b)), normal([601, 257], 3), normal([257], 4)],
  ["reduced rows and columns", (x) => [softmax(x), sum(square(x), { axis: 0 }), mean(x)], normal([257, 901], 5)],
  [
    "reduced whole, by several reductions",
    (x) => [sum(x.mul(2)), max(abs(x)), sum(x.sub(1e8)), exp(x)],
    normal([100_003], 25, "float64"),
  ],
  ["reduced whole, over strided rows", (x) => sum(square(x.slice([[], [1, 200]]))), normal([1201, 257], 26)],
  ["random bits of one key", (k) => random.bits(k, [70_001]), random.key(3)],
  ["random bits of several keys", (k) => vmap((one: Tensor) => random.bits(one, [9_001]))(k), keys(7)],
  ["places of the least", (x) => [argmin(x, { axis: 1 }), argmax(x, { axis: 0 })], normal([10_001, 13], 27, "float64")],
  ["transposed copy", (x) => transpose(x).reshape([-1]), normal([311, 257], 6)],
  ["matmul by rows", (a, b) => matmul(a, b), normal([251, 64], 7), normal([64, 67], 8)],
  ["matmul by columns", (a, b) => matmul(a, b), normal([13, 100], 9), normal([100, 801], 10)],
  [
    "matmul, float64, transposed",
    (a, b) => matmul(transpose(a), b),
    normal([90, 140], 11, "float64"),
    normal([90, 83], 12, "float64"),
  ],
  ["matmul, batched", (a, b) => matmul(a, b), normal([9, 60, 50], 13), normal([9, 50, 40], 14)],
  ["matrix · vector", (a, b) => matmul(a, b), normal([999, 301], 15), normal([301], 16)],
  ["vector · matrix", (a, b) => matmul(a, b), normal([301], 17), normal([301, 999], 18)],
  [
    "convolution and pooling, backwards",
    (x, w) =>
      grad((k: Tensor, y: Tensor) => sum(square(maxPool2d(relu(conv2d(y, k, { padding: "same" })), 2))), {
        wrt: [0, 1],
      })(w, x),
    normal([13, 3, 20, 20], 19),
    normal([8, 3, 3, 3], 20),
  ],
  [
    "scan, backwards",
    (w, xs) =>
      valueAndGrad((m: Tensor) =>
        mean(
          square(
            scan(
              (h: Tensor, x: Tensor) => {
                const next = tanh(h.matmul(m).add(x));
                return [next, next];
              },
              xs.slice([[0, 1]]).squeeze(0),
              xs,
            )[1] as Tensor,
          ),
        ),
      )(w),
    normal([96, 96], 21).mul(0.1),
    normal([9, 120, 96], 22),
  ],
  [
    "while and cond around large steps",
    (x) =>
      whileLoop(
        ([, i]: readonly [Tensor, Tensor]) => less(i, 5),
        ([v, i]: readonly [Tensor, Tensor]) =>
          [
            cond(
              greater(sum(v), 0),
              (u: Tensor) => tanh(u).sub(0.1),
              (u: Tensor) => tanh(u).add(0.2),
              v,
            ),
            i.add(1),
          ] as const,
        [x, arange(1).squeeze()] as const,
      ),
    normal([60_001], 23),
  ],
  [
    "values between small steps",
    (x) => {
      const s = sum(x);
      const y = x.mul(s);
      return logsumexp(y.add(sum(y)).mul(1e-3));
    },
    normal([270_000], 24),
  ],
];

const bits = (tree: unknown): unknown =>
  Array.isArray(tree) ? tree.map(bits) : Buffer.from((tree as Tensor).data.slice().buffer).toString("base64");

test.runIf(hasThreads()).each([2, 3, 4])("%i threads give the bits of one", async (threads) => {
  const programs = cases.map(([name, f, ...inputs]) => {
    const expected = bits(compile(f, { threads: 1 })(...inputs));
    const g = compile(f, { threads });
    expect(g.inspect(...inputs).program.threads, name).toBe(threads);
    return { name, expected, run: () => bits(g(...inputs)) };
  });
  for (let round = 0; round < 8; round++) {
    for (const { name, expected, run } of programs) expect(run(), name).toEqual(expected);
    if (round === 3) while (!teamOf(threads)?.isReady) await setTimeout(10);
  }
});

test.runIf(hasThreads())("loops that never run are nothing to share", () => {
  const f = (x: Tensor, steps: Tensor) => scan((c, step) => [tanh(c.add(step)), step] as const, x, steps)[0];
  const threadsFor = (steps: number) =>
    compile(f, { threads: 2 }).inspect(normal([300_000], 27, "float64"), arange(steps)).program.threads;
  expect([0, 1].map(threadsFor)).toEqual([1, 2]);
});

test.runIf(hasThreads()).each([
  ["sleeps, if it waits long,", 0],
  ["never sleeps where it must stay awake,", 1],
])("thread 0 %s at a barrier", async (_, awake) => {
  const builder = new ModuleBuilder();
  builder.export("meet", barrier(builder));
  const module = new WebAssembly.Module(builder.toBytes({ initialPages: 1, maximumPages: 1, shared: true }));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const words = new Int32Array(memory.buffer);
  words[awakeAddress / 4] = awake;
  // The other thread comes when thread 0 has fallen asleep, or after a while in which it could have.
  const other = new Worker(
    `const { workerData: { module, memory, arrived, sleepers }, parentPort } = require("node:worker_threads");
    const { meet } = new WebAssembly.Instance(module, { env: { memory } }).exports;
    const words = new Int32Array(memory.buffer);
    while (Atomics.load(words, arrived) === 0);
    const since = Date.now();
    while (Atomics.load(words, sleepers) === 0 && Date.now() < since + 200);
    parentPort.postMessage(Atomics.load(words, sleepers));
    meet(1, 2);`,
    {
      eval: true,
      execArgv: [],
      workerData: { module, memory, arrived: barrierAddress / 4, sleepers: barrierAddress / 4 + 2 },
    },
  );
  const asleep = once(other, "message");
  const { meet } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  (meet as (thread: number, threads: number) => void)(0, 2);
  expect(await asleep).toEqual([1 - awake]);
});

test.runIf(hasThreads())("a process ends although its team waits", () => {
  const code = `
    const { compile, random } = await import("./src/index.ts");
    const f = compile((x) => x.mul(2).add(1).exp(), { threads: 2 });
    const x = random.normal(random.key(0), [100000]);
    for (let i = 0; i < 10; i++) { f(x); await new Promise((r) => setTimeout(r, 30)); }
    console.log("done");`;
  const out = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    timeout: 20_000,
    encoding: "utf8",
  });
  expect(out.trim()).toBe("done");
});
