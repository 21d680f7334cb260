/**
 * Random training steps on matrices of any shape, with axes of length 1 among them: value, gradient and update compiled
 * = uncompiled, the same bits for any number of threads, for state kept or passed, and within a limit of memory.
 */
import {
  compile,
  concatenate,
  conv2d,
  logsumexp,
  matmul,
  max,
  maxPool2d,
  mean,
  minimum,
  NablaError,
  random,
  relu,
  scan,
  softmax,
  sort,
  square,
  type Tensor,
  take,
  tanh,
  transpose,
  valueAndGrad,
  vmap,
  where,
} from "nabla";
import { expect, test } from "vitest";
import { checkPlan } from "../../src/compile/check.ts";
import { distance, draws, numbers, seed } from "./cases.ts";

type Model = { w: Tensor; b: Tensor; v: Tensor; c: Tensor };

/** z is [m, q]; w [p, q], b [q], v [q, p], c [m, 1]. */
const moves: readonly ((z: Tensor, model: Model) => Tensor)[] = [
  (z, { b }) => z.add(b),
  (z) => relu(z),
  (z) => tanh(z),
  (z, { c }) => z.mul(c),
  (z, { v, w }) => matmul(matmul(z, v), w).add(z.mul(0.1)),
  (z) => softmax(z),
  (z) => z.sub(max(z, { axis: 1, keepDims: true })),
  (z) => where(z.greater(0), z, z.mul(0.1)),
  (z, { b }) => minimum(z, b),
  (z, { v, w }) => matmul(z, matmul(v, w)).mul(0.1),
  (z, { v, w }) => transpose(matmul(transpose(v), transpose(z))).matmul(w),
  (z) => concatenate([z, z.mul(2)], 0).slice([[1, 1 + (z.shape[0] as number)]]),
  (z, { v, w, b }) =>
    scan(
      (carry: Tensor, row: Tensor) => {
        const next = tanh(matmul(carry, v)).matmul(w).mul(0.2).add(row);
        return [next, next.sum()] as const;
      },
      z,
      concatenate([b.reshape([1, -1]), b.mul(2).reshape([1, -1])], 0),
    )[0],
  (z, { v, w }) =>
    scan(
      (carry: Tensor) => [transpose(matmul(transpose(v), transpose(carry))).matmul(w), carry] as const,
      z,
      undefined,
      { length: 2 },
    )[1].sum({ axis: 0 }),
  (z) => sort(z, { axis: 0 }),
  (z) => take(z, [0, 0], { axis: 0 }).sum({ axis: 0, keepDims: true }).add(z),
  (z, { v, w }) => vmap((row: Tensor) => tanh(matmul(row, v)).matmul(w))(z),
  (z) => {
    const image = z.reshape([1, 1, ...z.shape]);
    const kernel = z
      .slice([
        [0, 1],
        [0, 1],
      ])
      .reshape([1, 1, 1, 1]);
    return maxPool2d(conv2d(image, kernel, { padding: "same" }), 1).reshape(z.shape);
  },
  (z, { v }) =>
    matmul(transpose(v).reshape([1, ...transpose(v).shape]), transpose(z).reshape([1, ...transpose(z).shape]))
      .sum()
      .mul(0.1)
      .add(z),
];

const bits = (list: readonly Tensor[]): string[] =>
  list.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"));

const count = process.env.NABLA_FULL ? 600 : 60;
test.each(Array.from({ length: count }, (_, i) => i))("step %i", (i) => {
  const choose = draws(seed + 104729 * i);
  const of = <T>(list: readonly T[]): T => list[choose(list.length)] as T;
  const dtype = of(["float32", "float64"] as const);
  const [m, p, q] = [of([1, 1, 2, 5, 40]), of([1, 3, 17]), of([1, 2, 7, 8, 33, 300])];
  const key = random.key(seed + i);
  const normal = (shape: number[], k: number): Tensor =>
    random.normal(random.foldIn(key, k), shape, { dtype }).mul(0.5);
  const model: Model = { w: normal([p, q], 0), b: normal([q], 1), v: normal([q, p], 2), c: normal([m, 1], 3) };
  const x = normal([m, p], 4);
  const program = Array.from({ length: 2 + choose(6) }, () => choose(moves.length));
  const cost = (given: Model, x: Tensor): Tensor => {
    let z = matmul(x, given.w);
    for (const k of program) z = (moves[k] as (typeof moves)[number])(z, given);
    return mean(square(z)).add(logsumexp(z).mul(0.1));
  };
  const step = (given: Model, x: Tensor): [Model, Tensor] => {
    const [value, slope] = valueAndGrad(cost)(given, x);
    const less = (k: keyof Model): Tensor => given[k].sub(slope[k].mul(0.01));
    return [{ w: less("w"), b: less("b"), v: less("v"), c: less("c") }, value];
  };
  const flat = ([{ w, b, v, c }, value]: [Model, Tensor]): Tensor[] => [w, b, v, c, value];
  const name = `${dtype}, [${m}, ${p}] · [${p}, ${q}], moves ${program}`;

  const reference = flat(step(model, x));
  const first = compile(step, { threads: 1 });
  const expected = flat(first(model, x));
  checkPlan(first.inspect(model, x).plan);
  expect(distance(expected.flatMap(numbers), reference.flatMap(numbers)), name).toBeLessThan(
    dtype === "float32" ? 1e-4 : 1e-10,
  );
  for (const options of [{ threads: 2 }, { threads: 3, state: true }, { threads: 1, state: true }]) {
    const again = compile(step, options);
    checkPlan(again.inspect(model, x).plan);
    for (let call = 0; call < 4; call++)
      expect(bits(flat(again(model, x))), `${name}, ${JSON.stringify(options)}`).toEqual(bits(expected));
  }
  try {
    const { memoryBytes } = first.inspect(model, x).program;
    const tight = compile(step, { threads: 1, memoryLimit: Math.floor(0.9 * memoryBytes) });
    expect(bits(flat(tight(model, x))), `${name}, with less memory`).toEqual(bits(expected));
    checkPlan(tight.inspect(model, x).plan);
  } catch (error) {
    // Some programs need all that they take.
    if (!(error instanceof NablaError && error.code === "E-LIMIT")) throw error;
  }
});
