/** Protocol buffers by tables of fields (protobuf.dev, "Encoding"): what ONNX files are written in. */
import { NablaError } from "../base/error.ts";

/** How a field is written: a number, text, bytes, or a message of its own. */
export type FieldType = "int" | "float" | "double" | "string" | "bytes" | (() => Schema);

export interface Field {
  readonly number: number;
  readonly type: FieldType;
  /** A list: on the wire one after the other, or numbers packed into one piece. */
  readonly many?: boolean;
}

/** A message: its fields by name. */
export type Schema = Readonly<Record<string, Field>>;
export type Message = Readonly<Record<string, unknown>>;

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/** Messages within messages; deeper ones are taken for an attack on the stack. */
const deepest = 64;

const wireOf = (type: FieldType): number =>
  type === "int" ? varint : type === "float" ? fixed32 : type === "double" ? fixed64 : delimited;

// — writing —

/** Bytes that grow. */
class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Seven bits a byte, the least first; negative numbers as 64 bits of two's complement. */
  varint(value: number): void {
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      const at = this.#room(1);
      this.#bytes[at] = Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0);
      if (rest <= 0x7fn) return;
    }
  }

  number(type: FieldType, value: number): void {
    if (type === "int") {
      this.varint(value);
      return;
    }
    const size = type === "float" ? 4 : 8;
    const at = this.#room(size);
    const view = new DataView(this.#bytes.buffer, at, size);
    if (type === "float") view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
  }
}

/** A message as bytes; fields that are undefined are left out. */
export function encode(schema: Schema, message: Message): Uint8Array {
  const out = new Writer();
  const piece = (number: number, bytes: Uint8Array): void => {
    out.varint(number * 8 + delimited);
    out.varint(bytes.length);
    out.raw(bytes);
  };
  for (const [name, { number, type, many }] of Object.entries(schema)) {
    const value = message[name];
    if (value === undefined) continue;
    const isNumber = type === "int" || type === "float" || type === "double";
    if (isNumber && many === true) {
      const packed = new Writer();
      for (const item of value as Iterable<number>) packed.number(type, item);
      piece(number, packed.bytes);
      continue;
    }
    for (const item of many === true ? (value as Iterable<unknown>) : [value]) {
      if (isNumber) {
        out.varint(number * 8 + wireOf(type));
        out.number(type, item as number);
      } else if (type === "string") piece(number, new TextEncoder().encode(item as string));
      else if (type === "bytes") piece(number, item as Uint8Array);
      else piece(number, encode(type(), item as Message));
    }
  }
  return out.bytes;
}

// — reading —

const broken = (what: string): NablaError =>
  new NablaError("E-VALUE", `protobuf: ${what}`, "a whole file of the format that was asked for");

/** Bytes from front to end, never past it. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at)
      throw broken(`a piece of ${count} bytes is announced where ${this.#bytes.length - at} are left`);
    this.#at += count;
    return at;
  }

  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** A signed 64-bit number; beyond 2⁵³ the nearest double. */
  varint(): number {
    let low = 0;
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#take(1)] as number;
      if (i < 4) low += (byte & 0x7f) * 2 ** (7 * i);
      else value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return value === 0n ? low : Number(BigInt.asIntN(64, value | BigInt(low)));
    }
    throw broken("a number of more than ten bytes");
  }

  number(type: FieldType): number {
    if (type === "int") return this.varint();
    return type === "float" ? this.#view.getFloat32(this.#take(4), true) : this.#view.getFloat64(this.#take(8), true);
  }

  piece(): Uint8Array {
    const length = this.varint();
    if (length < 0) throw broken(`a piece of ${length} bytes`);
    return this.raw(length);
  }

  skip(wire: number): void {
    if (wire === varint) this.varint();
    else if (wire === fixed64) this.#take(8);
    else if (wire === delimited) this.piece();
    else if (wire === fixed32) this.#take(4);
    else throw broken(`a field is of the unknown kind ${wire}`);
  }
}

/** The message in these bytes: lists are there even if empty, fields that the schema does not know are passed over. */
export function decode(schema: Schema, bytes: Uint8Array, depth = 0): Message {
  if (depth > deepest) throw broken(`messages lie within messages more than ${deepest} deep`);
  const fields = new Map(Object.entries(schema).map(([name, field]) => [field.number, { name, ...field }]));
  const message: Record<string, unknown> = {};
  for (const [name, { many }] of Object.entries(schema)) if (many === true) message[name] = [];
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const [number, wire] = [Math.floor(tag / 8), ((tag % 8) + 8) % 8];
    const field = fields.get(number);
    if (field === undefined) {
      reader.skip(wire);
      continue;
    }
    const { name, type, many } = field;
    const isNumber = type === "int" || type === "float" || type === "double";
    const packed = isNumber && many === true && wire === delimited;
    if (!packed && wire !== wireOf(type)) throw broken(`the field ${name} is of the kind ${wire}`);
    const put = (value: unknown): void => {
      if (many === true) (message[name] as unknown[]).push(value);
      else message[name] = value;
    };
    if (packed) for (const numbers = new Reader(reader.piece()); !numbers.done; ) put(numbers.number(type));
    else if (isNumber) put(reader.number(type));
    else {
      const piece = reader.piece();
      if (type === "bytes") put(piece);
      else if (type === "string") put(new TextDecoder().decode(piece));
      else put(decode(type(), piece, depth + 1));
    }
  }
  return message;
}
