/** Loops, choices and recomputation as cases of the laws: these operations hold graphs, the table cannot list them. */
import {
  checkpoint,
  cond,
  cumsum,
  exp,
  greater,
  less,
  matmul,
  scan,
  sin,
  sum,
  type Tensor,
  tanh,
  tensor,
  whileLoop,
} from "nabla";
import type { LawCase, Operation } from "../../src/graph/operation.ts";
import { callOperation } from "../../src/transform/control/call.ts";
import { condOperation } from "../../src/transform/control/cond.ts";
import { scanOperation } from "../../src/transform/control/scan.ts";
import { whileOperation } from "../../src/transform/control/while.ts";

export interface ControlCase extends LawCase {
  readonly name: string;
  readonly operation: Operation;
}

const add = (
  operation: Operation,
  label: string,
  shapes: LawCase["shapes"],
  apply: (...x: Tensor[]) => Tensor,
): ControlCase => ({
  name: `${operation.name} ${label}`,
  operation,
  shapes,
  apply,
});

/** state[i] starts at i = 0 and runs `steps` times. */
const repeated = (steps: number | Tensor, body: (x: Tensor) => Tensor, start: Tensor): Tensor =>
  whileLoop<[Tensor, Tensor]>(
    ([i]) => less(i, steps),
    ([i, x]) => [i.add(1), body(x)],
    [tensor(0, { dtype: start.dtype }), start],
  )[1];

export const controlCases: readonly ControlCase[] = [
  add(scanOperation, "carry and slices", [[2], [4, 2]], (c, xs) =>
    scan((carry: Tensor, x: Tensor) => [sin(carry).add(x), carry.mul(x)] as const, c, xs)[1].add(1),
  ),
  add(scanOperation, "last carry, a constant, reversed", [[], [3], [2]], (c, xs, k) =>
    scan((carry: Tensor, x: Tensor) => [tanh(carry.mul(x).add(sum(k))), x] as const, c, xs, { reverse: true })[0].mul(
      k,
    ),
  ),
  add(
    scanOperation,
    "no slices",
    [[2, 2]],
    (m) => scan((carry: Tensor) => [matmul(carry, m).mul(0.3), carry] as const, m, undefined, { length: 3 })[0],
  ),
  add(scanOperation, "a tree of carries, of which one is linear", [[2], [3, 2]], (c, xs) => {
    const [{ a, b }, { y }] = scan(
      ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor) => [{ a: a.add(x), b: b.mul(a) }, { y: a.mul(b) }] as const,
      { a: c, b: c },
      xs,
    );
    return a.add(b).add(y.sum({ axis: 0 }));
  }),
  add(
    scanOperation,
    "within a scan",
    [[2], [3, 2]],
    (c, xs) =>
      scan(
        (outer: Tensor, x: Tensor) =>
          [scan((inner: Tensor, v: Tensor) => [inner.mul(v).add(outer), inner] as const, x, x)[0], outer] as const,
        c,
        xs,
      )[1],
  ),
  add(
    scanOperation,
    "over the slices of a slice",
    [[2], [2, 3, 2]],
    (c, x) =>
      // The stack is made before the loops and read only inside both; the body's own arrays must not take its place.
      scan(
        (outer: Tensor, rows: Tensor) => {
          const [last] = scan(
            (inner: Tensor, v: Tensor) => [inner.add(cumsum(v)).mul(0.5), inner] as const,
            outer,
            rows,
          );
          return [last.add(cumsum(last.mul(outer)).mul(0.1)), cumsum(cumsum(last.add(1)).mul(outer))] as const;
        },
        c,
        cumsum(x),
      )[1],
  ),
  add(
    scanOperation,
    "of no step",
    [[2]],
    (c) => scan((x: Tensor) => [sin(x), x] as const, c, undefined, { length: 0 })[0],
  ),
  add(whileOperation, "fixed count", [[3]], (x) => repeated(5, (y) => sin(y).add(y.mul(0.3)), x)),
  add(whileOperation, "a constant inside", [[3], [3]], (x, k) => repeated(4, (y) => y.mul(k).add(k), x)),
  add(whileOperation, "as long as the value is small", [[]], (x) =>
    whileLoop(
      (y: Tensor) => less(y, 10),
      (y: Tensor) => y.mul(y).add(1.5),
      x,
    ),
  ),
  add(whileOperation, "within a while", [[2]], (x) =>
    repeated(3, (y) => repeated(2, (z) => sin(z).mul(y).add(z), y), x),
  ),
  add(whileOperation, "of no step", [[2]], (x) => repeated(0, sin, x).mul(x)),
  add(condOperation, "by its own value", [[], [2]], (p, x) =>
    cond(
      greater(p, 0),
      (a: Tensor, b: Tensor) => sin(b).mul(a),
      (a: Tensor, b: Tensor) => exp(b).add(a),
      p,
      x,
    ),
  ),
  add(condOperation, "one branch without the operand", [[2], [2]], (x, y) =>
    cond(
      greater(sum(x), 0),
      (a: Tensor) => a.mul(a),
      () => y,
      x,
    ),
  ),
  add(callOperation, "checkpoint", [[2, 3]], (x) => checkpoint((y: Tensor) => sin(y).mul(exp(y)))(x)),
  add(callOperation, "checkpoint in checkpoint, with a capture", [[3], [3]], (x, k) =>
    checkpoint((y: Tensor) => checkpoint((z: Tensor) => sin(z).mul(k))(y).mul(y))(x),
  ),
];
