/** Tensors as ONNX files hold them. 64-bit integers become int32, saturated: they are axes, shapes and places. */
import { allocate, type Data, type DType } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { showShape, sizeOf } from "../../base/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { TensorProto } from "./schema.ts";

/** Element types by ONNX's number: the dtype they become, their size in the file and how one is read. */
interface Element {
  readonly dtype: DType;
  readonly bytes: number;
  read(view: DataView, at: number): number;
  /** The field that holds them where they are not raw. */
  readonly field: "float_data" | "int32_data" | "int64_data" | "double_data" | "uint64_data";
}

const saturated = (value: bigint): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Number(value)));

const elements: Readonly<Record<number, Element>> = {
  1: { dtype: "float32", bytes: 4, read: (v, at) => v.getFloat32(at, true), field: "float_data" },
  2: { dtype: "int32", bytes: 1, read: (v, at) => v.getUint8(at), field: "int32_data" },
  3: { dtype: "int32", bytes: 1, read: (v, at) => v.getInt8(at), field: "int32_data" },
  6: { dtype: "int32", bytes: 4, read: (v, at) => v.getInt32(at, true), field: "int32_data" },
  7: { dtype: "int32", bytes: 8, read: (v, at) => saturated(v.getBigInt64(at, true)), field: "int64_data" },
  9: { dtype: "bool", bytes: 1, read: (v, at) => (v.getUint8(at) === 0 ? 0 : 1), field: "int32_data" },
  11: { dtype: "float64", bytes: 8, read: (v, at) => v.getFloat64(at, true), field: "double_data" },
  12: { dtype: "uint32", bytes: 4, read: (v, at) => v.getUint32(at, true), field: "uint64_data" },
};

/** The dtype that stands for an ONNX element type. */
export function dtypeOfElement(type: number | undefined, what: string): DType {
  const found = type === undefined ? undefined : elements[type];
  if (found !== undefined) return found.dtype;
  throw new NablaError(
    "E-LIMIT",
    `onnx: ${what} has the element type ${type}, which is not read`,
    "float, double, int32, int64, int8, uint8, uint32 or bool",
  );
}

/** The tensor of a file; E-VALUE where it holds other elements than it says. */
export function tensorOf(given: TensorProto): Tensor {
  const { name = "a tensor", dims, data_type, raw_data } = given;
  const what = JSON.stringify(name.slice(0, 80));
  const dtype = dtypeOfElement(data_type, what);
  const { bytes, read, field } = elements[data_type] as Element;
  if (given.data_location !== undefined && given.data_location !== 0)
    throw new NablaError("E-LIMIT", `onnx: ${what} lies in another file`, "a model in one file");
  const size = dims.every((n) => Number.isSafeInteger(n) && n >= 0) ? sizeOf(dims) : Number.NaN;
  const listed = given[field] ?? [];
  const count = raw_data === undefined ? listed.length : raw_data.length / bytes;
  if (count !== size)
    throw new NablaError(
      "E-VALUE",
      `onnx: ${what} is said to be ${showShape(dims)}, but holds ${count} elements`,
      "a whole ONNX file",
    );
  const data: Data = allocate(dtype, size);
  const view = raw_data && new DataView(raw_data.buffer, raw_data.byteOffset, raw_data.length);
  for (let i = 0; i < size; i++) {
    const value = view === undefined ? (listed[i] as number) : read(view, i * bytes);
    data[i] = dtype === "int32" ? saturated(BigInt(Math.trunc(value))) : value;
  }
  return constant(data, dims, dtype);
}
