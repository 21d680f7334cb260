/** Verdicts on points, and what holds for all of them. */
import { hvp, mul, neg, pow, square, sum, type Tensor, tensor } from "nabla";
import { analyze, curvature, derivativesAlongDirection, stepForecast } from "nabla/analyze";
import { minimize } from "nabla/optimize";
import { describe, expect, test } from "vitest";
import { hardCases } from "./problems/hard-cases.ts";
import { judgedPoints } from "./problems/points.ts";

describe.each(judgedPoints)("$name", ({ f, x, kind, higher, says }) => {
  const report = analyze(f, x);

  test("is judged", () => {
    expect([report.kind, report.higher?.verdict]).toEqual([kind, higher]);
    if (says) expect(report.message).toMatch(says);
    expect(String(report).split("\n")[0]).toBe(report.message.split("\n")[0]);
  });

  test("its eigenpairs are pairs of the Hessian", () => {
    if (report.undefinedDerivatives.length > 0) return;
    report.eigenvalues.forEach((value, i) => {
      const v = report.eigenvectors[i] as number[];
      const product = hvp(f)(x, typeof x === "number" ? (v[0] as number) : v).data;
      product.forEach((p, k) => {
        const bound = 1e-13 * Math.max(...report.eigenvalues.map(Math.abs));
        expect(Math.abs(p - value * (v[k] as number))).toBeLessThanOrEqual(bound);
      });
    });
  });

  test("turned over, minimum and maximum change places", () => {
    const turned = { minimum: "maximum", maximum: "minimum" } as Record<string, string>;
    const other = analyze((v: Tensor) => neg(f(v)), x);
    expect(other.kind).toBe(turned[kind] ?? kind);
    expect(other.higher?.verdict).toBe(higher && (turned[higher] ?? higher));
  });

  test("the unit of f does not matter", () => {
    // The gradient's tolerance is absolute below |f| = 1: points near a degenerate one are left out.
    if (/stop|nearer|beside/.test(String(expect.getState().currentTestName))) return;
    for (const unit of [2 ** -20, 2 ** 20])
      expect(analyze((v: Tensor) => mul(unit, f(v)), x).kind, String(unit)).toBe(kind);
  });

  test("a dimension more, of the same kind, changes nothing", () => {
    const sign = kind === "maximum" || higher === "maximum" ? -1 : 1;
    if (/maximum/.test(String(report.message)) && sign === 1) return;
    const wider = analyze(({ a, b }: { a: Tensor; b: Tensor }) => f(a).sum().add(square(b).mul(sign)), { a: x, b: 0 });
    // A slope below the rounding of the rest of f cannot be seen.
    const hidden = kind === "not-critical" && report.gradientNorm < 1e-8;
    expect(hidden ? [kind, "inconclusive"] : [kind]).toContain(wider.kind);
  });
});

test.each(hardCases.filter(({ status }) => status === "converged"))(
  "where minimize converges: $name",
  ({ f, start }) => {
    const { x } = minimize(f, start);
    expect(["minimum", "inconclusive"]).toContain(analyze(f, x).kind);
  },
);

