/** Loops, choices and recomputation as cases of the laws: these operations hold graphs, the table cannot list them. */
import { checkpoint, cond, exp, greater, less, matmul, scan, sin, sum, tanh, tensor, whileLoop, } from "nabla";
import { callOperation } from "../../src/transform/control/call.js";
import { condOperation } from "../../src/transform/control/cond.js";
import { scanOperation } from "../../src/transform/control/scan.js";
import { whileOperation } from "../../src/transform/control/while.js";
const add = (operation, label, shapes, apply) => ({
    name: `${operation.name} ${label}`,
    operation,
    shapes,
    apply,
});
/** state[i] starts at i = 0 and runs `steps` times. */
const repeated = (steps, body, start) => whileLoop(([i]) => less(i, steps), ([i, x]) => [i.add(1), body(x)], [tensor(0, { dtype: start.dtype }), start])[1];
export const controlCases = [
    add(scanOperation, "carry and slices", [[2], [4, 2]], (c, xs) => scan((carry, x) => [sin(carry).add(x), carry.mul(x)], c, xs)[1].add(1)),
    add(scanOperation, "last carry, a constant, reversed", [[], [3], [2]], (c, xs, k) => scan((carry, x) => [tanh(carry.mul(x).add(sum(k))), x], c, xs, { reverse: true })[0].mul(k)),
    add(scanOperation, "no slices", [[2, 2]], (m) => scan((carry) => [matmul(carry, m).mul(0.3), carry], m, undefined, { length: 3 })[0]),
    add(scanOperation, "a tree of carries, of which one is linear", [[2], [3, 2]], (c, xs) => {
        const [{ a, b }, { y }] = scan(({ a, b }, x) => [{ a: a.add(x), b: b.mul(a) }, { y: a.mul(b) }], { a: c, b: c }, xs);
        return a.add(b).add(y.sum({ axis: 0 }));
    }),
    add(scanOperation, "within a scan", [[2], [3, 2]], (c, xs) => scan((outer, x) => [scan((inner, v) => [inner.mul(v).add(outer), inner], x, x)[0], outer], c, xs)[1]),
    add(scanOperation, "of no step", [[2]], (c) => scan((x) => [sin(x), x], c, undefined, { length: 0 })[0]),
    add(whileOperation, "fixed count", [[3]], (x) => repeated(5, (y) => sin(y).add(y.mul(0.3)), x)),
    add(whileOperation, "a constant inside", [[3], [3]], (x, k) => repeated(4, (y) => y.mul(k).add(k), x)),
    add(whileOperation, "as long as the value is small", [[]], (x) => whileLoop((y) => less(y, 10), (y) => y.mul(y).add(1.5), x)),
    add(whileOperation, "within a while", [[2]], (x) => repeated(3, (y) => repeated(2, (z) => sin(z).mul(y).add(z), y), x)),
    add(whileOperation, "of no step", [[2]], (x) => repeated(0, sin, x).mul(x)),
    add(condOperation, "by its own value", [[], [2]], (p, x) => cond(greater(p, 0), (a, b) => sin(b).mul(a), (a, b) => exp(b).add(a), p, x)),
    add(condOperation, "one branch without the operand", [[2], [2]], (x, y) => cond(greater(sum(x), 0), (a) => a.mul(a), () => y, x)),
    add(callOperation, "checkpoint", [[2, 3]], (x) => checkpoint((y) => sin(y).mul(exp(y)))(x)),
    add(callOperation, "checkpoint in checkpoint, with a capture", [[3], [3]], (x, k) => checkpoint((y) => checkpoint((z) => sin(z).mul(k))(y).mul(y))(x)),
];
