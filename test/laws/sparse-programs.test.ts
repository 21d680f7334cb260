/** Programs of six operations drawn at random: sparse = dense in both modes, compiled, and twice over. */
import {
  checkpoint,
  compile,
  concatenate,
  cond,
  cumsum,
  einsum,
  flip,
  greater,
  hessian,
  jacobian,
  less,
  matmul,
  max,
  random,
  scan,
  scatterAdd,
  sin,
  solve,
  sort,
  square,
  stack,
  sum,
  type Tensor,
  take,
  takeAlongAxis,
  tanh,
  tensor,
  toDense,
  updateAt,
  vmap,
  where,
  whileLoop,
  windows,
} from "nabla";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../../src/base/shape.ts";
import { distance, draws, floats, numbers, seed } from "./cases.ts";

type Draw = (count: number) => number;

/** Elements of t, again and again, in another shape. */
const filled = (t: Tensor, shape: readonly number[]): Tensor =>
  take(
    t.reshape([-1]),
    tensor(
      Int32Array.from({ length: sizeOf(shape) }, (_, i) => i % t.size),
      { shape },
    ),
  );
const ranked = (t: Tensor, rank: number): Tensor =>
  t.rank >= rank ? t : t.reshape([...Array(rank - t.rank).fill(1), ...t.shape]);
const length = (t: Tensor, axis = 0): number => t.shape.at(axis) as number;
/** Places in an axis of n, counted from either end. */
const anywhere = (next: Draw, shape: readonly number[], n: number): Tensor =>
  tensor(
    Int32Array.from({ length: sizeOf(shape) }, () => next(2 * n) - n),
    { shape },
  );

/** Operations on a, some with b, of whatever shapes. */
const table: Record<string, (a: Tensor, b: Tensor, next: Draw) => Tensor> = {
  product: (a, b) => ranked(a, 2).mul(filled(b, [length(ranked(a, 2), -2), 1])),
  take: (a, _, next) => {
    const t = ranked(a, 2);
    const axis = next(t.rank);
    return take(t, anywhere(next, [2, 2], length(t, axis)), { axis });
  },
  takeAlongAxis: (a, _, next) => {
    const t = ranked(a, 2);
    return takeAlongAxis(t, anywhere(next, [...t.shape.slice(0, -1), 3], length(t, -1)));
  },
  scatterAdd: (a, b, next) => {
    const t = ranked(a, 1);
    return scatterAdd(filled(b, [4, ...t.shape.slice(1)]), anywhere(next, [length(t)], 4), t);
  },
  updateAt: (a, b, next) => {
    const t = ranked(a, 1);
    return updateAt(t, next(2 * length(t)) - length(t), filled(b, t.shape.slice(1)));
  },
  concatenate: (a, b, next) => {
    const t = ranked(a, 1);
    const axis = next(t.rank);
    return concatenate([filled(b, t.shape.with(axis, 2)), t, filled(tensor([0.5]).cast(t.dtype), t.shape)], axis);
  },
  stack: (a, b) => stack([a, filled(b, a.shape)], -1),
  transpose: (a) => flip(ranked(a, 2).transpose(), 0),
  slice: (a, _, next) => ranked(a, 1).slice([[next(length(ranked(a, 1))), length(ranked(a, 1))]]),
  pad: (a, _, next) => a.pad([[1, next(2)]], next(3)),
  sum: (a, _, next) => sum(ranked(a, 1), { axis: next(ranked(a, 1).rank), keepDims: next(2) === 0 }),
  cumsum: (a, _, next) => cumsum(ranked(a, 1), { axis: next(ranked(a, 1).rank), reverse: next(2) === 0 }),
  max: (a, _, next) => max(ranked(a, 1), { axis: next(ranked(a, 1).rank) }),
  sort: (a) => sort(ranked(a, 1)),
  matmul: (a, b) => matmul(filled(b, [2, 1, 3, length(ranked(a, 2), -2)]), ranked(a, 2)),
  einsum: (a, b) => einsum("bij,bjk->ibk", filled(a, [2, 3, 2]), filled(b, [2, 2, 3])),
  solve: (a, b) =>
    solve(
      filled(a, [2, 2])
        .mul(0.1)
        .add([
          [3, 1],
          [0, 2],
        ]),
      filled(b, [2, 3]),
    ),
  windows: (a) => windows(filled(a, [5]), 0, 3, { step: 2 }),
  where: (a, b) => where(greater(a, filled(b, a.shape)), a, filled(b, a.shape).mul(2)),
  checkpoint: (a, b) => checkpoint((u: Tensor, v: Tensor) => sin(u).mul(v))(a, filled(b, a.shape)),
  vmap: (a, _, next) => {
    const t = ranked(a, 2);
    const places = anywhere(next, [length(t), 2], length(t, 1));
    return vmap((v: Tensor, i: Tensor) => take(v, i).mul(v.sum()))(t, places);
  },
  cond: (a, b) =>
    cond(
      greater(sum(b), 0),
      (u: Tensor, v: Tensor) => u.mul(v),
      (u: Tensor, _: Tensor) => sin(u),
      a,
      filled(b, a.shape),
    ),
  "scan over slices": (a, b, next) => {
    const t = ranked(a, 2);
    const start = filled(b, t.shape.slice(1));
    const step = (c: Tensor, x: Tensor): [Tensor, Tensor] => [tanh(c.add(x)), c.mul(filled(b, c.shape))];
    const [last, all] = scan(step, start, t, { reverse: next(2) === 0 });
    return concatenate([ranked(last, 1).reshape([1, ...last.shape]), all], 0);
  },
  "scan of places": (a, _, next) => {
    const t = ranked(a, 1);
    const start = { i: tensor(0, { dtype: "int32" }), h: filled(t, t.shape.slice(1)).mul(0) };
    const step = (c: typeof start, k: Tensor): [typeof start, Tensor] => [
      { i: c.i.add(1).mod(length(t)), h: c.h.mul(0.5).add(take(t, k)) },
      take(t, c.i).mul(c.h),
    ];
    return scan(step, start, anywhere(next, [3], length(t)), { reverse: next(2) === 0 })[1];
  },
  "scan that moves": (a) => {
    const start = { p: a, q: a.mul(0) };
    const step = ({ p, q }: typeof start): [typeof start, undefined] => [{ p: q, q: p.add(flip(q)) }, undefined];
    return scan(step, start, null, { length: 3 })[0].q;
  },
  whileLoop: (a) =>
    whileLoop<{ k: Tensor; x: Tensor }>(
      (s) => less(s.k, 2),
      (s) => ({ k: s.k.add(1), x: s.x.mul(0.5).add(flip(s.x)) }),
      { k: tensor(0), x: a },
    ).x,
};
const names = Object.keys(table);

