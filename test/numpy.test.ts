/** Values: what NumPy gives, written out by hand or by loops as plain as can be. */
import * as nabla from "nabla";
import {
  add,
  all,
  any,
  arange,
  argmax,
  argmin,
  argsort,
  at,
  averagePool1d,
  averagePool2d,
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
  broadcastTo,
  cast,
  ceil,
  clip,
  compile,
  concatenate,
  conv1d,
  conv2d,
  cumprod,
  cumsum,
  type DType,
  diagonal,
  div,
  dot,
  einsum,
  equal,
  exp,
  expandDims,
  eye,
  flip,
  floor,
  floorDivide,
  full,
  greater,
  hypot,
  isFinite,
  isNaN,
  less,
  linspace,
  logaddexp,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  logsumexp,
  matmul,
  max,
  maximum,
  maxPool1d,
  maxPool2d,
  mean,
  min,
  minimum,
  mod,
  moveAxis,
  mul,
  neg,
  oneHot,
  ones,
  onesLike,
  outer,
  pad,
  prod,
  rem,
  repeat,
  reshape,
  roll,
  round,
  scatterAdd,
  shiftLeft,
  shiftRight,
  sign,
  slice,
  softmax,
  sort,
  split,
  squeeze,
  stack,
  std,
  sub,
  sum,
  swapAxes,
  type Tensor,
  take,
  takeAlongAxis,
  tensor,
  tensordot,
  tile,
  topK,
  transpose,
  tril,
  triu,
  trunc,
  updateAt,
  variance,
  where,
  windows,
  zeros,
  zerosLike,
} from "nabla";
import { describe, expect, test } from "vitest";

const list = (t: Tensor): unknown => t.toArray();
const numbers = (t: Tensor): number[] => Array.from(t.data);
const int = (...v: number[]): Tensor => tensor(Int32Array.from(v));
const uint = (...v: number[]): Tensor => tensor(Uint32Array.from(v));
const single = (...v: number[]): Tensor => tensor(Float32Array.from(v));
const { NaN } = Number;
const close = (actual: Tensor, expected: readonly number[], digits = 12): void => {
  expect(actual.size).toBe(expected.length);
  numbers(actual).forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i] as number, digits);
  });
};
/** 0, 1, 2, … in a shape. */
const count = (...shape: number[]): Tensor => arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);
const wave = (...shape: number[]): Tensor =>
  count(...shape)
    .mul(1.7)
    .add(0.3)
    .sin();

describe("making", () => {
  test("from numbers, arrays, typed arrays, with dtype and shape", () => {
    const types: [Tensor, DType, number[]][] = [
      [tensor(1), "float64", []],
      [tensor([1, 2]), "float64", [2]],
      [tensor([[true, false]]), "bool", [1, 2]],
      [tensor(new Float32Array(3)), "float32", [3]],
      [tensor(new Uint32Array(2)), "uint32", [2]],
      [tensor([1, 2, 3, 4], { shape: [2, 2], dtype: "int32" }), "int32", [2, 2]],
      [tensor([]), "float64", [0]],
      [tensor([[], []]), "float64", [2, 0]],
    ];
    for (const [t, dtype, shape] of types) {
      expect(t.dtype).toBe(dtype);
      expect(t.shape).toEqual(shape);
    }
    const source = new Float64Array([1, 2]);
    const copy = tensor(source);
    source[0] = 9;
    expect(list(copy)).toEqual([1, 2]);
  });
  test("filled, counted, spaced", () => {
    expect(list(zeros([2, 2]))).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(list(ones(2, { dtype: "int32" }))).toEqual([1, 1]);
    expect(full([2], 7, { dtype: "float32" }).dtype).toBe("float32");
    expect(zerosLike(single(1, 2)).dtype).toBe("float32");
    expect(list(onesLike([[1], [2]]))).toEqual([[1], [1]]);
    expect(list(eye(2, 3))).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(list(arange(4))).toEqual([0, 1, 2, 3]);
    expect(list(arange(5, 0, -2))).toEqual([5, 3, 1]);
    expect(list(arange(3, 3))).toEqual([]);
    expect(list(linspace(0, 1, 5))).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(list(linspace(2, 3, 1))).toEqual([2]);
    expect(list(linspace(2, 3, 0))).toEqual([]);
  });
  test("item, toArray, JSON", () => {
    expect(tensor([[5]]).item()).toBe(5);
    expect(tensor([true]).item()).toBe(1);
    expect(list(tensor([[true, false]]))).toEqual([[true, false]]);
    expect(JSON.stringify({ t: tensor([1, 2]) })).toBe('{"t":[1,2]}');
  });
});

