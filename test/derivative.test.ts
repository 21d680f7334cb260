/** Derivatives against what is known on paper: closed forms, conventions, and the cases that break other systems. */
import {
  acosh,
  add,
  arange,
  at,
  atan2,
  checkpoint,
  clip,
  compile,
  cond,
  conv2d,
  cos,
  cumprod,
  directionalDerivative,
  einsum,
  exp,
  eye,
  full,
  grad,
  graphOf,
  greater,
  hessian,
  hvp,
  hypot,
  jacobian,
  jvp,
  less,
  log,
  logsumexp,
  mapTree,
  matmul,
  max,
  maximum,
  mean,
  mod,
  mul,
  norm,
  ones,
  pow,
  prod,
  relu,
  rem,
  scan,
  sigmoid,
  sin,
  softmax,
  sort,
  sqrt,
  square,
  stopGradient,
  sum,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
  where,
  whileLoop,
  zeros,
} from "nabla";
import { describe, expect, test } from "vitest";

const numbers = (t: Tensor): number[] => Array.from(t.data);
const close = (actual: readonly number[], expected: readonly number[], relative = 1e-12): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((v, i) => {
    const w = expected[i] as number;
    expect(Math.abs(v - w), `element ${i}: ${v} instead of ${w}`).toBeLessThanOrEqual(
      relative * Math.max(1, Math.abs(w)),
    );
  });
};
/** ∂f/∂x by central differences, for any shapes: [outputs][inputs]. */
function numericJacobian(f: (x: Tensor) => Tensor, x: Tensor, h = 1e-4): number[][] {
  const at = (i: number, by: number): number[] =>
    numbers(
      f(
        tensor(
          Float64Array.from(x.data, (v, k) => (k === i ? v + by : v)),
          { shape: x.shape },
        ),
      ),
    );
  const columns = Array.from(x.data, (_, i) => {
    const [a, b, c, d] = [at(i, h), at(i, -h), at(i, 2 * h), at(i, -2 * h)];
    return a.map((v, k) => (8 * (v - (b[k] as number)) - ((c[k] as number) - (d[k] as number))) / (12 * h));
  });
  return (columns[0] ?? []).map((_, row) => columns.map((c) => c[row] as number));
}
const ramp = (...shape: number[]): Tensor => sin(arange(shape.reduce((a, b) => a * b, 1)).add(0.7)).reshape(shape);

describe("a value of which many pieces are used", () => {
  const chain = (x: Tensor): Tensor => {
    let total = tensor(0);
    for (let i = 0; i + 1 < x.size; i++) total = total.add(square(x.at(i + 1).sub(square(x.at(i)))));
    return total;
  };
  const point = (n: number): Tensor => sin(arange(n));

  test("has a gradient with a graph that grows no faster than the function's", () => {
    const nodes = (n: number): number => graphOf(grad(chain), point(n)).nodes.length;
    expect(nodes(200)).toBeLessThan(2.1 * nodes(100));
    const elements = graphOf(grad(chain), point(200)).nodes.reduce((sum, t) => sum + t.size, 0);
    expect(elements).toBeLessThan(30 * 200);
  });

  test("gives the gradient of the same in one piece, compiled too", () => {
    const whole = (x: Tensor): Tensor => sum(square(x.slice([[1]]).sub(square(x.slice([[0, -1]])))));
    for (const n of [2, 3, 50]) {
      close(numbers(grad(chain)(point(n))), numbers(grad(whole)(point(n))));
      close(numbers(compile(grad(chain))(point(n))), numbers(grad(whole)(point(n))));
    }
  });
});

