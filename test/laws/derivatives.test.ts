/** Forward mode against finite differences, reverse mode against forward mode, second order, batching. */
import { grad, jvp, stack, type Tensor, vjp, vmap } from "nabla";
import { describe, expect, test } from "vitest";
import { cases, directions, distance, draw, numbers, shifted } from "./cases.ts";

const apply =
  (c: (typeof cases)[number]) =>
  (...x: Tensor[]): Tensor =>
    c.apply(...x);
const smooth = cases.filter((c) => c.differentiable !== false);

/** Central differences of fourth order. */
function differences(f: (h: number) => number[], h: number): number[] {
  const [a, b, c, d] = [f(h), f(-h), f(2 * h), f(-2 * h)] as [number[], number[], number[], number[]];
  return a.map((v, i) => (8 * (v - (b[i] as number)) - ((c[i] as number) - (d[i] as number))) / (12 * h));
}

describe("jvp = finite differences", () => {
  // A cast to float32 rounds: its finite differences see steps.
  test.each(smooth.filter((c) => c.name !== "cast to float32"))("$name", (c) => {
    const x = draw(c, 1);
    const v = directions(x, 1, c);
    const tangent = numbers(jvp(apply(c), x, v)[1]);
    const numeric = differences((h) => numbers(c.apply(...shifted(x, v, h))), 1e-4);
    expect(distance(tangent, numeric)).toBeLessThan(1e-7);
  });
});

describe("⟨ct, jvp⟩ = ⟨vjp, t⟩", () => {
  test.each(smooth)("$name", (c) => {
    const x = draw(c, 2);
    const v = directions(x, 2, c);
    const [y, dy] = jvp(apply(c), x, v);
    const ct = directions([y], 3);
    const back = vjp(apply(c), ...x)[1](ct[0] as Tensor);
    const dot = (a: readonly Tensor[], b: readonly Tensor[]): number =>
      a.reduce((sum, t, i) => sum + numbers(t).reduce((s, value, k) => s + value * (b[i]?.data[k] as number), 0), 0);
    const [forward, reverse] = [dot(ct, [dy]), dot(back, v)];
    expect(Math.abs(forward - reverse)).toBeLessThan(
      (y.dtype === "float32" ? 1e-5 : 1e-11) * Math.max(1, Math.abs(forward)),
    );
  });
});

describe("second order: jvp of grad = finite differences of grad", () => {
  test.each(smooth.filter((c) => c.name !== "cast to float32"))("$name", (c) => {
    const x = draw(c, 4);
    const v = directions(x, 4, c);
    const slope = grad(
      (...a: Tensor[]) =>
        c
          .apply(...a)
          .square()
          .sum(),
      { wrt: x.map((_, i) => i) },
    );
    const [, second] = jvp((...a: Tensor[]) => slope(...a), x, v) as unknown as [Tensor[], Tensor[]];
    const numeric = differences((h) => slope(...shifted(x, v, h)).flatMap(numbers), 1e-4);
    expect(distance(second.flatMap(numbers), numeric)).toBeLessThan(1e-6);
  });
});

describe("vmap = a loop", () => {
  test.each(cases)("$name", (c) => {
    const batch = [draw(c, 5), draw(c, 6), draw(c, 7)];
    for (let mask = 1; mask < 2 ** c.shapes.length; mask++) {
      const inAxes = c.shapes.map((_, i) => (mask & (1 << i) ? 0 : null));
      const args = c.shapes.map((_, i) =>
        inAxes[i] === 0 ? stack(batch.map((x) => x[i] as Tensor)) : (batch[0]?.[i] as Tensor),
      );
      const all = vmap(apply(c), { inAxes })(...args);
      const each = batch.map((x) => c.apply(...x.map((t, i) => (inAxes[i] === 0 ? t : (batch[0]?.[i] as Tensor)))));
      expect(distance(numbers(all), each.flatMap(numbers))).toBeLessThan(1e-12);
      expect(all.shape).toEqual([3, ...(each[0]?.shape ?? [])]);
    }
  });
});
