/** The type that an operation infers = the type of what it computes. */
import { tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/base/dtype.js";
import { sizeOf } from "../../src/base/shape.js";
import { trace } from "../../src/graph/graph.js";
import { apply } from "../../src/graph/tensor.js";
import { operations } from "../../src/ops/table.js";
import { cases, draw, drawIntegers, floats, tableCases } from "./cases.js";
function check(c, x) {
    const value = c.apply(...x);
    const graph = trace("law", x, (leaves) => [c.apply(...leaves)]);
    const inferred = graph.outputs[0];
    expect(inferred.shape).toEqual(value.shape);
    expect(inferred.dtype).toBe(value.dtype);
    expect(dtypeOf(value.data)).toBe(value.dtype);
    expect(value.data.length).toBe(sizeOf(value.shape));
}
describe.each(floats)("%s", (dtype) => {
    test.each(cases)("$name", (c) => check(c, draw(c, 1, dtype)));
    test.each(cases.filter((c) => c.dtype === undefined && c.differentiable !== false))("keeps its dtype: $name", (c) => {
        if (c.operation?.name !== "cast")
            expect(c.apply(...draw(c, 1, dtype)).dtype).toBe(dtype);
    });
});
describe.each(["int32", "uint32", "bool"])("%s", (dtype) => {
    test.each(tableCases.filter((c) => c.operation.laws?.integer))("$name", (c) => check(c, drawIntegers(c, 1, dtype)));
});
describe("at the edges", () => {
    test.each(operations.filter((o) => o.laws?.edges !== undefined))("$name", (operation) => {
        const edges = operation.laws?.edges ?? [];
        const dtype = operation.laws?.dtype ?? "float64";
        const x = (edges[0] ?? []).map((_, i) => tensor(edges.map((e) => e[i]), { dtype }));
        check({ apply: (...inputs) => apply(operation, inputs) }, x);
    });
});
