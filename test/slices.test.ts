/** Arrays that scans read slice by slice are whole where the passes of the compiler join, drop and move what makes them. */
import { compile, concatenate, cumsum, matmul, scan, sin, type Tensor, tanh, tensor } from "nabla";
import { expect, test } from "vitest";
import { checkPlan } from "../src/compile/check.ts";

/** Running sums: v is read by slices alone. */
const running = (v: Tensor, zero: Tensor): Tensor =>
  scan((c: Tensor, x: Tensor) => [c.add(x), c.mul(2).add(x)], zero, v)[1];
const settled = (v: Tensor): Tensor => scan((c: Tensor) => [tanh(c), c.sum()], v, null, { length: 3 })[0];

const makers: Record<string, (x: Tensor, zero: Tensor) => Tensor> = {
  "made by two loops that become one": (x, zero) =>
    running(sin(x).mul(x.at(0)).mul(cumsum(x)), zero.sum()).reshape([-1]),
  "a product that a loop finishes as well": (x, zero) => {
    const product = matmul(x.reshape([3, 2]), x.reshape([2, 3]));
    return concatenate([tanh(product), running(product, zero)], 0);
  },
  "a loop's result that is also a carry": (x, zero) => {
    const v = sin(x);
    return concatenate([running(v, zero.sum()), settled(v)]);
  },
  "a routine's result that is also a carry": (x, zero) => {
    const v = cumsum(x);
    return concatenate([running(v, zero.sum()), settled(v)]);
  },
};

for (const dtype of ["float64", "float32"] as const) {
  test.each(Object.entries(makers))(`%s, ${dtype}`, (_, f) => {
    const x = tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], { dtype });
    const g = (v: Tensor): Tensor => f(v, tensor([0, 0, 0], { dtype }));
    const program = compile(g);
    checkPlan(program.inspect(x).plan);
    const plain = Array.from(g(x).data);
    Array.from(program(x).data).forEach((v, i) => {
      expect(Math.abs(v - (plain[i] as number))).toBeLessThanOrEqual(dtype === "float64" ? 1e-14 : 1e-6);
    });
  });
}
