/**
 * Examples in a file of rows of one size, to be read from any place: what an epoch in random order needs of data larger
 * than memory. The file is written under another name and renamed when it is whole.
 */
import { NablaError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type FlatArguments, flattenArguments } from "../graph/trees.ts";
import { check, checkEach, iterable, oneOf, positive, text } from "./check.ts";
import { fileError } from "./source.ts";
import { type Crc32, type Description, type Field, headBytes, sealed } from "./spool-file.ts";
import { openSpool, type Spool } from "./spool-read.ts";

/** Where examples are spooled to. */
export interface SpoolOptions {
  /** A path; default a file of its own in the system's folder for such, which is gone when the process is. */
  readonly file?: string;
  /** Whether the source gives stacked examples (default) or single ones. */
  readonly each?: "batch" | "example";
  /** Bytes of memory for blocks that have been read; default 64 MiB. */
  readonly cache?: number;
}

type FileHandle = import("node:fs/promises").FileHandle;

/** Small enough to mix many, large enough that a read is worth its while. */
const blockBytes = 2 ** 16;

/**
 * Writes examples (trees of float32, int32 and uint32 tensors) to a file and gives them as a dataset. Memory: a block,
 * and later the cache.
 *
 * @example
 * const data = await spool([{ x: new Float32Array([1, 2]) }, { x: new Float32Array([3]) }]);
 * (await data.take(Uint32Array.of(2, 0))).x.toArray() // [3, 1]
 * await data.close();
 */
export async function spool<E>(source: AsyncIterable<E> | Iterable<E>, options: SpoolOptions = {}): Promise<Spool<E>> {
  check("spool", "the source", source, iterable);
  checkEach("spool", options, { file: text, each: oneOf("batch", "example"), cache: positive });
  const { mkdtemp, open, rename, rm } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const { tmpdir } = await import("node:os");
  const { crc32 } = await import("node:zlib");
  const folder = options.file === undefined ? await mkdtemp(join(tmpdir(), "nabla-")) : undefined;
  const file = options.file ?? join(folder as string, "examples.spool");
  const part = `${file}.part`;
  const handle = await open(part, "w").catch((error) => {
    throw fileError(file, error);
  });
  try {
    const description = await written(source, options.each ?? "batch", handle, crc32);
    await handle.sync();
    await handle.close();
    await rename(part, file);
    const data = await openSpool<E>(file, options.cache === undefined ? {} : { cache: options.cache });
    // The system keeps a file that is open; without a name it goes with the process, however that ends.
    if (folder !== undefined) await rm(folder, { recursive: true }).catch(() => {});
    if (data.size !== description.size) throw new NablaError("E-INTERNAL", "spool: the file has another size");
    return data;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(folder ?? part, { recursive: true, force: true }).catch(() => {});
    throw error instanceof NablaError || (error as { syscall?: unknown }).syscall === undefined
      ? error
      : fileError(file, error);
  }
}

async function written<E>(
  source: AsyncIterable<E> | Iterable<E>,
  each: "batch" | "example",
  handle: FileHandle,
  crc32: Crc32,
): Promise<Description> {
  let first: FlatArguments | undefined;
  let fields: readonly Field[] = [];
  let block = new Uint32Array(0);
  let [rowsInBlock, words, filled, size, at] = [0, 0, 0, 0, headBytes];
  const checksums: number[] = [];
  await handle.write(new Uint8Array(headBytes), 0, headBytes, 0);
  const flush = async (): Promise<void> => {
    const bytes = new Uint8Array(block.buffer, 0, filled * words * 4);
    checksums.push(crc32(bytes));
    await writeAll(handle, bytes, at);
    [at, filled] = [at + bytes.length, 0];
  };
  for await (const examples of source) {
    const flat = flattenArguments("spool", examples, "examples");
    const shapes = flat.tensors.map(({ shape }) => (each === "batch" ? shape.slice(1) : shape));
    if (first === undefined) {
      first = flat;
      fields = flat.tensors.map(({ dtype }, i) => ({
        dtype: wordType(flat.paths[i], dtype),
        shape: shapes[i] as number[],
      }));
      words = fields.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      rowsInBlock = Math.max(1, Math.floor(blockBytes / 4 / Math.max(1, words)));
      block = new Uint32Array(rowsInBlock * words);
      if (flat.kept.length > 0 || fields.length === 0 || words === 0)
        throw new NablaError("E-TREE", "spool: examples are trees of tensors with elements", "arrays of numbers only");
    }
    const rows = checkedRows(first, flat, fields, shapes, each);
    const sources = flat.tensors.map(({ data }) => new Uint32Array(data.buffer, data.byteOffset, data.length));
    for (let row = 0; row < rows; row++) {
      let to = filled * words;
      for (const data of sources) {
        const length = data.length / rows;
        for (let k = 0; k < length; k++) block[to++] = data[row * length + k] as number;
      }
      filled += 1;
      if (filled === rowsInBlock) await flush();
    }
    size += rows;
  }
  if (first === undefined || size === 0)
    throw new NablaError("E-VALUE", "spool: the source gives no examples", "a source with examples");
  if (filled > 0) await flush();
  const tree = first.rebuild(fields.map((_, i) => `#${i}` as unknown as Tensor));
  const description: Description = { size, block: rowsInBlock, fields, tree, checksums };
  const { head, json } = sealed(description, at, crc32);
  await writeAll(handle, json, at);
  await writeAll(handle, head, 0);
  return description;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

function wordType(path: string | undefined, dtype: string): Field["dtype"] {
  if (dtype === "float32" || dtype === "int32" || dtype === "uint32") return dtype;
  throw new NablaError("E-DTYPE", `spool: ${path} is ${dtype}`, 'float32, int32 or uint32: cast(x, "float32")');
}

/** How many rows the examples are; they are like the first ones. */
function checkedRows(
  first: FlatArguments,
  flat: FlatArguments,
  fields: readonly Field[],
  shapes: readonly (readonly number[])[],
  each: "batch" | "example",
): number {
  const rows = each === "example" ? 1 : flat.tensors[0]?.shape[0];
  flat.tensors.forEach(({ dtype, shape }, i) => {
    const like = fields[i];
    const same = dtype === like?.dtype && String(shapes[i]) === String(like.shape) && flat.paths[i] === first.paths[i];
    if (
      !same ||
      flat.paths.length !== first.paths.length ||
      rows === undefined ||
      (each === "batch" && shape[0] !== rows)
    )
      throw new NablaError(
        "E-SHAPE",
        `spool: ${flat.paths[i]} is ${dtype}[${shape}]; the first examples had ${like?.dtype}[${like?.shape}] each`,
        "examples of one shape, stacked along the first axis",
      );
  });
  return rows ?? 0;
}
