/** Golden texts of graphs before and after each pass, the verifier, and the pictures. */
import { cond, exp, GraphView, grad, graphOf, less, matmul, mean, scan, sin, tanh, tensor, vmap, whileLoop, } from "nabla";
import { describe, expect, test } from "vitest";
import { checkGraph } from "../src/graph/check.js";
import { trace } from "../src/graph/graph.js";
import { Tensor as Node } from "../src/graph/tensor.js";
import { share } from "../src/transform/share.js";
import { simplify } from "../src/transform/simplify.js";
const text = (...lines) => lines.join("\n");
describe("text", () => {
    test("a function and its gradient", () => {
        const view = graphOf((x) => sin(x).mul(x).sum(), [1, 2]);
        expect(String(view)).toBe(text("%0: float64[2] = input x0", "%1: float64[2] = sin %0", "%2: float64[2] = mul %1, %0", "%3: float64[] = sum {axes: [0]} %2", "return %3"));
        expect(String(view.gradient())).toBe(text("%0: float64[2] = input x0", "%1: float64[2] = sin %0", "%2: float64[2] = cos %0", "%3: float64[2] = mul %1, %0", "%4: float64[] = sum {axes: [0]} %3", "%5: float64[2] = scale %1, 1:float64[2]", "%6: float64[2] = scale %0, 1:float64[2]", "%7: float64[2] = scale %2, %6", "%8: float64[2] = add %5, %7", "return %4, %8"));
    });
    test("names of trees, bodies of loops", () => {
        const view = graphOf((p) => whileLoop((c) => less(c, 10), (c) => c.mul(p.rate), 1), { rate: tensor(2) });
        expect(String(view)).toBe(text("%0: float64[] = input x0.rate", "%1: (float64[]) = while {carries: 1} 1, %0", "  condition:", "    %0: float64[] = input", "    %1: float64[] = input", "    %2: bool[] = less %0, 10", "    return %2", "  body:", "    %0: float64[] = input", "    %1: float64[] = input", "    %2: float64[] = mul %0, %1", "    return %2", "%2: float64[] = result {index: 0} %1", "return %2"));
    });
});
describe("passes", () => {
    const passes = (f, x) => graphOf(f, x)
        .passes()
        .map(({ graph }) => String(graph));
    test("simplify keeps every bit", () => {
        const [, simplified] = passes((x) => x.mul(1).div(1).sub(0).neg().neg().reshape([2, 1]).reshape([2]).add(0).mul(0), [1, 2]);
        expect(simplified).toBe(text("%0: float64[2] = input x0", "%1: float64[2] = add %0, 0", "%2: float64[2] = mul %1, 0", "return %2"));
    });
    test("share makes repeated subexpressions one", () => {
        const [, , shared] = passes((x) => exp(x.mul(2)).add(exp(x.mul(2))), [1, 2]);
        expect(shared).toBe(text("%0: float64[2] = input x0", "%1: float64[2] = mul %0, 2", "%2: float64[2] = exp %1", "%3: float64[2] = add %2, %2", "return %3"));
    });
    test("−0 and 0 are not shared", () => {
        const [, , shared] = passes((x) => [x.add(0), x.add(-0)], [1]);
        expect(shared).toBe(text("%0: float64[1] = input x0", "%1: float64[1] = add %0, 0", "return %1, %0"));
    });
});
describe("the verifier", () => {
    const functions = {
        gradient: grad((x) => tanh(matmul(x.reshape([2, 2]), x.reshape([2, 2]))).sum()),
        "second derivative": grad((x) => grad((y) => y.mul(y).mul(y).sum())(x).sum()),
        batch: (x) => vmap(grad((v) => sin(v).mul(v)))(x),
        loops: grad((x) => scan((c, v) => [
            c.mul(v).add(whileLoop((s) => less(s, 5), (s) => s.mul(v).add(2), v)),
            c,
        ], x.sum(), x)[0]),
        branches: grad((x) => cond(x.sum().greater(0), (v) => v.mul(v).sum(), (v) => v.sum(), x)),
    };
    test.each(Object.entries(functions))("%s, after every pass", (_, f) => {
        for (const { graph } of graphOf(f, [1.5, 2.5, 0.5, 1]).passes())
            checkGraph(graph);
    });
    test("names a node that breaks a rule", () => {
        const graph = trace("test", [{ shape: [2], dtype: "float64" }], ([x]) => [sin(x.mul(2))]);
        const [product, sine] = graph.nodes;
        expect(() => checkGraph({ ...graph, nodes: [sine, product] })).toThrow(/sin: reads mul before it is computed/);
        const wrong = new Node(sine.operation, sine.inputs, {}, { shape: [3], dtype: "float64" }, 1);
        expect(() => checkGraph({ ...graph, nodes: [product, wrong], outputs: [wrong] })).toThrow(/is float64\[3\], its operation infers float64\[2\]/);
        expect(checkGraph(simplify(share(graph))).nodes.length).toBe(2);
    });
});
describe("pictures", () => {
    const view = graphOf((p, x) => mean(tanh(x.matmul(p['w<"&>']))), {
        'w<"&>': tensor([
            [1, 2],
            [3, 4],
        ]),
    }, [[0.1, 0.2]]);
    test("SVG is well formed and shows values and adjoints", () => {
        const svg = view.toSVG({ values: true, adjoints: true });
        // Every tag closes in order; no bare < or & is left.
        const open = [];
        for (const [, close, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
            if (close)
                expect(open.pop()).toBe(name);
            else if (!rest?.endsWith("/"))
                open.push(name);
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
        const long = graphOf((x) => {
            let y = x;
            for (let i = 0; i < 400; i++)
                y = y.add(i + 1);
            return y;
        }, 1);
        expect(long.toSVG()).toContain("100 more nodes are not drawn");
        expect(long).toBeInstanceOf(GraphView);
    });
    test("adjoints need a scalar", () => {
        expect(() => graphOf((x) => x.mul(2), [1, 2]).toSVG({ adjoints: true })).toThrow(/E-NOT-SCALAR/);
    });
});
