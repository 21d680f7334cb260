/** A graph laid out and dragged: every frame ends in a minimum, near the mouse. */
import { expect, test } from "vitest";
import { layout } from "../examples/layout.ts";

test("the example lays out a graph and follows the mouse", () => {
  const { edges, stress, frames, svg } = layout({ nodes: 12, more: 6, frames: 5 });
  expect(stress).toBeGreaterThan(0);
  for (const { status, dragged, mouse } of frames) {
    expect(status).toBe("converged");
    expect(Math.hypot(...dragged.map((v, axis) => v - (mouse[axis] as number)))).toBeLessThan(0.1);
  }
  expect(svg.match(/<line/g)).toHaveLength(edges.length);
  expect(svg.match(/<circle/g)).toHaveLength(12);
});
