/** Compiled = uncompiled: values, first and second derivatives, edges and integers included. */
import { compile, grad, jvp, type Tensor, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { trace } from "../../src/graph/graph.ts";
import type { Operation } from "../../src/graph/operation.ts";
import { apply } from "../../src/graph/tensor.ts";
import { operations } from "../../src/ops/table.ts";
import {
  all,
  cases,
  codeOf,
  cost,
  differentiable,
  directions,
  distance,
  draw,
  drawIntegers,
  type Float,
  floats,
  type NamedCase,
  numbers,
  tableCases,
} from "./cases.ts";

/** Routines that only choose and copy. */
const copying = new Set(["take", "update", "argsort", "argmax", "argmin", "max", "min", "maxHeld"]);
/**
 * Whether every bit must agree: movements, routines that copy, and elementwise code that calls no function and, in
 * float32, rounds at most once (uncompiled code rounds once from float64).
 */
function isExact(operation: Operation, dtype: Float): boolean {
  if (operation.kind === "movement") return true;
  if (operation.kind !== "elementwise") return copying.has(operation.name);
  const code = codeOf(operation);
  return !code.calls && (dtype === "float64" || code.roundings <= 1);
}
const tolerance = { float64: 1e-13, float32: 2e-6 };
/** Units in the last place by which an elementary function may differ: 2 of the compiled, 1 of Math's in float64. */
const ulps = { float64: 3, float32: 2 };
/** The gamma family and erfc have bounds of their own, measured in test/wasm-math.test.ts. */
const wider: Readonly<Record<string, number>> = {
  lgamma: 64,
  polygamma: 64,
  erfc: 5,
  logaddexp: 6,
  softplus: 6,
  sigmoid: 6,
};

const unit = (v: number, dtype: Float): number => {
  const [bits, least] = dtype === "float64" ? [52, -1074] : [23, -149];
  return v === 0 ? 2 ** least : 2 ** Math.max(Math.floor(Math.log2(Math.abs(v))) - bits, least);
};

/** The largest difference in units of the last place; 0 and −0, NaN and NaN are the same where `signs` is not set. */
function worst(actual: readonly number[], expected: readonly number[], dtype: Float): number {
  return Math.max(
    0,
    ...actual.map((v, i) => {
      const w = expected[i] as number;
      if (Object.is(v, w)) return 0;
      if (!Number.isFinite(v) || !Number.isFinite(w)) return Infinity;
      return v === w ? 0 : Math.abs(v - w) / unit(w, dtype);
    }),
  );
}

function compareValues(c: NamedCase, x: readonly Tensor[], dtype: Float): void {
  const plain = c.apply(...x);
  const compiled = compile((...a: Tensor[]) => c.apply(...a))(...x);
  expect(compiled.shape).toEqual(plain.shape);
  expect(compiled.dtype).toBe(plain.dtype);
  const { operation } = c;
  const { nodes } = trace("law", x, (leaves) => [c.apply(...leaves)]);
  if (nodes.every((node) => isExact(node.operation, dtype))) expect(numbers(compiled)).toEqual(numbers(plain));
  else if (nodes.length === 1 && operation?.kind === "elementwise" && codeOf(operation).calls) {
    const bound = wider[operation.name] ?? ulps[dtype];
    expect(worst(numbers(compiled), numbers(plain), dtype)).toBeLessThanOrEqual(bound);
  } else expect(distance(numbers(compiled), numbers(plain))).toBeLessThan(tolerance[dtype]);
}

describe.each(floats)("%s", (dtype) => {
  test.each(cases)("values of $name", (c) => compareValues(c, draw(c, 8, dtype), dtype));

  test.each(differentiable)("gradients of $name", (c) => {
    const x = draw(c, 9, dtype);
    const slope = grad(cost(c), { wrt: all(c) }) as (...a: Tensor[]) => Tensor[];
    const plain = slope(...x).flatMap(numbers);
    const compiled = compile((...a: Tensor[]) => slope(...a))(...x).flatMap(numbers);
    expect(distance(compiled, plain)).toBeLessThan(50 * tolerance[dtype]);
  });

  test.each(differentiable)("second derivatives of $name", (c) => {
    const x = draw(c, 9, dtype);
    const v = directions(x, 9, c);
    // Reverse over forward: the gradient of the derivative along v.
    const slope = grad((...a: Tensor[]) => jvp(cost(c), a, v)[1], { wrt: all(c) }) as (...a: Tensor[]) => Tensor[];
    const plain = slope(...x).flatMap(numbers);
    const compiled = compile((...a: Tensor[]) => slope(...a))(...x).flatMap(numbers);
    expect(distance(compiled, plain)).toBeLessThan(50 * tolerance[dtype]);
  });

  test.each(operations.filter((o) => o.laws?.edges !== undefined && o.laws.dtype === undefined))(
    "edges of $name",
    (operation) => {
      const edges = operation.laws?.edges ?? [];
      const x = (edges[0] ?? []).map((_, i) =>
        tensor(
          edges.map((e) => e[i] as number),
          { dtype },
        ),
      );
      const f = (...a: Tensor[]): Tensor => apply(operation, a);
      const [plain, compiled] = [numbers(f(...x)), numbers(compile(f)(...x))];
      edges.forEach((edge, i) => {
        const [got, wanted] = [compiled[i] as number, plain[i] as number];
        const message = `${operation.name}(${edge}): ${got} instead of ${wanted}`;
        if (isExact(operation, dtype)) expect(Object.is(got, wanted), message).toBe(true);
        else expect(worst([got], [wanted], dtype), message).toBeLessThanOrEqual(wider[operation.name] ?? ulps[dtype]);
      });
    },
  );
});

describe.each(["int32", "uint32", "bool"] as const)("%s", (dtype) => {
  test.each(tableCases.filter((c) => c.operation.laws?.integer))("values of $name", (c) => {
    const x = drawIntegers(c, 10, dtype);
    const [plain, compiled] = [c.apply(...x), compile((...a: Tensor[]) => c.apply(...a))(...x)];
    expect(compiled.dtype).toBe(plain.dtype);
    expect(compiled.toArray()).toEqual(plain.toArray());
  });
});

describe.each(["int32", "uint32"] as const)("%s bits", (dtype) => {
  test.each(tableCases.filter((c) => c.operation.laws?.dtype === "int32"))("values of $name", (c) => {
    const x = drawIntegers(c, 10, dtype);
    expect(numbers(compile((...a: Tensor[]) => c.apply(...a))(...x))).toEqual(numbers(c.apply(...x)));
  });
});
