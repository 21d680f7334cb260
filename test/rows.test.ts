/** Loops over rows of every short length: whole vectors, what is left of them, extrema of NaN and signed zeros. */
import { arange, compile, exp, less, max, min, sum, type Tensor, tensor, where } from "nabla";
import { describe, expect, test } from "vitest";
import type { DType } from "../src/base/dtype.ts";
import { constant } from "../src/graph/tensor.ts";
import { elements, exact, mulberry32 } from "./wasm-kernels/draw.ts";

const seed = Number(process.env.NABLA_SEED ?? 20261124);
console.log(`rows: seed ${seed} (NABLA_SEED)`);

const random = mulberry32(seed);
// Rows shorter than a vector, of some vectors, and long enough that vectors are reduced side by side.
const lengths = [...Array.from({ length: 37 }, (_, n) => n + 1), 63, 64, 67, 130, 257, 1023];
const dtypes = ["float64", "float32", "int32", "uint32"] as const satisfies readonly DType[];

/** The same bits, but for the payloads of NaN. */
function same(actual: Tensor, expected: Tensor): void {
  expect(actual.dtype).toBe(expected.dtype);
  expect([...actual.data]).toEqual([...expected.data]);
}

describe.each(dtypes)("%s", (dtype) => {
  test.each(["max", "min"] as const)("%s of rows, columns, everything", (how) => {
    const reduce = how === "max" ? max : min;
    const f = (x: Tensor): Tensor[] => [reduce(x, { axis: 1 }), reduce(x, { axis: 0 }), reduce(x)];
    for (const n of lengths) {
      for (let round = 0; round < 4; round++) {
        const x = constant(elements(random, dtype, 19 * n), [19, n], dtype);
        const expected = f(x);
        compile(f)(x).forEach((t, i) => {
          same(t, expected[i] as Tensor);
        });
      }
    }
  });

  test("exact sums, and what is written beside them", () => {
    const f = (x: Tensor, row: Tensor, columns: Tensor): Tensor[] => {
      const y = x.mul(row).add(columns);
      return [
        y,
        less(y, 0),
        sum(y, { axis: 1 }),
        sum(y, { axis: 0 }),
        sum(where(less(x, 0), x.mul(2), x), { axis: 1 }),
      ];
    };
    for (const n of lengths) {
      const draw = (...shape: number[]): Tensor =>
        constant(
          exact(
            random,
            dtype,
            shape.reduce((a, b) => a * b),
          ),
          shape,
          dtype,
        );
      const args = [draw(19, n), draw(n), draw(19, 1)] as const;
      const expected = f(...args);
      compile(f)(...args).forEach((t, i) => {
        same(t, expected[i] as Tensor);
      });
      // Rows apart, backwards, every other element: reads that are no runs.
      const views = (x: Tensor): Tensor[] => [
        sum(x.slice([[], [0, n, 2]]).add(1), { axis: 1 }),
        sum(x.slice([[], [-1, null, -1]]).mul(x), { axis: 1 }),
      ];
      const sums = views(args[0]);
      compile(views)(args[0]).forEach((t, i) => {
        same(t, sums[i] as Tensor);
      });
    }
  });
});

test.each(["float64", "float32"] as const)(
  "%s: a row has the bits that it has alone, however long the array",
  (dtype) => {
    const f = compile((x: Tensor) => [exp(x), sum(exp(x), { axis: 1 })]);
    for (const n of lengths) {
      const x = arange(40 * n)
        .mul(1 / 7)
        .sub(20)
        .reshape([40, n])
        .cast(dtype);
      const [values, sums] = f(x) as [Tensor, Tensor];
      const rows = x.toArray() as number[][];
      const [again, sumsAgain] = f(tensor([...rows].reverse(), { dtype })) as [Tensor, Tensor];
      same(tensor([...(again.toArray() as number[][])].reverse(), { dtype }), values);
      same(tensor([...(sumsAgain.toArray() as number[])].reverse(), { dtype }), sums);
    }
  },
);
