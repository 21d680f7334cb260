/** Every way of fitting × every NIST regression × both starts. */
import { abs, grad, hessian, log, log1p, mul, sqrt, square, sum, type Tensor, tensor, where } from "nabla";
import { curveFit, type FitMethod, type LossName, leastSquares } from "nabla/optimize";
import { describe, expect, test } from "vitest";
import { digits, type Problem, problems } from "../problems/nist/problems.ts";

const runs = problems.flatMap((p) => p.starts.map((start, k) => ({ name: `${p.name} from start ${k + 1}`, p, start })));

const worst = (values: ArrayLike<number>, certified: readonly number[]): number =>
  Math.min(...certified.map((c, i) => digits(values[i] as number, c)));

/** Digits of the residuals that their own rounding leaves: y is rounded to ε·|y| before anything is computed. */
const carried = (p: Problem): number =>
  Math.log10(p.residualDeviation / (Number.EPSILON * (abs(p.y).max().item() as number)));

describe("at default settings", () => {
  test("there are 54", () => expect(runs.length).toBe(54));
  test.each(runs)("$name", ({ p, start }) => {
    const fit = curveFit(p.model, p.x, p.y, [...start]);
    expect(fit.status, String(fit)).toBe("converged");
    expect(worst(fit.parameters.data, p.certified)).toBeGreaterThan(10);
    const enough = Math.min(10, carried(p));
    expect(worst(fit.standardErrors.data, p.standardErrors)).toBeGreaterThan(enough);
    expect(digits(fit.residualDeviation, p.residualDeviation)).toBeGreaterThan(enough);
    expect(digits(fit.residualSumOfSquares, p.residualSumOfSquares)).toBeGreaterThan(Math.min(9, carried(p)));
    expect(fit.degreesOfFreedom).toBe(p.degreesOfFreedom);
  });
});

/** How many of the 54 arrive, one try each. */
const ways: readonly { method: FitMethod; acceleration?: boolean; arrive: number }[] = [
  { method: "levenberg-marquardt", arrive: 54 },
  { method: "levenberg-marquardt", acceleration: true, arrive: 53 },
  { method: "trust-region", arrive: 54 },
  { method: "gauss-newton", arrive: 49 },
];

describe.each(ways)("$method, acceleration $acceleration", ({ method, acceleration = false, arrive }) => {
  let count = 0;
  test.each(runs)("$name: no false word", ({ p, start }) => {
    const fit = curveFit(p.model, p.x, p.y, [...start], { method, acceleration, maxIterations: 2000 });
    const right = worst(fit.parameters.data, p.certified) > 10;
    expect(fit.status === "converged", `${fit}`).toBe(right);
    if (right) count++;
  });
  test(`${arrive} arrive`, () => expect(count).toBeGreaterThanOrEqual(arrive));
});

describe("within bounds that keep one parameter from its place", () => {
  test.each(runs)("$name", ({ p, start }) => {
    const [first, there] = [start[0] as number, p.certified[0] as number];
    const middle = (first + there) / 2;
    const [low, high] = first < there ? [Number.NEGATIVE_INFINITY, middle] : [middle, Number.POSITIVE_INFINITY];
    const bound = (value: number, other: number): number[] => start.map((_, j) => (j === 0 ? value : other));
    const bounds = {
      lower: bound(low, Number.NEGATIVE_INFINITY),
      upper: bound(high, Number.POSITIVE_INFINITY),
    };
    const fit = curveFit(p.model, p.x, p.y, [...start], { bounds });
    const b = Array.from(fit.parameters.data);
    expect(b[0] as number).toBeGreaterThanOrEqual(low);
    expect(b[0] as number).toBeLessThanOrEqual(high);
    if (fit.status !== "converged") return;
    // Karush, Kuhn and Tucker: flat in every parameter, or falling only beyond a bound.
    const cost = (at: Tensor): Tensor => sum(square(p.model(at, p.x).sub(p.y))).mul(0.5);
    const g = grad(cost)(tensor(b)).data;
    const h = hessian(cost)(tensor(b)) as Tensor;
    b.forEach((_, j) => {
      const relative = (g[j] as number) / Math.sqrt((h.at(j, j).item() as number) * 2 * cost(tensor(b)).item());
      if (j === 0 && b[0] === middle) expect(first < there ? relative : -relative).toBeLessThan(1e-8);
      else expect(Math.abs(relative), `${fit}`).toBeLessThan(1e-7 + 1 / 10 ** carried(p));
    });
  });
});

