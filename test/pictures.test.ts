/** Graphs drawn as SVG and DOT. */
import { GraphView, graphOf, mean, type Tensor, tanh, tensor } from "nabla";
import { describe, expect, test } from "vitest";

describe("pictures", () => {
  const view = graphOf(
    (p: { 'w<"&>': Tensor }, x: Tensor) => mean(tanh(x.matmul(p['w<"&>']))),
    {
      'w<"&>': tensor([
        [1, 2],
        [3, 4],
      ]),
    },
    [[0.1, 0.2]],
  );

  test("SVG is well formed and shows values and adjoints", () => {
    const svg = view.toSVG({ values: true, adjoints: true });
    // Every tag closes in order; no bare < or & is left.
    const open: string[] = [];
    for (const [, close, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!rest?.endsWith("/")) open.push(name as string);
    }
    expect(open).toEqual([]);
    expect(svg.replace(/<\/?[a-z]+[^<>]*>/g, "")).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
    expect(svg).toContain("= 0.6044, 0.7616");
    expect(svg).toContain("∂ 0.5, 0.5");
    expect(svg).toContain("x0.w&lt;&quot;&amp;&gt;");
  });

  test("DOT names nodes and edges", () => {
    const dot = view.toDot();
    expect(dot).toMatch(/^digraph nabla \{/);
    expect(dot).toContain('label="matmul\\nfloat64[1, 2]"');
    expect(dot).toContain('n1 -> n2 [label="0"]');
  });

  test("a graph too large to look at is cut with a word about it", () => {
    const long = graphOf((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 400; i++) y = y.add(i + 1);
      return y;
    }, 1);
    expect(long.toSVG()).toContain("100 more nodes are not drawn");
    expect(long).toBeInstanceOf(GraphView);
  });

  test("adjoints need a scalar", () => {
    expect(() => graphOf((x: Tensor) => x.mul(2), [1, 2]).toSVG({ adjoints: true })).toThrow(/E-NOT-SCALAR/);
  });
});
