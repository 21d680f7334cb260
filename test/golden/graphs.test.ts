/** Golden texts of graphs before and after each pass, and what the verifier of graphs finds. */
import { cond, exp, grad, graphOf, less, matmul, scan, sin, type Tensor, tanh, tensor, vmap, whileLoop } from "nabla";
import { describe, expect, test } from "vitest";
import { checkGraph } from "../../src/graph/check.ts";
import { trace } from "../../src/graph/graph.ts";
import { Tensor as Node } from "../../src/graph/tensor.ts";
import { share } from "../../src/transform/share.ts";
import { simplify } from "../../src/transform/simplify.ts";

const text = (...lines: string[]): string => lines.join("\n");

describe("text", () => {
  test("a function and its gradient", () => {
    const view = graphOf((x: Tensor) => sin(x).mul(x).sum(), [1, 2]);
    expect(String(view)).toBe(
      text(
        "%0: float64[2] = input x0",
        "%1: float64[2] = sin %0",
        "%2: float64[2] = mul %1, %0",
        "%3: float64[] = sum {axes: [0]} %2",
        "return %3",
      ),
    );
    expect(String(view.gradient())).toBe(
      text(
        "%0: float64[2] = input x0",
        "%1: float64[2] = sin %0",
        "%2: float64[2] = cos %0",
        "%3: float64[2] = mul %1, %0",
        "%4: float64[] = sum {axes: [0]} %3",
        "%5: float64[2] = scale %1, 1:float64[2]",
        "%6: float64[2] = scale %0, 1:float64[2]",
        "%7: float64[2] = scale %2, %6",
        "%8: float64[2] = add %5, %7",
        "return %4, %8",
      ),
    );
  });

  test("names of trees, bodies of loops", () => {
    const view = graphOf(
      (p: { rate: Tensor }) =>
        whileLoop(
          (c) => less(c, 10),
          (c) => c.mul(p.rate),
          1,
        ),
      { rate: tensor(2) },
    );
    expect(String(view)).toBe(
      text(
        "%0: float64[] = input x0.rate",
        "%1: (float64[]) = while {carries: 1} 1, %0",
        "  condition:",
        "    %0: float64[] = input",
        "    %1: float64[] = input",
        "    %2: bool[] = less %0, 10",
        "    return %2",
        "  body:",
        "    %0: float64[] = input",
        "    %1: float64[] = input",
        "    %2: float64[] = mul %0, %1",
        "    return %2",
        "%2: float64[] = result {index: 0} %1",
        "return %2",
      ),
    );
  });
});

describe("passes", () => {
  const passes = (f: (x: Tensor) => unknown, x: readonly number[]): string[] =>
    graphOf(f, x)
      .passes()
      .map(({ graph }) => String(graph));

  test("simplify keeps every bit", () => {
    const [, simplified] = passes(
      (x) => x.mul(1).div(1).sub(0).neg().neg().reshape([2, 1]).reshape([2]).add(0).mul(0),
      [1, 2],
    );
    expect(simplified).toBe(
      text("%0: float64[2] = input x0", "%1: float64[2] = add %0, 0", "%2: float64[2] = mul %1, 0", "return %2"),
    );
  });

  test("share makes repeated subexpressions one", () => {
    const [, , shared] = passes((x) => exp(x.mul(2)).add(exp(x.mul(2))), [1, 2]);
    expect(shared).toBe(
      text(
        "%0: float64[2] = input x0",
        "%1: float64[2] = mul %0, 2",
        "%2: float64[2] = exp %1",
        "%3: float64[2] = add %2, %2",
        "return %3",
      ),
    );
  });

  test("−0 and 0 are not shared", () => {
    const [, , shared] = passes((x) => [x.add(0), x.add(-0)], [1]);
    expect(shared).toBe(text("%0: float64[1] = input x0", "%1: float64[1] = add %0, 0", "return %1, %0"));
  });
});

describe("the verifier", () => {
  const functions: Record<string, (x: Tensor) => unknown> = {
    gradient: grad((x: Tensor) => tanh(matmul(x.reshape([2, 2]), x.reshape([2, 2]))).sum()),
    "second derivative": grad((x: Tensor) => grad((y: Tensor) => y.mul(y).mul(y).sum())(x).sum()),
    batch: (x) => vmap(grad((v: Tensor) => sin(v).mul(v)))(x),
    loops: grad(
      (x: Tensor) =>
        scan(
          (c, v) => [
            c.mul(v).add(
              whileLoop(
                (s) => less(s, 5),
                (s) => s.mul(v).add(2),
                v,
              ),
            ),
            c,
          ],
          x.sum(),
          x,
        )[0],
    ),
    branches: grad((x: Tensor) =>
      cond(
        x.sum().greater(0),
        (v) => v.mul(v).sum(),
        (v) => v.sum(),
        x,
      ),
    ),
  };
  test.each(Object.entries(functions))("%s, after every pass", (_, f) => {
    for (const { graph } of graphOf(f, [1.5, 2.5, 0.5, 1]).passes()) checkGraph(graph);
  });

  test("names a node that breaks a rule", () => {
    const graph = trace("test", [{ shape: [2], dtype: "float64" }], ([x]) => [sin((x as Tensor).mul(2))]);
    const [product, sine] = graph.nodes as [Tensor, Tensor];
    expect(() => checkGraph({ ...graph, nodes: [sine, product] })).toThrow(/sin: reads mul before it is computed/);
    const wrong = new Node(sine.operation, sine.inputs, {}, { shape: [3], dtype: "float64" }, 1);
    expect(() => checkGraph({ ...graph, nodes: [product, wrong], outputs: [wrong] })).toThrow(
      /is float64\[3\], its operation infers float64\[2\]/,
    );
    expect(checkGraph(simplify(share(graph))).nodes.length).toBe(2);
  });
});
