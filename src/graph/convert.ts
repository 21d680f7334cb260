/** Numbers and arrays become tensors. */
import { allocate, copyOf, type Data, type DType, dtypeOf, isFloat, promote } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { type Shape, showShape, sizeOf } from "../base/shape.ts";
import { constant, filled, type NestedArray, Tensor, type TensorLike } from "./tensor.ts";

export const isTyped = (value: unknown): value is Data =>
  value instanceof Float64Array ||
  value instanceof Float32Array ||
  value instanceof Int32Array ||
  value instanceof Uint32Array ||
  value instanceof Uint8Array;

/** Numbers and nested arrays are float64, booleans bool, typed arrays what they are. Typed arrays are copied. */
export function toTensor(what: string, value: TensorLike, dtype?: DType): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return filled(value, [], dtype ?? "float64");
  if (typeof value === "boolean") return filled(value ? 1 : 0, [], dtype ?? "bool");
  if (isTyped(value)) {
    if (dtype === undefined || dtype === dtypeOf(value)) return constant(copyOf(value), [value.length]);
    const data = allocate(dtype, value.length);
    data.set(value);
    return constant(data, [value.length]);
  }
  if (Array.isArray(value)) return fromNested(what, value, dtype);
  throw new NablaError(
    "E-VALUE",
    `${what}: expected a tensor, a number or an array, got ${describe(value)}`,
    "tensor(…) of numbers, nested arrays of them, or a Float32Array, Int32Array, …",
  );
}

/** A value in a few words, for messages. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing (undefined)";
  if (value === null) return "null";
  if (typeof value === "function") return "a function";
  if (typeof value === "string") return `string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value !== "object") return `${typeof value} ${String(value)}`;
  return `object ${value.constructor?.name ?? ""} with ${Object.keys(value).slice(0, 5).join(", ") || "nothing in it"}`;
}

function fromNested(what: string, array: NestedArray, dtype: DType | undefined): Tensor {
  const shape: number[] = [];
  let first: unknown = array;
  while (Array.isArray(first)) {
    shape.push(first.length);
    first = first[0];
  }
  const kind = typeof first === "boolean" ? "bool" : "float64";
  const data = allocate(dtype ?? kind, sizeOf(shape));
  let next = 0;
  const fill = (value: unknown, axis: number, path: string): void => {
    if (axis === shape.length) {
      if (typeof value !== "number" && typeof value !== "boolean") {
        throw Array.isArray(value)
          ? ragged(what, path, `an array of ${value.length}`, "a number", shape)
          : new NablaError(
              "E-VALUE",
              `${what}: element ${path} is ${describe(value)}, not a number`,
              "numbers or booleans only; stack(…) for a list of tensors",
            );
      }
      data[next++] = Number(value);
      return;
    }
    if (!Array.isArray(value)) throw ragged(what, path, describe(value), `an array of ${shape[axis]}`, shape);
    if (value.length !== shape[axis]) {
      throw ragged(what, path, `${value.length} elements`, `${shape[axis]}`, shape);
    }
    for (let i = 0; i < value.length; i++) fill(value[i], axis + 1, `${path}[${i}]`);
  };
  fill(array, 0, "");
  return constant(data, shape);
}

const ragged = (what: string, path: string, got: string, expected: string, shape: Shape): NablaError =>
  new NablaError(
    "E-RAGGED",
    `${what}: the nested array is ragged: element ${path || "(all)"} has ${got}, expected ${expected} for shape ${showShape(shape)}`,
    "padding the rows to one length, or a list of tensors",
  );

/** Whether integers of this dtype hold the number. */
const holds = (dtype: DType, v: number): boolean =>
  Number.isInteger(v) && (dtype === "uint32" ? v >= 0 && v < 2 ** 32 : v >= -(2 ** 31) && v < 2 ** 31);

/**
 * A plain number takes the dtype of the tensors it meets; one that their integers do not hold (a fraction, −1 beside
 * uint32) lifts them to float64.
 */
export function meet(what: string, values: readonly TensorLike[]): { tensors: Tensor[]; dtype: DType } {
  const tensors: (Tensor | number)[] = values.map((v) => (typeof v === "number" ? v : toTensor(what, v)));
  let dtype: DType | undefined;
  for (const t of tensors) {
    if (typeof t !== "number") dtype = dtype === undefined ? t.dtype : promote(what, dtype, t.dtype);
  }
  for (const t of tensors) {
    if (typeof t !== "number") continue;
    if (dtype === undefined) dtype = "float64";
    else if (!isFloat(dtype)) dtype = !holds(dtype, t) ? "float64" : dtype === "bool" ? "int32" : dtype;
  }
  const common = dtype ?? "float64";
  return { tensors: tensors.map((t) => (typeof t === "number" ? filled(t, [], common) : t)), dtype: common };
}
