/** Types of the derivative verbs: trees keep their types, lambdas need no annotation. */
import { directionalDerivative, grad, hessian, hvp, jacobian, jvp, valueAndGrad, vjp, vmap, } from "nabla";
import { expectTypeOf } from "vitest";
// — lambdas without annotations —
expectTypeOf(grad((x) => x.mul(x))).returns.toEqualTypeOf();
expectTypeOf(grad((x) => x.mul(x))(3)).toEqualTypeOf();
expectTypeOf(grad((x, y) => x.mul(y), { wrt: 1 })([1, 2], t)).toEqualTypeOf();
expectTypeOf(valueAndGrad((x) => x.sum())([[1], [2]])).toEqualTypeOf();
expectTypeOf(vmap((x, y) => x.mul(y))([1], [2])).toEqualTypeOf();
expectTypeOf(jvp((x) => x.mul(x), [3], [1])).toEqualTypeOf();
expectTypeOf(hessian((x) => x.sum())([1])).toEqualTypeOf();
expectTypeOf(hvp((x) => x.sum())([1], [1])).toEqualTypeOf();
expectTypeOf(directionalDerivative((x) => x.sum(), [1], [1])).toEqualTypeOf();
expectTypeOf(grad(grad((x) => x.mul(x)))(1)).toEqualTypeOf();
expectTypeOf(vmap(grad((x) => x.mul(x)))([1, 2])).toEqualTypeOf();
// — trees —
expectTypeOf(grad(loss)(layer, t, 1)).toEqualTypeOf();
expectTypeOf(grad(loss)({ w: [[1]], b: [1, [2]] }, [1], 1)).toEqualTypeOf();
expectTypeOf(grad(loss, { wrt: 1 })(layer, t, 1)).toEqualTypeOf();
expectTypeOf(grad(loss, { wrt: [0, 1] })(layer, t, 1)).toEqualTypeOf();
expectTypeOf(valueAndGrad(loss)(layer, t, 1)).toEqualTypeOf();
// @ts-expect-error a leaf is missing
grad(loss)({ w: t }, t, 1);
// @ts-expect-error a string is no tensor
grad(loss)({ w: "a", b: [] }, t, 1);
// @ts-expect-error an argument is missing
grad(loss)(layer);
// @ts-expect-error the function returns a string
grad((x) => x.toString());
// — results that are trees —
const two = (x, y) => ({ u: x, v: [x, y] });
expectTypeOf(jvp(two, [1, 2], [3, 4])[1].v[0]).toEqualTypeOf();
expectTypeOf(vjp(two, 1, 2)[0].u).toEqualTypeOf();
expectTypeOf(vjp(two, 1, 2)[1]({ u: 1, v: [1, 1] })[0]).toExtend();
// @ts-expect-error the cotangent is a tree like the result
vjp(two, 1, 2)[1]({ u: 1 });
expectTypeOf(vmap(two)([1], [2]).u).toEqualTypeOf();
expectTypeOf(jacobian(two)(1, 2).v[1]).toEqualTypeOf();
expectTypeOf(jacobian((p) => p.w)(layer)).toEqualTypeOf();
expectTypeOf(hessian((p) => p.a.mul(p.b))({ a: 1, b: 2 }).a.b).toEqualTypeOf();
expectTypeOf(hvp((p) => p.w.sum())(layer, { w: [[1]], b: [] })).toEqualTypeOf();
// — arguments —
expectTypeOf().toExtend();
expectTypeOf().toExtend();
expectTypeOf().toExtend();
expectTypeOf().not.toExtend();
