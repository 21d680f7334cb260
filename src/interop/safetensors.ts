/**
 * safetensors: named tensors in one file. The length of the header (8 bytes, little-endian), the header in JSON, the
 * elements in order (github.com/huggingface/safetensors, "Format"). A header is believed in nothing.
 */
import { type Data, type DType, dtypeOf } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import { checkEach, recordOf } from "../data/check.ts";
import { constant, Tensor } from "../graph/tensor.ts";

/** What such a file holds. */
export interface SafetensorsFile {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Texts by name, the format's `__metadata__`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A dtype of the format: bytes an element, and a piece of the file as elements that nabla has. */
interface Kind {
  readonly bytes: number;
  read(piece: ArrayBuffer): Data;
}

/** Elements from a view, one by one. */
const each = (bytes: number, read: (view: DataView, at: number) => number, make: (count: number) => Data): Kind => ({
  bytes,
  read: (piece) => {
    const view = new DataView(piece);
    const out = make(piece.byteLength / bytes);
    for (let i = 0; i < out.length; i++) out[i] = read(view, i * bytes);
    return out;
  },
});
const singles = (count: number): Data => new Float32Array(count);
const integers = (count: number): Data => new Int32Array(count);

/** ±m · 2ᵉ of 16 bits: a sign, five bits of exponent, ten of fraction (IEEE 754 binary16). */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits >> 15 === 0 ? size : -size;
}

/** The upper half of a float32. */
const word = new DataView(new ArrayBuffer(4));
function brain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** What nabla has no dtype for becomes the next wider one; whole numbers beyond int32 are refused. */
function narrowed(value: bigint): number {
  if (BigInt.asIntN(32, value) === value) return Number(value);
  throw new NablaError("E-LIMIT", `safetensors: ${value} is no int32`, "a file of integers of 32 bits");
}

const kinds: Readonly<Record<string, Kind>> = {
  F64: { bytes: 8, read: (piece) => new Float64Array(piece) },
  F32: { bytes: 4, read: (piece) => new Float32Array(piece) },
  F16: each(2, (view, at) => half(view.getUint16(at, true)), singles),
  BF16: each(2, (view, at) => brain(view.getUint16(at, true)), singles),
  I64: each(8, (view, at) => narrowed(view.getBigInt64(at, true)), integers),
  U64: each(8, (view, at) => narrowed(view.getBigUint64(at, true)), integers),
  I32: { bytes: 4, read: (piece) => new Int32Array(piece) },
  I16: each(2, (view, at) => view.getInt16(at, true), integers),
  U16: each(2, (view, at) => view.getUint16(at, true), integers),
  I8: each(1, (view, at) => view.getInt8(at), integers),
  U32: { bytes: 4, read: (piece) => new Uint32Array(piece) },
  U8: each(1, (view, at) => view.getUint8(at), integers),
  BOOL: { bytes: 1, read: (piece) => new Uint8Array(piece).map((v) => (v === 0 ? 0 : 1)) },
};
const names: Readonly<Record<DType, string>> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  uint32: "U32",
  bool: "BOOL",
};

const named = recordOf([() => true, "a tensor, or a text in the metadata"]);

/** The greatest header that the format's own reader accepts. */
const longestHeader = 100_000_000;

/**
 * Tensors by name, and texts, as the bytes of a file.
 *
 * @throws E-VALUE for what is no tensor or no text, E-OPTION for the name `__metadata__`, which is the format's own
 * @example
 * decodeSafetensors(encodeSafetensors({ tensors: { w: tensor([1, 2]) } })).tensors.w.toArray() // [1, 2]
 */
