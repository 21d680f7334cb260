/** Every method × every search it may have × standard problems × hard cases: what is found, and that it is not false. */
import {
  abs,
  eigh,
  exp,
  grad,
  hessian,
  log,
  mul,
  NablaError,
  pow,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  take,
  tensor,
} from "nabla";
import {
  type Bounds,
  type LineSearchName,
  type MethodName,
  type Minimum,
  maximize,
  minimize,
  root,
  type Status,
} from "nabla/optimize";
import { describe, expect, test, vi } from "vitest";
import { hardCases } from "../problems/hard-cases.ts";
import { cost, moreGarbowHillstrom, type SumOfSquares } from "../problems/more-garbow-hillstrom.ts";

const methods: readonly MethodName[] = [
  "gradient-descent",
  "momentum",
  "conjugate-gradient",
  "bfgs",
  "l-bfgs",
  "newton",
  "saddle-free-newton",
  "newton-cg",
  "trust-region",
];
const searches: readonly LineSearchName[] = [
  "constant",
  "schedule",
  "best-of",
  "exact-quadratic",
  "exact",
  "backtracking",
  "strong-wolfe",
];

const reached = ({ minima }: SumOfSquares, value: number): boolean =>
  minima.some((m) => Math.abs(value - m) <= 1e-6 * Math.max(m, 1e-9));

/** By the public derivatives alone: a critical point without negative curvature. */
function isMinimum(f: (x: Tensor) => Tensor, x: Tensor, value: number): boolean {
  const slope = grad(f)(x).abs().max().item();
  const { values } = eigh(hessian(f)(x).reshape([x.size, x.size]));
  const size = values.abs().max().item();
  return slope <= 1e-6 * Math.max(1, Math.abs(value)) && values.min().item() >= -1e-8 * size;
}

/** "converged" only at minima; not anything else at a minimum that is exact. */
function expectTrue(problem: SumOfSquares, f: (x: Tensor) => Tensor, result: Minimum<number[]>): void {
  if (result.status === "converged") {
    expect([
      problem.name,
      reached(problem, result.value) || isMinimum(f, result.x, result.value),
      String(result),
    ]).toEqual([problem.name, true, expect.any(String)]);
  }
  if (result.status === "stalled")
    expect([problem.name, reached(problem, result.value)]).toEqual([problem.name, false]);
}

describe("Moré, Garbow and Hillstrom", () => {
  test.each(["auto", "bfgs", "trust-region"] as const)("%s reaches all 35 at defaults", (method) => {
    const missed = moreGarbowHillstrom.flatMap((problem) => {
      const result = minimize(cost(problem), [...problem.start], { method });
      return result.status === "converged" && reached(problem, result.value) ? [] : [`${problem.name}: ${result}`];
    });
    expect(missed).toEqual([]);
  });

  test.each(["conjugate-gradient", "l-bfgs", "newton", "saddle-free-newton", "newton-cg"] as const)(
    "%s says nothing false",
    (method) => {
      for (const problem of moreGarbowHillstrom) {
        const f = cost(problem);
        expectTrue(problem, f, minimize(f, [...problem.start], { method, maxIterations: 2000 }));
      }
    },
  );
});

/** A quadratic with eigenvalues 1, 4, 9. */
const bowl = (x: Tensor): Tensor => sum(mul(square(sub(x, [1, -2, 3])), [0.5, 2, 4.5]));

