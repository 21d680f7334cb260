/**
 * The form of a spool file: 32 bytes (mark, version, where the description lies, its length, checksums), rows in blocks,
 * the description in JSON. It is read as if an enemy had written it.
 */
import { NablaError } from "../base/error.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import { flatten } from "../base/tree.ts";

/** One tensor of an example: all elements are words of 32 bits. */
export interface Field {
  readonly dtype: "float32" | "int32" | "uint32";
  readonly shape: Shape;
}

/** What a file says of its rows. */
export interface Description {
  readonly size: number;
  /** Rows in a block. */
  readonly block: number;
  readonly fields: readonly Field[];
  /** The tree of an example; "#0" stands for the first field. */
  readonly tree: unknown;
  /** CRC-32 of each block. */
  readonly checksums: readonly number[];
}

export type Crc32 = (bytes: Uint8Array) => number;

export const headBytes = 32;
const mark = 0x4c42414e; // NABL
const version = 1;
/** No description is longer, nor a row: 256 MiB. */
const mostBytes = 2 ** 28;

/** Words of a row, and where each field begins in it. */
export function layoutOf(fields: readonly Field[]): { readonly words: number; readonly starts: readonly number[] } {
  const starts: number[] = [];
  let words = 0;
  for (const { shape } of fields) {
    starts.push(words);
    words += sizeOf(shape);
  }
  return { words, starts };
}

/** The head and the description as bytes; the description lies at byte `at`. */
export function sealed(description: Description, at: number, crc32: Crc32): { head: Uint8Array; json: Uint8Array } {
  const json = new TextEncoder().encode(JSON.stringify(description));
  const head = new Uint8Array(headBytes);
  const view = new DataView(head.buffer);
  view.setUint32(0, mark, true);
  view.setUint32(4, version, true);
  view.setFloat64(8, at, true);
  view.setUint32(16, json.length, true);
  view.setUint32(20, crc32(json), true);
  view.setUint32(24, crc32(head.subarray(0, 24)), true);
  return { head, json };
}

interface Readable {
  stat(): Promise<{ readonly size: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** The description of a file that is whole; E-VALUE for all others. */
export async function readDescription(file: string, handle: Readable, crc32: Crc32): Promise<Description> {
  const wrong = (what: string): NablaError =>
    new NablaError("E-VALUE", `${file}: this is no whole file of examples: ${what}`, "spooling the source again");
  const { size: length } = await handle.stat();
  const head = new Uint8Array(headBytes);
  const { bytesRead } = await handle.read(head, 0, headBytes, 0);
  const view = new DataView(head.buffer);
  if (bytesRead < headBytes || view.getUint32(0, true) !== mark) throw wrong("it does not begin like one");
  if (view.getUint32(4, true) !== version) throw wrong(`its version is ${view.getUint32(4, true)}, not ${version}`);
  if (view.getUint32(24, true) !== crc32(head.subarray(0, 24))) throw wrong("its head has changed");
  const [at, bytes] = [view.getFloat64(8, true), view.getUint32(16, true)];
  if (bytes > mostBytes || !(at >= headBytes) || at + bytes !== length)
    throw wrong(`it has ${length} bytes, not ${at + bytes}`);
  const json = new Uint8Array(bytes);
  await handle.read(json, 0, bytes, at);
  if (view.getUint32(20, true) !== crc32(json)) throw wrong("its description has changed");
  const description = parsed(json);
  if (description === undefined) throw wrong("its description is none");
  const { size, block, fields, checksums } = description;
  const rowBytes = layoutOf(fields).words * 4;
  if (
    headBytes + size * rowBytes !== at ||
    checksums.length !== Math.ceil(size / block) ||
    block * rowBytes > mostBytes
  )
    throw wrong("its rows are not as described");
  return description;
}

function parsed(json: Uint8Array): Description | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(json));
    return isDescription(value) ? value : undefined;
  } catch {
    return undefined; // no JSON, or one so deep that nothing walks it
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isDescription(value: unknown): value is Description {
  if (typeof value !== "object" || value === null) return false;
  const { size, block, fields, tree, checksums } = value as { readonly [name: string]: unknown };
  if (!isCount(size) || !isCount(block) || size >= 2 ** 32 || size === 0 || block === 0) return false;
  if (!Array.isArray(checksums) || !checksums.every(isCount)) return false;
  if (!Array.isArray(fields) || !fields.every(isField)) return false;
  const { leaves } = flatten(tree);
  return leaves.length === fields.length && leaves.every((leaf, i) => leaf === `#${i}`);
}

const isField = (value: unknown): value is Field => {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape } = value as { readonly [name: string]: unknown };
  if (!Array.isArray(shape) || !shape.every(isCount) || !Number.isSafeInteger(sizeOf(shape))) return false;
  return dtype === "float32" || dtype === "int32" || dtype === "uint32";
};