describe("dtypes", () => {
  const names: readonly DType[] = ["bool", "int32", "uint32", "float32", "float64"];
  // Rows and columns in that order; "-" does not mix.
  const table = [
    ["int32", "int32", "uint32", "float32", "float64"],
    ["int32", "int32", "-", "float32", "float64"],
    ["uint32", "-", "uint32", "float32", "float64"],
    ["float32", "float32", "float32", "float32", "float64"],
    ["float64", "float64", "float64", "float64", "float64"],
  ];
  test("promotion of add", () => {
    const got = names.map((a) =>
      names.map((b) => {
        try {
          return add(ones([1], { dtype: a }), ones([1], { dtype: b })).dtype;
        } catch {
          return "-";
        }
      }),
    );
    expect(got).toEqual(table);
  });
  test("a number takes the dtype of the tensor; a fraction lifts integers", () => {
    expect(single(1).add(2.5).dtype).toBe("float32");
    expect(mul(2, int(3)).dtype).toBe("int32");
    expect(int(3).mul(0.5).dtype).toBe("float64");
    expect(list(int(3).mul(0.5))).toEqual([1.5]);
    expect(tensor([true]).add(1).dtype).toBe("int32");
    expect(int(1).add(Infinity).dtype).toBe("float64");
    expect(single(1).add([1]).dtype).toBe("float64");
    expect(where([true], single(1), 0).dtype).toBe("float32");
  });
  test("a number that the integers do not hold lifts them too, except as bits", () => {
    expect(list(greater(uint(0, 7), -1))).toEqual([true, true]);
    expect(list(less(int(5), 3e9))).toEqual([true]);
    expect(add(int(1), 2 ** 31).item()).toBe(2 ** 31 + 1);
    expect(sub(uint(3), 1).dtype).toBe("uint32");
    expect(list(bitwiseAnd(int(-1), 0xff000000))).toEqual([-(2 ** 24)]);
    expect(list(bitwiseOr(uint(1), -2))).toEqual([2 ** 32 - 1]);
  });
  test("division and functions of integers are float64", () => {
    expect(list(div(int(7), int(2)))).toEqual([3.5]);
    expect(exp(int(0)).dtype).toBe("float64");
    expect(mean(int(1, 2)).item()).toBe(1.5);
    expect(mean(int(2 ** 31 - 1, 2 ** 31 - 1)).item()).toBe(2 ** 31 - 1);
    expect(mean(tensor([true, false])).item()).toBe(0.5);
  });
  test("integers wrap", () => {
    expect(numbers(int(2 ** 31 - 1).add(1))).toEqual([-(2 ** 31)]);
    expect(numbers(int(65537).mul(65537))).toEqual([131073]);
    expect(numbers(uint(2 ** 32 - 1).add(1))).toEqual([0]);
    expect(numbers(uint(2 ** 32 - 1).mul(uint(2 ** 32 - 1)))).toEqual([1]);
    expect(numbers(neg(int(-(2 ** 31))))).toEqual([-(2 ** 31)]);
    expect(numbers(sum(int(2 ** 31 - 1, 1)))).toEqual([-(2 ** 31)]);
    expect(numbers(prod(int(65537, 65537)))).toEqual([131073]);
    expect(matmul(tensor(int(65537), { shape: [1, 1] }), tensor(int(65537), { shape: [1, 1] })).item()).toBe(131073);
  });
  test("bits and shifts", () => {
    expect(numbers(bitwiseAnd(uint(2 ** 32 - 1), uint(2 ** 31 + 5)))).toEqual([2 ** 31 + 5]);
    expect(numbers(bitwiseOr(int(-8), int(3)))).toEqual([-5]);
    expect(numbers(bitwiseXor(uint(2 ** 31), uint(1)))).toEqual([2 ** 31 + 1]);
    expect(numbers(shiftLeft(uint(3), uint(31)))).toEqual([2 ** 31]);
    expect(numbers(shiftRight(uint(2 ** 32 - 1), uint(28)))).toEqual([15]);
    expect(numbers(shiftRight(int(-17), int(2)))).toEqual([-5]);
    expect(numbers(shiftRight(uint(2 ** 31), uint(31)))).toEqual([1]);
  });
  test("casts truncate and saturate", () => {
    expect(numbers(cast([1.9, -1.9, NaN, 1e10, -1e10, Infinity], "int32"))).toEqual([
      1,
      -1,
      0,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31 - 1,
    ]);
    expect(numbers(cast([-1, 5e9, 3.5], "uint32"))).toEqual([0, 2 ** 32 - 1, 3]);
    expect(list(cast([0, -0, NaN, 0.1], "bool"))).toEqual([false, false, true, true]);
    expect(numbers(cast(int(-1), "uint32"))).toEqual([2 ** 32 - 1]);
    expect(numbers(cast([0.1], "float32"))).toEqual([Math.fround(0.1)]);
  });
  test("sums of bool count", () => {
    expect(sum([true, true, false]).item()).toBe(2);
    expect(sum(tensor([true])).dtype).toBe("int32");
    expect(cumsum([true, false, true]).dtype).toBe("int32");
  });
});

describe("remainders and rounding", () => {
  const x = [5, -5, 5, -5, 5.5, -5.5, 0, 6];
  const y = [3, 3, -3, -3, 2, 2, 3, -3];
  test("rem takes the sign of x, mod that of y, floorDivide goes with mod", () => {
    expect(list(rem(x, y))).toEqual([2, -2, 2, -2, 1.5, -1.5, 0, 0]);
    expect(list(mod(x, y))).toEqual([2, 1, -1, -2, 1.5, 0.5, 0, 0]);
    expect(list(floorDivide(x, y))).toEqual([1, -2, -2, 1, 2, -3, 0, -2]);
    expect(list(rem(int(5, -5), 3))).toEqual([2, -2]);
    expect(list(mod(int(5, -5, 5, -5), int(3, 3, -3, -3)))).toEqual([2, 1, -1, -2]);
    expect(list(floorDivide(int(7, -7, 7, -7), int(2, 2, -2, -2)))).toEqual([3, -4, -4, 3]);
    expect(floorDivide(int(7), int(2)).dtype).toBe("int32");
  });
  test("floorDivide and mod fit together", () => {
    expect(floorDivide(1, 0.1).item()).toBe(9);
    close(mod(1, 0.1), [0.1 - 5.55e-17], 12);
    expect(list(floorDivide([5, -5], Infinity))).toEqual([0, -1]);
    expect(list(mod([5, -5], Infinity))).toEqual([5, Infinity]);
    expect(list(floorDivide([1, -1, 0], 0))).toEqual([Infinity, -Infinity, NaN]);
    expect(list(mod([1, -1], 0))).toEqual([NaN, NaN]);
  });
  test("half to even", () => {
    expect(list(round([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 2251799813685248.5, 2251799813685249.5]))).toEqual([
      0, 2, 2, -0, -2, 2, 2251799813685248, 2251799813685250,
    ]);
    expect(round(0.49999999999999994).item()).toBe(0);
    expect(list(floor([-0.5, 1.9]))).toEqual([-1, 1]);
    expect(list(ceil([-0.5, 1.1]))).toEqual([-0, 2]);
    expect(list(trunc([-1.9, 1.9]))).toEqual([-1, 1]);
  });
});