describe.each(methods.filter((method) => method !== "trust-region"))("%s", (method) => {
  test.each(searches)("with %s finds the minimum of a quadratic", (lineSearch) => {
    const length = ["gradient-descent", "momentum", "conjugate-gradient"].includes(method) ? 0.05 : 1;
    const rule =
      lineSearch === "constant"
        ? ({ name: "constant", length } as const)
        : lineSearch === "schedule"
          ? ({ name: "schedule", length: (k: number) => length / (1 + k / 1000) } as const)
          : lineSearch;
    const result = minimize(bowl, [5, 5, 5], { method, lineSearch: rule });
    expect([result.status, result.value < 1e-14]).toEqual(["converged", true]);
  });

  test.each(searches)("with %s says nothing false, and returns the best point", (lineSearch) => {
    for (const problem of moreGarbowHillstrom.filter(({ number }) => [1, 2, 5, 7, 13, 14, 18].includes(number))) {
      const f = cost(problem);
      const result = minimize(f, [...problem.start], { method, lineSearch, maxIterations: 200, path: true });
      expectTrue(problem, f, result);
      const least = Math.min(...(result.path ?? []).map(({ value }) => value));
      expect(result.value).toBeLessThanOrEqual(least + 1e-12 * Math.abs(least));
      expect(f(result.x).item()).toBeCloseTo(result.value, 10);
    }
  });
});

describe("hard cases", () => {
  describe.each(["auto", "bfgs", "l-bfgs", "trust-region", "newton-cg", "conjugate-gradient"] as const)(
    "%s",
    (method) => {
      test.each(hardCases)("$name", ({ f, start, status, says, value, within = 1e-12 }) => {
        const result = minimize(f as (x: Tensor) => Tensor, start as number[], { method });
        expect([result.status, result.message]).toEqual([status, expect.stringMatching(says)]);
        if (value !== undefined) expect(Math.abs(result.value - value)).toBeLessThanOrEqual(within);
      });
    },
  );

  test.each(methods)("%s never says converged where there is no minimum", (method) => {
    for (const { name, f, start, status, value, within = 1e-8 } of hardCases) {
      const result = minimize(f as (x: Tensor) => Tensor, start as number[], { method });
      const right =
        result.status !== "converged" ||
        (status === "converged" && (value === undefined || Math.abs(result.value - value) <= within));
      expect([name, right, String(result)]).toEqual([name, true, expect.any(String)]);
    }
  });
});

describe("bounds", () => {
  const rosenbrock = cost(moreGarbowHillstrom[0] as SumOfSquares);
  test.each(methods)("%s stops where a bound holds the minimum", (method) => {
    const result = minimize(rosenbrock, [-1.2, 1], {
      method,
      bounds: { lower: [-2, -1], upper: [0.8, 2] },
      maxIterations: 50_000,
    });
    expect([result.status, result.message]).toEqual(["converged", expect.stringContaining("at the bound of x[0]")]);
    expect(result.value).toBeCloseTo(0.04, 10);
    expect(result.gradientNorm).toBeLessThan(1e-8);
  });

  test("the start is brought inside, and every iterate stays there", () => {
    const seen: number[] = [];
    const result = minimize((x: Tensor) => square(sub(x, 5)), 9, {
      bounds: { lower: -1, upper: 2 },
      callback: ({ x }) => seen.push(x.item()) < 0,
    });
    expect(result.x.item()).toBe(2);
    expect(seen.every((v) => v >= -1 && v <= 2)).toBe(true);
  });

  test("a saddle that bounds cover is not called one of positive eigenvalues", () => {
    const result = minimize((x: Tensor) => mul(x.at(0), x.at(1)), [0, 0], { bounds: { lower: 0, upper: 1 } });
    expect([result.value, result.message]).toEqual([0, expect.stringMatching(/curvature -1 along .* no lower value/)]);
  });

  test.each([
    [{ lower: 2, upper: 1 }, "E-VALUE"],
    [{ lower: [0, 0, 0] }, "E-SHAPE"],
  ])("%j is an error", (bounds, code) => {
    expect(() => minimize(rosenbrock, [0, 0], { bounds })).toThrow(expect.objectContaining({ code }));
  });
});