/** The same operations whenever it is called; what they were called. */
function program(salt: number): { readonly f: (x: Tensor) => Tensor; readonly steps: string[] } {
  const steps: string[] = [];
  const f = (x: Tensor): Tensor => {
    const next = draws(seed + 7919 * salt);
    for (let i = 0; i < 8; i++) next(2);
    steps.length = 0;
    const made = [x, x.reshape([-1]).slice([[0, 3]])];
    for (let k = 0; k < 6; k++) {
      const name = names[next(names.length)] as string;
      const [a, b] = [made.at(-1 - next(2)), made[next(made.length)]] as [Tensor, Tensor];
      const y = table[name]?.(a, b, next) as Tensor;
      made.push(tanh(y.size > 24 ? filled(y, [2, 3, 4]) : y).cast(x.dtype));
      steps.push(name);
    }
    return concatenate(made.slice(-2).map((t) => t.reshape([-1])));
  };
  return { f, steps };
}

const programs = process.env.NABLA_FULL ? 600 : 40;

describe.each(floats)("%s", (dtype) => {
  const shapes = [[6], [2, 3], [3, 1, 2], [1, 5]];
  test(`${programs} programs`, () => {
    for (let salt = 0; salt < programs; salt++) {
      const { f, steps } = program(salt);
      const x = random.uniform(random.key(seed + salt), shapes[salt % 4] as number[], { low: -1, high: 1, dtype });
      const dense = jacobian(f, { mode: "reverse" })(x) as Tensor;
      const near = (sparse: Parameters<typeof toDense>[0], expected: Tensor, bound: number): void => {
        const whole = numbers(toDense(sparse, [expected.size / x.size, x.size]));
        expect(distance(whole, numbers(expected)), `program ${salt}: ${steps.join(", ")}`).toBeLessThan(bound);
      };
      const bound = dtype === "float64" ? 1e-12 : 1e-5;
      for (const mode of ["forward", "reverse"] as const) near(jacobian(f, { sparse: true, mode })(x), dense, bound);
      if (salt % 8 === 0) near(compile(jacobian(f, { sparse: true }))(x), dense, bound);
      if (salt % 4 === 0) {
        const cost = (v: Tensor): Tensor => sum(square(f(v)));
        near(hessian(cost, { sparse: true })(x), hessian(cost)(x), 10 * bound);
      }
    }
  });
});
