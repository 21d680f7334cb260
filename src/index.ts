/** `nabla`: tensors, operations, derivatives, batching, control flow, compilation. */
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
export { type SparseMatrix, toDense } from "./derivative/sparse/matrix.ts";
export {
  type UndefinedDerivative,
  UndefinedDerivatives,
  undefinedDerivatives,
} from "./derivative/undefined-derivative.ts";
export type { NormOptions, Range, ReduceOptions, SortOptions, TensorMethods } from "./graph/methods.ts";
export { Tensor, type TensorLike } from "./graph/tensor.ts";
export { mapTree, type Tree } from "./graph/trees.ts";
export { elu, gelu, leakyRelu, relu, silu, softsign } from "./ops/activation.ts";
export {
  abs,
  add,
  bitwiseAnd,
  bitwiseOr,
  bitwiseXor,
  cast,
  ceil,
  clip,
  div,
  equal,
  floor,
  floorDivide,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  notEqual,
  reciprocal,
  rem,
  round,
  scale,
  shiftLeft,
  shiftRight,
  sign,
  square,
  sub,
  trunc,
  where,
} from "./ops/arithmetic.ts";
export { at } from "./ops/at.ts";
export { dot, matmul, outer, tensordot } from "./ops/contract.ts";
export {
  averagePool1d,
  averagePool2d,
  type ConvolutionOptions,
  conv1d,
  conv2d,
  maxPool1d,
  maxPool2d,
  type PoolOptions,
} from "./ops/convolve.ts";
export {
  arange,
  type CreateOptions,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from "./ops/create.ts";
export { einsum } from "./ops/einsum.ts";
export { oneHot, scatterAdd, take, takeAlongAxis, updateAt } from "./ops/gather.ts";
export * from "./ops/linalg/index.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cbrt,
  cos,
  cosh,
  digamma,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  hypot,
  lgamma,
  log,
  log1p,
  log2,
  log10,
  logaddexp,
  logSigmoid,
  polygamma,
  pow,
  rsqrt,
  sigmoid,
  sin,
  sinh,
  softplus,
  sqrt,
  tan,
  tanh,
} from "./ops/math.ts";
export {
  broadcastTo,
  concatenate,
  diagonal,
  expandDims,
  flatten,
  flip,
  matrixTranspose,
  moveAxis,
  pad,
  ravel,
  repeat,
  reshape,
  roll,
  slice,
  split,
  squeeze,
  stack,
  swapAxes,
  tile,
  transpose,
  tril,
  triu,
} from "./ops/movement.ts";
export { type RandomOptions, random } from "./ops/random.ts";
export {
  all,
  any,
  argmax,
  argmin,
  cumprod,
  cumsum,
  logSoftmax,
  logsumexp,
  max,
  mean,
  min,
  norm,
  prod,
  softmax,
  std,
  sum,
  variance,
} from "./ops/reduce.ts";
export { argsort, sort, topK } from "./ops/sort.ts";
export { windows } from "./ops/windows.ts";
export { cond } from "./transform/control/cond.ts";
export { scan } from "./transform/control/scan.ts";
export { whileLoop } from "./transform/control/while.ts";
export { vmap } from "./transform/vmap.ts";
