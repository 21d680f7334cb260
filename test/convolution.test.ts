/** Convolutions against loops over their definition: values, both gradients, second order, compiled and on threads. */
import { compile, conv1d, conv2d, grad, random, sum, type Tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { hasThreads } from "../src/backend/wasm/host.ts";
import { teamOf } from "../src/backend/wasm/team.ts";
import type { ConvolutionOptions } from "../src/ops/convolve.ts";

interface Case extends ConvolutionOptions {
  readonly x: readonly number[];
  readonly w: readonly number[];
}

const cases: readonly Case[] = [
  { x: [2, 3, 7, 9], w: [4, 3, 3, 3] },
  { x: [3, 2, 14, 14], w: [5, 2, 3, 3], padding: "same" },
  { x: [2, 2, 11, 10], w: [3, 2, 3, 2], stride: 2, padding: [[1, 0], 2] },
  { x: [1, 4, 13, 12], w: [6, 2, 3, 3], groups: 2, dilation: 2, padding: 2 },
  { x: [2, 6, 9, 9], w: [6, 1, 3, 3], groups: 6, padding: "same", stride: [1, 3] },
  { x: [2, 5, 6, 7], w: [9, 5, 1, 1] },
  { x: [5, 3, 3, 3], w: [4, 3, 3, 3] },
  { x: [17, 2, 4, 5], w: [3, 2, 3, 3] },
  { x: [1, 1, 5, 5], w: [1, 1, 2, 2] },
  { x: [1, 3, 21, 20], w: [8, 3, 5, 5], padding: "same" },
  { x: [2, 1, 33], w: [1, 1, 4] },
  { x: [3, 4, 29], w: [6, 2, 3], stride: 2, dilation: 3, groups: 2, padding: 1 },
  { x: [2, 20, 12, 12], w: [7, 20, 5, 5] },
];

const offsetOf = (shape: readonly number[], place: readonly number[]): number =>
  place.reduce((at, i, axis) => at * (shape[axis] as number) + i, 0);
function places(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((all, n) => all.flatMap((p) => Array.from({ length: n }, (_, i) => [...p, i])), [[]]);
}
const list = (value: number | readonly number[] | undefined, axes: number): number[] =>
  typeof value === "number" || value === undefined ? new Array<number>(axes).fill(value ?? 1) : [...value];

/** visit(place in x, in w, in the result) of every term of every element of the result, of so many axes. */
function everyTerm(c: Case, visit: (x: number, w: number, out: number) => void): number[] {
  const [batch, channels, ...sizes] = c.x as [number, number, ...number[]];
  const [out, perGroup, ...window] = c.w as [number, number, ...number[]];
  const [stride, dilation] = [list(c.stride, window.length), list(c.dilation, window.length)];
  const reach = window.map((k, i) => (k - 1) * (dilation[i] as number) + 1);
  const pads = sizes.map((n, i): readonly [number, number] => {
    const { padding = 0 } = c;
    if (padding === "valid") return [0, 0];
    if (padding === "same") {
      const s = stride[i] as number;
      const total = Math.max(0, (Math.ceil(n / s) - 1) * s + (reach[i] as number) - n);
      return [total >> 1, total - (total >> 1)];
    }
    const own = typeof padding === "number" ? padding : (padding[i] as number | readonly [number, number]);
    return typeof own === "number" ? [own, own] : own;
  });
  const spots = sizes.map((n, i) => {
    const [before, after] = pads[i] as readonly [number, number];
    return Math.floor((n + before + after - (reach[i] as number)) / (stride[i] as number)) + 1;
  });
  const shape = [batch, out, ...spots];
  const outPerGroup = out / (c.groups ?? 1);
  expect(channels).toBe(perGroup * (c.groups ?? 1));
  for (const [n, o, ...spot] of places(shape) as [number, number, ...number[]][])
    for (const [ch, ...tap] of places([perGroup, ...window]) as [number, ...number[]][]) {
      const at = spot.map(
        (s, i) => s * (stride[i] as number) + (tap[i] as number) * (dilation[i] as number) - (pads[i]?.[0] as number),
      );
      if (at.some((p, i) => p < 0 || p >= (sizes[i] as number))) continue;
      const channel = Math.floor(o / outPerGroup) * perGroup + ch;
      visit(offsetOf(c.x, [n, channel, ...at]), offsetOf(c.w, [o, ch, ...tap]), offsetOf(shape, [n, o, ...spot]));
    }
  return shape;
}

const key = random.key(31);
const normal = (shape: readonly number[], n: number, dtype: "float32" | "float64" = "float64"): Tensor =>
  random.normal(random.foldIn(key, n), [...shape], { dtype });

const tolerance = { float64: 1e-12, float32: 2e-5 } as const;
function close(actual: Tensor, expected: Float64Array, tolerance: number, what: string): void {
  const scale = Math.max(...expected.map(Math.abs), 1);
  const worst = Array.from(actual.data, (v, i) => Math.abs(v - (expected[i] as number))).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
  expect(actual.size, what).toBe(expected.length);
  expect(worst / scale, what).toBeLessThan(tolerance);
}

const forward =
  (c: Case) =>
  (w: Tensor, x: Tensor): Tensor =>
    (c.x.length === 3 ? conv1d : conv2d)(x, w, c);
const named = cases.map((c) => [JSON.stringify(c), c] as const);

describe.each(["float64", "float32"] as const)("%s", (dtype) => {
  test.each(named)("%s", (name, c) => {
    const f = forward(c);
    const [x, w] = [normal(c.x, 1, dtype), normal(c.w, 2, dtype)];
    const [xs, ws] = [x.data, w.data];
    const value: number[] = [];
    const shape = everyTerm(c, (i, j, out) => {
      value[out] = (value[out] ?? 0) + (xs[i] as number) * (ws[j] as number);
    });
    const size = shape.reduce((a, b) => a * b, 1);
    const ct = normal(shape, 3, dtype);
    const [dw, dx] = [new Float64Array(w.size), new Float64Array(x.size)];
    everyTerm(c, (i, j, out) => {
      dw[j] = (dw[j] as number) + (xs[i] as number) * (ct.data[out] as number);
      dx[i] = (dx[i] as number) + (ws[j] as number) * (ct.data[out] as number);
    });
    // ∂/∂w Σ u·(∂/∂x Σ ct·f) is the kernel's gradient at u instead of x: f is bilinear.
    const u = normal(c.x, 4, dtype);
    const second = new Float64Array(w.size);
    everyTerm(c, (i, j, out) => {
      second[j] = (second[j] as number) + (u.data[i] as number) * (ct.data[out] as number);
    });
    const cost = (k: Tensor, y: Tensor): Tensor => sum(f(k, y).mul(ct));
    const gradients = grad(cost, { wrt: [0, 1] });
    const mixed = grad((k: Tensor, y: Tensor) => sum(grad(cost, { wrt: 1 })(k, y).mul(u)));
    for (const [how, all] of [
      ["as it is", { f, gradients, mixed }],
      ["compiled", { f: compile(f), gradients: compile(gradients), mixed: compile(mixed) }],
    ] as const) {
      const result = all.f(w, x);
      expect(result.shape, name).toEqual(shape);
      close(
        result,
        Float64Array.from({ length: size }, (_, i) => value[i] ?? 0),
        tolerance[dtype],
        `value, ${how}`,
      );
      const [byW, byX] = all.gradients(w, x) as [Tensor, Tensor];
      close(byW, dw, tolerance[dtype], `gradient by w, ${how}`);
      close(byX, dx, tolerance[dtype], `gradient by x, ${how}`);
      close(all.mixed(w, x), second, tolerance[dtype], `second order, ${how}`);
    }
  });
});

const large: readonly Case[] = [
  { x: [9, 4, 23, 21], w: [12, 4, 3, 3], padding: "same" },
  { x: [1, 8, 45, 41], w: [13, 8, 3, 3], stride: 2 },
  { x: [1, 6, 40, 40], w: [70, 3, 3, 3], groups: 2, dilation: 2 },
];
const bits = (tree: unknown): unknown =>
  Array.isArray(tree) ? tree.map(bits) : Buffer.from((tree as Tensor).data.slice().buffer).toString("base64");

test.runIf(hasThreads()).each([2, 3])("%i threads give the bits of one", async (threads) => {
  const programs = large.flatMap((c) =>
    (["float32", "float64"] as const).map((dtype) => {
      const f = (w: Tensor, x: Tensor) => [
        forward(c)(w, x),
        ...grad((k: Tensor, y: Tensor) => sum(forward(c)(k, y).tanh()), { wrt: [0, 1] })(w, x),
      ];
      const inputs = [normal(c.w, 5, dtype), normal(c.x, 6, dtype)] as const;
      const g = compile(f, { threads });
      return { expected: bits(compile(f, { threads: 1 })(...inputs)), run: () => bits(g(...inputs)) };
    }),
  );
  for (let round = 0; round < 8; round++) {
    for (const { expected, run } of programs) expect(run()).toEqual(expected);
    if (round === 3) while (!teamOf(threads)?.isReady) await new Promise((wake) => setTimeout(wake, 10));
  }
});

test("windows are never written out", () => {
  const f = (w: Tensor, x: Tensor): Tensor => grad((k: Tensor) => sum(conv2d(x, k, { padding: "same" }).tanh()))(w);
  const [w, x] = [normal([8, 4, 5, 5], 7), normal([6, 4, 32, 32], 8)];
  const { program } = compile(f).inspect(w, x);
  // The image with its border, and two arrays of the size of the result: far less than 25 times the image.
  expect(program.plan.bytes).toBeLessThan(8 * x.size * 8);
});