describe("comparisons and choice", () => {
  test("NaN is unequal to itself and spreads through extremes", () => {
    expect(list(equal([NaN, 1], [NaN, 1]))).toEqual([false, true]);
    expect(list(maximum([NaN, 1, 2], [1, NaN, 3]))).toEqual([NaN, NaN, 3]);
    expect(list(minimum([NaN, 1, 2], [1, NaN, 3]))).toEqual([NaN, NaN, 2]);
    expect([max([1, NaN, 3]).item(), min([1, NaN, 3]).item()]).toEqual([NaN, NaN]);
    expect(list(isNaN([NaN, 1, Infinity]))).toEqual([true, false, false]);
    expect(list(isFinite([NaN, 1, Infinity, -Infinity]))).toEqual([false, true, false, false]);
    expect(list(sign([-3, 0, 2, NaN]))).toEqual([-1, 0, 1, NaN]);
    expect(list(clip([-1, 0.5, 2, NaN], 0, 1))).toEqual([0, 0.5, 1, NaN]);
  });
  test("logic", () => {
    const [a, b] = [tensor([true, true, false]), tensor([true, false, false])];
    expect([logicalAnd, logicalOr, logicalXor].map((f) => list(f(a, b)))).toEqual([
      [true, false, false],
      [true, true, false],
      [false, true, false],
    ]);
    expect(list(logicalNot([0, 2]))).toEqual([true, false]);
    expect(list(logicalAnd([1, 2], [2, 1]))).toEqual([true, true]);
  });
  test("where broadcasts all three", () => {
    expect(list(where([[true], [false]], [1, 2], 0))).toEqual([
      [1, 2],
      [0, 0],
    ]);
  });
  test("functions at their limits", () => {
    expect(list(hypot([3, Infinity, Infinity, 0], [4, 1, -Infinity, 0]))).toEqual([5, Infinity, Infinity, 0]);
    close(hypot([3e200, 3e-200], [4e200, 4e-200]).mul([1e-200, 1e200]), [5, 5]);
    expect(list(logaddexp([1000, -Infinity, 0], [1000, -Infinity, -Infinity]))).toEqual([
      1000 + Math.LN2,
      -Infinity,
      0,
    ]);
    expect(list(nabla.softplus([1000, -1000]))).toEqual([1000, 0]);
    expect(list(nabla.elu([-1000, 2]))).toEqual([-1, 2]);
    expect(nabla.pow(0, 0).item()).toBe(1);
  });
});