export function encodeSafetensors(file: SafetensorsFile): Uint8Array {
  checkEach("encodeSafetensors", file, { tensors: named, metadata: named }, ["tensors"]);
  const { tensors, metadata } = file;
  const header: Record<string, unknown> = Object.create(null);
  if (metadata !== undefined) header.__metadata__ = metadata;
  for (const [name, text] of Object.entries(metadata ?? {}))
    if (typeof text !== "string")
      throw new NablaError(
        "E-VALUE",
        `encodeSafetensors: the metadata ${name} is no text`,
        "JSON.stringify for others",
      );
  let at = 0;
  for (const [name, t] of Object.entries(tensors)) {
    if (name === "__metadata__")
      throw new NablaError("E-OPTION", `encodeSafetensors: a tensor is named ${name}`, "another name");
    if (!(t instanceof Tensor)) throw new NablaError("E-VALUE", `encodeSafetensors: ${name} is no tensor`, "tensor(…)");
    const { dtype, shape, data } = t;
    header[name] = { dtype: names[dtype], shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8; // elements lie on addresses of their size
  const bytes = new Uint8Array(start + at).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let to = start;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), to);
    to += data.byteLength;
  }
  return bytes;
}

const broken = (what: string): NablaError =>
  new NablaError("E-VALUE", `safetensors: ${what}`, "a whole file in the safetensors format");

/**
 * The tensors and texts of a file; E-VALUE where it is not whole or says of itself what is not so. Half precision (F16,
 * BF16) becomes float32, integers of 8, 16 and 64 bits int32 (E-LIMIT where one does not fit).
 *
 * @example
 * const bytes = encodeSafetensors({ tensors: { w: tensor([1, 2]) }, metadata: { from: "here" } });
 * decodeSafetensors(bytes).metadata.from // "here"
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (!(bytes instanceof Uint8Array)) throw broken("the file is no Uint8Array");
  if (bytes.length < 8) throw broken(`the file has ${bytes.length} bytes, less than the length of a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(longestHeader, bytes.length - 8)))
    throw broken(`the header is said to have ${length} bytes, the file has ${bytes.length}`);
  const start = 8 + Number(length);
  const { __metadata__: texts, ...entries } = headerOf(bytes.subarray(8, start));
  const places = Object.entries(entries).map(([name, entry]) => checked(name, entry, bytes.length - start));
  let end = 0;
  for (const { from, to } of places.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw broken(`the elements from byte ${Math.min(from, end)} on overlap or leave a gap`);
    end = to;
  }
  if (end !== bytes.length - start) throw broken(`${bytes.length - start - end} bytes belong to no tensor`);
  const tensors: Record<string, Tensor> = Object.create(null);
  for (const { name, kind, shape, from, to } of places) {
    const data = kind.read(new Uint8Array(bytes.subarray(start + from, start + to)).buffer);
    tensors[name] = constant(data, shape, dtypeOf(data));
  }
  return texts === undefined ? { tensors } : { tensors, metadata: checkedTexts(texts) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function headerOf(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw broken(`the header is no JSON: ${(error as Error).message}`);
  }
  if (!isRecord(header)) throw broken("the header is no object of names");
  return header;
}

function checked(name: string, entry: unknown, most: number) {
  const what = JSON.stringify(name.slice(0, 80));
  if (!isRecord(entry)) throw broken(`the entry ${what} is no object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const kind = typeof dtype === "string" && Object.hasOwn(kinds, dtype) ? kinds[dtype] : undefined;
  if (kind === undefined)
    throw broken(
      `${what} has the dtype ${typeof dtype === "string" ? JSON.stringify(dtype.slice(0, 80)) : typeof dtype}; read are ${Object.keys(kinds).join(", ")}`,
    );
  if (!isCounts(shape) || !Number.isSafeInteger(sizeOf(shape))) throw broken(`${what} has no shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw broken(`${what} has no data_offsets`);
  const [from, to] = offsets as [number, number];
  const size = sizeOf(shape) * kind.bytes;
  if (to > most || to - from !== size)
    throw broken(`${what} is said to lie from ${from} to ${to}; it needs ${size} bytes, and there are ${most}`);
  return { name, kind, shape, from, to };
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function checkedTexts(texts: unknown): Record<string, string> {
  if (isRecord(texts) && Object.values(texts).every((text) => typeof text === "string"))
    return texts as Record<string, string>;
  throw broken("__metadata__ holds more than texts");
}
