/** The messages of an ONNX file, as far as they are used (onnx.proto3, IR version 8). */
import type { DType } from "../../base/dtype.ts";
import { decode, encode, type FieldType, type Message, type Schema } from "../protobuf.ts";

const one = (number: number, type: FieldType) => ({ number, type });
const list = (number: number, type: FieldType) => ({ number, type, many: true });

const dimension: Schema = { dim_value: one(1, "int"), dim_param: one(2, "string") };
const shape: Schema = { dim: list(1, () => dimension) };
const tensorType: Schema = { elem_type: one(1, "int"), shape: one(2, () => shape) };
const type: Schema = { tensor_type: one(1, () => tensorType) };
const valueInfo: Schema = { name: one(1, "string"), type: one(2, () => type) };
const tensor: Schema = {
  dims: list(1, "int"),
  data_type: one(2, "int"),
  float_data: list(4, "float"),
  int32_data: list(5, "int"),
  int64_data: list(7, "int"),
  name: one(8, "string"),
  raw_data: one(9, "bytes"),
  double_data: list(10, "double"),
  uint64_data: list(11, "int"),
  data_location: one(14, "int"),
};
const attribute: Schema = {
  name: one(1, "string"),
  f: one(2, "float"),
  i: one(3, "int"),
  s: one(4, "bytes"),
  t: one(5, () => tensor),
  g: one(6, () => graph),
  floats: list(7, "float"),
  ints: list(8, "int"),
  strings: list(9, "bytes"),
  type: one(20, "int"),
};
const node: Schema = {
  input: list(1, "string"),
  output: list(2, "string"),
  name: one(3, "string"),
  op_type: one(4, "string"),
  attribute: list(5, () => attribute),
  domain: one(7, "string"),
};
const graph: Schema = {
  node: list(1, () => node),
  name: one(2, "string"),
  initializer: list(5, () => tensor),
  input: list(11, () => valueInfo),
  output: list(12, () => valueInfo),
};
const text: Schema = { key: one(1, "string"), value: one(2, "string") };
const operatorSet: Schema = { domain: one(1, "string"), version: one(2, "int") };
const model: Schema = {
  ir_version: one(1, "int"),
  producer_name: one(2, "string"),
  graph: one(7, () => graph),
  opset_import: list(8, () => operatorSet),
  metadata_props: list(14, () => text),
};

export interface TensorProto {
  readonly dims: readonly number[];
  readonly data_type: number;
  readonly name?: string;
  readonly raw_data?: Uint8Array;
  readonly float_data?: readonly number[];
  readonly int32_data?: readonly number[];
  readonly int64_data?: readonly number[];
  readonly double_data?: readonly number[];
  readonly uint64_data?: readonly number[];
  readonly data_location?: number;
}
export interface AttributeProto {
  readonly name: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}
export interface NodeProto {
  readonly op_type: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeProto[];
  readonly name?: string;
  readonly domain?: string;
}
export interface ValueInfo {
  readonly name: string;
  readonly type?: {
    readonly tensor_type?: {
      readonly elem_type: number;
      readonly shape?: { readonly dim: readonly { readonly dim_value?: number; readonly dim_param?: string }[] };
    };
  };
}
export interface GraphProto {
  readonly name?: string;
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
}
export interface ModelProto {
  readonly ir_version: number;
  readonly producer_name?: string;
  readonly graph?: GraphProto;
  readonly opset_import: readonly { readonly domain?: string; readonly version?: number }[];
  readonly metadata_props?: readonly { readonly key?: string; readonly value?: string }[];
}

/** How ONNX numbers the types of attributes. */
export const attributeTypes = { f: 1, i: 2, s: 3, t: 4, g: 5, floats: 6, ints: 7 } as const;
/** How it numbers dtypes (TensorProto.DataType). */
export const elementTypes: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  bool: 9,
  float64: 11,
  uint32: 12,
};
export const [uint8, int8, int64] = [2, 3, 7] as const;

export const encodeModel = (given: ModelProto): Uint8Array => encode(model, given as unknown as Message);
export const decodeModel = (bytes: Uint8Array): ModelProto => decode(model, bytes) as unknown as ModelProto;
