/** A trained model as a function. */

import { isFloat } from "../base/dtype.ts";
import { compile } from "../compile/compile.ts";
import { toTensor } from "../graph/convert.ts";
import { Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenArguments } from "../graph/trees.ts";
import { convert } from "../ops/record.ts";
import { checkLayer, type Layer, type Variables } from "./layer.ts";

/**
 * The function x → outputs of a model in inference, compiled for each shape of x. Numbers and nested arrays take the
 * dtype of the parameters; tensors and typed arrays keep their own.
 *
 * @example
 * const model = dense(2);
 * const predict = predictWith(model, model.init(random.key(0), [3]));
 * predict([[0, 0, 0]]).toArray() // [[0, 0]]
 */
export function predictWith<P, S>(model: Layer<P, S>, variables: Variables<P, S>): (x: TensorLike) => Tensor {
  checkLayer("predictWith", model);
  const dtype = flattenArguments("predictWith", variables.parameters).tensors.find((t) => isFloat(t.dtype))?.dtype;
  const outputs = compile((x: Tensor) => model.apply(variables, x)[0]);
  return (x) => {
    const given = toTensor("predict", x);
    const plain = !(x instanceof Tensor) && !ArrayBuffer.isView(x) && isFloat(given.dtype);
    return outputs(plain && dtype !== undefined ? convert(given, dtype) : given);
  };
}
