/** Types of loops and choices: bodies know their arguments from the initial values. */
import { checkpoint, cond, greater, less, matmul, scan, stopGradient, tensor, whileLoop } from "nabla";
import { expectTypeOf } from "vitest";
// — whileLoop —
expectTypeOf(whileLoop((x) => less(x, 100), (x) => x.mul(2), 3)).toEqualTypeOf();
const [count, sum] = whileLoop(([i]) => less(i, 5), ([i, x]) => [i.add(1), x.mul(2)], [0, t]);
expectTypeOf(count).toEqualTypeOf();
expectTypeOf(sum).toEqualTypeOf();
const state = whileLoop(({ n }) => less(n, 3), ({ n, p }) => ({ n: n.add(1), p: matmul(p, p) }), { n: 0, p: [[1]] });
expectTypeOf(state.p).toEqualTypeOf();
expectTypeOf(whileLoop(([i]) => less(i, 1), ([i, x]) => [i, x], [0, 1])).toEqualTypeOf();
whileLoop((x) => less(x, 1), 
// @ts-expect-error the state keeps its tree
(x) => [x], t);
// — scan —
const [total, sums] = scan((c, x) => [c.add(x), c.add(x)], 0, [1, 2, 3]);
expectTypeOf(total).toEqualTypeOf();
expectTypeOf(sums).toEqualTypeOf();
const [last, { y }] = scan(({ a, b }, x) => [{ a: b, b: a.add(x) }, { y: a }], { a: 0, b: 1 }, [1, 2]);
expectTypeOf(last.a).toEqualTypeOf();
expectTypeOf(y).toEqualTypeOf();
const [carry] = scan((c, { u, v }) => [c.add(u).mul(v), u], t, { u: [1, 2], v: tensor([3, 4]) });
expectTypeOf(carry).toEqualTypeOf();
expectTypeOf(scan((c) => [c.mul(2), undefined], 1, undefined, { length: 10 })).toEqualTypeOf();
// — cond —
expectTypeOf(cond(greater(t, 0), (v) => v.mul(v), (v) => v.neg(), 3)).toEqualTypeOf();
const chosen = cond(greater(t, 0), (a, { b }) => ({ sum: a.add(b) }), () => ({ sum: t }), t, { b: 1 });
expectTypeOf(chosen.sum).toEqualTypeOf();
expectTypeOf(cond(true, () => t, () => t)).toEqualTypeOf();
// — the same function —
expectTypeOf(checkpoint((x) => x.mul(x))(3)).toEqualTypeOf();
expectTypeOf(checkpoint((p) => p.a.mul(2))({ a: 1 })).toEqualTypeOf();
expectTypeOf(stopGradient({ a: t })).toEqualTypeOf();