describe("the verbs", () => {
  test("grad, valueAndGrad", () => {
    expect(grad((x) => x.mul(x).sum())([1, 2, 3]).toArray()).toEqual([2, 4, 6]);
    const [value, slope] = valueAndGrad((x) => x.pow(3))(2);
    expect([value.item(), slope.item()]).toEqual([8, 12]);
    expect(grad(() => 7)(3).item()).toBe(0);
    expect(grad((x) => x)(3).item()).toBe(1);
    expect(grad((x) => x.reshape([1, 1]))(3).item()).toBe(1);
  });

  test("wrt: one argument, several, in any order", () => {
    const f = (x: Tensor, y: Tensor, z: Tensor): Tensor => x.mul(y).add(z.mul(z));
    expect(grad(f, { wrt: 1 })(2, 3, 4).item()).toBe(2);
    expect(grad(f, { wrt: [2, 0] })(2, 3, 4).map((t) => t.item())).toEqual([8, 3]);
    expect(grad(f, { wrt: [] })(2, 3, 4)).toEqual([]);
  });

  test("trees of arguments", () => {
    interface Layer {
      readonly w: Tensor;
      readonly b: readonly Tensor[];
    }
    const f = (p: Layer, x: Tensor): Tensor =>
      matmul(p.w, x)
        .add(p.b[0] as Tensor)
        .mul(p.b[1] as Tensor)
        .sum();
    const p = {
      w: [
        [1, 2],
        [3, 4],
      ],
      b: [tensor([1, 1]), 2],
    };
    const slope = grad(f)(p, [5, 6]);
    expect(slope.w.toArray()).toEqual([
      [10, 12],
      [10, 12],
    ]);
    expect(slope.b.map((t) => t.toArray())).toEqual([[2, 2], 17 + 39 + 2]);
    const [, second] = grad(f, { wrt: [0, 1] })(p, [5, 6]);
    expect(second.toArray()).toEqual([8, 12]);
  });

  test("what is no tensor in a tree is left alone", () => {
    const f = (p: { name: string; x: Tensor; on: undefined }): Tensor => (p.name === "square" ? p.x.mul(p.x) : p.x);
    const slope = grad(f)({ name: "square", x: 3, on: undefined });
    expect([slope.name, slope.x.item(), slope.on]).toEqual(["square", 6, undefined]);
  });

  test("jvp and vjp of several arguments and results", () => {
    const f = (x: Tensor, y: Tensor): { p: Tensor; s: Tensor[] } => ({ p: x.mul(y), s: [x.add(y), x.sum()] });
    const [value, tangent] = jvp(
      f as (x: Tensor, y: Tensor) => ReturnType<typeof f>,
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    );
    expect(value.p.toArray()).toEqual([3, 8]);
    expect(tangent.p.toArray()).toEqual([3, 2]);
    expect(tangent.s.map((t) => t.toArray())).toEqual([[1, 1], 1]);
    const [, pullback] = vjp(f as (x: Tensor, y: Tensor) => ReturnType<typeof f>, [1, 2], [3, 4]);
    const back = pullback({ p: [1, 1], s: [tensor([0, 1]), 10] });
    expect(back.map((t) => t.toArray())).toEqual([
      [13, 15],
      [1, 3],
    ]);
    // A pullback may be used again.
    expect(pullback({ p: [0, 0], s: [tensor([0, 0]), 1] }).map((t) => t.toArray())).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  test("integers pass through untouched", () => {
    const f = (x: Tensor, i: Tensor): Tensor => x.take(i).sum();
    expect(grad(f)([1, 2, 3], new Int32Array([2, 2, 0])).toArray()).toEqual([1, 0, 2]);
    const [y, dy] = jvp(f, [[1, 2, 3], new Int32Array([1])], [[10, 20, 30], new Int32Array([0])]);
    expect([y.item(), dy.item()]).toEqual([2, 20]);
  });

  test.each(["forward", "reverse", undefined] as const)("jacobian, %s", (mode) => {
    const f = (x: Tensor): Tensor =>
      x
        .reshape([3, 1])
        .mul(x)
        .slice([[0, 2]]);
    const j = jacobian(f, mode ? { mode } : {})([1, 2, 3]);
    expect(j.shape).toEqual([2, 3, 3]);
    close(numbers(j), numericJacobian(f, tensor([1, 2, 3])).flat(), 1e-10);
    expect(jacobian((x) => x.sum(), mode ? { mode } : {})([1, 2]).toArray()).toEqual([1, 1]);
    expect(jacobian((x) => x.mul([1, 2]), mode ? { mode } : {})(3).toArray()).toEqual([1, 2]);
    expect(jacobian(() => ones([2]), mode ? { mode } : {})([1, 2, 3]).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test.each(["forward", "reverse"] as const)("jacobian of trees, %s", (mode) => {
    const f = (p: { a: Tensor; b: Tensor }, k: Tensor): { u: Tensor; v: Tensor } => ({
      u: p.a.mul(p.b).mul(k),
      v: p.a.sum(),
    });
    const j = jacobian(f, { mode })({ a: [1, 2], b: 3 }, 10);
    expect(j.u.a.toArray()).toEqual([
      [30, 0],
      [0, 30],
    ]);
    expect(j.u.b.toArray()).toEqual([10, 20]);
    expect(j.v.a.toArray()).toEqual([1, 1]);
    expect(j.v.b.toArray()).toBe(0);
    expect(jacobian(f, { mode, wrt: 1 })({ a: [1, 2], b: 3 }, 10).u).toBeDefined();
  });

  test("hessian is symmetric and that of finite differences", () => {
    const f = (x: Tensor): Tensor =>
      exp(x.mul([0.3, -0.2, 0.5]).sum())
        .add(prod(x))
        .add(sin(x).sum().square());
    const x = tensor([0.4, 1.1, -0.7]);
    const h = hessian(f)(x);
    expect(h.shape).toEqual([3, 3]);
    close(numbers(h), numericJacobian(grad(f), x).flat(), 1e-9);
    close(numbers(h), numbers(h.transpose()), 1e-15);
  });

  test("hessian of a tree is a tree of trees", () => {
    const h = hessian((p: { a: Tensor; b: Tensor }) => p.a.mul(p.b).sum())({ a: [1, 2], b: 3 });
    expect(h.a.a.toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(h.a.b.toArray()).toEqual([1, 1]);
    expect(h.b.a.toArray()).toEqual([1, 1]);
  });

  test("hvp and directionalDerivative", () => {
    const f = (x: Tensor): Tensor => x.pow(3).sum().add(prod(x));
    const [x, v] = [tensor([1, 2, 3]), tensor([1, -1, 0.5])];
    close(numbers(hvp(f)(x, v)), numbers(matmul(hessian(f)(x), v)));
    close([directionalDerivative(f, x, v).item()], [sum(mul(grad(f)(x), v)).item()]);
    expect(hvp((x: Tensor, k: Tensor) => x.pow(3).mul(k).sum())([1, 2], [1, 0], 10).toArray()).toEqual([60, 0]);
  });

  test("stopGradient", () => {
    expect(grad((x) => stopGradient(x).mul(x))(3).item()).toBe(3);
    expect(grad((x) => stopGradient({ a: x }).a.mul(2))(3).item()).toBe(0);
  });

  test("checkpoint changes nothing but the work", () => {
    let calls = 0;
    const f = (x: Tensor): Tensor => {
      calls++;
      return sin(exp(x)).mul(x);
    };
    const point = tensor([0.3, 1.2]);
    const plain = grad((x) => f(x).sum());
    const held = grad((x) => checkpoint(f)(x).sum());
    close(numbers(held(point)), numbers(plain(point)), 0);
    close(numbers(grad((x) => held(x).sum())(point)), numbers(grad((x) => plain(x).sum())(point)));
    expect(calls).toBeGreaterThan(0);
  });
});

describe("what a cost computes besides", () => {
  type Weights = { readonly a: Tensor; readonly b: Tensor };
  const f = ({ a, b }: Weights, x: Tensor) => {
    const y = a.mul(x).add(b);
    return [y.mul(y).sum(), { y, count: tensor(Int32Array.of(3)) }] as const;
  };
  const at: Weights = { a: tensor(2), b: tensor(1) };

  test("comes with the value, and has no gradient", () => {
    for (const g of [valueAndGrad(f, { aux: true }), compile(valueAndGrad(f, { aux: true }))]) {
      const [[value, { y, count }], slope] = g(at, [1, 2]);
      expect([value.item(), y.toArray(), count.toArray()]).toEqual([34, [3, 5], [3]]);
      expect([slope.a.item(), slope.b.item()]).toEqual([26, 16]);
    }
  });

  test("is part of the graph: it may be differentiated again", () => {
    const outer = grad((x: Tensor) => {
      const [[, { y }], slope] = valueAndGrad(f, { aux: true })(at, x);
      return y.sum().add(slope.b); // Σ (2x + 1) + 2 Σ (2x + 1)
    });
    expect(outer(tensor([1, 2])).toArray()).toEqual([6, 6]);
  });

  test("a cost that is not first in a pair is refused", () => {
    const alone = ((x: Tensor) => x.mul(x)) as unknown as (x: Tensor) => readonly [Tensor, Tensor];
    expect(() => valueAndGrad(alone, { aux: true })(3)).toThrow(/E-TREE valueAndGrad: with { aux: true }/);
  });
});

test("mapTree goes leaf by leaf, through trees that look alike", () => {
  const tree = { w: tensor([1, 2]), layers: [tensor(3), { b: tensor([4]) }] };
  const sum = mapTree(
    (a, b) => a.add(b),
    tree,
    mapTree((t) => t.mul(10), tree),
  );
  expect(JSON.stringify(sum)).toBe('{"w":[11,22],"layers":[33,{"b":[44]}]}');
  expect(() => mapTree((a) => a, tree, { w: tensor(1) })).toThrow(/E-TREE mapTree: expected the tree/);
});

describe("nesting", () => {
  test("sin, five times", () => {
    let f: (x: Tensor) => Tensor = sin;
    for (const expected of [Math.cos, (x: number) => -Math.sin(x), (x: number) => -Math.cos(x), Math.sin, Math.cos]) {
      const before = f;
      f = (x) => grad(before)(x);
      close([f(tensor(0.7)).item()], [expected(0.7)]);
    }
  });

  test("forward, five times", () => {
    let f: (x: Tensor) => Tensor = (x) => x.pow(6).add(exp(x.mul(2)));
    for (let n = 1; n <= 5; n++) {
      const before = f;
      f = (x) => jvp(before, [x], [1])[1];
    }
    close([f(tensor(0.5)).item()], [720 * 0.5 + 32 * Math.E]);
  });

  // Siskind and Pearlmutter 2005; Manzyuk et al. 2019: each of these once gave a wrong number in some system.
  test("perturbation confusion", () => {
    const inner = (x: Tensor): Tensor => grad((y) => x.add(y))(1);
    expect(grad((x) => x.mul(inner(x)))(1).item()).toBe(1);
    expect(jvp((x: Tensor) => x.mul(jvp((y: Tensor) => x.add(y), [1], [1])[1]), [1], [1])[1].item()).toBe(1);
    expect(grad((x) => x.mul(jvp((y: Tensor) => x.mul(y), [2], [1])[1]))(3).item()).toBe(6);
    expect(grad((x) => x.mul(grad((y) => x.mul(y))(2)))(3).item()).toBe(6);
  });

  test("a derivative operator that is itself differentiated by what it captures", () => {
    // d/dx [d/dy (f(y − x) )](0) for f = sin: −f″(−x) at x = 0.4
    const shifted = (f: (v: Tensor) => Tensor, x: Tensor): Tensor => grad((y) => f(y.sub(x)))(0);
    close([grad((x) => shifted(sin, x))(0.4).item()], [Math.sin(-0.4)]);
    // Manzyuk's amazing bug: the shift operator applied twice.
    const shift =
      (x: Tensor) =>
      (f: (v: Tensor) => Tensor) =>
      (v: Tensor): Tensor =>
        f(v.add(x));
    const twice = (x: Tensor): Tensor => shift(x)(shift(x)(exp))(tensor(1));
    close([grad(twice)(0).item()], [2 * Math.E]);
    const derived =
      (f: (v: Tensor) => Tensor) =>
      (v: Tensor): Tensor =>
        grad(f)(v);
    close([grad((x) => derived(shift(x)(derived(sin)))(tensor(0.3)))(0).item()], [-Math.cos(0.3)]);
  });

  test("mixed: forward over reverse over batch", () => {
    const f = (x: Tensor): Tensor => sum(vmap((v: Tensor) => sin(v).mul(v))(x));
    const d = (v: number): number => 2 * Math.cos(v) - v * Math.sin(v);
    close(numbers(hvp(f)([0.2, 1.3], [1, 2])), [d(0.2), 2 * d(1.3)]);
    close(numbers(vmap(grad(grad((x) => sin(x).mul(x))))([0.2, 1.3])), [d(0.2), d(1.3)]);
  });
});

describe("ordinary control flow on values", () => {
  test("if", () => {
    const f = grad((x) => (x.item() > 0 ? x.mul(x) : x.neg()));
    expect([f(3).item(), f(-3).item()]).toEqual([6, -1]);
  });
  test("while", () => {
    const f = (x: Tensor): Tensor => {
      let y = x;
      while (y.item() < 100) y = y.mul(x);
      return y;
    };
    expect(grad(f)(3).item()).toBe(5 * 81);
    expect(grad(grad(f))(3).item()).toBe(20 * 27);
  });
  test("toArray and data inside a differentiated function", () => {
    const f = (x: Tensor): Tensor =>
      x
        .mul((x.toArray() as number[]).map((v) => v * 10))
        .sum()
        .add(x.data[0] as number);
    expect(grad(f)([1, 2]).toArray()).toEqual([10, 20]);
  });
});

describe("where formulas are weak", () => {
  test("products with zero factors", () => {
    expect(grad((x) => prod(x))([0, 3, 4]).toArray()).toEqual([12, 0, 0]);
    expect(grad((x) => prod(x))([0, 3, 0]).toArray()).toEqual([0, 0, 0]);
    expect(hessian((x) => prod(x))([0, 3, 0]).toArray()).toEqual([
      [0, 0, 3],
      [0, 0, 0],
      [3, 0, 0],
    ]);
    const x = tensor([2, 0, 3, 0, 5]);
    close(numbers(jacobian((t) => cumprod(t))(x)), numericJacobian((t) => cumprod(t), x).flat(), 1e-9);
    close(
      numbers(jacobian((t) => cumprod(t, { reverse: true }))(x)),
      numericJacobian((t) => cumprod(t, { reverse: true }), x).flat(),
      1e-9,
    );
  });

  test("sigmoid, logsumexp, softmax far out", () => {
    for (const x of [-1000, 1000]) {
      expect(sigmoid(x).item()).toBe(x > 0 ? 1 : 0);
      expect(grad(sigmoid)(x).item()).toBe(0);
      expect(grad(grad(sigmoid))(x).item()).toBe(0);
    }
    close([grad(sigmoid)(-700).item() * 1e300], [Math.exp(-700) * 1e300], 1e-13);
    expect(logsumexp([1000, 1000]).item()).toBe(1000 + Math.LN2);
    expect(grad((x) => logsumexp(x))([1000, 1000]).toArray()).toEqual([0.5, 0.5]);
    expect(grad((x) => logsumexp(x))([-1e4, 0]).toArray()).toEqual([0, 1]);
    expect(logsumexp([-Infinity, -Infinity]).item()).toBe(-Infinity);
    expect(grad((x) => logsumexp(x))([-Infinity, 2]).toArray()).toEqual([0, 1]);
    expect(logsumexp([Infinity, 0]).item()).toBe(Infinity);
    close(numbers(jacobian((x) => softmax(x))([1000, 1000])), [0.25, -0.25, -0.25, 0.25]);
    close(numbers(hessian((x) => logsumexp(x))([800, 800])), [0.25, -0.25, -0.25, 0.25]);
  });

  test("where: the branch not taken has no part, be its slope NaN or infinite", () => {
    const root = (x: Tensor): Tensor => where(greater(x, 0), sqrt(x), 0);
    expect(grad(root)(0).item()).toBe(0);
    expect(grad(root)(-1).item()).toBe(0);
    expect(grad(root)(4).item()).toBe(0.25);
    expect(grad(grad(root))(-1).item()).toBe(0);
    expect(grad(grad(root))(4).item()).toBe(-1 / 32);
    const nested = (x: Tensor): Tensor =>
      where(greater(x, 0), log(x), where(less(x, -1), sqrt(x.neg().sub(1)), x.mul(x)));
    close(
      [0.5, -2, -0.5, -1].map((x) => grad(nested)(x).item()),
      [2, -0.5, -1, -2],
    );
    close(
      [0.5, -2, -0.5].map((x) => grad(grad(nested))(x).item()),
      [-4, -0.25, 2],
    );
    close(
      [0.5, -2, -0.5].map((x) => jvp(nested, [x], [1])[1].item()),
      [2, -0.5, -1],
    );
    close(numbers(vmap(grad(nested))([0.5, -2, -0.5])), [2, -0.5, -1]);
    close(numbers(grad((x) => root(x).sum())([4, 0, -3])), [0.25, 0, 0]);
  });

  test("norm away from 0 and at 0", () => {
    close(numbers(grad((x) => norm(x))([3, 4])), [0.6, 0.8]);
    expect(grad((x) => norm(x))([0, 0]).toArray()).toEqual([0, 0]);
    close(numbers(grad((x) => norm(x))([3e200, 4e200])), [0.6, 0.8]);
    close(numbers(grad((x) => norm(x))([3e-200, 4e-200])), [0.6, 0.8]);
    close([norm([3e200, 4e200]).item() / 5e200, norm([3e-200, 4e-200]).item() / 5e-200], [1, 1]);
    expect(grad((x) => norm(x, { order: 1 }))([-3, 0, 4]).toArray()).toEqual([-1, 0, 1]);
    expect(grad((x) => norm(x, { order: Infinity }))([-3, 2]).toArray()).toEqual([-1, 0]);
    close(numbers(hessian((x) => norm(x))([3, 4])), [16 / 125, -12 / 125, -12 / 125, 9 / 125]);
    // The length of a difference that vanishes, inside a sum that does not.
    expect(grad((x) => norm(x.sub([1, 2])).add(x.sum()))([1, 2]).toArray()).toEqual([1, 1]);
  });

  test("hypot where one side is 0: a curvature of 1/r", () => {
    const f = (v: Tensor): Tensor => hypot(at(v, 0), at(v, 1));
    expect(hessian(f)([0, 2]).toArray()).toEqual([
      [0.5, 0],
      [0, 0],
    ]);
  });
  test("atan2 and acosh where squares overflow or vanish", () => {
    const angle = (v: Tensor): Tensor => atan2(at(v, 0), at(v, 1));
    for (const size of [1e200, 1e-200]) {
      const slope = grad(angle)([size, size]).mul(size).toArray() as number[];
      expect(slope[0]).toBeCloseTo(0.5, 14);
      expect(slope[1]).toBeCloseTo(-0.5, 14);
    }
    expect(grad((x) => acosh(x))(1e200).item()).toBeCloseTo(1e-200, 210);
  });
  test("the slope of a remainder by its divisor is the quotient that was taken, not x/y rounded", () => {
    expect(grad((y) => rem(1, y))(0.1).item()).toBe(-9);
    expect(grad((y) => mod(-1, y))(0.1).item()).toBe(10);
  });
  test("kinks and ties, by convention", () => {
    expect(grad((x) => x.abs())(0).item()).toBe(0);
    expect(grad(relu)(0).item()).toBe(0);
    expect(grad((x) => maximum(x, 1))(1).item()).toBe(0.5);
    expect(grad((x) => clip(x, 0, 1))(1).item()).toBe(0.5);
    expect(grad((x) => max(x))([2, 5, 5]).toArray()).toEqual([0, 0.5, 0.5]);
    expect(grad((x) => sort(x).mul([1, 2, 3]).sum())([5, 1, 5]).toArray()).toEqual([2, 1, 3]);
    expect(grad((x) => x.floor().add(x.round()))(1.3).item()).toBe(0);
    expect(grad(sqrt)(0).item()).toBe(Infinity);
  });

  test("powers", () => {
    expect(grad((x) => pow(x, 0))(0).item()).toBe(0);
    expect(grad((x) => pow(x, 1))(0).item()).toBe(1);
    expect(grad((x) => pow(x, 2))(0).item()).toBe(0);
    expect(grad(grad((x) => pow(x, 2)))(0).item()).toBe(2);
    expect(grad(grad(grad((x) => pow(x, 3))))(0).item()).toBe(6);
    expect(grad((x) => pow(x, 3))(-2).item()).toBe(12);
    expect(grad((y) => pow(0, y))(2).item()).toBe(0);
    close([grad((y) => pow(2, y))(3).item()], [8 * Math.LN2]);
    close([grad((x) => pow(x, x))(2).item()], [4 * (1 + Math.LN2)]);
  });

  test("sort, max, cumulated", () => {
    expect(grad((x) => sort(x, { descending: true }).mul([1, 10, 100]).sum())([2, 9, 4]).toArray()).toEqual([
      100, 1, 10,
    ]);
    const x = ramp(3, 4);
    close(
      numbers(jacobian((t) => sort(t, { axis: 0 }))(x)),
      numericJacobian((t) => sort(t, { axis: 0 }), x).flat(),
      1e-10,
    );
  });

  test("matmul, einsum, convolution against finite differences", () => {
    const a = ramp(2, 3);
    const b = ramp(3, 2);
    const check = (f: (x: Tensor) => Tensor, x: Tensor): void => {
      const expected = numericJacobian(f, x).flat();
      close(numbers(jacobian(f, { mode: "forward" })(x)), expected, 1e-9);
      close(numbers(jacobian(f, { mode: "reverse" })(x)), expected, 1e-9);
    };
    check((x) => matmul(x, b), a);
    check((x) => matmul(a, x), b);
    check((x) => einsum("ij,jk,kl->il", x, b, a), a);
    check((x) => einsum("ii->i", matmul(x, b)), a);
    check((x) => conv2d(x, ramp(2, 1, 2, 2), { stride: 2, padding: 1 }), ramp(1, 1, 3, 4));
    check((w) => conv2d(ramp(1, 2, 4, 4), w, { groups: 2, dilation: 2, padding: "same" }), ramp(2, 1, 2, 2));
  });
});

describe("scan", () => {
  const recurrence = (a: Tensor, xs: Tensor): Tensor =>
    scan((c: Tensor, x: Tensor) => [c.mul(a).add(x), c] as const, 0, xs)[0];
  const xs = [1, 2, 3, 4];
  // c = a³ + 2a² + 3a + 4
  test("forward and reverse, first and second order", () => {
    expect(recurrence(tensor(2), tensor(xs)).item()).toBe(26);
    expect(grad(recurrence)(2, xs).item()).toBe(12 + 8 + 3);
    expect(grad(recurrence, { wrt: 1 })(2, xs).toArray()).toEqual([8, 4, 2, 1]);
    expect(jvp(recurrence, [2, xs], [1, [0, 0, 0, 0]])[1].item()).toBe(23);
    expect(grad(grad(recurrence))(2, xs).item()).toBe(16);
    expect(hessian((a: Tensor) => recurrence(a, tensor(xs)))(2).item()).toBe(16);
    expect(jacobian((a: Tensor) => grad(recurrence, { wrt: 1 })(a, xs), { mode: "reverse" })(2).toArray()).toEqual([
      12, 4, 1, 0,
    ]);
  });

  test("stacked results, reversed, with a length, of no step", () => {
    const [last, sums] = scan((c: Tensor, x: Tensor) => [c.add(x), c.add(x)] as const, 0, [1, 2, 3]);
    expect([last.item(), sums.toArray()]).toEqual([6, [1, 3, 6]]);
    const [, back] = scan((c: Tensor, x: Tensor) => [c.add(x), c.add(x)] as const, 0, [1, 2, 3], { reverse: true });
    expect(back.toArray()).toEqual([6, 5, 3]);
    const [doubled, none] = scan((c: Tensor) => [c.mul(2), undefined] as const, 1, undefined, { length: 10 });
    expect([doubled.item(), none]).toEqual([1024, undefined]);
    const [same, empty] = scan((c: Tensor, x: Tensor) => [c.add(x.sum()), x] as const, 5, zeros([0, 3]));
    expect([same.item(), empty.shape]).toEqual([5, [0, 3]]);
  });

  test("results of which some are nothing", () => {
    const [, ys] = scan(
      (c: Tensor, x: Tensor) => [c, { first: undefined, second: x, third: null }] as const,
      0,
      [1, 2],
    );
    expect(ys.second.toArray()).toEqual([1, 2]);
    expect(ys.first).toBeUndefined();
  });

  test("under vmap, each side", () => {
    expect(vmap(grad(recurrence), { inAxes: [0, null] })([2, 1], xs).toArray()).toEqual([23, 10]);
    expect(vmap(recurrence, { inAxes: [null, 0] })(2, [xs, [0, 0, 0, 1]]).toArray()).toEqual([26, 1]);
    expect(vmap(recurrence, { inAxes: [null, 1] })(2, tensor([xs, [0, 0, 0, 1]]).transpose()).toArray()).toEqual([
      26, 1,
    ]);
  });

  test("a carry that is a tree; a captured tensor", () => {
    const f = (w: Tensor, x: Tensor): Tensor => {
      const [state] = scan(
        ({ h, n }: { h: Tensor; n: Tensor }, v: Tensor) => [{ h: tanh(matmul(w, h).add(v)), n: n.add(1) }, v] as const,
        { h: zeros([2]), n: 0 },
        x,
      );
      return state.h.sum().mul(state.n);
    };
    const [w, x] = [ramp(2, 2), ramp(4, 2)];
    close(numbers(grad(f)(w, x)), numericJacobian((t) => f(t, x), w).flat(), 1e-9);
    close(numbers(grad(f, { wrt: 1 })(w, x)), numericJacobian((t) => f(w, t), x).flat(), 1e-9);
    close(numbers(hessian(f)(w, x)), numericJacobian((t) => grad(f)(t, x), w).flat(), 1e-9);
  });
});

describe("whileLoop", () => {
  const repeat = (n: number | Tensor, body: (x: Tensor) => Tensor, x: Tensor): Tensor =>
    whileLoop<[Tensor, Tensor]>(
      ([i]) => less(i, n),
      ([i, y]) => [i.add(1), body(y)],
      [tensor(0), x],
    )[1];

  test("forward, reverse, second order", () => {
    const f = (x: Tensor): Tensor => repeat(4, (y) => y.mul(x), x);
    expect(f(tensor(2)).item()).toBe(32);
    expect(grad(f)(2).item()).toBe(80);
    expect(jvp(f, [2], [1])[1].item()).toBe(80);
    expect(grad(grad(f))(2).item()).toBe(160);
    expect(jvp((x: Tensor) => jvp(grad(f), [x], [1])[1], [2], [1])[1].item()).toBe(240);
  });

  test("the number of steps by the values", () => {
    const f = (x: Tensor): Tensor =>
      whileLoop(
        (y: Tensor) => less(y, 100),
        (y: Tensor) => y.mul(x),
        x,
      );
    expect(grad(f)(3).item()).toBe(5 * 81);
    expect(vmap(grad(f))([3, 11, 200]).toArray()).toEqual([5 * 81, 22, 1]);
    expect(vmap(f)([3, 11, 200]).toArray()).toEqual([243, 121, 200]);
  });

  // x ← x·cos(x₀): the derivative of x₀·cos(x₀)ⁿ; around the sizes at which the checkpoints double their distance.
  test.each([1, 15, 16, 17, 100, 1023, 1024, 1025, 2047, 2048, 2049, 5000])("%i steps in reverse", (n) => {
    const a = 0.001;
    const f = (x: Tensor): Tensor => repeat(n, (y) => y.mul(cos(x)), x);
    const expected = Math.cos(a) ** n - a * n * Math.cos(a) ** (n - 1) * Math.sin(a);
    close([grad(f)(a).item()], [expected], 1e-11);
  });

  test("more than 20000 steps, without memory for each", () => {
    const n = 20500;
    const f = (x: Tensor): Tensor => repeat(n, (y) => y.mul(0.9999).add(x), tensor(0));
    const r = 0.9999;
    const [value, slope] = valueAndGrad(f)(2);
    close([value.item(), slope.item()], [(2 * (1 - r ** n)) / (1 - r), (1 - r ** n) / (1 - r)], 1e-10);
    // Not linear in the carry: y ← y + h·(1 − y²), y(0) = 0, is tanh(t·…) for small h.
    const g = (h: Tensor): Tensor => repeat(3000, (y) => y.add(h.mul(y.square().neg().add(1))), tensor(0));
    const plain = (h: number): number => {
      let y = 0;
      for (let i = 0; i < 3000; i++) y += h * (1 - y * y);
      return y;
    };
    const d = 1e-8;
    close([grad(g)(3e-4).item()], [(plain(3e-4 + d) - plain(3e-4 - d)) / (2 * d)], 1e-6);
  });

  test("a carry that is a large array (few checkpoints)", () => {
    const n = 70;
    const f = (x: Tensor): Tensor => repeat(n, (y) => y.mul(x), ones([40_000])).sum();
    const slope = grad(f)(full([40_000], 1.01));
    close([slope.data[0] as number, slope.data[39_999] as number], [n * 1.01 ** (n - 1), n * 1.01 ** (n - 1)], 1e-11);
  });

  test("a carry that is an array, a tree, an integer", () => {
    const f = (m: Tensor): Tensor =>
      whileLoop(
        ({ n }: { n: Tensor; p: Tensor }) => less(n, 3),
        ({ n, p }: { n: Tensor; p: Tensor }) => ({ n: n.add(1), p: matmul(p, m) }),
        { n: tensor(0, { dtype: "int32" }), p: eye(2) },
      ).p.sum();
    const m = ramp(2, 2);
    close(numbers(grad(f)(m)), numericJacobian(f, m).flat(), 1e-9);
    close(numbers(hessian(f)(m)), numericJacobian(grad(f), m).flat(), 1e-9);
  });

  test("loops in loops", () => {
    const f = (x: Tensor): Tensor => repeat(3, (y) => repeat(2, (z) => z.mul(x), y), x); // x⁷
    close([grad(f)(1.5).item()], [7 * 1.5 ** 6]);
    close([grad(grad(f))(1.5).item()], [42 * 1.5 ** 5]);
    close(numbers(vmap(grad(f))([1.5, 2])), [7 * 1.5 ** 6, 7 * 64]);
  });

  test("gradient descent inside a differentiated function", () => {
    // x ← x − r·2(x − a): after n steps x = a + (x₀ − a)(1 − 2r)ⁿ
    const descend = (a: Tensor, r: Tensor): Tensor =>
      repeat(20, (x) => x.sub(grad((y) => y.sub(a).square())(x).mul(r)), tensor(5));
    const [a, r, n] = [2, 0.1, 20];
    close([descend(tensor(a), tensor(r)).item()], [a + (5 - a) * (1 - 2 * r) ** n]);
    close([grad(descend)(a, r).item()], [1 - (1 - 2 * r) ** n]);
    close([grad(descend, { wrt: 1 })(a, r).item()], [(5 - a) * -2 * n * (1 - 2 * r) ** (n - 1)]);
    close(numbers(vmap(grad(descend), { inAxes: [0, null] })([2, 3], r)), [1 - 0.8 ** n, 1 - 0.8 ** n]);
    // The same with an ordinary loop.
    const plain = (b: Tensor): Tensor => {
      let x = tensor(5);
      for (let i = 0; i < n; i++) x = x.sub(grad((y) => y.sub(b).square())(x).mul(r));
      return x;
    };
    close([grad(plain)(a).item()], [1 - (1 - 2 * r) ** n]);
  });

  test("Newton's method with a nested grad, to a tolerance, under vmap", () => {
    // x³ = a
    const root = (a: Tensor): Tensor => {
      const f = (x: Tensor): Tensor => x.pow(3).sub(a);
      return whileLoop(
        (x: Tensor) => greater(f(x).abs(), 1e-13),
        (x: Tensor) => x.sub(f(x).div(grad(f)(x))),
        tensor(1.5),
      );
    };
    const points = [1, 2, 10];
    close(numbers(vmap(root)(points)), points.map(Math.cbrt), 1e-12);
    close(
      numbers(vmap(grad(root))(points)),
      points.map((a) => 1 / (3 * Math.cbrt(a) ** 2)),
      1e-6,
    );
  });
});

describe("cond", () => {
  const f = (x: Tensor): Tensor =>
    cond(
      greater(x, 0),
      (v: Tensor) => v.mul(v),
      (v: Tensor) => v.mul(-3),
      x,
    );
  test("first and second order, both modes, batched", () => {
    expect([grad(f)(2).item(), grad(f)(-2).item()]).toEqual([4, -3]);
    expect([grad(grad(f))(2).item(), grad(grad(f))(-2).item()]).toEqual([2, 0]);
    expect([jvp(f, [2], [1])[1].item(), jvp(f, [-2], [1])[1].item()]).toEqual([4, -3]);
    expect(vmap(f)([2, -2]).toArray()).toEqual([4, 6]);
    expect(vmap(grad(f))([2, -2]).toArray()).toEqual([4, -3]);
    expect(grad((x) => sum(vmap(f)(x)))([2, -2]).toArray()).toEqual([4, -3]);
  });
  test("only the branch taken runs", () => {
    let ran = 0;
    const count = (x: Tensor): Tensor => {
      ran++;
      return x;
    };
    cond(true, count, (x: Tensor) => x.neg(), tensor(1));
    expect(ran).toBe(1);
    // The branch not taken may hold what has no value there.
    const guarded = (x: Tensor): Tensor => cond(greater(x, 0), log, (v: Tensor) => v, x);
    expect([guarded(tensor(-2)).item(), grad(guarded)(-2).item(), grad(guarded)(4).item()]).toEqual([-2, 1, 0.25]);
    close(numbers(vmap(grad(guarded))([-2, 4])), [1, 0.25]);
  });
  test("captured tensors, trees, nesting, inside scan", () => {
    const g = (x: Tensor, y: Tensor): Tensor => {
      const { a, b } = cond(
        less(x, y),
        (v: Tensor) => ({
          a: v.mul(y),
          b: cond(
            greater(v, 1),
            () => y.square(),
            () => y,
            v,
          ),
        }),
        (v: Tensor) => ({ a: v, b: v }),
        x,
      );
      return a.add(b);
    };
    expect(grad(g, { wrt: [0, 1] })(2, 3).map((t) => t.item())).toEqual([3, 2 + 6]);
    expect(grad(g, { wrt: [0, 1] })(0.5, 3).map((t) => t.item())).toEqual([3, 1.5]);
    expect(grad(g, { wrt: [0, 1] })(4, 3).map((t) => t.item())).toEqual([2, 0]);
    const h = (x: Tensor): Tensor =>
      scan(
        (c: Tensor, v: Tensor) =>
          [
            cond(
              greater(v, 1.5),
              (a: Tensor) => a.mul(x),
              (a: Tensor) => a.add(1),
              c,
            ),
            c,
          ] as const,
        x,
        [1, 2, 3],
      )[0];
    expect([h(tensor(2)).item(), grad(h)(2).item(), grad(grad(h))(2).item()]).toEqual([12, 16, 14]);
  });
});

describe("size", () => {
  test("float32: the mean of 10⁷ copies of 0.1, to seven digits", () => {
    const x = full([10_000_000], 0.1, { dtype: "float32" });
    const m = mean(x);
    expect(m.dtype).toBe("float32");
    expect(Math.abs(m.item() - 0.1)).toBeLessThan(1e-8);
  });

  test("10⁵ chained operations: forward, grad, jvp, vmap", () => {
    const n = 100_000;
    const f = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < n; i++) y = add(y, x);
      return y;
    };
    expect(grad(f)(1).item()).toBe(n + 1);
    expect(jvp(f, [1], [1])[1].item()).toBe(n + 1);
    expect(vmap(f)([1, 2]).toArray()).toEqual([n + 1, 2 * (n + 1)]);
  });

  test("10⁶ nodes do not overflow the stack", () => {
    const n = 1_000_000;
    let last = 0;
    grad((x) => {
      let y = x;
      for (let i = 0; i < n; i++) y = y.add(1);
      last = y.item();
      return x;
    })(0);
    expect(last).toBe(n);
  });
});