describe("trees, sides, ends", () => {
  const target = ({ w, b }: { readonly w: Tensor; readonly b: Tensor }): Tensor =>
    sum(square(sub(w, [1, 2]))).add(square(sub(b, w.sum())));

  test("parameters are trees, and come back as such", () => {
    const start = { w: tensor([0, 0]), b: 0 };
    const { x, status } = minimize(target as (x: { w: Tensor; b: Tensor }) => Tensor, start);
    expect([status, x.w.shape, x.b.shape]).toEqual(["converged", [2], []]);
    expect(
      [...x.w.data, x.b.item()]
        .map((v) => Math.abs(v))
        .map((v, i) => v - ([1, 2, 3][i] as number))
        .every((e) => Math.abs(e) < 1e-8),
    ).toBe(true);
  });

  test("flat directions are named as the parameters are", () => {
    const start = { mass: 1, charge: 3 };
    const ratio = (p: { readonly mass: Tensor; readonly charge: Tensor }): Tensor =>
      square(sub(p.mass.add(p.charge), 1));
    expect(minimize(ratio, start).message).toMatch(/along the direction \(.*mass − .*charge\), which stays free/);
  });

  test("maximize speaks of the function itself", () => {
    const result = maximize((x: Tensor) => exp(square(x).neg()), 0.7);
    expect([result.status, result.value]).toEqual(["converged", 1]);
    expect(result.message).toMatch(/a maximum: all eigenvalues of the Hessian are negative/);
    expect(maximize((x: Tensor) => square(x), 1).message).toMatch(/rises without limit/);
  });

  test("a callback may stop the search", () => {
    const result = minimize(cost(moreGarbowHillstrom[0] as SumOfSquares), [-1.2, 1], {
      callback: ({ iteration }) => iteration === 3,
    });
    expect([result.status, result.iterations]).toEqual(["stopped", 3]);
  });

  test("tolerances report what was measured", () => {
    const { tolerance } = minimize(bowl, [5, 5, 5], { tolerance: { gradient: 1e-6, step: 1e-9, value: 1e-9 } });
    expect(tolerance.gradient).toEqual({ measured: expect.any(Number), tolerance: 1e-6, met: true });
    expect(tolerance.step.tolerance).toBe(1e-9);
  });

  test("auto takes a method that a line search goes with, where one is given", () => {
    for (const lineSearch of ["strong-wolfe", "backtracking", "exact-quadratic"] as const) {
      const result = minimize(bowl, [5, 5, 5], { lineSearch });
      expect([result.method, result.status]).toEqual(["bfgs", "converged"]);
    }
  });

  test("a start that is no point names its element", () => {
    expect(() => minimize(bowl, [0, Infinity, 0])).toThrow("E-VALUE minimize: x[1] is Infinity at the start");
  });

  test("what a function reads from outside is read anew", () => {
    let centre = 1;
    const f = (x: Tensor): Tensor => square(sub(x, centre));
    expect(minimize(f, 0).x.item()).toBeCloseTo(1, 10);
    centre = 2;
    expect(minimize(f, 0).x.item()).toBeCloseTo(2, 10);
  });

  test("constants that change become inputs: from then on nothing is compiled, and the answers are those of fresh functions", () => {
    const made = vi.spyOn(WebAssembly, "Module");
    const costOf = (read: () => readonly [Tensor, number, Tensor]) => (x: Tensor) => {
      const [centre, weight, order] = read();
      return sum(square(take(x, order).sub(centre)).mul(weight)).add(sum(pow(x, 4)).mul(0.25));
    };
    type State = readonly [Tensor, number, Tensor];
    let state: State = [tensor([1, 2, 3]), 1, tensor([0, 1, 2], { dtype: "int32" })];
    const f = costOf(() => state);
    const compiled = [0, 1, 2, 3, 0].map((k) => {
      state = [tensor([1 + k, 2, 3 - k]), 1 + k, tensor([k % 3, (k + 1) % 3, (k + 2) % 3], { dtype: "int32" })];
      const fixed = state;
      const fresh = minimize(
        costOf(() => fixed),
        [0, 0, 0],
      );
      const before = made.mock.calls.length;
      const again = minimize(f, [0, 0, 0]);
      expect(again.status).toBe("converged");
      expect(again.x.toArray()).toEqual(fresh.x.toArray());
      return made.mock.calls.length - before;
    });
    made.mockRestore();
    expect(compiled.map((count) => count > 0)).toEqual([true, true, false, false, false]);
  });

  test("an error of the function says where it arose", () => {
    const f = (x: Tensor): Tensor => {
      if (x.item() < 1) throw new Error("no such temperature");
      return square(x);
    };
    expect(() => minimize(f, 3)).toThrow(NablaError);
    expect(() => minimize(f, 3)).toThrow(/failed at x = .* \(evaluation \d+\): no such temperature/);
  });

  test.each([
    [{ method: "simplex" }],
    [{ lineSearch: "golden" }],
    [{ tolerance: -1 }],
    [{ maxIterations: 1.5 }],
    [{ method: "trust-region", lineSearch: "exact" }],
    [{ steps: 3 }],
  ])("%j is an error", (options) => {
    expect(() => minimize(bowl, [0, 0, 0], options as object)).toThrow(expect.objectContaining({ code: "E-OPTION" }));
  });

  test.each([
    [[Number.NaN], "E-VALUE"],
    [[], "E-VALUE"],
    [tensor([1, 2], { dtype: "int32" }), "E-DTYPE"],
  ])("a start %s is an error", (start, code) => {
    expect(() => minimize((x: Tensor) => sum(x), start as number[])).toThrow(expect.objectContaining({ code }));
  });
});

