/**
 * Random programs, loops and branches in one another: compiled = uncompiled, and the verifier of plans lets them pass.
 * The laws meet each operation by itself; here the passes of the compiler meet what stands beside what.
 */
import {
  compile,
  concatenate,
  cond,
  cumsum,
  greater,
  less,
  matmul,
  scan,
  sin,
  softmax,
  stack,
  type Tensor,
  tanh,
  tensor,
  transpose,
  whileLoop,
} from "nabla";
import { expect, test } from "vitest";
import { checkPlan } from "../../src/compile/check.ts";
import { distance, draws, numbers, seed } from "./cases.ts";

const n = 3;
/** Chooses 0 … count − 1. */
type Choose = (count: number) => number;
type Pool = readonly Tensor[];
const pick = (pool: Pool, choose: Choose): Tensor => pool[choose(pool.length)] as Tensor;

/** Everything is an n × n matrix with elements of moderate size, so that each fits each. */
const plain: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => tanh(a.add(b)),
  (a, b) => sin(a.mul(b)),
  (a) => cumsum(a).mul(0.3),
  (a, b) => tanh(matmul(a, b)),
  (a) => transpose(a),
  (a) => softmax(a),
  (a, b) => tanh(a.sum({ axis: 0 })).sub(b),
  (a, b) => a.max({ axis: 1, keepDims: true }).mul(0.5).add(b.mul(0.5)),
  (a, b) => concatenate([a, b]).slice([[1, 1 + n]]),
  (a) => a.slice([null, [null, null, -1]]),
  (a, b) => stack([a, b]).sum({ axis: 0 }).mul(0.5),
];

function grow(pool: Pool, choose: Choose, size: number, depth: number): Tensor {
  let all = pool;
  for (let i = 0; i < size; i++) {
    const [a, b] = [pick(all, choose), pick(all, choose)];
    const kind = depth > 0 ? choose(plain.length + 6) : choose(plain.length);
    const f = plain[kind];
    all = [...all, f === undefined ? control(all, choose, kind - plain.length, depth - 1) : f(a, b)];
  }
  return (all.at(-1) as Tensor).add(pick(all, choose)).mul(0.5);
}

function control(pool: Pool, choose: Choose, kind: number, depth: number): Tensor {
  const [a, b] = [pick(pool, choose), pick(pool, choose)];
  const size = 1 + choose(4);
  if (kind < 3) {
    // Rows, made before the loop, one of them at a time; what the body reads from outside is captured.
    const xs = stack([a, b, pick(pool, choose)]);
    const outside = choose(2) === 0 ? pool : [];
    const which = choose(3);
    const [last, ys] = scan(
      (c: Tensor, x: Tensor) => {
        const rows =
          which === 0 ? scan((d: Tensor, row: Tensor) => [tanh(d.add(cumsum(row))), d] as const, c, x)[0] : x;
        const y = grow([...outside, c, x, rows], choose, size, depth);
        return [tanh(y.add(c)), which === 1 ? c : y] as const;
      },
      pick(pool, choose),
      xs,
      { reverse: choose(2) === 0 },
    );
    return choose(2) === 0 ? last : ys.sum({ axis: 0 }).mul(0.3);
  }
  if (kind < 5)
    return whileLoop<[Tensor, Tensor, Tensor]>(
      ([i]) => less(i, 1 + size),
      ([i, x, y]) => [i.add(1), grow([x, y, b], choose, size, depth), x],
      [tensor(0), a, b],
    )[kind - 2] as Tensor;
  return cond(
    greater(a.sum(), 0),
    (x, y) => grow([x, y], choose, size, depth),
    (x, y) => grow([y, x], choose, size, depth),
    a,
    b,
  );
}

const count = process.env.NABLA_FULL ? 400 : 60;
test.each(Array.from({ length: count }, (_, i) => i))("program %i", (i) => {
  const f = (x: Tensor, y: Tensor): Tensor[] => {
    // The same choices each time that the function is called.
    const choose = draws(seed + 7919 * i);
    return [grow([x, y], choose, 3 + (i % 10), 2), grow([y, x], choose, 4, 1)];
  };
  const rows = (k: number): Tensor =>
    tensor(
      Array.from({ length: n * n }, (_, j) => Math.sin(i + k + 3 * j)),
      { shape: [n, n] },
    );
  const program = compile(f);
  checkPlan(program.inspect(rows(0), rows(1)).plan);
  const [a, b] = [program(rows(0), rows(1)), f(rows(0), rows(1))];
  expect(distance(a.flatMap(numbers), b.flatMap(numbers))).toBeLessThan(1e-11);
});
