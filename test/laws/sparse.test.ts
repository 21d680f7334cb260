/** Sparse = dense: no entry is missing, none is read from the wrong product, and few are there for nothing. */
import { hessian, jacobian, type SparseMatrix, type Tensor, toDense } from "nabla";
import { describe, expect, test } from "vitest";
import { cost, distance, draw, type NamedCase, numbers, smooth } from "./cases.ts";

/** Whose value decides which elements count: their pattern holds at every point, at one it has entries that are 0. */
const choosing = /^(maximum|minimum|rem|mod|where|relu|leakyRelu|elu|max|min|clip|floorDivide|cond|norm|maxPool)/;
/** Matrices, of which a triangle or an inverse is 0, and convolutions at their margins. */
const withZeros = /^(cholesky|cofactor|logdet|luSolve|solve|qr|triangularSolve|tril|triu|matmul conv|conv)/;

function compare(name: string, sparse: SparseMatrix, dense: Tensor, columns: number): void {
  const rows = dense.size / columns;
  expect(distance(numbers(toDense(sparse, [rows, columns])), numbers(dense))).toBeLessThan(1e-12);
  const counted = numbers(dense).filter((v) => v !== 0).length;
  if (!choosing.test(name) && !withZeros.test(name)) expect(sparse.values.size).toBe(counted);
}

const inputs = (c: NamedCase): number[] => c.shapes.flatMap((shape, i) => (shape.includes(0) ? [] : [i]));

describe("jacobian", () => {
  test.each(smooth)("$name", (c) => {
    const x = draw(c, 30);
    const f = (...a: Tensor[]): Tensor => c.apply(...a);
    for (const wrt of inputs(c)) {
      const dense = jacobian(f, { wrt })(...x) as Tensor;
      const columns = (x[wrt] as Tensor).size;
      for (const mode of ["forward", "reverse"] as const) {
        compare(c.name, jacobian(f, { wrt, mode, sparse: true })(...x), dense, columns);
      }
    }
  });
});

describe("hessian", () => {
  test.each(smooth)("$name", (c) => {
    const x = draw(c, 31);
    for (const wrt of inputs(c)) {
      const dense = hessian(cost(c), { wrt })(...x);
      const sparse = hessian(cost(c), { wrt, sparse: true })(...x);
      const columns = (x[wrt] as Tensor).size;
      const whole = toDense(sparse, [columns, columns]);
      expect(distance(numbers(whole), numbers(dense))).toBeLessThan(1e-12);
      expect(numbers(whole)).toEqual(numbers(whole.transpose()));
    }
  });
});
