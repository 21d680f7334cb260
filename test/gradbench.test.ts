/**
 * The tool for GradBench on small inputs, without the suite: the protocol and the small problems. Witnesses: the
 * problems' formulas in plain JavaScript, their central differences in float64, closed forms of derivatives.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Response } from "../bench/gradbench/protocol.ts";
import {
  evaluate,
  expectClose,
  logSumExp,
  type Matrix,
  rows,
  seed,
  send,
  slope,
  total,
  uniform,
  type Vector,
} from "./gradbench-witness.ts";

describe("the protocol", () => {
  test("start, define, analysis", async () => {
    expect(await send({ kind: "start", eval: "lse" })).toEqual({ id: 7, tool: "nabla" });
    expect(await send({ kind: "define", module: "lse" })).toEqual({ id: 7, success: true });
    expect(await send({ kind: "analysis", of: 3, valid: true })).toEqual({ id: 7 });
  });

  test("what is not there is an error, not the end", async () => {
    for (const message of [
      { kind: "define", module: "nothing" },
      { kind: "define", module: "../protocol" },
      { kind: "evaluate", module: "lse", function: "toString", input: {} },
      { kind: "evaluate", module: "lse", function: "primal", input: { x: "no numbers" } },
    ]) {
      const { id, success, error } = await send(message);
      expect([id, success, typeof error]).toEqual([7, false, "string"]);
    }
  });

  test("runs as often as asked, and times each", async () => {
    const input = { x: [1, 2], min_runs: 5, min_seconds: 0 };
    const { timings = [] } = await send({ kind: "evaluate", module: "lse", function: "primal", input });
    expect(timings.map(({ name }) => name)).toEqual(["prepare", ...Array(5).fill("evaluate")]);
    expect(timings.every(({ nanoseconds }) => Number.isInteger(nanoseconds) && nanoseconds >= 0)).toBe(true);
  });

  test("a process: a message and a response a line", () => {
    const tool = fileURLToPath(new URL("../bench/gradbench/tool.js", import.meta.url));
    const lines = [
      { id: 0, kind: "start" },
      { id: 1, kind: "define", module: "hello" },
      { id: 2, kind: "evaluate", module: "hello", function: "square", input: 3 },
      { id: 3, kind: "evaluate", module: "hello", function: "double", input: 9 },
    ];
    const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const { stdout } = spawnSync(process.execPath, [tool], { input, encoding: "utf8" });
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Response);
    expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
    expect(answers.slice(2).map(({ output }) => output)).toEqual([9, 18]);
  });
});

describe("lse", () => {
  test(`value and softmax (seed ${seed})`, async () => {
    const x = uniform(seed)(9).map((v) => 100 * v - 50);
    expectClose(await evaluate("lse", "primal", { x }), logSumExp(x), 1e-14);
    const softmax = x.map((v) => Math.exp(v - logSumExp(x)));
    expectClose(await evaluate("lse", "gradient", { x }), softmax, 1e-13);
  });

  test(`at a length where the suite would take zeros for the gradient (seed ${seed})`, async () => {
    const x = uniform(seed)(200_000);
    const g = (await evaluate("lse", "gradient", { x })) as Vector;
    expect(Math.min(...g.slice(0, 1000))).toBeGreaterThan(1e-6);
    expect(total(g)).toBeCloseTo(1, 10);
    const z = total(x.map((v) => Math.exp(v)));
    g.forEach((v, i) => {
      if (i % 997 === 0) expect(Math.abs((v * z) / Math.exp(x[i] as number) - 1)).toBeLessThan(1e-9);
    });
  });
});

test(`llsq (seed ${seed})`, async () => {
  const [x, n] = [uniform(seed)(6), 11];
  const t = Array.from({ length: n }, (_, i) => -1 + (i * 2) / (n - 1));
  const rest = t.map((t) => Math.sign(t) - total(x.map((c, j) => c * t ** j)));
  expectClose(await evaluate("llsq", "primal", { x, n }), total(rest.map((r) => r * r)) / 2, 1e-12);
  const exact = x.map((_, j) => -total(t.map((t, i) => (rest[i] as number) * t ** j)));
  expectClose(await evaluate("llsq", "gradient", { x, n }), exact, 1e-12);
});

describe("ode", () => {
  const s = 7;
  const solve = (x: Vector): Vector => {
    const h = 2 / s;
    const f = (y: Vector): Vector => x.map((v, i) => (i === 0 ? v : v * (y[i - 1] as number)));
    const plus = (y: Vector, k: Vector, by: number): Vector => y.map((v, i) => v + by * (k[i] as number));
    let y: Vector = x.map(() => 0);
    for (let step = 0; step < s; step++) {
      const k1 = f(y);
      const k2 = f(plus(y, k1, h / 2));
      const k3 = f(plus(y, k2, h / 2));
      const k4 = f(plus(y, k3, h));
      y = plus(plus(plus(plus(y, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6);
    }
    return y;
  };

  test(`all of y, and the slopes of the last one, none of which is 0 (seed ${seed})`, async () => {
    const x = uniform(seed)(5).map((v) => v + 0.5);
    expectClose(await evaluate("ode", "primal", { x, s }), solve(x), 1e-12);
    const g = (await evaluate("ode", "gradient", { x, s })) as Vector;
    expectClose(
      g,
      slope((x) => solve(x)[4] as number, x),
      1e-8,
    );
    expect(Math.min(...g.map(Math.abs))).toBeGreaterThan(1e-2);
    // The last y is a multiple of the product of all x.
    const last = solve(x)[4] as number;
    expectClose(
      g,
      x.map((v) => last / v),
      1e-12,
    );
  });
});

test(`kmeans (seed ${seed})`, async () => {
  const random = uniform(seed);
  const [points, centroids] = [rows(random(60), 3), rows(random(12), 3)];
  const away = (p: Vector, c: Vector): number => total(p.map((v, i) => (v - (c[i] as number)) ** 2));
  const cost = total(points.map((p) => Math.min(...centroids.map((c) => away(p, c)))));
  expectClose(await evaluate("kmeans", "cost", { points, centroids }), cost, 1e-13);
  const whose = points.map((p) => {
    const all = centroids.map((c) => away(p, c));
    return all.indexOf(Math.min(...all));
  });
  // 2·(n c − Σ p) over 2·n.
  const step = centroids.map((c, j) => {
    const own = points.filter((_, i) => whose[i] === j);
    return c.map((v, l) => v - total(own.map((p) => p[l] as number)) / own.length);
  });
  expectClose(await evaluate("kmeans", "dir", { points, centroids }), step, 1e-13);
});

describe("det", () => {
  const minor = (a: Matrix, i: number, j: number): Matrix =>
    a.filter((_, k) => k !== i).map((row) => row.filter((_, k) => k !== j));
  const expansion = (a: Matrix): number =>
    a.length === 0 ? 1 : total((a[0] as Vector).map((v, j) => (j % 2 === 0 ? 1 : -1) * v * expansion(minor(a, 0, j))));
  test.each([1, 2, 5, 8])(`%i rows, and all cofactors (seed ${seed})`, async (ell) => {
    const A = uniform(seed)(ell * ell);
    const a = rows(A, ell);
    expectClose(await evaluate("det", "primal", { A, ell }), expansion(a), 1e-12);
    const cofactors = a.map((row, i) => row.map((_, j) => (-1) ** (i + j) * expansion(minor(a, i, j))));
    expectClose(await evaluate("det", "gradient", { A, ell }), cofactors, 1e-12);
  });
});

describe.each(["ff", "fr", "rf", "rr"])("nested, %s", (modes) => {
  test("particle", async () => {
    expectClose(await evaluate("particle", modes, { w: 0 }), 0.2071918746486116, 1e-9);
  });
  test("saddle", async () => {
    const point = (await evaluate("saddle", modes, { start: [1, 1] })) as Vector;
    for (const c of point) expect(Math.abs(c / 8.246324826140356e-6 - 1)).toBeLessThan(1e-9);
    expect(point.length).toBe(4);
  });
});
