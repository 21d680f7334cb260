/** Golden texts of steps before and after each pass of the compiler, and what the verifier of plans finds. */
import { cumsum, exp, greater, matmul, scan, type Tensor, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import type { Buffer, LoopStep, Plan, Step } from "../../src/backend/target.ts";
import { checkPlan } from "../../src/compile/check.ts";
import { type Passes, passes } from "../../src/compile/passes.ts";
import { showPlan } from "../../src/compile/text.ts";
import { trace } from "../../src/graph/graph.ts";
import { share } from "../../src/transform/share.ts";
import { simplify } from "../../src/transform/simplify.ts";

const text = (...lines: string[]): string => lines.join("\n");
const start = 16;

function compiled(f: (...x: Tensor[]) => Tensor | Tensor[], shapes: readonly (readonly number[])[], state = 0): Passes {
  const types = shapes.map((shape) => ({ shape, dtype: "float64" as const }));
  return passes(share(simplify(trace("test", types, (leaves) => [f(...leaves)].flat()))), state, start);
}

test("fuse: a chain and its reduction are one loop, values stay in registers", () => {
  const { fused } = compiled((x) => exp(x.mul(2)).add(1).sum({ axis: 1 }), [[2, 3]]);
  expect(showPlan(fused)).toBe(
    text(
      "b0: float64[2, 3]  input",
      "b1: float64[2]  output",
      "run(b0):",
      "  loop [2, 3]:",
      "    %0: float64 = b0",
      "    %2: float64 = mul %0, 2",
      "    %3: float64 = exp %2",
      "    %5: float64 = add %3, 1",
      "    b1 = sum {axes: [1]} %5",
      "  return b1",
    ),
  );
});

test("merge: a loop takes in an earlier one behind a routine", () => {
  const { fused, merged } = compiled(
    (x) => {
      const twice = x.mul(2);
      return cumsum(x).mul(twice);
    },
    [[3]],
  );
  expect(showPlan(fused)).toBe(
    text(
      "b0: float64[3]  input",
      "b1: float64[3]",
      "b2: float64[3]",
      "b3: float64[3]  output",
      "run(b0):",
      "  loop [3]:",
      "    %0: float64 = b0",
      "    %2: float64 = mul %0, 2",
      "    b1 = %2",
      "  b2 = cumsum {axis: 0, reverse: false} b0",
      "  loop [3]:",
      "    %0: float64 = b2",
      "    %1: float64 = b1",
      "    %2: float64 = mul %0, %1",
      "    b3 = %2",
      "  return b3",
    ),
  );
  expect(showPlan(merged)).toBe(
    text(
      "b0: float64[3]  input",
      "b1: float64[3]",
      "b2: float64[3]  output",
      "run(b0):",
      "  b1 = cumsum {axis: 0, reverse: false} b0",
      "  loop [3]:",
      "    %0: float64 = b0",
      "    %2: float64 = mul %0, 2",
      "    %3: float64 = b1",
      "    %4: float64 = mul %3, %2",
      "    b2 = %4",
      "  return b2",
    ),
  );
});

test("epilogues: the bias and the sign are computed while the product is in registers", () => {
  const { finished } = compiled(
    (a, b, c) => {
      const z = matmul(a, b).add(c);
      return [z, greater(z, 0)];
    },
    [[2, 3], [3, 4], [4]],
  );
  expect(showPlan(finished)).toBe(
    text(
      "b0: float64[2, 3]  input",
      "b1: float64[3, 4]  input",
      "b2: float64[4]  input",
      "b3: float64[2, 4]  output",
      "b4: bool[2, 4]  output",
      "run(b0, b1, b2):",
      "  matmul b0, b1, of each element %:",
      "    %0: float64 = %",
      "    %1: float64 = b2(0 + [0, 1])",
      "    %2: float64 = add %0, %1",
      "    %4: bool = greater %2, 0",
      "    b3 = %2",
      "    b4 = %4",
      "  return b3, b4",
    ),
  );
});

test("coalesce: carries and slices of results are made in their places", () => {
  const f = (x: Tensor) => [scan((c: Tensor, v: Tensor) => [c.mul(v), c.add(v)] as const, tensor(1), x)].flat();
  const { merged, coalesced } = compiled(f, [[4]]);
  expect(showPlan(merged)).toBe(
    text(
      "b0: float64[4]  input",
      "b1: float64[]  output",
      "b2: float64[]  constant",
      "b3: float64[]",
      "b4: float64[]",
      "b5: float64[4]  output",
      "run(b0):",
      "  b1 = copy b2",
      "  for k0 < 4:",
      "    loop []:",
      "      %0: float64 = b1",
      "      %1: float64 = b0[k0]",
      "      %2: float64 = mul %0, %1",
      "      b3 = %2",
      "    loop []:",
      "      %0: float64 = b1",
      "      %1: float64 = b0[k0]",
      "      %2: float64 = add %0, %1",
      "      b4 = %2",
      "    b5[k0] = copy b4",
      "    b1 = copy b3",
      "  return b1, b5",
    ),
  );
  expect(showPlan(coalesced)).toBe(
    text(
      "b0: float64[4]  input",
      "b1: float64[]  output",
      "b2: float64[]  constant",
      "b3: float64[]",
      "b4: float64[4]  output",
      "run(b0):",
      "  b1 = copy b2",
      "  for k0 < 4:",
      "    loop []:",
      "      %0: float64 = b1",
      "      %1: float64 = b0[k0]",
      "      %2: float64 = mul %0, %1",
      "      b3 = %2",
      "    loop []:",
      "      %0: float64 = b1",
      "      %1: float64 = b0[k0]",
      "      %2: float64 = add %0, %1",
      "      b4[k0] = %2",
      "    b1 = copy b3",
      "  return b1, b4",
    ),
  );
});

test("memory: state stays in place, arrays that are not needed at one time share addresses", () => {
  const { plan } = compiled((w, x) => [w.add(cumsum(cumsum(cumsum(x))))], [[4], [4]], 1);
  expect(showPlan(plan)).toBe(
    text(
      "arena: 16 … 144; at most 128 bytes alive at one time",
      "b0: float64[4]  16 … 48  input, output",
      "b1: float64[4]  48 … 80  input",
      "b2: float64[4]  80 … 112",
      "b3: float64[4]  112 … 144",
      "b4: float64[4]  80 … 112",
      "run(b0, b1):",
      "  b2 = cumsum {axis: 0, reverse: false} b1",
      "  b3 = cumsum {axis: 0, reverse: false} b2",
      "  b4 = cumsum {axis: 0, reverse: false} b3",
      "  loop [4]:",
      "    %0: float64 = b0",
      "    %1: float64 = b4",
      "    %2: float64 = add %0, %1",
      "    b0 = %2",
      "  return b0",
    ),
  );
});

describe("the verifier of plans", () => {
  const { plan } = compiled((x) => cumsum(cumsum(x).add([1, 2, 3])).mul(x), [[3]]);
  const [, loop] = plan.steps as [Step, LoopStep, Step];
  const place = (change: (buffer: Buffer, at: number) => number): Plan => ({
    ...plan,
    address: new Map([...plan.address].map(([b, at]) => [b, change(b, at)])),
  });

  test("lets the plan pass", () => {
    expect(checkPlan(plan)).toBe(plan);
  });

  test.each<[string, Plan, RegExp]>([
    [
      "steps in another order",
      { ...plan, steps: plan.steps.toReversed() },
      /reads float64\[3\] .*, which is not there/,
    ],
    ["arrays at one address", place(() => start), /constant .* is overwritten|is written while/],
    ["an unaligned array", place((_, at) => at + 8), /is not aligned/],
    ["an arena too small", { ...plan, bytes: 32 }, /ends beyond the arena/],
    [
      "a view beyond its buffer",
      {
        ...plan,
        steps: plan.steps.map((s) =>
          s === loop ? { ...s, reads: loop.reads.map((r) => ({ ...r, view: { ...r.view, offset: 1 } })) } : s,
        ),
      },
      /reaches elements 1 … 3/,
    ],
    ["a result that nobody makes", { ...plan, steps: plan.steps.slice(0, 2) }, /output .* is not there/],
  ])("finds %s", (_, wrong, message) => {
    expect(() => checkPlan(wrong)).toThrow(message);
  });
});
