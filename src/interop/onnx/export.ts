/** Functions as ONNX files, which other runtimes execute. */

import { checkDType, type DType } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { checkOptions } from "../../base/options.ts";
import { checkShape, type Shape } from "../../base/shape.ts";
import { check, checkEach, flag, type Kind, recordOf, text } from "../../data/check.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Graph } from "../../graph/graph.ts";
import { trace } from "../../graph/graph.ts";
import { Tensor, type TensorLike } from "../../graph/tensor.ts";
import { callGiven } from "../../graph/trees.ts";
import type { Layer, Variables } from "../../nn/index.ts";
import { simplify } from "../../transform/simplify.ts";
import { checkVariables } from "../model-file.ts";
import { batchSizes } from "./dimension.ts";
import { encodeModel } from "./schema.ts";
import { Scope } from "./scope.ts";
import { graphOf, tracedInputs, tracedOutputs, valueInfo, walk } from "./walk.ts";

/** What an input is: an example of it, or its shape and dtype. */
export type OnnxInput = TensorLike | { readonly shape: Shape; readonly dtype?: DType };

/** What the file says besides the function. */
export interface OnnxOptions {
  /**
   * Whether the first axis of every input counts examples: the file then takes any number of them. Default false:
   * the file takes the shapes that are given.
   */
  readonly batch?: boolean;
  /** Texts by name, kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The operator set that the files are written in.
 *
 * @example
 * operatorSet // 18
 */
export const operatorSet = 18;

const kinds = { batch: flag, metadata: recordOf(text) };

const isType = (input: OnnxInput): input is { readonly shape: Shape; readonly dtype?: DType } =>
  typeof input === "object" &&
  input !== null &&
  !(input instanceof Tensor) &&
  !Array.isArray(input) &&
  "shape" in input;

/**
 * A function as an ONNX file (operator set 18, IR version 8).
 *
 * @param f a function of tensors, in the order of `inputs`; it returns a tensor, or an object of them by name
 * @param inputs by name: an example, or shape and dtype (default float32)
 * @throws E-LIMIT where f uses what ONNX or the tables of this folder have no operator for (random numbers, linear
 * algebra, whileLoop), naming it
 * @example
 * const file = toONNX((x) => x.mul(2).tanh(), { x: { shape: [1, 3] } }, { batch: true });
 * file.length > 0 // true
 */
export function toONNX(
  f: (...inputs: Tensor[]) => TensorLike | Readonly<Record<string, TensorLike>>,
  inputs: Readonly<Record<string, OnnxInput>>,
  options: OnnxOptions = {},
): Uint8Array {
  checkOptions("toONNX", inputs, "toONNX(f, { x: { shape: [1, 3] } })");
  checkEach("toONNX", options, kinds);
  const { batch = false, metadata = {} } = options;
  const names = Object.keys(inputs);
  if (names.includes("")) throw new NablaError("E-OPTION", "toONNX: an input has no name", "{ x: { shape: [1, 3] } }");
  if (names.length === 0) throw new NablaError("E-VALUE", "toONNX: there are no inputs", "{ x: { shape: [1, 3] } }");
  const types = Object.entries(inputs).map(([name, given]) => {
    if (isType(given)) {
      const { dtype = "float32" } = given;
      return { shape: checkShape(`toONNX: ${name}`, given.shape), dtype: checkDType(`toONNX: ${name}`, dtype) };
    }
    const { shape, dtype } = toTensor(`toONNX: ${name}`, given);
    return { shape, dtype };
  });
  if (batch && types.some(({ shape }) => shape.length === 0))
    throw new NablaError("E-SHAPE", "toONNX: a scalar has no axis of examples", "{ batch: false }");
  let results: readonly string[] = [];
  const graphs = (batch ? batchSizes : [undefined]).map((size): Graph => {
    const sized = types.map(({ shape, dtype }) => ({ shape: size === undefined ? shape : shape.with(0, size), dtype }));
    return simplify(
      trace("toONNX", sized, (leaves) => {
        const returned = callGiven("toONNX", f, leaves);
        const named = isNamed(returned) ? returned : { output: returned };
        results = Object.keys(named);
        return Object.values(named).map((value) => toTensor("toONNX: the result", value));
      }),
    );
  });
  const twice = results.find((name) => names.includes(name) || name === "");
  if (twice !== undefined)
    throw new NablaError(
      "E-OPTION",
      `toONNX: an input and a result are both named "${twice}"; in a file each name is one value`,
      "another name for the input, or a function that returns { name: tensor }",
    );
  const scope = new Scope(undefined, batch ? names[0] : undefined, [...names, ...results]);
  const ends = walk(scope, graphs, names);
  results.forEach((name, i) => {
    scope.nodes.push({ op_type: "Identity", name, input: [ends[i] as string], output: [name], attribute: [] });
  });
  return encodeModel({
    ir_version: 8,
    producer_name: "nabla",
    opset_import: [{ domain: "", version: operatorSet }],
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: graphOf(
      scope,
      "nabla",
      tracedInputs(graphs).map((t, i) => valueInfo(names[i] as string, t)),
      tracedOutputs(graphs).map((t, i) => valueInfo(results[i] as string, t)),
    ),
  });
}

const isNamed = (value: unknown): value is Readonly<Record<string, TensorLike>> =>
  typeof value === "object" &&
  value !== null &&
  !(value instanceof Tensor) &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value);

/**
 * A model with its variables as an ONNX file: input `x` [batch, …input], output `output`, for any number of examples.
 *
 * @param input the shape of one example
 * @example
 * const model = dense(3);
 * const file = modelToONNX(model, model.init(random.key(0), [4]), [4]);
 * fromONNX(file).inputs[0].shape // ["batch", 4]
 */
export function modelToONNX(model: Layer, variables: Variables, input: Shape, options: OnnxOptions = {}): Uint8Array {
  check("modelToONNX", "the model", model, layer);
  checkVariables("modelToONNX", variables);
  checkEach("modelToONNX", options, kinds);
  const shape = [1, ...checkShape("modelToONNX", input)];
  return toONNX((x) => model.apply(variables, x as Tensor)[0], { x: { shape } }, { batch: true, ...options });
}

const layer: Kind = [
  (value) => typeof value === "object" && value !== null && "apply" in value && typeof value.apply === "function",
  "a layer, such as dense(10) or sequential(…)",
];
