/** Searches among discrete states: every way of searching on every problem, and what holds for all. */
import { square, type Tensor, tensor } from "nabla";
import { anneal, type BestState, hillClimb } from "nabla/optimize";
import { describe, expect, test } from "vitest";
import { type DiscreteProblem, discreteProblems } from "./problems/discrete.ts";

type Run = (
  problem: DiscreteProblem,
  options?: { readonly seed?: number; readonly maximize?: boolean; readonly path?: boolean },
) => BestState<readonly number[]>;

const signed = ({ cost }: DiscreteProblem, maximize = false): ((s: readonly number[]) => number) =>
  maximize ? (s) => -cost(s) : cost;

const ways: readonly (readonly [string, boolean, Run])[] = [
  ["steepest", false, (p, o) => hillClimb(signed(p, o?.maximize), p.start, { neighbors: p.neighbors, ...o })],
  [
    "first",
    false,
    (p, o) => hillClimb(signed(p, o?.maximize), p.start, { neighbors: p.neighbors, strategy: "first", ...o }),
  ],
  [
    "restarts",
    true,
    (p, o) =>
      hillClimb(signed(p, o?.maximize), p.start, {
        neighbors: p.neighbors,
        restart: p.random,
        restarts: 20,
        sideways: 5,
        ...o,
      }),
  ],
  ["tabu", true, (p, o) => hillClimb(signed(p, o?.maximize), p.start, { neighbors: p.neighbors, tabu: 30, ...o })],
  [
    "first with tabu",
    true,
    (p, o) => hillClimb(signed(p, o?.maximize), p.start, { neighbors: p.neighbors, strategy: "first", tabu: 30, ...o }),
  ],
  [
    "annealing",
    true,
    (p, o) => anneal(signed(p, o?.maximize), p.start, { neighbors: p.neighbors, iterations: 5000, ...o }),
  ],
  [
    "linear annealing",
    true,
    (p, o) =>
      anneal(signed(p, o?.maximize), p.start, { neighbors: p.neighbors, iterations: 5000, cooling: "linear", ...o }),
  ],
];

describe.each(discreteProblems)("$name", (problem) => {
  describe.each(ways)("%s", (_, global, run) => {
    const report = run(problem);

    test("ends in a proved local optimum", () => {
      expect(report.status).toBe("converged");
      expect(report.value).toBe(problem.cost(report.x));
      for (const beside of problem.neighbors(report.x))
        expect(problem.cost(beside)).toBeGreaterThanOrEqual(report.value);
      if (global) expect(report.value).toBeCloseTo(problem.least, 12);
    });

    test("the seed determines it", () => {
      expect(run(problem, { seed: 3 })).toEqual(run(problem, { seed: 3 }));
    });

    test("maximising the negative is the same", () => {
      const turned = run(problem, { maximize: true });
      expect([turned.x, -turned.value || 0, turned.evaluations]).toEqual([report.x, report.value, report.evaluations]);
    });

    test("the path leads there", () => {
      const { path = [], x, value, iterations } = run(problem, { path: true });
      expect(path[0]?.x).toEqual(problem.start);
      expect(Math.min(...path.map((s) => s.value))).toBe(value);
      expect(path.some((s) => s.x === x)).toBe(true);
      expect(path.at(-1)?.iteration).toBe(iterations);
    });
  });
});

describe("ends", () => {
  const line = (x: number): number[] => [x - 1, x + 1];
  const cost = (x: number): number => (x - 50) ** 2;

  test.each([
    [
      "limit of moves",
      () => hillClimb(cost, 0, { neighbors: line, maxIterations: 10 }),
      "iteration-limit",
      /limit of 10 moves/,
      10,
    ],
    [
      "limit of evaluations",
      () => hillClimb(cost, 0, { neighbors: line, maxEvaluations: 21 }),
      "iteration-limit",
      /21 evaluations/,
      10,
    ],
    [
      "the callback",
      () => hillClimb(cost, 0, { neighbors: line, callback: ({ x }) => x === 7 }),
      "stopped",
      /callback/,
      7,
    ],
    ["a target", () => hillClimb(cost, 0, { neighbors: line, target: 100 }), "stopped", /target 100/, 40],
    ["no neighbors", () => hillClimb(cost, 3, { neighbors: () => [] }), "converged", /local minimum/, 3],
    ["a start without a value", () => hillClimb(() => Number.NaN, 0, { neighbors: line }), "undefined", /NaN/, 0],
    [
      "NaN around",
      () => hillClimb((x) => (x > 9 ? Number.NaN : -x), 0, { neighbors: line }),
      "converged",
      /local minimum/,
      9,
    ],
    [
      "a schedule",
      () => anneal(cost, 50, { neighbor: (x: number) => x + 1, iterations: 30 }),
      "iteration-limit",
      /cooled/,
      50,
    ],
    ["annealing from nowhere", () => anneal(() => Number.NaN, 0, { neighbors: line }), "undefined", /NaN/, 0],
  ] as const)("%s", (_, run, status, says, x) => {
    const report = run();
    expect([report.status, report.x, report.message]).toEqual([status, x, expect.stringMatching(says)]);
    expect(String(report)).toContain(report.message);
  });

  test("options that cannot be", () => {
    const neighbors = line;
    expect(() => hillClimb(cost, 0, {} as { neighbors: typeof line })).toThrow("E-OPTION");
    expect(() => hillClimb(cost, 0, { neighbors, restarts: 3 })).toThrow("E-OPTION");
    expect(() => hillClimb(cost, 0, { neighbors, maxIterations: 0 })).toThrow("E-OPTION");
    expect(() => anneal(cost, 0, {})).toThrow("E-OPTION");
    expect(() => anneal(cost, 0, { neighbors, temperature: -1 })).toThrow("E-OPTION");
  });
});

test("a plateau is crossed sideways", () => {
  const cost = (x: number): number => (x < 5 ? 10 : 10 - x);
  const neighbors = (x: number): number[] => (x < 20 ? [x + 1] : []);
  expect(hillClimb(cost, 0, { neighbors }).x).toBe(0);
  expect(hillClimb(cost, 0, { neighbors, sideways: 5 }).x).toBe(20);
});

test("states may be tensors, costs too", () => {
  const neighbors = (x: Tensor): Tensor[] => [x.add([1, 0]), x.sub([1, 0]), x.add([0, 1]), x.sub([0, 1])];
  const { x } = hillClimb((p: Tensor) => square(p.sub([3, -2])).sum(), tensor([0, 0]), { neighbors });
  expect(x.toArray()).toEqual([3, -2]);
});

test.each(["geometric", "linear", "logarithmic", (progress: number) => 2 - 1.9 * progress] as const)(
  "the temperature falls: %s",
  (cooling) => {
    const neighbor = (x: number, chance: { uniform(): number }): number => x + chance.uniform() - 0.5;
    const { path = [] } = anneal((x: number) => x * x, 3, {
      neighbor,
      cooling,
      temperature: 2,
      iterations: 500,
      path: true,
    });
    const temperatures = path.map(({ temperature }) => temperature as number);
    expect(temperatures[0]).toBe(2);
    temperatures.slice(1).forEach((t, i) => {
      expect(t).toBeLessThanOrEqual(temperatures[i] as number);
    });
  },
);
