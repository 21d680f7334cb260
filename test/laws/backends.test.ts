/** Compiled = uncompiled, values and gradients, float64 and float32; edges included. */
import { compile, grad, type Tensor, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { apply } from "../../src/graph/tensor.ts";
import { operations } from "../../src/ops/table.ts";
import { cases, distance, draw, numbers } from "./cases.ts";

/** Two roundings of an elementary function, or another order of a short sum. */
const tolerance = { float64: 1e-13, float32: 2e-6 };

describe.each(["float64", "float32"] as const)("%s", (dtype) => {
  test.each(cases)("values of $name", (c) => {
    const x = draw(c, 8, dtype);
    const plain = c.apply(...x);
    const compiled = compile((...a: Tensor[]) => c.apply(...a))(...x);
    expect(compiled.shape).toEqual(plain.shape);
    expect(compiled.dtype).toBe(plain.dtype);
    expect(distance(numbers(compiled), numbers(plain))).toBeLessThan(tolerance[dtype]);
  });

  test.each(cases.filter((c) => c.differentiable !== false))("gradients of $name", (c) => {
    const x = draw(c, 9, dtype);
    const slope = grad(
      (...a: Tensor[]) =>
        c
          .apply(...a)
          .square()
          .sum(),
      { wrt: x.map((_, i) => i) },
    );
    const plain = slope(...x).flatMap(numbers);
    const compiled = (compile((...a: Tensor[]) => slope(...a))(...x) as Tensor[]).flatMap(numbers);
    expect(distance(compiled, plain)).toBeLessThan(50 * tolerance[dtype]);
  });

  test.each(operations.filter((o) => o.laws?.edges !== undefined))("edges of $name", (operation) => {
    const edges = operation.laws?.edges ?? [];
    const arity = edges[0]?.length ?? 0;
    const type = operation.laws?.dtype ?? dtype;
    const columns = Array.from({ length: arity }, (_, i) =>
      tensor(
        edges.map((e) => e[i] as number),
        { dtype: type },
      ),
    );
    const f = (...x: Tensor[]): Tensor => apply(operation, x);
    const [plain, compiled] = [numbers(f(...columns)), numbers(compile(f)(...columns))];
    plain.forEach((expected, i) => {
      const actual = compiled[i] as number;
      if (Object.is(actual, expected)) return;
      expect(
        Math.abs(actual - expected),
        `${operation.name}(${edges[i]}): ${actual} instead of ${expected}`,
      ).toBeLessThanOrEqual(2 * tolerance[dtype] * Math.abs(expected));
    });
  });
});

test("every operation with a derivative or a kernel has a case", () => {
  const without = operations.filter((o) => (o.laws?.cases.length ?? 0) === 0).map((o) => o.name);
  // maxHeld is max without its derivative: its meaning and its kernel are those of max.
  expect(without).toEqual(["maxHeld"]);
});