describe("many parameters", () => {
  const chain =
    (n: number) =>
    (x: Tensor): Tensor =>
      sum(square(sub(x.slice([[1, n]]), square(x.slice([[0, n - 1]])))))
        .mul(10)
        .add(sum(square(sub(x, 1))));
  test.each(["auto", "l-bfgs", "newton-cg", "trust-region", "conjugate-gradient"] as const)("%s at 1000", (method) => {
    const result = minimize(chain(1000), new Float64Array(1000).fill(0.9), { method });
    expect([result.status, result.message]).toEqual(["converged", expect.stringContaining("Lanczos")]);
    expect(result.value).toBeLessThan(1e-12);
  });

  test("a saddle of 500 parameters is left by Lanczos's process", () => {
    const f = (x: Tensor): Tensor =>
      sum(square(square(x).sub(1))).add(sum(mul(x.slice([[1, 500]]), x.slice([[0, 499]])).mul(0.1)));
    const result = minimize(f, new Float64Array(500));
    expect([result.status, result.message]).toEqual([
      "converged",
      expect.stringContaining("was critical but no minimum"),
    ]);
  });
});

describe("kinks and edges", () => {
  const norm1 = (x: Tensor): Tensor => sum(abs(x));
  test.each([
    ["|x| from its kink", norm1, [0], undefined, 100],
    ["‖x‖ from its kink", (x: Tensor) => sqrt(sum(square(sub(x, [1, 2])))), [1, 2], undefined, 100],
    ["|x − 0.1|, 400 of them", (x: Tensor) => norm1(sub(x, 0.1)), new Float64Array(400).fill(1), undefined, 2000],
    ["|x| + |y|, a bound before one kink", norm1, [3, 3], { lower: [0.5, -1] }, 1000],
    ["√x, whose slope at the bound is infinite", (x: Tensor) => sum(sqrt(x)), [1], { lower: 0 }, 200],
  ] as const)("%s: found, by few evaluations", (_, f, start, bounds, most) => {
    for (const method of ["auto", "bfgs"] as const) {
      const result = minimize(f, [...start], { method, ...(bounds && { bounds: bounds as Bounds<number[]> }) });
      expect([result.status, result.message]).toEqual(["converged", expect.stringContaining("at a kink")]);
      expect(result.evaluations).toBeLessThan(most);
    }
  });

  test.each(["auto", "bfgs", "l-bfgs", "newton-cg"] as const)("%s: rounding in float32 is no kink", (method) => {
    const f = (x: Tensor): Tensor => sub(square(x.at(0)), square(x.at(1))).add(pow(x.at(1), 4));
    const result = minimize(f, tensor([1, 0], { dtype: "float32" }), { method });
    expect([result.status, result.message]).toEqual(["converged", expect.stringContaining("eigenvalues")]);
    expect(result.value).toBeCloseTo(-0.25, 6);
  });

  test("log x at the bound 0 is without limit", () => {
    expect(minimize((x: Tensor) => log(x), 1, { bounds: { lower: 0 } }).status).toBe("unbounded");
  });

  test("the best point seen is returned where the gradient overflows", () => {
    const result = minimize((x: Tensor) => log(x), 1, { bounds: { lower: 0 }, method: "bfgs" });
    expect([result.value < -714, result.message]).toEqual([
      true,
      expect.stringContaining("the gradient is not finite"),
    ]);
  });
});

