/** Compiled = uncompiled, values and gradients, edges and integers included. */
import { compile, grad, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { trace } from "../../src/graph/graph.js";
import { apply } from "../../src/graph/tensor.js";
import { operations } from "../../src/ops/table.js";
import { all, cases, codeOf, cost, differentiable, distance, draw, drawIntegers, floats, numbers, tableCases, } from "./cases.js";
/** Routines that only choose and copy. */
const copying = new Set(["take", "update", "argsort", "argmax", "argmin", "max", "min", "maxHeld"]);
/**
 * Whether every bit must agree: movements, routines that copy, and elementwise code that calls no function and, in
 * float32, rounds at most once (uncompiled code rounds once from float64).
 */
function isExact(operation, dtype) {
    if (operation.kind === "movement")
        return true;
    if (operation.kind !== "elementwise")
        return copying.has(operation.name);
    const code = codeOf(operation);
    return !code.calls && (dtype === "float64" || code.roundings <= 1);
}
const tolerance = { float64: 1e-13, float32: 2e-6 };
/** Units in the last place by which an elementary function may differ: 2 of the compiled, 1 of Math's in float64. */
const ulps = { float64: 3, float32: 2 };
/** The gamma family and erfc have bounds of their own, measured in test/wasm-math.test.ts. */
const wider = {
    lgamma: 64,
    polygamma: 64,
    erfc: 5,
    logaddexp: 6,
    softplus: 6,
    sigmoid: 6,
};
const unit = (v, dtype) => {
    const [bits, least] = dtype === "float64" ? [52, -1074] : [23, -149];
    return v === 0 ? 2 ** least : 2 ** Math.max(Math.floor(Math.log2(Math.abs(v))) - bits, least);
};
/** The largest difference in units of the last place; 0 and −0, NaN and NaN are the same where `signs` is not set. */
function worst(actual, expected, dtype) {
    return Math.max(0, ...actual.map((v, i) => {
        const w = expected[i];
        if (Object.is(v, w))
            return 0;
        if (!Number.isFinite(v) || !Number.isFinite(w))
            return Infinity;
        return v === w ? 0 : Math.abs(v - w) / unit(w, dtype);
    }));
}
function compareValues(c, x, dtype) {
    const plain = c.apply(...x);
    const compiled = compile((...a) => c.apply(...a))(...x);
    expect(compiled.shape).toEqual(plain.shape);
    expect(compiled.dtype).toBe(plain.dtype);
    const { operation } = c;
    const { nodes } = trace("law", x, (leaves) => [c.apply(...leaves)]);
    if (nodes.every((node) => isExact(node.operation, dtype)))
        expect(numbers(compiled)).toEqual(numbers(plain));
    else if (nodes.length === 1 && operation?.kind === "elementwise" && codeOf(operation).calls) {
        const bound = wider[operation.name] ?? ulps[dtype];
        expect(worst(numbers(compiled), numbers(plain), dtype)).toBeLessThanOrEqual(bound);
    }
    else
        expect(distance(numbers(compiled), numbers(plain))).toBeLessThan(tolerance[dtype]);
}
describe.each(floats)("%s", (dtype) => {
    test.each(cases)("values of $name", (c) => compareValues(c, draw(c, 8, dtype), dtype));
    test.each(differentiable)("gradients of $name", (c) => {
        const x = draw(c, 9, dtype);
        const slope = grad(cost(c), { wrt: all(c) });
        const plain = slope(...x).flatMap(numbers);
        const compiled = compile((...a) => slope(...a))(...x).flatMap(numbers);
        expect(distance(compiled, plain)).toBeLessThan(50 * tolerance[dtype]);
    });
    test.each(operations.filter((o) => o.laws?.edges !== undefined && o.laws.dtype === undefined))("edges of $name", (operation) => {
        const edges = operation.laws?.edges ?? [];
        const x = (edges[0] ?? []).map((_, i) => tensor(edges.map((e) => e[i]), { dtype }));
        const f = (...a) => apply(operation, a);
        const [plain, compiled] = [numbers(f(...x)), numbers(compile(f)(...x))];
        edges.forEach((edge, i) => {
            const [got, wanted] = [compiled[i], plain[i]];
            const message = `${operation.name}(${edge}): ${got} instead of ${wanted}`;
            if (isExact(operation, dtype))
                expect(Object.is(got, wanted), message).toBe(true);
            else
                expect(worst([got], [wanted], dtype), message).toBeLessThanOrEqual(wider[operation.name] ?? ulps[dtype]);
        });
    });
});
describe.each(["int32", "uint32", "bool"])("%s", (dtype) => {
    test.each(tableCases.filter((c) => c.operation.laws?.integer))("values of $name", (c) => {
        const x = drawIntegers(c, 10, dtype);
        const [plain, compiled] = [c.apply(...x), compile((...a) => c.apply(...a))(...x)];
        expect(compiled.dtype).toBe(plain.dtype);
        expect(compiled.toArray()).toEqual(plain.toArray());
    });
});
describe.each(["int32", "uint32"])("%s bits", (dtype) => {
    test.each(tableCases.filter((c) => c.operation.laws?.dtype === "int32"))("values of $name", (c) => {
        const x = drawIntegers(c, 10, dtype);
        expect(numbers(compile((...a) => c.apply(...a))(...x))).toEqual(numbers(c.apply(...x)));
    });
});
