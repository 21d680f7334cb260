/** Points without a derivative and first NaNs: named with element, reason, convention and the user's own line. */
import {
  abs,
  acos,
  cbrt,
  checkpoint,
  clip,
  compile,
  cond,
  div,
  eigh,
  elu,
  exp,
  eye,
  firstNonFinite,
  floor,
  grad,
  greater,
  hypot,
  leakyRelu,
  less,
  log,
  max,
  maximum,
  mod,
  mul,
  type NablaError,
  norm,
  pow,
  relu,
  rem,
  scan,
  sign,
  sort,
  sqrt,
  stack,
  type Tensor,
  tensor,
  topK,
  trunc,
  undefinedDerivatives,
  where,
  whileLoop,
} from "nabla";
import { describe, expect, test } from "vitest";

const operations = (f: (x: Tensor) => unknown, x: number | readonly number[]): string[] =>
  undefinedDerivatives(f, x).map((u) => `${u.operation}@${u.index}`);

describe("undefinedDerivatives", () => {
  test.each<[string, (x: Tensor) => unknown, number[], string[]]>([
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
    ["trunc and rem at 0, where they are smooth", (x) => trunc(x).add(rem(x, 2)).sum(), [0, 2], ["trunc@1", "rem@1"]],
    ["mod at 0", (x) => mod(x, 2).sum(), [0, 1], ["mod@0"]],
    ["leakyRelu at 0", (x) => leakyRelu(x).sum(), [0, 1], ["leakyRelu@0"]],
    ["elu at 0, unless it is smooth", (x) => elu(x).add(elu(x, 2)).sum(), [0, 1], ["elu@0"]],
    ["hypot at 0", (x) => hypot(x, [0, 2]).sum(), [0, 0], ["abs@0"]],
    ["a negative base with a varying exponent", (x) => pow([-2, 2], x).sum(), [2, 2], ["pow@0"]],
    ["a negative base with a fixed exponent", (x) => pow(x, 2).sum(), [-2, 0], []],
    ["top 1 of ties", (x) => topK(x, 1).values.sum(), [0, 3, 3], ["argsort@2"]],
    ["top 1 above ties", (x) => topK(x, 1).values.sum(), [0, 3, 0], []],
    ["sort down a column", (x) => sort(stack([x, x]), { axis: 0 }).sum(), [1], ["argsort@0,1"]],
    ["equal eigenvalues", (x) => eigh(mul(eye(2), x.reshape([]))).vectors.sum(), [1], ["eigh@0", "eigh@1"]],
  ])("%s", (_, f, x, expected) => {
    expect(operations(f, x)).toEqual(expected);
    expect(
      operations(
        f,
        x.map((v, i) => v + 0.4 + 0.01 * i),
      ).filter(() => x.every((v) => v > -0.4 && v < 0.5)),
    ).toEqual([]);
  });

  test("says why, what grad used, the one-sided derivatives and the user's line", () => {
    const found = undefinedDerivatives((x: Tensor) => abs(x).sum(), [0, 1]);
    expect(found[0]).toMatchObject({
      operation: "abs",
      inputs: [0],
      index: [0],
      why: "|x| has a kink at 0",
      convention: "0",
      sides: [-1, 1],
    });
    expect(found[0]?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
    expect(String(found)).toMatch(
      /abs\(0\) at element \[0\]: \|x\| has a kink at 0; grad uses 0, from the left -1, from the right 1\n {2}at undefined-derivative/,
    );
    expect(String(undefinedDerivatives((x: Tensor) => abs(x).sum(), [1]))).toBe("every derivative exists");
  });

  test("only what has influence: not the branch that where leaves, not what only comparisons read", () => {
    expect(operations((x) => where(greater(x, 0), sqrt(x), 0).sum(), [-1, 4])).toEqual([]);
    expect(operations((x) => where(greater(abs(x), 1), x, 0).sum(), [0, 2])).toEqual([]);
    expect(
      operations(
        (x) =>
          sqrt(tensor([0, 1]))
            .mul(x)
            .sum(),
        [1, 2],
      ),
    ).toEqual([]);
    expect(undefinedDerivatives((n: Tensor, x: Tensor) => x.mul(abs(n)).sum(), new Int32Array([0]), [1]).length).toBe(
      0,
    );
  });

  test("inside loops, branches and checkpoints, with the step", () => {
    const scanned = undefinedDerivatives(
      (x: Tensor) => scan((c: Tensor, v: Tensor) => [c.add(abs(v.sub(2).mul(x))), c], tensor(0), tensor([1, 2, 3]))[0],
      1,
    );
    expect(scanned.map((u) => [u.operation, u.where])).toEqual([["abs", "step 1 of scan"]]);
    expect(scanned[0]?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
    const looped = undefinedDerivatives(
      (x: Tensor) =>
        whileLoop(
          (c) => less(c, 3),
          (c) => abs(c.sub(1).mul(x)).add(c).add(1),
          x.mul(0),
        ),
      1,
    );
    expect(looped.map((u) => u.where)).toEqual([]);
    const branch = undefinedDerivatives(
      (x: Tensor) =>
        cond(
          greater(x, -1),
          (v) => abs(v),
          (v) => v,
          x,
        ),
      0,
    );
    expect(branch.map((u) => u.where)).toEqual(["the true branch of cond"]);
    expect(
      undefinedDerivatives(
        checkpoint((x: Tensor) => relu(x).sum()),
        [0],
      ).map((u) => u.operation),
    ).toEqual(["relu"]);
  });

  test("strict", () => {
    expect(grad((x: Tensor) => abs(x), { strict: true })(2).item()).toBe(1);
    let error: NablaError | undefined;
    try {
      grad((x: Tensor) => abs(x).sum(), { strict: true })([0, 0]);
    } catch (e) {
      error = e as NablaError;
    }
    expect(error?.code).toBe("E-UNDEFINED-DERIVATIVE");
    expect(error?.message).toMatch(/abs\(0\) at element \[0\]: \|x\| has a kink at 0; .*and 1 more/);
    expect(error?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
  });

  test("strict looks at the arguments by which it differentiates", () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.mul(abs(y));
    expect(grad(f, { strict: true })(3, 0).item()).toBe(0);
    expect(() => grad(f, { strict: true, wrt: 1 })(3, 0)).toThrow(/abs\(0\)/);
  });
});

describe("firstNonFinite", () => {
  test("the operation, its inputs, the element and the line", () => {
    const found = firstNonFinite((x: Tensor) => log(x.sub(1)).mul(0).sum(), [2, 1]);
    expect(found).toMatchObject({ operation: "log", value: -Infinity, index: [1], inputs: [0] });
    expect(String(found)).toMatch(
      /^log\(0\) gave -Infinity at element \[1\]\n {2}at undefined-derivative\.test\.ts:\d+/,
    );
  });
  test("none, an argument, a loop", () => {
    expect(firstNonFinite((x: Tensor) => x.mul(2), [1, 2])).toBeUndefined();
    expect(firstNonFinite((x: Tensor) => x.mul(2), [1, Number.NaN])).toMatchObject({ operation: "input", index: [1] });
    const found = firstNonFinite(
      (x: Tensor) =>
        whileLoop<[Tensor, Tensor]>(
          ([i]) => less(i, 5),
          ([i, y]) => [i.add(1), div(1, y.sub(1))],
          [0, x],
        )[1],
      1.5,
    );
    expect(found).toMatchObject({ operation: "div", inputs: [1, 0], where: "step 2 of whileLoop" });
  });
  test("what is computed at once, what comes from outside, one of several results", () => {
    const zero = tensor([1, 0]);
    const early = firstNonFinite((x: Tensor) => x.mul(log(zero)).sum(), [1, 2]);
    expect(early).toMatchObject({ operation: "log", inputs: [0], index: [1] });
    expect(early?.source).toMatch(/^undefined-derivative\.test\.ts:\d+/);
    const outside = tensor([1, Number.NaN]);
    expect(firstNonFinite((x: Tensor) => x.mul(outside), [1, 2])).toMatchObject({ operation: "constant", index: [1] });
    const masked = (x: Tensor): Tensor => exp(where([true, false], x, -Infinity)).sum();
    expect(firstNonFinite(masked, [1, 2])).toBeUndefined();
    const huge = (x: Tensor): Tensor =>
      eigh(
        mul(
          [
            [1, 0],
            [0, 1],
          ],
          x,
        ),
      ).values.sum();
    expect(firstNonFinite(huge, 1e308)?.operation ?? "none").not.toBe("pick");
  });
  test("the backward pass, and compiled functions", () => {
    expect(
      firstNonFinite(
        grad((x: Tensor) => sqrt(x).sum()),
        [0, 1],
      ),
    ).toMatchObject({ operation: "div", value: Infinity });
    expect(
      firstNonFinite(
        compile((x: Tensor) => log(x)),
        0,
      ),
    ).toMatchObject({ operation: "log" });
  });
});
