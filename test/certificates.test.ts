/** Certified Lipschitz constants and convexity: known ones are met, and no verdict is ever false. */
import {
  abs,
  add,
  cos,
  equal,
  exp,
  grad,
  greater,
  greaterEqual,
  hessian,
  less,
  lgamma,
  log,
  matmul,
  max,
  mul,
  norm,
  random,
  scan,
  sin,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  where,
} from "nabla";
import { convexity, gradientLipschitz, lipschitz } from "nabla/analyze";
import { describe, expect, test } from "vitest";
import { draws } from "./laws/cases.ts";
import { type Case, convexOnes, curvatures, notConvex, rosenbrock, slopes } from "./problems/boxes.ts";

const seed = Number(process.env.NABLA_SEED ?? 20261123);
/** So long that only the number of cells counts, on any machine. */
const timeLimit = 60_000;
const boxOf = ({ lower, upper }: Case) => ({ lower, upper });

describe("lipschitz", () => {
  test.each(slopes)("$name", ({ precision = 0.01, ...c }) => {
    const { verdict, lower, upper, message } = lipschitz(c.f, boxOf(c), { precision, timeLimit });
    expect(verdict, message).toBe("certified");
    expect(lower).toBeLessThanOrEqual(c.constant * (1 + 1e-14));
    expect(upper).toBeGreaterThanOrEqual(c.constant * (1 - 1e-14));
    expect(upper - lower).toBeLessThanOrEqual(1.01 * precision * upper);
  });

  test("in other norms", () => {
    const box = { lower: [-2, -2], upper: [2, 2] };
    expect(lipschitz(rosenbrock, box, { norm: 1 }).upper).toBeCloseTo(6006, 6);
    expect(lipschitz(rosenbrock, box, { norm: Infinity }).upper).toBeCloseTo(4806, 6);
    expect(() => lipschitz(rosenbrock, box, { norm: 3 as 2 })).toThrow(/E-OPTION|norm is 3/);
  });

  test("where a maximum ties, both slopes count", () => {
    for (const f of [
      (x: Tensor) => x.at(0).maximum(x.at(1).mul(3)),
      (x: Tensor) => max(mul(x, [1, 3])),
      (x: Tensor) => norm(mul(x, [1, 3]), { order: Infinity }),
    ]) {
      const { lower, upper, message } = lipschitz(f, { lower: [-1, -1], upper: [1, 1] }, { maxCells: 300, timeLimit });
      expect(lower).toBe(3);
      expect(upper, message).toBeGreaterThanOrEqual(3);
      expect(upper, message).toBeLessThanOrEqual(Math.sqrt(10) + 1e-12);
    }
  });

  test("a constant is certified, or refuted by a witness", () => {
    const box = { lower: 0, upper: 4 };
    expect(lipschitz((x: Tensor) => sin(x), box, { constant: 1.01 }).verdict).toBe("certified");
    const refuted = lipschitz((x: Tensor) => square(x), box, { constant: 7 });
    expect(refuted.verdict).toBe("refuted");
    expect(Math.abs(grad((x) => square(x))(refuted.witness as Tensor).item())).toBeGreaterThan(7);
    expect(String(refuted)).toMatch(/^lipschitz: refuted\n7 is no Lipschitz constant of f: at x = 4 the slope/);
  });

  test.each([
    ["a vertical tangent", (x: Tensor) => sqrt(x), 0, 1, /vertical tangent at 0.*sqrt/],
    ["a jump", (x: Tensor) => where(greater(x, 0.3), 1, 0), -1, 1, /changes in jumps \(greater/],
    ["a pole", (x: Tensor) => x.pow(-1), -1, 1, /infinite or 0 \/ 0 \(div/],
    ["rounding", (x: Tensor) => x.floor(), 0, 2, /floor\(x\) jumps at integers/],
    ["a derivative that is held", (x: Tensor) => stopGradient(x).mul(x), 0, 1, /stopGradient has no interval rule/],
    [
      "a loop",
      (x: Tensor) => scan((c: Tensor) => [sin(c), c] as const, x, undefined, { length: 2 })[0],
      0,
      1,
      /scan has no interval rule/,
    ],
  ] as const)("%s stays unknown and is named", (_, f, lower, upper, why) => {
    const { verdict, upper: bound, message } = lipschitz(f, { lower, upper });
    expect(verdict).toBe("unknown");
    expect(bound).toBe(Infinity);
    expect(message).toMatch(why);
  });

  test("several arguments and trees, by their names", () => {
    const two = lipschitz((x: Tensor, y: Tensor) => mul(x, 3).add(mul(y, 4)), { lower: [0, 0], upper: [1, 1] });
    expect(two.upper).toBe(5);
    expect(two.message).toMatch(/x0 = .*, x1 = /);
    const tree = lipschitz(({ a, b }: { a: Tensor; b: Tensor }) => sin(a).mul(b.sum()), {
      lower: { a: 0, b: [0, 0] },
      upper: { a: 1, b: [1, 2] },
    });
    expect(tree.lower).toBeLessThanOrEqual(3);
    expect(tree.upper).toBeGreaterThanOrEqual(3);
    expect(Object.keys(tree.witness as object)).toEqual(["a", "b"]);
    expect(tree.message).toMatch(/b\[1\] = /);
  });

  test("wrong boxes are told", () => {
    const f = (x: Tensor): Tensor => square(x).sum();
    expect(() => lipschitz(f, { lower: [0, 0], upper: [1, -1] })).toThrow(/x\[1\] lies between 0 and -1/);
    expect(() => lipschitz(f, { lower: [0, 0], upper: 1 })).toThrow(/lower bounds x\[0\], x\[1\], upper x/);
    expect(() => lipschitz(f, { lower: [0, Number.NaN], upper: [1, 1] })).toThrow("x[1] is NaN at the lower end");
    expect(() => convexity(f, { lower: [0, 0], upper: [1, Infinity] })).toThrow("x[1] is Infinity at the upper end");
    expect(() => lipschitz((x: Tensor) => (x.item() > 0 ? x : x.neg()), { lower: 0, upper: 1 })).toThrow(
      /E-NO-VALUE|no single value/,
    );
  });
});

describe("gradientLipschitz", () => {
  test.each(curvatures)("$name", ({ precision = 0.01, ...c }) => {
    const { verdict, lower, upper, step, message } = gradientLipschitz(c.f, boxOf(c), { precision, timeLimit });
    expect(verdict, message).toBe("certified");
    expect(lower).toBeLessThanOrEqual(c.constant * (1 + 1e-13));
    expect(upper).toBeGreaterThanOrEqual(c.constant * (1 - 1e-14));
    expect(upper - lower).toBeLessThanOrEqual(1.01 * precision * upper);
    expect(step * upper).toBeCloseTo(1, 12);
  });

  test.each([
    ["|x|", (x: Tensor) => abs(x)],
    ["relu", (x: Tensor) => x.relu()],
  ] as const)("%s: the gradient jumps", (_, f) => {
    const { verdict, message } = gradientLipschitz(f, { lower: -1, upper: 1 });
    expect(verdict).toBe("unknown");
    expect(message).toMatch(/has a kink at 0/);
  });
});

/** f at a point between two, by JavaScript numbers. */
const mid = (a: Tensor, b: Tensor): Tensor => a.add(b).div(2);

describe("convexity", () => {
  test.each(convexOnes)("$name is convex", (c) => {
    const result = convexity(c.f, boxOf(c), { timeLimit });
    expect(result.verdict, String(result)).toBe("certified");
  });

  test.each(notConvex)("$name is not", (c) => {
    const result = convexity(c.f, boxOf(c), { timeLimit });
    expect(result.verdict, String(result)).toBe("refuted");
    const { witness } = result;
    if (witness?.kind === "chord") {
      const [a, b] = [witness.from as Tensor, witness.to as Tensor];
      expect(c.f(mid(a, b)).item()).toBeGreaterThan((c.f(a).item() + c.f(b).item()) / 2);
    } else if (witness?.kind === "curvature") {
      const h = hessian(c.f)(witness.x as Tensor);
      const d = tensor(witness.direction);
      const n = d.size;
      expect(matmul(d, matmul(h.reshape([n, n]), d)).item()).toBeLessThan(0);
    } else expect.unreachable("a refutation without a witness");
  });

  test("the proof's end is named, in the variables' names", () => {
    const result = convexity(({ a, b }: { a: Tensor; b: Tensor }) => exp(mul(a, b)), {
      lower: { a: 0, b: 0 },
      upper: { a: 1, b: 1 },
    });
    expect(result.breaks?.expression).toBe("mul(a, b)");
    expect(result.breaks?.source).toMatch(/certificates\.test\.ts:\d+/);
  });

  test("strong convexity is measured", () => {
    const { lower, upper } = convexity(
      (x: Tensor) =>
        matmul(
          x,
          matmul(
            [
              [2, 1],
              [1, 2],
            ],
            x,
          ),
        ).add(cos(x.at(0)).mul(0.1)),
      { lower: [-1, -1], upper: [1, 1] },
    );
    expect(lower).toBeGreaterThan(1.8);
    expect(upper).toBeGreaterThanOrEqual(lower);
  });
});

describe("what looks like a proof and is none", () => {
  const unit = { lower: 0, upper: 1 };
  /** Of another branch at 0.5 alone, the middle of the box. */
  const at = (here: (x: Tensor) => Tensor, elsewhere: number) => (x: Tensor) =>
    where(equal(x, 0.5), here(x), elsewhere);

  test("a branch that holds at one point says nothing of the points beside it", () => {
    const flat = at((x) => square(x.sub(0.5)).mul(-100), 0);
    expect(convexity(flat, unit).verdict).toBe("unknown");
    expect(gradientLipschitz(flat, unit).lower).toBe(0);
    expect(
      lipschitz(
        at((x) => x.mul(100), 50),
        unit,
        { constant: 10 },
      ).verdict,
    ).toBe("unknown");
  });

  const wide = { lower: -1, upper: 3 };
  const huber = (u: Tensor): Tensor => where(less(u, 1), square(u).div(2), u.sub(0.5));
  // The slopes of both branches add up on the cells where they meet: what is proved is no less than the best constant.
  test.each<[string, (x: Tensor) => Tensor, best: number, proved?: number]>([
    ["where(x > 0, x, 0)", (x) => where(greater(x, 0), x, 0), 1],
    ["where(0 ≥ x, −x/2, 3x)", (x) => where(greaterEqual(0, x), x.div(-2), x.mul(3)), 3],
    ["where(x > 1, 2x − 1, x²)", (x) => where(greater(x, 1), x.mul(2).sub(1), square(x)), 2, 4],
    ["where(|x| < 1, |x|²/2, |x| − 1/2)", (x) => huber(abs(x)), 1, 2],
    ["x·where(x > 0, x, 0)", (x) => x.mul(where(greater(x, 0), x, 0)), 6],
  ])("%s: branches that meet make a kink, no jump", (_, f, best, proved = best) => {
    const { verdict, lower, upper, message } = lipschitz(f, wide, { timeLimit });
    expect(verdict, message).toBe("certified");
    expect(lower).toBeLessThanOrEqual(best);
    expect(upper).toBeGreaterThanOrEqual(best);
    expect(upper).toBeLessThanOrEqual(1.01 * proved);
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ["where(x > 0, x, 1)", (x) => where(greater(x, 0), x, 1)],
    ["where(x > 0, x, 1e-17)", (x) => where(greater(x, 0), x, 1e-17)],
    ["where(x > 1e-9, x, 0)", (x) => where(greater(x, 1e-9), x, 0)],
    [
      "the condition as a number",
      (x) =>
        greater(x, 0)
          .cast("float64")
          .add(where(greater(x, 0), x, 0)),
    ],
    ["Σ of its neighbours", (x) => sum(where(greater(x, 0), sum(x), 0))],
  ])("%s jumps", (name, f) => {
    const box = name.startsWith("Σ") ? { lower: [-1, -1], upper: [1, 1] } : wide;
    expect(lipschitz(f, box, { maxCells: 200, timeLimit })).toMatchObject({ verdict: "unknown", upper: Infinity });
    expect(convexity(f, box, { maxCells: 200, timeLimit }).verdict).not.toBe("certified");
  });

  test("a kink of where is no curvature", () => {
    const ramp = (x: Tensor): Tensor => where(greater(x, 0), x, 0);
    expect(gradientLipschitz(ramp, wide, { maxCells: 200, timeLimit }).upper).toBe(Infinity);
    expect(convexity((x: Tensor) => ramp(x).neg(), wide, { maxCells: 200, timeLimit }).verdict).toBe("refuted");
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ["x·∞", (x) => x.mul(Infinity)],
    ["x² + ∞", (x) => square(x).add(Infinity)],
    ["x + log 0", (x) => x.add(log(tensor(0)))],
    ["max(x, ∞)", (x) => x.maximum(Infinity)],
  ])("%s: an infinite constant is no number", (_, f) => {
    for (const certify of [convexity, lipschitz, gradientLipschitz]) {
      const { verdict, message } = certify(f, wide);
      expect([verdict, message]).toEqual(["unknown", expect.stringContaining("has an infinite constant")]);
    }
  });

  test("one that does nothing is allowed", () => {
    const f = (x: Tensor): Tensor => square(x).maximum(Number.NEGATIVE_INFINITY);
    expect(convexity(f, wide).verdict).toBe("certified");
    expect(lipschitz(f, wide).verdict).toBe("certified");
  });

  test("lgamma: its slope and its curvature", () => {
    const box = { lower: 1, upper: 3 };
    const slope = lipschitz((x: Tensor) => lgamma(x), box);
    // ψ(3) = 3/2 − γ, ψ′(1) = π²/6
    expect(slope.upper).toBeCloseTo(1.5 - 0.5772156649015329, 10);
    expect(gradientLipschitz((x: Tensor) => lgamma(x), box).upper).toBeCloseTo(Math.PI ** 2 / 6, 10);
    expect(convexity((x: Tensor) => lgamma(x), box).verdict).toBe("certified");
    expect(convexity((x: Tensor) => exp(lgamma(x)), box).verdict).toBe("certified");
  });

  test("what has no width in the box is a constant: no step leads along it", () => {
    const product = ({ x, y }: { x: Tensor; y: Tensor }): Tensor => mul(x, y);
    const edge = (x: number) => ({ lower: { x, y: 0 }, upper: { x, y: 1 } });
    expect(lipschitz(product, edge(0), { constant: 0 }).verdict).toBe("certified");
    expect(lipschitz(product, edge(3))).toMatchObject({ lower: 3, upper: 3 });
    expect(gradientLipschitz(product, edge(3)).upper).toBe(0);
    expect(convexity(product, edge(3)).verdict).toBe("certified");
    const { witness } = lipschitz((x: Tensor, y: Tensor) => mul(x, square(y)), { lower: [3, 0], upper: [3, 1] });
    expect((witness as Tensor[]).map((t) => t.item())).toEqual([3, 1]);
    for (const certify of [lipschitz, gradientLipschitz, convexity])
      expect(() => certify(product, { lower: { x: 1, y: 0 }, upper: { x: 1, y: -0 } })).toThrow(/E-VALUE|single point/);
  });

  test.each([
    ["a constant that is no number", (x: Tensor) => x.add(NaN)],
    ["a factor that is none", (x: Tensor) => x.mul(NaN)],
  ])("%s", (_, f) => {
    expect(convexity(f, unit).verdict).toBe("unknown");
    expect(lipschitz(f, unit).verdict).toBe("unknown");
  });
});

// — formulas at random: what is certified holds at every sample —

type Formula = (x: Tensor) => Tensor;

function formula(random: (n: number) => number, depth: number): { readonly f: Formula; readonly text: string } {
  const pick = depth === 0 ? random(3) : 3 + random(12);
  const inner = (): ReturnType<typeof formula> => formula(random, depth - 1);
  const one = (name: string, f: (t: Tensor) => Tensor): ReturnType<typeof formula> => {
    const a = inner();
    return { f: (x) => f(a.f(x)), text: `${name}(${a.text})` };
  };
  const two = (name: string, f: (s: Tensor, t: Tensor) => Tensor): ReturnType<typeof formula> => {
    const [a, b] = [inner(), inner()];
    return { f: (x) => f(a.f(x), b.f(x)), text: `(${a.text} ${name} ${b.text})` };
  };
  const constant = (random(41) - 20) / 10;
  switch (pick) {
    case 0:
      return { f: (x) => x.at(0), text: "x" };
    case 1:
      return { f: (x) => x.at(1), text: "y" };
    case 2:
      return { f: (x) => x.at(0).mul(0).add(constant), text: String(constant) };
    case 3:
      return one("sin", sin);
    case 4:
      return one("tanh", tanh);
    case 5:
      return one("square", square);
    case 6:
      return one("exp∘tanh", (t) => exp(tanh(t)));
    case 7:
      return one("abs", abs);
    case 8:
      return one("√(1 + ·²)", (t) => sqrt(square(t).add(1)));
    case 9:
      return one("relu", (t) => t.relu());
    case 10:
      return two("+", add);
    case 11:
      return two("−", sub);
    case 12:
      return two("·", mul);
    case 13: {
      const [a, b] = [inner(), inner()];
      const f: Formula = (x) => {
        const u = a.f(x);
        return where(greater(u, 0), mul(u, b.f(x)), u.mul(-2));
      };
      return { f, text: `(${a.text} > 0 ? · ${b.text} : · -2)` };
    }
    default:
      return two("max", (s, t) => s.maximum(t));
  }
}

const limits = { timeLimit, maxCells: 60 };
const norm2 = (v: ArrayLike<number>): number => Math.hypot(...Array.from(v));

test.each(Array.from({ length: process.env.NABLA_FULL ? 400 : 30 }, (_, k) => k))(
  "no false verdict on formula %i",
  (k) => {
    const draw = draws(seed + 31 * k);
    const { f, text } = formula(draw, 2 + (k % 3));
    const [low, high] = [(draw(21) - 20) / 10, (draw(20) + 1) / 10];
    const box = { lower: [low, low], upper: [high, high] };
    const points = Array.from({ length: 24 }, (_, i) =>
      random.uniform(random.key(seed + 100 * k + i), [2], { low, high }),
    );
    const slope = lipschitz(f, box, limits);
    const bend = gradientLipschitz(f, box, limits);
    const convex = convexity(f, box, limits);
    const gradients = points.map((x) => grad(f)(x));
    for (const [i, x] of points.entries()) {
      const other = (i + 7) % points.length;
      const y = points[other] as Tensor;
      const [fx, fy, fm] = [f(x).item(), f(y).item(), f(mid(x, y)).item()];
      const distance = norm2(x.sub(y).data);
      const slack = 1e-12 * (1 + Math.abs(fx) + Math.abs(fy));
      expect(Math.abs(fx - fy), text).toBeLessThanOrEqual(slope.upper * distance + slack);
      const [gx, gy] = [gradients[i] as Tensor, gradients[other] as Tensor];
      expect(norm2(gx.sub(gy).data), text).toBeLessThanOrEqual(bend.upper * distance + slack * 10);
      if (convex.verdict === "certified") expect(fm, text).toBeLessThanOrEqual((fx + fy) / 2 + slack);
    }
    expect(slope.lower, text).toBeLessThanOrEqual(slope.upper);
    expect(bend.lower, text).toBeLessThanOrEqual(bend.upper);
    if (convex.verdict === "refuted") {
      const { witness } = convex;
      if (witness?.kind === "chord") {
        const [a, b] = [witness.from as Tensor, witness.to as Tensor];
        expect(f(mid(a, b)).item(), text).toBeGreaterThan((f(a).item() + f(b).item()) / 2);
      } else expect((witness?.kind === "curvature" && witness.curvature) as number, text).toBeLessThan(0);
    }
  },
);
