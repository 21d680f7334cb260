/** Graphs drawn as SVG and DOT; the pictures of docs/ are what nabla draws, and what is beside them is what drew them. */
import { readdirSync, readFileSync } from "node:fs";
import { GraphView, graphOf, mean, scan, sin, type Tensor, tanh, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { pictures } from "../examples/pictures/index.ts";
import { outline } from "./outline.ts";

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
    expect(dot).toContain('n1 -> n2 [label="matmul 0"]');
  });

  test("edges carry the operation and the operand; operands from one node share an edge", () => {
    const square = graphOf((x: Tensor) => x.mul(x).sub(1), 2);
    expect(square.toDot()).toContain('n0 -> n1 [label="mul 0, 1"]');
    expect(square.toDot()).toContain('[label="sub 1"]');
    expect(square.toSVG()).toContain(">mul 0, 1</text>");
  });

  test("outputs have the names of the results, those of a gradient what they are", () => {
    const named = graphOf((p: { w: Tensor }) => ({ loss: p.w.sum(), ok: p.w.sum().greater(0) }), { w: [1, 2] });
    const svg = named.toSVG({ values: true });
    for (const text of ["output.loss", "output.ok", "= true"]) expect(svg).toContain(`>${text}</text>`);
    const slope = graphOf((p: { w: Tensor }) => p.w.sum(), { w: [1, 2] }).gradient();
    expect(slope.outputNames).toEqual(["value", "∂/∂x0.w"]);
  });

  test("bodies of loops are drawn inside their node, large ones are counted", () => {
    const loop = (n: number) =>
      graphOf(
        (x: Tensor) => {
          const step = (c: Tensor, v: Tensor) =>
            [
              Array.from({ length: n })
                .reduce<Tensor>((y) => sin(y), c)
                .add(v),
              v,
            ] as const;
          return scan(step, x.sum(), x)[0];
        },
        [1, 2, 3],
      );
    expect(loop(2).toSVG()).toMatch(/>body<\/text>.*>sin<\/text>/s);
    expect(loop(2).toDot()).toContain('subgraph cluster_n2_0 {\n    label="body"');
    expect(loop(50).toSVG()).toContain("body: 51 nodes");
  });

  test("an empty graph and names that XML cannot hold are drawn", () => {
    expect(graphOf(() => []).toSVG()).toMatch(/^<svg .*<\/svg>$/s);
    expect(graphOf(() => []).toDot()).toMatch(/^digraph nabla \{[^>]*\}$/);
    expect(graphOf((p: Record<string, Tensor>) => Object.values(p), { "a\u0001": tensor(1) }).toSVG()).toContain(
      "x0.a�",
    );
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

describe("docs/pictures", async () => {
  const drawn = [...(await pictures())];
  const number = /-?\d+(?:\.\d+)?(?:e-?\d+)?/g;

  test("are these, and no others", () => {
    expect(
      readdirSync("docs/pictures")
        .map((file) => file.replace(/\.svg$/, ""))
        .sort(),
    ).toEqual(drawn.map(([name]) => name).sort());
  });

  /**
   * Coordinates have one decimal: where two machines differ in the last bit of a logarithm, a tenth of a pixel. What is
   * said of rounding errors in the description of a fit is left out.
   */
  test.each(drawn)("%s is as it was drawn", (name, svg) => {
    const [now, then] = [svg, readFileSync(`docs/pictures/${name}.svg`, "utf8")].map((text) =>
      text.replace(/<desc.*<\/desc>/, ""),
    ) as [string, string];
    expect(now.replace(number, "0")).toBe(then.replace(number, "0"));
    const [a, b] = [now, then].map((text) => (text.match(number) ?? []).map(Number)) as [number[], number[]];
    expect(Math.max(...a.map((v, i) => Math.abs(v - (b[i] as number))))).toBeLessThan(0.11);
  });

  test.each(drawn)("%s is well formed, small, and its numbers are numbers", (_, svg) => {
    expect(() => outline(svg)).not.toThrow();
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.length).toBeLessThan(100_000);
  });

  const pages = readdirSync("docs").filter((file) => file.endsWith(".md"));
  const beside = pages.flatMap((page) => {
    const text = readFileSync(`docs/${page}`, "utf8");
    return [...text.matchAll(/```ts\n((?:(?!```)[\s\S])*)```\n\n!\[.+\]\(pictures\/(.+)\.svg\)\n\n(.+)/g)].map(
      (match) => {
        const [, code = "", name = "", caption = ""] = match;
        return { page, name, code, caption };
      },
    );
  });

  test("each has code and a caption beside it, those of the command line what is typed", () => {
    const typed = ["fit", "graph", "minimize"];
    expect([...beside.map(({ name }) => name), ...typed].sort()).toEqual(drawn.map(([name]) => name).sort());
  });

  test.each(beside)("the code in $page is what drew $name", ({ name, code }) => {
    const file = readFileSync(`examples/pictures/${name}.ts`, "utf8");
    const [above = ""] = file.split("\n// Drawn");
    const own = above.replace(/^\/\*\*[\s\S]*?\*\/\n/, "").replace(/^import [^;]* from "\.[^"]*";\n/gm, "");
    expect(code.trim()).toBe(own.trim());
  });
});