describe("verdicts on many parameters", () => {
  const n = 400;
  const rest = (x: Tensor): Tensor => sum(square(x.slice([[1, n]])));
  const first = (x: Tensor, ...powers: [number, number][]): Tensor =>
    powers.reduce<Tensor>((total, [a, p]) => total.add(pow(x.at(0), p).mul(a)), rest(x));
  const off = new Float64Array(n).fill(1).with(0, 0);
  test.each([
    [
      "x³ + x⁴ of one at its inflection",
      (x: Tensor) => first(x, [1, 3], [1, 4]),
      -27 / 256,
      /third derivative leads down/,
    ],
    [
      "−x⁴ + x⁶ of one at its maximum",
      (x: Tensor) => first(x, [-1, 4], [1, 6]),
      -4 / 27,
      /fourth derivatives lead down/,
    ],
    [
      "x⁴ of one at its minimum",
      (x: Tensor) => first(x, [1, 4]),
      0,
      /curvature vanishes in some direction; .* Lanczos/,
    ],
    ["one that f does not depend on", rest, 0, /does not change along the direction \(.*x\[0\]\), which stays free/],
  ] as const)("%s", (_, f, value, says) => {
    const result = minimize(f, off);
    expect([result.status, result.message]).toEqual(["converged", expect.stringMatching(says)]);
    expect(result.value).toBeCloseTo(value, 10);
  });

  test("bounds that hold all of them", () => {
    const result = minimize((x: Tensor) => sum(x), new Float64Array(n).fill(1), { bounds: { lower: 0 } });
    expect([result.status, result.message]).toEqual(["converged", expect.stringContaining("bounds hold every")]);
  });

  test("a curvature of −10⁻⁹ beside 400", () => {
    const slopes = tensor(Array.from({ length: n }, (_, i) => (i === 0 ? -1e-9 : i)));
    const result = minimize((x: Tensor) => sum(mul(square(x), slopes)).add(pow(x.at(0), 4).mul(1e-6)), off);
    expect([result.status, result.message]).toEqual([
      "converged",
      expect.stringMatching(/no minimum \(curvature -(2|1.99\d*)e-9 along/),
    ]);
    expect(result.value).toBeLessThan(-2e-13);
  });
});

describe("roots", () => {
  const square12 = moreGarbowHillstrom.filter(
    ({ residuals, start, minima }) => residuals(tensor([...start])).size === start.length && minima[0] === 0,
  );
  test.each(square12.map((p) => [p.name, p] as const))("%s", (name, { residuals, start }) => {
    const { status, residualNorm } = root(residuals, [...start]);
    const expected: Status = name === "Freudenstein and Roth" ? "stalled" : "converged";
    expect([status, status === "converged" ? residualNorm < 1e-10 : residualNorm]).toEqual([
      expected,
      expected === "converged" ? true : expect.closeTo(Math.sqrt(48.98425), 4),
    ]);
  });

  test("what has no root stalls, what is undefined says so", () => {
    expect(root((x: Tensor) => square(x).add(2), 1).status).toBe("stalled");
    expect(root((x: Tensor) => x.sqrt().sub(2), -1).message).toMatch(/not finite at the start: sqrt\(-1\)/);
  });

  test("of a scalar of several unknowns: a critical point", () => {
    const { x, status } = root((v: Tensor) => sub(square(v.at(0)), square(v.at(1)).add(v.at(1))), [3, 2]);
    expect([status, ...x.data]).toEqual(["converged", 0, -0.5]);
  });
});
