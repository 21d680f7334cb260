/** Rules of one's own, in both modes, to higher orders, batched, in loops and compiled. */
import {
  add,
  checkpoint,
  compile,
  customDerivative,
  div,
  exp,
  grad,
  hessian,
  jacobian,
  jvp,
  log,
  mul,
  type NablaError,
  scan,
  sin,
  stopGradient,
  sub,
  type Tensor,
  tensor,
  vjp,
  vmap,
} from "nabla";
import { describe, expect, test } from "vitest";

const forward = customDerivative((x: Tensor) => x.mul(x).mul(x), {
  // Three times too steep, so that it shows which rule was used.
  jvp: ([x]: Tensor[], [t]: Tensor[]) => [
    (x as Tensor).mul(x as Tensor).mul(x as Tensor),
    (t as Tensor).mul((x as Tensor).mul(x as Tensor)).mul(9),
  ],
});
const reverse = customDerivative((x: Tensor) => x.mul(x).mul(x), {
  vjp: (x: Tensor) => [x.mul(x).mul(x), (ct: Tensor) => [ct.mul(x.mul(x)).mul(9)]],
});
const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as NablaError).code;
  }
  return "no error";
};

describe.each([
  ["jvp", forward],
  ["vjp", reverse],
] as const)("a rule by %s", (_, f) => {
  test("value, gradient, gradient of the gradient", () => {
    expect(f(2).item()).toBe(8);
    expect(grad(f)(2).item()).toBe(36);
    expect(grad(grad(f))(2).item()).toBe(36);
    expect(grad(grad(grad(f)))(2).item()).toBe(18);
  });
  test("batched, as part of a batch, in a loop, compiled", () => {
    expect(vmap(grad(f))([1, 2]).toArray()).toEqual([9, 36]);
    expect(grad((x: Tensor) => vmap(f)(x).sum())([1, 2]).toArray()).toEqual([9, 36]);
    expect(grad((x: Tensor) => vmap((y: Tensor) => f(y.mul(x)))([1, 2]).sum())(1).item()).toBe(9 + 72);
    const looped = grad(
      (x: Tensor) => scan((c: Tensor, v: Tensor) => [c.add(f(v.mul(x))), c], tensor(0), tensor([1, 2]))[0],
    );
    expect(looped(1).item()).toBe(81);
    expect(compile(looped)(1).item()).toBe(81);
    expect(compile(vmap(grad(f)))([1, 2]).toArray()).toEqual([9, 36]);
    for (const options of [{ mode: "reverse" }, {}] as const) {
      expect(jacobian(f, options)([1, 2]).toArray()).toEqual([
        [9, 0],
        [0, 36],
      ]);
    }
  });
});

test("forward mode needs a jvp", () => {
  expect(jvp(forward, [2], [1])[1].item()).toBe(36);
  expect(hessian((x: Tensor) => forward(x).sum())([2]).toArray()).toEqual([[36]]);
  expect(codeOf(() => jvp(reverse, [2], [1]))).toBe("E-NO-DERIVATIVE");
  expect(codeOf(() => compile((x: Tensor) => jvp(reverse, [x], [1])[1])(2))).toBe("E-NO-DERIVATIVE");
});

test("several arguments and results, as trees", () => {
  const f = customDerivative(
    (p: { a: Tensor; b: Tensor }, c: Tensor) => ({ sum: p.a.add(p.b).add(c), product: p.a.mul(c) }),
    {
      vjp: (p, c) => [
        { sum: p.a.add(p.b).add(c), product: p.a.mul(c) },
        (ct) => [{ a: ct.sum.add(ct.product.mul(c)), b: ct.sum.mul(10) }, ct.product.mul(p.a)],
      ],
    },
  );
  const [value, pullback] = vjp(f, { a: 2, b: 3 }, 5);
  expect([value.sum.item(), value.product.item()]).toEqual([10, 10]);
  const [p, c] = pullback({ sum: 1, product: 1 });
  expect([p.a.item(), p.b.item(), c.item()]).toEqual([6, 10, 2]);
});

test("the documented example: softplus that does not overflow backwards", () => {
  const softplus = customDerivative((x: Tensor) => log(add(1, exp(x))), {
    vjp: (x: Tensor) => [log(add(1, exp(x))), (ct: Tensor) => [ct.mul(sub(1, div(1, add(1, exp(x)))))]],
  });
  expect(grad(softplus)(1000).item()).toBe(1);
});

describe("what a rule must be", () => {
  const f = (x: Tensor): Tensor => sin(x);
  test("one of the two", () => {
    expect(codeOf(() => customDerivative(f, {} as never))).toBe("E-OPTION");
  });
  test("of the right tree and shape", () => {
    expect(codeOf(() => grad(customDerivative(f, { vjp: (x: Tensor) => [f(x), () => []] as never }))(1))).toBe(
      "E-TREE",
    );
    expect(codeOf(() => grad(customDerivative(f, { vjp: (x: Tensor) => [f(x), () => [[1, 2]]] as never }))(1))).toBe(
      "E-SHAPE",
    );
    expect(codeOf(() => grad(customDerivative(f, { vjp: (x: Tensor) => f(x) as never }))(1))).toBe("E-TREE");
    expect(
      codeOf(() => jvp(customDerivative(f, { jvp: (([x]: Tensor[]) => [f(x as Tensor), [1, 2]]) as never }), [1], [1])),
    ).toBe("E-SHAPE");
  });
  test("blind to what the function captured", () => {
    const g = grad((y: Tensor) =>
      customDerivative((x: Tensor) => mul(x, y), { vjp: (x: Tensor) => [mul(x, y), (ct: Tensor) => [ct.mul(y)]] })(2),
    );
    expect(codeOf(() => g(3))).toBe("E-NO-DERIVATIVE");
  });
});

test("stopGradient and checkpoint", () => {
  expect(grad((x: Tensor) => stopGradient(x).mul(x))(3).item()).toBe(3);
  expect(grad((x: Tensor) => stopGradient({ a: x, b: x.mul(2) }).b.mul(x))(3).item()).toBe(6);
  const f = checkpoint((x: Tensor) => sin(x).mul(x));
  expect(grad(f)(1).item()).toBeCloseTo(Math.sin(1) + Math.cos(1), 14);
  expect(compile(grad(grad(f)))(1).item()).toBeCloseTo(2 * Math.cos(1) - Math.sin(1), 14);
});
