/** checkGradient: right gradients pass, wrong ones do not, whatever the scale. */
import { customDerivative, exp, type Tensor } from "nabla";
import { checkGradient } from "nabla/analyze";
import { expect, test } from "vitest";

const right: readonly (readonly [string, (x: Tensor) => Tensor, number | number[]])[] = [
  ["polynomial", (x) => x.mul(x).mul(x).sum(), [1, -2, 1e3]],
  ["small numbers", (x) => x.mul(1e-12).sin(), 0.3],
  ["oscillation", (x) => x.mul(50).sin(), 1.2],
  ["exponential", (x) => exp(x), 20],
  ["gradient 0", (x) => x.cos(), 0],
  ["quotient", (x) => x.div(x.square().add(1)).sum(), [0.5, 3]],
];

test.each(right)("%s", (_name, f, x) => {
  const result = checkGradient(f, x as number);
  expect(result.message).toMatch(/^the gradient agrees/);
  expect(result.ok).toBe(true);
});

test("a wrong rule is found and named", () => {
  const wrong = customDerivative((x: Tensor) => x.square(), {
    jvp: ([x], [dx]) => [(x as Tensor).square(), (x as Tensor).mul(dx as Tensor).mul(2.001)],
  });
  const result = checkGradient((p: { w: Tensor }) => wrong(p.w).sum(), { w: [1, 2] });
  expect(result.ok).toBe(false);
  expect(String(result)).toMatch(/^the gradient is wrong: ∂f\/∂w\[\d\]/);
});

test("the error falls as the square of the step until rounding takes over", () => {
  const { errorByStep } = checkGradient((x: Tensor) => exp(x), 1);
  const [first, second] = errorByStep as unknown as readonly [{ error: number }, { error: number }];
  expect(first.error / second.error).toBeCloseTo(100, 0);
  expect(errorByStep.at(-1)?.error).toBeGreaterThan(1e-6);
});
