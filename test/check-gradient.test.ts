/** Gradients judged by differences: right ones, wrong ones, and points without any. */
import {
  abs,
  add,
  cast,
  customDerivative,
  exp,
  log,
  mul,
  pow,
  sin,
  square,
  stopGradient,
  sub,
  type Tensor,
} from "nabla";
import { checkGradient, type GradientVerdict } from "nabla/analyze";
import { describe, expect, test } from "vitest";
import { judgedPoints } from "./problems/points.ts";

const rosenbrock = (x: Tensor, y: Tensor): Tensor => add(mul(100, square(sub(y, square(x)))), square(sub(1, x)));

/** eˣ, whose stated derivative is off by this factor. */
const exponential = (factor: number): ((x: Tensor) => Tensor) =>
  customDerivative((x: Tensor) => exp(x), {
    vjp: (x: Tensor) => [exp(x), (ct: Tensor) => [ct.mul(exp(x)).mul(factor)]],
  });

test.each<[string, GradientVerdict, () => ReturnType<typeof checkGradient>, RegExp]>([
  ["Rosenbrock's start", "right", () => checkGradient(rosenbrock, [-1.2, 1]), /largest relative error/],
  ["where the gradient is 0", "right", () => checkGradient(rosenbrock, [1, 1]), /right/],
  ["a steep valley of log", "right", () => checkGradient((x) => log(x), 1e-3), /right/],
  ["a fast wave", "right", () => checkGradient((x) => sin(mul(1000, x)), 1), /right/],
  ["a fast exponential", "right", () => checkGradient((x) => exp(mul(100, x)), 1), /right/],
  ["a large constant beside", "right", () => checkGradient((x) => square(x).add(1e8), 1), /right/],
  ["rounded to float32", "right", () => checkGradient((x) => square(cast(x, "float32")).sum(), [1, 2]), /right/],
  ["a right rule", "right", () => checkGradient(exponential(1), 1), /right/],
  ["a rule wrong by 1e-5", "wrong", () => checkGradient(exponential(1 + 1e-5), 1), /wrong in 1 of 1.*by x/],
  ["a gradient that is 0 where it should not", "wrong", () => checkGradient((x) => stopGradient(exp(x)), 1), /it is 0/],
  [
    "one wrong component",
    "wrong",
    () => checkGradient((x) => x.at(0).mul(stopGradient(x.at(1))), [2, 3]),
    /wrong in 1 of 2 slopes: by x\[1\]/,
  ],
  [
    "a gradient of one's own",
    "right",
    () => checkGradient(rosenbrock, [1, 2], { gradient: () => [-400, 200] }),
    /right/,
  ],
  ["a wrong one", "wrong", () => checkGradient(rosenbrock, [1, 2], { gradient: () => [-400, 201] }), /by y it is 201/],
  ["a kink", "undefined", () => checkGradient((x) => abs(x), 0), /kink at 0; grad uses 0/],
  ["NaN", "undefined", () => checkGradient((x) => log(x), -1), /no derivative/],
  ["noise", "unknown", () => checkGradient((x) => cast(mul(sin(x), 1e-3).add(1), "float32").sum(), 1), /too inexact/],
])("%s: %s", (_, verdict, check, says) => {
  const report = check();
  expect([report.verdict, report.message]).toEqual([verdict, expect.stringMatching(says)]);
  expect(String(report)).toContain(report.message);
});

describe("the error as a function of the step", () => {
  const { steps, errors } = checkGradient((x) => exp(x), 1);

  test("falls as h² while truncation rules, and rises as ε/h", () => {
    expect((errors[2] as number) / (errors[4] as number)).toBeCloseTo(256, -1);
    expect(errors.at(-1) as number).toBeGreaterThan(100 * Math.min(...errors));
    expect(steps[0]).toBe(0.25);
  });

  test("is least near the cube root of rounding", () => {
    const best = steps[errors.indexOf(Math.min(...errors))] as number;
    expect(best).toBeGreaterThan(1e-7);
    expect(best).toBeLessThan(1e-3);
  });
});

test.each(judgedPoints.filter(({ kind }) => kind !== "inconclusive"))("smooth: $name", ({ f, x }) => {
  const { verdict } = checkGradient(f, x);
  expect(["right", "undefined"]).toContain(verdict);
});

test("trees name their components; of many components some are drawn, and all are mixed", () => {
  const f = ({ w, b }: { w: Tensor; b: Tensor }): Tensor => pow(w, 3).sum().mul(stopGradient(b));
  expect(checkGradient(f, { w: [1, 2], b: 3 }).worst.name).toBe("b");
  const weights = new Float64Array(1000).fill(1);
  const many = checkGradient((x) => square(x).sum(), weights, { mostComponents: 10 });
  expect([many.verdict, many.slopes.length]).toEqual(["right", 13]);
  const hidden = checkGradient(
    (x) =>
      square(x)
        .sum()
        .add(stopGradient(x.at(777))),
    weights,
    { mostComponents: 10 },
  );
  expect([hidden.verdict, hidden.worst.name]).toEqual(["wrong", expect.stringMatching(/random direction/)]);
});
