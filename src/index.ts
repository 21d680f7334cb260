import "./ops/methods.ts";

export type { Data, DType } from "./base/dtype.ts";
export { type ErrorCode, NablaError } from "./base/error.ts";
export { type Compiled, type CompiledFunction, type CompileOptions, compile } from "./compile/compile.ts";
export { checkpoint, stopGradient } from "./derivative/checkpoint.ts";
export { customDerivative, type JvpRule, type VjpRule } from "./derivative/custom.ts";
export { type GradOptions, grad, valueAndGrad } from "./derivative/grad.ts";
export { type DrawOptions, GraphView, graphOf } from "./derivative/graph-of.ts";
export { hessian, jacobian } from "./derivative/jacobian.ts";
export { firstNonFinite, NonFinite } from "./derivative/non-finite.ts";
export { directionalDerivative, hvp, jvp, vjp } from "./derivative/products.ts";
export {
  type UndefinedDerivative,
  UndefinedDerivatives,
  undefinedDerivatives,
} from "./derivative/undefined-derivative.ts";
export { Tensor, type TensorLike } from "./graph/tensor.ts";
export * from "./ops/arithmetic.ts";
export * from "./ops/contract.ts";
export * from "./ops/convolve.ts";
export * from "./ops/create.ts";
export * from "./ops/einsum.ts";
export * from "./ops/gather.ts";
export * from "./ops/linalg/index.ts";
export * from "./ops/math.ts";
export type { TensorMethods } from "./ops/methods.ts";
export * from "./ops/movement.ts";
export { type RandomOptions, random } from "./ops/random.ts";
export * from "./ops/reduce.ts";
export * from "./ops/sort.ts";
export { cond } from "./transform/control/cond.ts";
export { scan } from "./transform/control/scan.ts";
export { whileLoop } from "./transform/control/while.ts";
export { vmap } from "./transform/vmap.ts";
