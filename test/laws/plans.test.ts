/** The verifiers between all passes, from the traced graph to the plan, for every case, its gradient and a batch of it. */
import { grad, type Tensor, vmap } from "nabla";
import { describe, expect, test } from "vitest";
import { arenaStart } from "../../src/backend/wasm/kernel.ts";
import { checkPlan } from "../../src/compile/check.ts";
import { passes } from "../../src/compile/passes.ts";
import { showPlan } from "../../src/compile/text.ts";
import { checkGraph } from "../../src/graph/check.ts";
import { trace } from "../../src/graph/graph.ts";
import type { Type } from "../../src/graph/operation.ts";
import { share } from "../../src/transform/share.ts";
import { simplify } from "../../src/transform/simplify.ts";
import { all, cases, cost, differentiable, draw, type NamedCase } from "./cases.ts";

type Many = (...x: Tensor[]) => Tensor | Tensor[];

function verify(f: Many, types: readonly Type[]): void {
  const traced = checkGraph(
    trace("law", types, (leaves) => [f(...leaves)].flat()),
    "trace",
  );
  const simplified = checkGraph(simplify(traced), "simplify");
  const graph = checkGraph(share(simplified), "share");
  const { fused, merged, folded, finished, coalesced, plan } = passes(graph, 0, arenaStart);
  checkPlan(fused, "fuse");
  checkPlan(merged, "merge");
  checkPlan(folded, "foldProducts");
  checkPlan(finished, "epilogues");
  checkPlan(coalesced, "coalesce");
  checkPlan(plan, "memory");
  expect(plan.bytes).toBeGreaterThanOrEqual(plan.lowerBound);
  expect(showPlan(plan)).toContain("return b");
}

const typesOf = (c: NamedCase): Type[] => draw(c, 1).map(({ shape, dtype }) => ({ shape, dtype }));
const slopes = (c: NamedCase): Many => grad(cost(c), { wrt: all(c) }) as Many;

describe("functions", () => {
  test.each(cases)("$name", (c) => verify((...x) => c.apply(...x), typesOf(c)));
});

describe("gradients", () => {
  test.each(differentiable)("$name", (c) => verify(slopes(c), typesOf(c)));
});

describe("gradients of batches", () => {
  test.each(differentiable)("$name", (c) =>
    verify(
      vmap(slopes(c)) as Many,
      typesOf(c).map(({ shape, dtype }) => ({ shape: [3, ...shape], dtype })),
    ),
  );
});