describe("parameters of all forms", () => {
  const bowl = (x: Tensor, y: Tensor): Tensor => square(x.sub(1)).add(square(y.add(2)).mul(3));
  const expected = { kind: "minimum", eigenvalues: [2, 6], conditionNumber: 3 };

  test.each([
    ["arguments", analyze(bowl, [1, -2]), ["x", "y"]],
    ["a vector", analyze((v) => bowl(v.at(0), v.at(1)), [1, -2]), ["x[0]", "x[1]"]],
    [
      "a tree",
      analyze((p: { u: Tensor; w: Tensor[] }) => bowl(p.u, p.w[0] as Tensor), { u: 1, w: [tensor(-2)] }),
      ["u", "w[0]"],
    ],
    ["float32", analyze(bowl, [tensor(1, { dtype: "float32" }), -2]), ["x", "y"]],
  ] as const)("%s", (_, report, names) => {
    expect(report).toMatchObject(expected);
    expect(report.names).toEqual(names);
    expect(report.steep[0]?.formula).toBe(names[1]);
  });

  test("control flow that looks at values", () => {
    const f = (x: Tensor): Tensor => (x.item() > 0 ? square(x) : square(x).mul(3));
    expect(analyze(f, 0).eigenvalues).toEqual([6]);
    expect(analyze(f, [1][0] as number).gradientNorm).toBe(2);
  });

  test("what f throws comes through", () => {
    const f = (): never => {
      throw new RangeError("no such file");
    };
    expect(() => analyze(f, 1)).toThrow("no such file");
  });

  test("arguments that do not fit", () => {
    expect(() => analyze(bowl, [1])).toThrow("E-TREE");
    expect(() => analyze(bowl, [1, Number.NaN])).toThrow("E-VALUE analyze: y is NaN at the point");
    expect(() => analyze(bowl, [1, 2], { direction: [1, [1, 2]] })).toThrow("E-TREE");
    expect(() => analyze(bowl, [1, 2], { tolerance: -1 })).toThrow("E-OPTION");
    expect(() => analyze((x) => x.mul(2), [1, 2])).toThrow("E-NOT-SCALAR");
  });
});

describe("steps", () => {
  const quadratic = (x: Tensor, y: Tensor): Tensor => square(x).add(square(y).mul(4)).add(x);

  test("the exact step of a quadratic is gᵀg/gᵀHg, and second order is exact", () => {
    const { optimalStep, stepBound, gradient, forecast } = analyze(quadratic, [1, 1]);
    expect(gradient).toEqual([3, 8]);
    expect(optimalStep).toBeCloseTo(73 / (2 * 9 + 8 * 64), 15);
    expect(stepBound).toBe(1 / 8);
    expect(forecast.firstOrder).toBeCloseTo(-73 * optimalStep, 12);
    expect(forecast.actual).toBeCloseTo(forecast.secondOrder, 12);
  });

  test("without curvature there is none", () => {
    const report = analyze((x: Tensor) => neg(square(x)), 1);
    expect([report.optimalStep, report.stepBound]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test("a step and a direction of one's own", () => {
    const report = analyze(quadratic, [1, 1], { step: [-1, 0], direction: [1, 2] });
    expect(report.forecast).toEqual({ firstOrder: -3, secondOrder: -2, actual: -2 });
    expect(report.curvature).toBe(34);
    expect(curvature(quadratic, [1, 1], [1, 2])).toBe(34);
    expect(stepForecast(quadratic, [1, 1], [-1, 0])).toEqual(report.forecast);
  });

  test("derivatives along a direction", () => {
    expect(derivativesAlongDirection((x) => pow(x, 5), 1, 2, 6)).toEqual([1, 10, 80, 480, 1920, 3840, 0]);
  });
});

test("for many parameters the ends of the spectrum, as eigh finds them", () => {
  const n = 120;
  const weights = Float64Array.from({ length: n }, (_, i) => Math.cos(i) + (i % 7) - 2);
  const f = (x: Tensor): Tensor => sum(square(x).mul(weights)).add(square(sum(x)));
  const all = analyze(f, new Float64Array(n));
  const few = analyze(f, new Float64Array(n), { mostEigenvalues: 10 });
  expect([all.complete, few.complete]).toEqual([true, false]);
  expect(few.kind).toBe(all.kind);
  expect(few.eigenvalues[0]).toBeCloseTo(all.eigenvalues[0] as number, 7);
  expect(few.eigenvalues.at(-1)).toBeCloseTo(all.eigenvalues.at(-1) as number, 7);
  const away = new Float64Array(n).fill(1);
  const convex = (x: Tensor): Tensor => f(x).add(sum(square(x)).mul(10));
  expect(analyze(convex, away, { mostEigenvalues: 10 }).newtonStep).toBeCloseTo(Math.sqrt(n), 6);
});