/** ½s²·ρ((r/s)²) by nabla's own operations. */
const costs: Record<Exclude<LossName, "squares">, (z: Tensor) => Tensor> = {
  "soft-l1": (z) => sqrt(z.add(1)).sub(1).mul(2),
  huber: (z) => where(z.lessEqual(1), z, sqrt(z).mul(2).sub(1)),
  cauchy: (z) => log1p(z),
  tukey: (z) => where(z.lessEqual(1), z.sub(square(z)).add(z.mul(z).mul(z).div(3)), 1 / 3),
};

describe.each(Object.keys(costs) as (keyof typeof costs)[])("loss %s", (loss) => {
  test.each(problems)("$name", (p) => {
    const scale = (loss === "tukey" ? 4.685 : 1.345) * p.residualDeviation;
    const fit = leastSquares((b: Tensor) => p.model(b, p.x).sub(p.y), [...p.certified], { loss, scale });
    expect(fit.status, `${fit}`).toBe("converged");
    const cost = (b: Tensor): Tensor =>
      mul(sum(costs[loss](square(p.model(b, p.x).sub(p.y).div(scale)))), (scale * scale) / 2);
    const at = fit.x as Tensor;
    expect(Math.abs(fit.value / cost(at).item() - 1)).toBeLessThan(1e-10 + 1 / 10 ** carried(p));
    const [g, h] = [grad(cost)(at).data, hessian(cost)(at) as Tensor];
    g.forEach((slope, j) => {
      const relative = Math.abs(slope) / Math.sqrt((h.at(j, j).item() as number) * 2 * fit.value);
      expect(relative, `${fit}`).toBeLessThan(1e-7 + 1 / 10 ** carried(p));
    });
  });
});

test("the logarithm of the response is what Nelson's model is for", () => {
  const nelson = problems.find(({ name }) => name === "Nelson") as Problem;
  expect(nelson.y.at(0).item()).toBe(log(15).item());
});

/** Starts at which the Jacobian vanishes, in whole or in part: what squares make of residuals there. */
const y = tensor([2, 4, 7]);
const degenerate: readonly [name: string, f: (x: Tensor) => Tensor, start: number[], says: RegExp, cost: number][] = [
  [
    "a product from 0, a saddle",
    (x) => mul(x.at(0), x.at(1)).mul([1, 2, 3]).sub(y),
    [0, 0],
    /^converged.*not determined/,
    5 / 28,
  ],
  ["x⁴ − 1 from its maximum", (x) => square(square(x)).sub(1), [0], /^converged/, 0],
  ["x³ + 1 from its inflection", (x) => mul(square(x), x).add(1), [0], /^converged/, 0],
  ["x² + 1 from its minimum", (x) => square(x).add(1), [0], /^converged/, 0.5],
  ["x³, whose square underflows", (x) => mul(square(x), x), [1], /^converged/, 0],
  ["|x|", (x) => abs(x), [1, 2], /^converged/, 0],
  ["a constant", (x) => mul(x, 0).add(1), [3], /^stalled: a plateau/, 0.5],
];

test.each(degenerate)("%s", (_, f, start, says, cost) => {
  const fit = leastSquares(f as (x: Tensor) => Tensor, start);
  expect(String(fit)).toMatch(says);
  expect(fit.value).toBeCloseTo(cost, 12);
});

test("where every residual is beyond Tukey's scale nothing was fitted", () => {
  const far = leastSquares((x: Tensor) => x.sub([100, 101, 102]), 0, { loss: "tukey", scale: 1 });
  expect([far.status, far.message]).toEqual(["stalled", expect.stringContaining("a plateau")]);
});
