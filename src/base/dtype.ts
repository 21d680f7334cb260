/** Element types: their storage, their promotion, their names. */
import { NablaError } from "./error.ts";

/** The types of elements. */
export type DType = "float64" | "float32" | "int32" | "uint32" | "bool";

/** The elements of a tensor in row-major order; bool as bytes 0 and 1. */
export type Data = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

export const dtypes: readonly DType[] = ["float64", "float32", "int32", "uint32", "bool"];

export const byteSize: Record<DType, number> = { float64: 8, float32: 4, int32: 4, uint32: 4, bool: 1 };

/**
 * Small arrays are cut from shared blocks: on its own, a buffer of 80 bytes costs V8 twelve times as much (820 and 70 ns,
 * Node 20). Up to `ownBytes` V8 keeps elements beside the object, which is as quick.
 */
const ownBytes = 64;
const sharedBytes = 8192;
const blockBytes = 32768;
let block = new ArrayBuffer(0);
let used = 0;

/** A zeroed array. It may share its buffer with others. */
export function allocate(dtype: DType, length: number): Data {
  const bytes = length * byteSize[dtype];
  if (bytes > ownBytes && bytes <= sharedBytes) {
    if (used + bytes > block.byteLength) {
      block = new ArrayBuffer(blockBytes);
      used = 0;
    }
    const at = used;
    used += (bytes + 7) & ~7;
    return viewOf(dtype, block, at, length);
  }
  try {
    return zeros(dtype, length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NablaError(
      "E-LIMIT",
      `an array of ${length} elements (${dtype}, ${(bytes / 2 ** 30).toFixed(1)} GiB) does not fit into memory`,
      "smaller pieces, or compile, which does not make arrays that are only passed on",
    );
  }
}

function zeros(dtype: DType, length: number): Data {
  switch (dtype) {
    case "float64":
      return new Float64Array(length);
    case "float32":
      return new Float32Array(length);
    case "int32":
      return new Int32Array(length);
    case "uint32":
      return new Uint32Array(length);
    case "bool":
      return new Uint8Array(length);
  }
}

/** A view of `length` elements at a byte offset of a buffer. */
export function viewOf(dtype: DType, buffer: ArrayBufferLike, offset: number, length: number): Data {
  switch (dtype) {
    case "float64":
      return new Float64Array(buffer, offset, length);
    case "float32":
      return new Float32Array(buffer, offset, length);
    case "int32":
      return new Int32Array(buffer, offset, length);
    case "uint32":
      return new Uint32Array(buffer, offset, length);
    case "bool":
      return new Uint8Array(buffer, offset, length);
  }
}

/** Above so many elements it pays that a copy's memory is not set to zero first; below, constructors take longer. */
const manyElements = 2 ** 16;

export function copyOf(data: Data): Data {
  if (data.length > manyElements) return copyOfMany(data);
  const copy = allocate(dtypeOf(data), data.length);
  // For a few elements the call would take longer than they.
  if (data.length > 8) copy.set(data);
  else for (let i = 0; i < data.length; i++) copy[i] = data[i] as number;
  return copy;
}

function copyOfMany(data: Data): Data {
  if (data instanceof Float64Array) return new Float64Array(data);
  if (data instanceof Float32Array) return new Float32Array(data);
  if (data instanceof Int32Array) return new Int32Array(data);
  return data instanceof Uint32Array ? new Uint32Array(data) : new Uint8Array(data);
}

export const isFloat = (dtype: DType): boolean => dtype === "float64" || dtype === "float32";
export const isInteger = (dtype: DType): boolean => dtype === "int32" || dtype === "uint32";

/** The distance from 1 to the next number. */
export const epsilon = (dtype: DType): number => (dtype === "float32" ? 2 ** -23 : 2 ** -52);

export function dtypeOf(data: Data): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint32Array) return "uint32";
  return "bool";
}

/** bool < int32, uint32 < float32 < float64; int32 and uint32 do not mix. */
export function promote(what: string, a: DType, b: DType): DType {
  if (a === b) return a;
  if (a === "bool") return b;
  if (b === "bool") return a;
  if (isFloat(a) && isFloat(b)) return "float64";
  if (isFloat(a)) return a;
  if (isFloat(b)) return b;
  throw new NablaError(
    "E-DTYPE",
    `${what}: int32 and uint32 do not mix`,
    'converting one of them: cast(x, "int32") or cast(x, "uint32")',
  );
}

export function checkDType(what: string, dtype: unknown): DType {
  if (typeof dtype === "string" && (dtypes as readonly string[]).includes(dtype)) return dtype as DType;
  throw new NablaError("E-DTYPE", `${what}: there is no dtype ${String(dtype)}`, `one of ${dtypes.join(", ")}`);
}
