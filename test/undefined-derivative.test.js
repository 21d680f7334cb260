/** Points without a derivative and first NaNs: named with element, reason, convention and the user's own line. */
import { abs, acos, cbrt, checkpoint, clip, compile, cond, div, firstNonFinite, floor, grad, greater, less, log, max, maximum, norm, pow, relu, scan, sign, sort, sqrt, tensor, undefinedDerivatives, where, whileLoop, } from "nabla";
import { describe, expect, test } from "vitest";
const operations = (f, x) => undefinedDerivatives(f, x).map((u) => `${u.operation}@${u.index}`);
describe("undefinedDerivatives", () => {
    test.each([
        ["|x| at 0", (x) => abs(x).sum(), [1, 0, -1], ["abs@1"]],
        ["√x at 0", (x) => sqrt(x).sum(), [0, 1], ["sqrt@0"]],
        ["relu at 0", (x) => relu(x).sum(), [0, 2], ["relu@0"]],
        ["log of non-positive numbers", (x) => log(x).sum(), [-1, 0, 1], ["log@0", "log@1"]],
        ["0/0", (x) => div(x, x).sum(), [0, 1], ["div@0"]],
        ["floor at an integer", (x) => floor(x).sum(), [2, 2.5], ["floor@0"]],
        ["sign at 0", (x) => sign(x).sum(), [0], ["sign@0"]],
        ["max at a tie", (x) => max(x), [1, 3, 3], ["max@1", "max@2"]],
        ["maximum at a tie", (x) => maximum(x, 2).sum(), [2, 3], ["maximum@0"]],
        ["clip on a bound", (x) => clip(x, 0, 1).sum(), [1, 0.5], ["minimum@0"]],
        ["sort of equal elements", (x) => sort(x).mul([1, 2, 3]).sum(), [2, 1, 2], ["argsort@2"]],
        ["norm at 0", (x) => norm(x), [0, 0], ["sqrt@0"]],
        ["a root of fraction", (x) => pow(x, 0.5).sum(), [0, 1], ["pow@0"]],
        ["∛x at 0", (x) => cbrt(x).sum(), [0], ["cbrt@0"]],
        ["acos at its end", (x) => acos(x).sum(), [1, 0], ["acos@0"]],
    ])("%s", (_, f, x, expected) => {
        expect(operations(f, x)).toEqual(expected);
        expect(operations(f, x.map((v, i) => v + 0.4 + 0.01 * i)).filter(() => x.every((v) => v > -0.4 && v < 0.5))).toEqual([]);
    });
    test("says why, what grad used, the one-sided derivatives and the user's line", () => {
        const found = undefinedDerivatives((x) => abs(x).sum(), [0, 1]);
        expect(found[0]).toMatchObject({
            operation: "abs",
            inputs: [0],
            index: [0],
            why: "|x| has a kink at 0",
            convention: "0",
            sides: [-1, 1],
        });
        expect(found[0]?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
        expect(String(found)).toMatch(/abs\(0\) at element \[0\]: \|x\| has a kink at 0; grad uses 0, from the left -1, from the right 1\n {2}at undefined-derivative/);
        expect(String(undefinedDerivatives((x) => abs(x).sum(), [1]))).toBe("every derivative exists");
    });
    test("only what has influence: not the branch that where leaves, not what only comparisons read", () => {
        expect(operations((x) => where(greater(x, 0), sqrt(x), 0).sum(), [-1, 4])).toEqual([]);
        expect(operations((x) => where(greater(abs(x), 1), x, 0).sum(), [0, 2])).toEqual([]);
        expect(operations((x) => sqrt(tensor([0, 1]))
            .mul(x)
            .sum(), [1, 2])).toEqual([]);
        expect(undefinedDerivatives((n, x) => x.mul(abs(n)).sum(), new Int32Array([0]), [1]).length).toBe(0);
    });
    test("inside loops, branches and checkpoints, with the step", () => {
        const scanned = undefinedDerivatives((x) => scan((c, v) => [c.add(abs(v.sub(2).mul(x))), c], tensor(0), tensor([1, 2, 3]))[0], 1);
        expect(scanned.map((u) => [u.operation, u.where])).toEqual([["abs", "step 1 of scan"]]);
        expect(scanned[0]?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
        const looped = undefinedDerivatives((x) => whileLoop((c) => less(c, 3), (c) => abs(c.sub(1).mul(x)).add(c).add(1), x.mul(0)), 1);
        expect(looped.map((u) => u.where)).toEqual([]);
        const branch = undefinedDerivatives((x) => cond(greater(x, -1), (v) => abs(v), (v) => v, x), 0);
        expect(branch.map((u) => u.where)).toEqual(["the true branch of cond"]);
        expect(undefinedDerivatives(checkpoint((x) => relu(x).sum()), [0]).map((u) => u.operation)).toEqual(["relu"]);
    });
    test("strict", () => {
        expect(grad((x) => abs(x), { strict: true })(2).item()).toBe(1);
        let error;
        try {
            grad((x) => abs(x).sum(), { strict: true })([0, 0]);
        }
        catch (e) {
            error = e;
        }
        expect(error?.code).toBe("E-UNDEFINED-DERIVATIVE");
        expect(error?.message).toMatch(/abs\(0\) at element \[0\]: \|x\| has a kink at 0; .*and 1 more/);
        expect(error?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
    });
});
describe("firstNonFinite", () => {
    test("the operation, its inputs, the element and the line", () => {
        const found = firstNonFinite((x) => log(x.sub(1)).mul(0).sum(), [2, 1]);
        expect(found).toMatchObject({ operation: "log", value: -Infinity, index: [1], inputs: [0] });
        expect(String(found)).toMatch(/^log\(0\) gave -Infinity at element \[1\]\n {2}at undefined-derivative\.test\.ts:\d+/);
    });
    test("none, an argument, a loop", () => {
        expect(firstNonFinite((x) => x.mul(2), [1, 2])).toBeUndefined();
        expect(firstNonFinite((x) => x.mul(2), [1, Number.NaN])).toMatchObject({ operation: "input", index: [1] });
        const found = firstNonFinite((x) => whileLoop(([i]) => less(i, 5), ([i, y]) => [i.add(1), div(1, y.sub(1))], [0, x])[1], 1.5);
        expect(found).toMatchObject({ operation: "div", inputs: [1, 0], where: "step 2 of whileLoop" });
    });
    test("the backward pass, and compiled functions", () => {
        expect(firstNonFinite(grad((x) => sqrt(x).sum()), [0, 1])).toMatchObject({ operation: "div", value: Infinity });
        expect(firstNonFinite(compile((x) => log(x)), 0)).toMatchObject({ operation: "log" });
    });
});
