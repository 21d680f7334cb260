/** Types of the derivative verbs: trees keep their types, lambdas need no annotation. */
import {
  directionalDerivative,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  type SparseMatrix,
  type Tensor,
  type TensorLike,
  valueAndGrad,
  vjp,
  vmap,
} from "nabla";
import { expectTypeOf } from "vitest";

interface Layer {
  readonly w: Tensor;
  readonly b: readonly Tensor[];
}
declare const loss: (p: Layer, x: Tensor, scale: number) => Tensor;
declare const layer: Layer;
declare const t: Tensor;

// — lambdas without annotations —
expectTypeOf(grad((x) => x.mul(x))).returns.toEqualTypeOf<Tensor>();
expectTypeOf(grad((x) => x.mul(x))(3)).toEqualTypeOf<Tensor>();
expectTypeOf(grad((x, y) => x.mul(y), { wrt: 1 })([1, 2], t)).toEqualTypeOf<Tensor>();
expectTypeOf(valueAndGrad((x) => x.sum())([[1], [2]])).toEqualTypeOf<[Tensor, Tensor]>();
expectTypeOf(vmap((x, y) => x.mul(y))([1], [2])).toEqualTypeOf<Tensor>();
expectTypeOf(jvp((x) => x.mul(x), [3], [1])).toEqualTypeOf<[Tensor, Tensor]>();
expectTypeOf(hessian((x) => x.sum())([1])).toEqualTypeOf<Tensor>();
expectTypeOf(hessian((x) => x.sum(), { sparse: true })([1])).toEqualTypeOf<SparseMatrix>();
expectTypeOf(jacobian((p: Layer) => p.w, { sparse: true })(layer).values).toEqualTypeOf<Tensor>();
expectTypeOf(hvp((x) => x.sum())([1], [1])).toEqualTypeOf<Tensor>();
expectTypeOf(directionalDerivative((x) => x.sum(), [1], [1])).toEqualTypeOf<Tensor>();
expectTypeOf(grad(grad((x) => x.mul(x)))(1)).toEqualTypeOf<Tensor>();
expectTypeOf(vmap(grad((x) => x.mul(x)))([1, 2])).toEqualTypeOf<Tensor>();

// — trees —
expectTypeOf(grad(loss)(layer, t, 1)).toEqualTypeOf<Layer>();
expectTypeOf(grad(loss)({ w: [[1]], b: [1, [2]] }, [1], 1)).toEqualTypeOf<Layer>();
expectTypeOf(grad(loss, { wrt: 1 })(layer, t, 1)).toEqualTypeOf<Tensor>();
expectTypeOf(grad(loss, { wrt: [0, 1] })(layer, t, 1)).toEqualTypeOf<readonly [Layer, Tensor]>();
expectTypeOf(valueAndGrad(loss)(layer, t, 1)).toEqualTypeOf<[Tensor, Layer]>();
// @ts-expect-error a leaf is missing
grad(loss)({ w: t }, t, 1);
// @ts-expect-error a string is no tensor
grad(loss)({ w: "a", b: [] }, t, 1);
// @ts-expect-error an argument is missing
grad(loss)(layer);
// @ts-expect-error the function returns a string
grad((x: Tensor) => x.toString());

// — results that are trees —
const two = (x: Tensor, y: Tensor): { u: Tensor; v: [Tensor, Tensor] } => ({ u: x, v: [x, y] });
expectTypeOf(jvp(two, [1, 2], [3, 4])[1].v[0]).toEqualTypeOf<Tensor>();
expectTypeOf(vjp(two, 1, 2)[0].u).toEqualTypeOf<Tensor>();
expectTypeOf(vjp(two, 1, 2)[1]({ u: 1, v: [1, 1] })[0]).toExtend<Tensor | undefined>();
// @ts-expect-error the cotangent is a tree like the result
vjp(two, 1, 2)[1]({ u: 1 });
expectTypeOf(vmap(two)([1], [2]).u).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian(two)(1, 2).v[1]).toEqualTypeOf<Tensor>();
expectTypeOf(jacobian((p: Layer) => p.w)(layer)).toEqualTypeOf<Layer>();
expectTypeOf(hessian((p: { a: Tensor; b: Tensor }) => p.a.mul(p.b))({ a: 1, b: 2 }).a.b).toEqualTypeOf<Tensor>();
expectTypeOf(hvp((p: Layer) => p.w.sum())(layer, { w: [[1]], b: [] })).toEqualTypeOf<Layer>();

// — arguments —
expectTypeOf<number>().toExtend<TensorLike>();
expectTypeOf<number[][]>().toExtend<TensorLike>();
expectTypeOf<Float32Array>().toExtend<TensorLike>();
expectTypeOf<string>().not.toExtend<TensorLike>();