describe("broadcasting and movement", () => {
  test("broadcasting", () => {
    expect(list(add([[1], [2]], [10, 20, 30]))).toEqual([
      [11, 21, 31],
      [12, 22, 32],
    ]);
    expect(add(zeros([5, 1, 3]), zeros([4, 1])).shape).toEqual([5, 4, 3]);
    expect(add(zeros([0, 3]), zeros([1, 3])).shape).toEqual([0, 3]);
    expect(add(zeros([1]), zeros([0])).shape).toEqual([0]);
    expect(list(broadcastTo([1, 2], [2, 2]))).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
  test("slices, as start:stop:step", () => {
    const x = arange(10);
    const cases: [Parameters<typeof slice>[1][0], number[]][] = [
      [
        [2, 5],
        [2, 3, 4],
      ],
      [
        [null, null, 3],
        [0, 3, 6, 9],
      ],
      [
        [null, null, -1],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
      ],
      [
        [7, 2, -2],
        [7, 5, 3],
      ],
      [[-3], [7, 8, 9]],
      [
        [null, -7],
        [0, 1, 2],
      ],
      [
        [-1, -4, -1],
        [9, 8, 7],
      ],
      [
        [100, null, -4],
        [9, 5, 1],
      ],
      [
        [null, 100],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      ],
      [[5, 2], []],
      [[2, 5, -1], []],
      [
        [null, -100, -3],
        [9, 6, 3, 0],
      ],
      [[0, null, -1], [0]],
      [[0, 0], []],
    ];
    for (const [range, expected] of cases) expect(list(slice(x, [range as never])), String(range)).toEqual(expected);
    expect(list(slice(count(3, 4), [null, [null, null, -2]]))).toEqual([
      [3, 1],
      [7, 5],
      [11, 9],
    ]);
    expect(list(slice(count(3, 4), [[1, 2]]))).toEqual([[4, 5, 6, 7]]);
  });
  test("reshape, axes, transposes", () => {
    expect(reshape(zeros([2, 6]), [3, -1]).shape).toEqual([3, 4]);
    expect(reshape(zeros([0, 2]), [5, 0]).shape).toEqual([5, 0]);
    expect(reshape(5, [1, 1]).shape).toEqual([1, 1]);
    expect(expandDims(zeros([2, 3]), [0, -1]).shape).toEqual([1, 2, 3, 1]);
    expect(squeeze(zeros([1, 2, 1])).shape).toEqual([2]);
    expect(squeeze(zeros([1, 2, 1]), -1).shape).toEqual([1, 2]);
    expect(transpose(zeros([2, 3, 4]), [1, -1, 0]).shape).toEqual([3, 4, 2]);
    expect(moveAxis(zeros([2, 3, 4]), 0, -1).shape).toEqual([3, 4, 2]);
    expect(moveAxis(zeros([2, 3, 4]), -1, 0).shape).toEqual([4, 2, 3]);
    expect(swapAxes(zeros([2, 3, 4]), 0, 2).shape).toEqual([4, 3, 2]);
    expect(
      list(
        transpose([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(
      list(
        flip([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toEqual([
      [4, 3],
      [2, 1],
    ]);
    expect(
      list(
        flip(
          [
            [1, 2],
            [3, 4],
          ],
          1,
        ),
      ),
    ).toEqual([
      [2, 1],
      [4, 3],
    ]);
  });
  test("joining and cutting", () => {
    expect(list(concatenate([[1], [2, 3], []]))).toEqual([1, 2, 3]);
    expect(
      list(
        concatenate(
          [
            [[1], [2]],
            [[3], [4]],
          ],
          -1,
        ),
      ),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(
      list(
        stack(
          [
            [1, 2],
            [3, 4],
          ],
          1,
        ),
      ),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(list(stack([1, 2]))).toEqual([1, 2]);
    expect(concatenate([int(1), single(2)]).dtype).toBe("float32");
    expect(split(arange(6), 3).map(list)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(split(arange(6), [1, 4]).map(list)).toEqual([[0], [1, 2, 3], [4, 5]]);
    expect(split(arange(3), [0, 5]).map(list)).toEqual([[], [0, 1, 2], []]);
    expect(split(count(2, 4), 2, 1).map(list)).toEqual([
      [
        [0, 1],
        [4, 5],
      ],
      [
        [2, 3],
        [6, 7],
      ],
    ]);
  });
  test("pad, tile, repeat, roll", () => {
    expect(list(pad([1, 2], [[1, 2]], 7))).toEqual([7, 1, 2, 7, 7]);
    expect(
      list(
        pad(
          [[1]],
          [
            [1, 0],
            [0, 1],
          ],
        ),
      ),
    ).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(list(pad([[1]], [[1, 1]], -Infinity))).toEqual([
      [-Infinity, -Infinity, -Infinity],
      [-Infinity, 1, -Infinity],
      [-Infinity, -Infinity, -Infinity],
    ]);
    expect(list(pad(int(1), [[1, 0]], 9))).toEqual([9, 1]);
    expect(pad(int(1), [[1, 0]], 9).dtype).toBe("int32");
    expect(list(pad(tensor([true]), [[1, 1]]))).toEqual([false, true, false]);
    expect(list(tile([1, 2], 2))).toEqual([1, 2, 1, 2]);
    expect(list(tile([1, 2], [2, 1]))).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(tile(zeros([2, 3]), [2]).shape).toEqual([2, 6]);
    expect(tile(zeros([2]), [0]).shape).toEqual([0]);
    expect(list(repeat([1, 2], 2))).toEqual([1, 1, 2, 2]);
    expect(
      list(
        repeat(
          [
            [1, 2],
            [3, 4],
          ],
          2,
          1,
        ),
      ),
    ).toEqual([
      [1, 1, 2, 2],
      [3, 3, 4, 4],
    ]);
    expect([1, -1, 7, 0].map((k) => list(roll(arange(5), k)))).toEqual([
      [4, 0, 1, 2, 3],
      [1, 2, 3, 4, 0],
      [3, 4, 0, 1, 2],
      [0, 1, 2, 3, 4],
    ]);
    expect(list(roll(count(2, 3), 1, -1))).toEqual([
      [2, 0, 1],
      [5, 3, 4],
    ]);
  });
  test("diagonals and triangles", () => {
    expect(list(diagonal(count(2, 3)))).toEqual([0, 4]);
    expect(list(diagonal(count(3, 2)))).toEqual([0, 3]);
    expect(list(diagonal(count(2, 2, 2)))).toEqual([
      [0, 3],
      [4, 7],
    ]);
    expect(list(tril(ones([2, 3]), -1))).toEqual([
      [0, 0, 0],
      [1, 0, 0],
    ]);
    expect(list(triu(ones([2, 3])))).toEqual([
      [1, 1, 1],
      [0, 1, 1],
    ]);
    expect(
      list(
        tril([
          [NaN, NaN],
          [1, 2],
        ]),
      ),
    ).toEqual([
      [NaN, 0],
      [1, 2],
    ]);
  });
  test("windows", () => {
    expect(list(windows(arange(5), 0, 3))).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
    ]);
    expect(list(windows(arange(6), 0, 2, { step: 2, dilation: 3 }))).toEqual([
      [0, 3],
      [2, 5],
    ]);
  });
});

describe("gather and scatter", () => {
  const x = count(3, 4);
  test("take", () => {
    expect(list(take(x, int(2, -3)))).toEqual([
      [8, 9, 10, 11],
      [0, 1, 2, 3],
    ]);
    expect(list(take(x, 1))).toEqual([4, 5, 6, 7]);
    expect(list(take(x, [[0, 3]], { axis: 1 }))).toEqual([[[0, 3]], [[4, 7]], [[8, 11]]]);
    expect(take(zeros([2, 3, 4]), zeros([5, 6], { dtype: "int32" }), { axis: 1 }).shape).toEqual([2, 5, 6, 4]);
    expect(take(x, zeros([0], { dtype: "int32" })).shape).toEqual([0, 4]);
    expect(take(zeros([0, 4]), zeros([0], { dtype: "int32" })).shape).toEqual([0, 4]);
  });
  test("takeAlongAxis, at", () => {
    expect(list(takeAlongAxis(x, [[3], [0], [-1]]))).toEqual([[3], [4], [11]]);
    expect(list(takeAlongAxis(x, [[2, 0, 1, 0]], 0))).toEqual([[8, 1, 6, 3]]);
    expect(list(at(x, [0, -1], [1, -4]))).toEqual([1, 8]);
    expect(list(at(x, [[0], [2]], [1, 3]))).toEqual([
      [1, 3],
      [9, 11],
    ]);
    expect(list(at(x, [2, 0]))).toEqual([
      [8, 9, 10, 11],
      [0, 1, 2, 3],
    ]);
    expect(list(at(x, 1, 2))).toBe(6);
  });
  test("scatterAdd, updateAt, oneHot", () => {
    expect(list(scatterAdd([1, 1, 1], [0, 0, -1], [10, 20, 30]))).toEqual([31, 1, 31]);
    expect(list(scatterAdd(zeros([2, 2]), [1], [[5, 6]]))).toEqual([
      [0, 0],
      [5, 6],
    ]);
    expect(list(scatterAdd(zeros([3]), [1, 2], 1))).toEqual([0, 1, 1]);
    expect(list(updateAt(zeros([3, 2]), -1, [1, 2]))).toEqual([
      [0, 0],
      [0, 0],
      [1, 2],
    ]);
    expect(list(oneHot([2, 0], 3))).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(oneHot([[1]], 2, { dtype: "float32" }).shape).toEqual([1, 1, 2]);
  });
});

describe("sorting and searching", () => {
  test("stable, NaN last, both directions", () => {
    const x = [3, NaN, 1, 3, -Infinity, NaN, 1];
    expect(list(argsort(x))).toEqual([4, 2, 6, 0, 3, 1, 5]);
    expect(list(argsort(x, { descending: true }))).toEqual([0, 3, 2, 6, 4, 1, 5]);
    expect(list(sort(x))).toEqual([-Infinity, 1, 1, 3, 3, NaN, NaN]);
    expect(
      list(
        sort(
          [
            [3, 1],
            [2, 5],
          ],
          { axis: 0 },
        ),
      ),
    ).toEqual([
      [2, 1],
      [3, 5],
    ]);
    expect(list(sort(uint(3, 2 ** 32 - 1, 0), { descending: true }))).toEqual([2 ** 32 - 1, 3, 0]);
    expect(list(sort(int(-(2 ** 31), 5), { descending: true }))).toEqual([5, -(2 ** 31)]);
    expect(argsort(x).dtype).toBe("int32");
    expect(list(argsort([0, -0, 0]))).toEqual([0, 1, 2]);
  });
  test("topK", () => {
    const { values, indices } = topK(
      [
        [1, 5, 3],
        [9, 7, 9],
      ],
      2,
    );
    expect([list(values), list(indices)]).toEqual([
      [
        [5, 3],
        [9, 9],
      ],
      [
        [1, 2],
        [0, 2],
      ],
    ]);
    expect(topK([1, 2], 0).values.shape).toEqual([0]);
  });
  test("argmax, argmin: the first at a tie, NaN wins", () => {
    expect([argmax([1, 3, 3]).item(), argmin([2, 1, 1]).item()]).toEqual([1, 1]);
    expect([argmax([1, NaN, 9]).item(), argmin([1, NaN, 0, NaN]).item()]).toEqual([1, 1]);
    expect(
      argmax([
        [1, 9],
        [3, 4],
      ]).item(),
    ).toBe(1);
    expect(
      list(
        argmax(
          [
            [1, 9],
            [3, 4],
          ],
          { axis: 0 },
        ),
      ),
    ).toEqual([1, 0]);
    expect(argmax(zeros([2, 3]), { axis: 1, keepDims: true }).shape).toEqual([2, 1]);
    expect(argmax(zeros([2, 3]), { keepDims: true }).shape).toEqual([1, 1]);
    expect(argmax([false, true]).dtype).toBe("int32");
  });
});

describe("reductions", () => {
  test("axes", () => {
    const x = count(2, 3, 4);
    expect(sum(x, { axis: [0, -1] }).shape).toEqual([3]);
    expect(list(sum(x, { axis: [0, 2] }))).toEqual([60, 92, 124]);
    expect(sum(x, { axis: 1, keepDims: true }).shape).toEqual([2, 1, 4]);
    expect(sum(x, { keepDims: true }).shape).toEqual([1, 1, 1]);
    expect(list(sum(x, { axis: [] }))).toEqual(list(x));
    expect([max(x).item(), min(x).item(), prod([2, 3, 4]).item()]).toEqual([23, 0, 24]);
  });
  test("moments", () => {
    const x = [
      [1, 2],
      [3, 5],
    ];
    expect([variance(x).item(), std([2, 4]).item()]).toEqual([2.1875, 1]);
    expect(list(variance(x, { axis: 0, correction: 1 }))).toEqual([2, 4.5]);
    expect(mean([]).item()).toBe(NaN);
    expect(variance(int(1, 3)).item()).toBe(1);
  });
  test("cumulated, both ways", () => {
    expect(list(cumsum([1, 2, 3]))).toEqual([1, 3, 6]);
    expect(list(cumsum([1, 2, 3], { reverse: true }))).toEqual([6, 5, 3]);
    expect(
      list(
        cumsum(
          [
            [1, 2],
            [3, 4],
          ],
          { axis: 1 },
        ),
      ),
    ).toEqual([
      [1, 3],
      [3, 7],
    ]);
    expect(list(cumprod([1, 2, 3, 4, 5]))).toEqual([1, 2, 6, 24, 120]);
    expect(list(cumprod([1, 2, 3], { reverse: true }))).toEqual([6, 6, 3]);
    expect(cumprod(int(2, 3)).dtype).toBe("int32");
  });
  test("any, all, also of nothing", () => {
    expect([any([0, 2]).item(), all([0, 2]).item(), any([NaN]).item()]).toEqual([1, 0, 1]);
    expect([any([]).item(), all([]).item()]).toEqual([0, 1]);
    expect(list(any(zeros([2, 0]), { axis: 1 }))).toEqual([false, false]);
    expect(list(all(zeros([2, 0]), { axis: 1, keepDims: true }))).toEqual([[true], [true]]);
    expect(
      all(
        [
          [true, false],
          [true, true],
        ],
        { axis: 1 },
      ).dtype,
    ).toBe("bool");
  });
  test("long sums lose nothing", () => {
    const x = full([1_000_000], 0.1);
    expect(Math.abs(sum(x).item() - 1e5)).toBeLessThan(1e-9);
    expect(logsumexp([-1000, -1000]).item()).toBe(-1000 + Math.LN2);
    close(softmax([1e4, 1e4 - Math.LN2]), [2 / 3, 1 / 3]);
  });
  test("norms", () => {
    expect([
      nabla.norm([3, -4]).item(),
      nabla.norm([3, -4], { order: 1 }).item(),
      nabla.norm([3, -4], { order: Infinity }).item(),
    ]).toEqual([5, 7, 4]);
    expect(
      list(
        nabla.norm(
          [
            [3, 4],
            [0, 0],
          ],
          { axis: 1, keepDims: true },
        ),
      ),
    ).toEqual([[5], [0]]);
    expect(nabla.norm([Infinity, 1]).item()).toBe(Infinity);
    expect(nabla.norm([NaN, 1]).item()).toBe(NaN);
    expect(nabla.norm([1e-310, 0]).item()).toBe(1e-310);
  });
});

describe("nothing in it", () => {
  const empty = zeros([0, 3]);
  test.each(
    Object.entries({
      add: () => [add(empty, 1), [0, 3]],
      exp: () => [exp(empty), [0, 3]],
      sum: () => [sum(empty, { axis: 0 }), [3]],
      prod: () => [prod(empty, { axis: 1 }), [0]],
      mean: () => [mean(empty, { axis: 1 }), [0]],
      max: () => [max(empty, { axis: 1 }), [0]],
      transpose: () => [transpose(empty), [3, 0]],
      slice: () => [
        slice(empty, [
          [null, null, -1],
          [1, 2],
        ]),
        [0, 1],
      ],
      flip: () => [flip(empty), [0, 3]],
      concatenate: () => [concatenate([empty, ones([1, 3])]), [1, 3]],
      stack: () => [stack([empty, empty]), [2, 0, 3]],
      pad: () => [
        pad(empty, [
          [1, 1],
          [0, 0],
        ]),
        [2, 3],
      ],
      tile: () => [tile(empty, [2, 2]), [0, 6]],
      roll: () => [roll(empty, 1), [0, 3]],
      sort: () => [sort(empty), [0, 3]],
      "sort along nothing": () => [sort(empty, { axis: 0 }), [0, 3]],
      cumsum: () => [cumsum(empty), [0, 3]],
      cumprod: () => [cumprod(empty, { axis: 1 }), [0, 3]],
      matmul: () => [matmul(empty, ones([3, 2])), [0, 2]],
      "matmul of no inner size": () => [matmul(ones([2, 0]), ones([0, 2])), [2, 2]],
      einsum: () => [einsum("ij,kj->ik", empty, ones([4, 3])), [0, 4]],
      softmax: () => [softmax(empty), [0, 3]],
      scatterAdd: () => [scatterAdd(ones([2]), zeros([0], { dtype: "int32" }), zeros([0])), [2]],
      diagonal: () => [diagonal(zeros([0, 0])), [0]],
      where: () => [where(zeros([0, 3], { dtype: "bool" }), 1, empty), [0, 3]],
      conv1d: () => [conv1d(zeros([0, 2, 5]), ones([1, 2, 3])), [0, 1, 3]],
      grad: () => [nabla.grad((x: Tensor) => exp(x).sum())(empty), [0, 3]],
      vmap: () => [nabla.vmap((x: Tensor) => x.mul(2).sum())(empty), [0]],
      jacobian: () => [nabla.jacobian((x: Tensor) => x.mul(2))(zeros([0])), [0, 0]],
    } satisfies Record<string, () => [Tensor, number[]]>),
  )("%s", (_, f) => {
    const [result, shape] = f() as [Tensor, number[]];
    expect(result.shape).toEqual(shape);
    expect(result.data.length).toBe(shape.reduce((a, b) => a * b, 1));
  });
  test("over no axes, and over nothing, compiled or not", () => {
    const both = (f: (x: Tensor) => Tensor, x: Tensor): unknown[] => [f(x).toArray(), compile(f)(x).toArray()];
    const twice = (v: unknown): unknown[] => [v, v];
    expect(both((x) => logsumexp(x, { axis: [] }), tensor([1, -2]))).toEqual(twice([1, -2]));
    expect(both((x) => logsumexp(x), tensor(3))).toEqual(twice(3));
    expect(both((x) => logsumexp(x), tensor([]))).toEqual(twice(-Infinity));
    expect(both((x) => x.norm({ axis: 0 }), zeros([0, 2]))).toEqual(twice([0, 0]));
    expect(both((x) => variance(x, { correction: 1 }), tensor([]))).toEqual(twice(NaN));
    expect(both((x) => softmax(x), zeros([2, 0]))).toEqual(twice([[], []]));
  });
  test("sums of nothing are 0, products 1", () => {
    expect([sum([]).item(), prod([]).item(), sum(zeros([2, 0]), { axis: 0 }).size]).toEqual([0, 1, 0]);
    expect(list(matmul(ones([2, 0]), ones([0, 2])))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("products", () => {
  const naive = (a: Tensor, b: Tensor): number[] => {
    const [m, k, n] = [a.shape[0] as number, a.shape[1] as number, b.shape[1] as number];
    const out: number[] = [];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let p = 0; p < k; p++) total += (a.data[i * k + p] as number) * (b.data[p * n + j] as number);
        out.push(total);
      }
    return out;
  };
  test("matmul, vectors and batches", () => {
    close(matmul(wave(5, 7), wave(7, 3)), naive(wave(5, 7), wave(7, 3)));
    expect(
      list(
        matmul(
          [1, 2],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      ),
    ).toEqual([7, 10]);
    expect(
      list(
        matmul(
          [
            [1, 2],
            [3, 4],
          ],
          [1, 2],
        ),
      ),
    ).toEqual([5, 11]);
    expect(list(matmul([1, 2], [3, 4]))).toBe(11);
    expect(matmul(zeros([2, 1, 3, 4]), zeros([5, 4, 6])).shape).toEqual([2, 5, 3, 6]);
    expect(matmul(zeros([4]), zeros([5, 4, 6])).shape).toEqual([5, 6]);
    expect(matmul(zeros([5, 3, 4]), zeros([4])).shape).toEqual([5, 3]);
    expect([list(dot([1, 2], [3, 4])), list(dot(2, [3, 4])), list(outer([1, 2], [3, 4]))]).toEqual([
      11,
      [6, 8],
      [
        [3, 4],
        [6, 8],
      ],
    ]);
  });
  test("einsum", () => {
    const [a, b] = [wave(2, 3), wave(3, 4)];
    const s = wave(3, 3);
    close(einsum("ij,jk->ik", a, b), numbers(matmul(a, b)));
    close(einsum("ij,jk", a, b), numbers(matmul(a, b)));
    close(einsum("ba", a), numbers(transpose(a)));
    close(einsum("ii", s), [sum(diagonal(s)).item()]);
    close(einsum("ii->i", s), numbers(diagonal(s)));
    close(einsum("ij->", a), [sum(a).item()]);
    close(einsum("ij,ij->", a, a), [sum(mul(a, a)).item()]);
    close(einsum("i,j->ji", [1, 2], [3, 4]), [3, 6, 4, 8]);
    close(einsum("...ij,...jk->...ik", wave(5, 2, 3), wave(5, 3, 4)), numbers(matmul(wave(5, 2, 3), wave(5, 3, 4))));
    close(einsum("...ij,...jk->...ik", wave(5, 2, 3), wave(3, 4)), numbers(matmul(wave(5, 2, 3), wave(3, 4))));
    close(einsum("...ij,...jk", wave(1, 2, 3), wave(5, 3, 4)), numbers(matmul(wave(1, 2, 3), wave(5, 3, 4))));
    close(einsum("i...->...i", wave(2, 3)), numbers(transpose(wave(2, 3))));
    close(einsum("ij,j->ij", wave(2, 1), wave(3)), numbers(mul(wave(2, 1), wave(3))));
    close(einsum("ij , jk , kl -> il", a, b, wave(4, 2)), numbers(matmul(matmul(a, b), wave(4, 2))));
    close(
      einsum("iij,jk->ik", wave(2, 2, 3), b),
      numbers(matmul(moveAxis(diagonal(transpose(wave(2, 2, 3), [2, 0, 1])), 0, -1), b)),
    );
    close(einsum("Aa,aB", a, b), numbers(matmul(a, b)));
    expect(einsum("ij,jk->ik", int(1, 2).reshape([1, 2]), int(3, 4).reshape([2, 1])).dtype).toBe("int32");
  });
  test("tensordot", () => {
    const [a, b] = [wave(2, 3, 4), wave(4, 3, 5)];
    close(
      tensordot(a, b, [
        [2, 1],
        [0, 1],
      ]),
      numbers(einsum("ijk,kjl->il", a, b)),
    );
    close(tensordot(a, wave(3, 4, 5)), numbers(einsum("ijk,jkl->il", a, wave(3, 4, 5))));
    expect(tensordot(wave(2), wave(3), 0).shape).toEqual([2, 3]);
    close(tensordot(a, b, [[-1], [0]]), numbers(einsum("ijk,klm->ijlm", a, b)));
  });
});

describe("convolution and pooling, against loops", () => {
  interface Plan {
    readonly stride: readonly [number, number];
    readonly dilation: readonly [number, number];
    readonly pads: readonly [readonly [number, number], readonly [number, number]];
    readonly groups: number;
  }
  /** x [n, c, h, w], k [o, c / groups, r, s]. */
  function loops(x: Tensor, k: Tensor, { stride, dilation, pads, groups }: Plan): { shape: number[]; data: number[] } {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    const [o, per, r, s] = k.shape as [number, number, number, number];
    const size = (length: number, window: number, axis: 0 | 1): number =>
      Math.floor((length + pads[axis][0] + pads[axis][1] - (window - 1) * dilation[axis] - 1) / stride[axis]) + 1;
    const [rows, columns] = [size(h, r, 0), size(w, s, 1)];
    const data: number[] = [];
    for (let b = 0; b < n; b++)
      for (let out = 0; out < o; out++)
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++) {
            let total = 0;
            for (let q = 0; q < per; q++)
              for (let u = 0; u < r; u++)
                for (let v = 0; v < s; v++) {
                  const channel = Math.floor(out / (o / groups)) * per + q;
                  const [y, z] = [
                    i * stride[0] + u * dilation[0] - pads[0][0],
                    j * stride[1] + v * dilation[1] - pads[1][0],
                  ];
                  if (y < 0 || y >= h || z < 0 || z >= w) continue;
                  total +=
                    (x.data[((b * c + channel) * h + y) * w + z] as number) *
                    (k.data[((out * per + q) * r + u) * s + v] as number);
                }
            data.push(total);
          }
    return { shape: [n, o, rows, columns], data };
  }
  const plain: Plan = {
    stride: [1, 1],
    dilation: [1, 1],
    pads: [
      [0, 0],
      [0, 0],
    ],
    groups: 1,
  };

  test.each<[string, number[], number[], Parameters<typeof conv2d>[2], Partial<Plan>]>([
    ["plain", [2, 3, 5, 6], [4, 3, 3, 2], {}, {}],
    ["stride", [1, 1, 7, 8], [2, 1, 3, 3], { stride: [2, 3] }, { stride: [2, 3] }],
    ["dilation", [1, 2, 7, 7], [1, 2, 2, 3], { dilation: [3, 2] }, { dilation: [3, 2] }],
    [
      "padding",
      [1, 1, 4, 4],
      [1, 1, 3, 3],
      { padding: 2 },
      {
        pads: [
          [2, 2],
          [2, 2],
        ],
      },
    ],
    [
      "uneven padding",
      [1, 1, 4, 4],
      [1, 1, 2, 3],
      {
        padding: [
          [1, 0],
          [2, 1],
        ],
      },
      {
        pads: [
          [1, 0],
          [2, 1],
        ],
      },
    ],
    [
      "same",
      [1, 1, 5, 6],
      [1, 1, 3, 2],
      { padding: "same" },
      {
        pads: [
          [1, 1],
          [0, 1],
        ],
      },
    ],
    [
      "same with stride",
      [1, 1, 5, 6],
      [1, 1, 3, 3],
      { padding: "same", stride: 2 },
      {
        pads: [
          [1, 1],
          [0, 1],
        ],
        stride: [2, 2],
      },
    ],
    ["groups", [2, 4, 4, 4], [6, 2, 2, 2], { groups: 2 }, { groups: 2 }],
    [
      "depthwise",
      [1, 3, 4, 4],
      [3, 1, 3, 3],
      { groups: 3, padding: 1 },
      {
        groups: 3,
        pads: [
          [1, 1],
          [1, 1],
        ],
      },
    ],
    [
      "all at once",
      [2, 4, 9, 8],
      [2, 2, 3, 2],
      { groups: 2, stride: 2, dilation: [2, 3], padding: [1, 2] },
      {
        groups: 2,
        stride: [2, 2],
        dilation: [2, 3],
        pads: [
          [1, 1],
          [2, 2],
        ],
      },
    ],
  ])("conv2d: %s", (_, x, k, options, plan) => {
    const [image, kernel] = [wave(...x), wave(...k)];
    const expected = loops(image, kernel, { ...plain, ...plan });
    const result = conv2d(image, kernel, options);
    expect(result.shape).toEqual(expected.shape);
    close(result, expected.data);
  });
  test("conv1d", () => {
    const [x, k] = [wave(2, 4, 9), wave(2, 2, 3)];
    const expected = loops(x.reshape([2, 4, 1, 9]), k.reshape([2, 2, 1, 3]), {
      ...plain,
      stride: [1, 2],
      dilation: [1, 2],
      pads: [
        [0, 0],
        [1, 2],
      ],
      groups: 2,
    });
    close(conv1d(x, k, { stride: 2, dilation: 2, padding: [[1, 2]], groups: 2 }), expected.data);
    expect(list(conv1d([[[1, 2, 3, 4]]], [[[1, 0, -1]]]))).toEqual([[[-2, -2]]]);
  });
  test("pools", () => {
    expect(list(maxPool1d([1, 5, 2, 4, 3], 2))).toEqual([5, 4]);
    expect(list(maxPool1d([-1, -5, -2], 3, { stride: 1, padding: 1 }))).toEqual([-1, -1, -2]);
    expect(list(averagePool1d([1, 3, 5, 7], 2))).toEqual([2, 6]);
    expect(list(averagePool1d([1, 3], 2, { padding: 1 }))).toEqual([0.5, 1.5]);
    expect(list(maxPool2d(count(4, 4), 2))).toEqual([
      [5, 7],
      [13, 15],
    ]);
    expect(list(averagePool2d(count(4, 4), [4, 2], { stride: [1, 1] }))).toEqual([[6.5, 7.5, 8.5]]);
    expect(maxPool2d(zeros([2, 3, 5, 5]), 3, { stride: 2, padding: "same" }).shape).toEqual([2, 3, 3, 3]);
  });
});

test("functions take arrays where they take tensors, methods what functions take", () => {
  expect(list(tensor([1, 2]).add([1, 2]).mul(2).sub(tensor(1)))).toEqual([3, 7]);
  expect(less(1, [0, 2]).toArray()).toEqual([false, true]);
  expect(greater([1], 0).dtype).toBe("bool");
  expect(list(sub(new Float32Array([1]), 1))).toEqual([0]);
  expect(list(tensor([3, 1, 2]).argsort())).toEqual([1, 2, 0]);
  expect(list(tensor([1, 2, 3]).cumprod().flip().roll(1))).toEqual([1, 6, 2]);
  expect(
    tensor([[1, 2]])
      .expandDims(0)
      .swapAxes(0, 2).shape,
  ).toEqual([2, 1, 1]);
  expect(tensor([1, 2]).dot([3, 4]).item()).toBe(11);
});
