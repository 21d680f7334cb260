/** Puts the operations that graph/methods.ts declares on the prototype of tensors. */
import type { TensorMethods } from "../graph/methods.ts";
import { Tensor } from "../graph/tensor.ts";
import * as arithmetic from "./arithmetic.ts";
import { matmul } from "./contract.ts";
import { at, take } from "./gather.ts";
import * as math from "./math.ts";
import { broadcastTo, flatten, reshape, slice, squeeze, transpose } from "./movement.ts";
import * as reduce from "./reduce.ts";
import { sort } from "./sort.ts";

const {
  add,
  sub,
  mul,
  div,
  neg,
  abs,
  sign,
  maximum,
  minimum,
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  mod,
  rem,
  clip,
  cast,
  square,
  reciprocal,
  floor,
  ceil,
  round,
  logicalNot,
  logicalAnd,
  logicalOr,
} = arithmetic;
const { exp, expm1, log, log1p, sqrt, pow, sin, cos, tan, tanh, sigmoid, softplus, relu, erf } = math;
const {
  sum,
  mean,
  prod,
  max,
  min,
  argmax,
  argmin,
  any,
  all,
  cumsum,
  variance,
  std,
  norm,
  logsumexp,
  softmax,
  logSoftmax,
} = reduce;

/** Each method as a function of the tensor and what else it takes. */
type Functions = {
  readonly [K in keyof TensorMethods]: (
    x: Tensor,
    ...rest: Parameters<TensorMethods[K]>
  ) => ReturnType<TensorMethods[K]>;
};

const methods = {
  add,
  sub,
  mul,
  div,
  neg,
  abs,
  sign,
  maximum,
  minimum,
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  mod,
  rem,
  clip,
  cast,
  square,
  reciprocal,
  floor,
  ceil,
  round,
  logicalNot,
  logicalAnd,
  logicalOr,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  pow,
  sin,
  cos,
  tan,
  tanh,
  sigmoid,
  softplus,
  relu,
  erf,
  sum,
  mean,
  prod,
  max,
  min,
  argmax,
  argmin,
  any,
  all,
  cumsum,
  variance,
  std,
  norm,
  logsumexp,
  softmax,
  logSoftmax,
  reshape,
  transpose,
  broadcastTo,
  flatten,
  slice,
  squeeze,
  matmul,
  take,
  at,
  sort,
} satisfies Functions;

for (const [name, f] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return (f as (...args: unknown[]) => unknown)(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}
