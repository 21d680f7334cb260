/** A spool file as a dataset: blocks are read where examples are asked for, checked, and kept while there is room. */
import { viewOf } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import { flatten, unflatten } from "../base/tree.ts";
import { check, checkEach, checkPlaces, positive, text } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import { copyRow, gathered } from "./gather.ts";
import { fileError } from "./source.ts";
import { headBytes, layoutOf, readDescription } from "./spool-file.ts";

/** A dataset in a file. */
export interface Spool<E> extends Dataset<E> {
  readonly file: string;
  /** Closes the file; examples cannot be taken any more. */
  close(): Promise<void>;
}

const defaultCache = 64 * 2 ** 20;

/**
 * The examples of a file that `spool` wrote; `cache` is how many bytes of blocks are kept in memory. E-VALUE where the
 * file is not whole; later too, where a block has changed: each is checked as it is read.
 *
 * @example
 * const written = await spool([{ x: new Float32Array([1, 2]) }], { file: "two.spool" });
 * (await openSpool("two.spool")).size // 2
 */
export async function openSpool<E>(file: string, options: { readonly cache?: number } = {}): Promise<Spool<E>> {
  check("openSpool", "the file", file, text);
  checkEach("openSpool", options, { cache: positive });
  const { cache = defaultCache } = options;
  const { open } = await import("node:fs/promises");
  const { crc32 } = await import("node:zlib");
  const handle = await open(file, "r").catch((error) => {
    throw fileError(file, error);
  });
  const { size, block, fields, tree, checksums } = await readDescription(file, handle, crc32).catch(async (error) => {
    await handle.close();
    throw error instanceof NablaError ? error : fileError(file, error);
  });
  const { structure } = flatten(tree);
  const { words, starts } = layoutOf(fields);
  const blocks = new Map<number, Promise<Uint32Array>>(); // the one that was not used for longest is first
  const most = Math.max(2, Math.floor(cache / (block * words * 4)));

  const readBlock = async (index: number): Promise<Uint32Array> => {
    const bytes = new Uint8Array(Math.min(block, size - index * block) * words * 4);
    const { bytesRead } = await handle
      .read(bytes, 0, bytes.length, headBytes + index * block * words * 4)
      .catch((error) => {
        throw fileError(file, error);
      });
    if (bytesRead === bytes.length && crc32(bytes) === checksums[index]) return new Uint32Array(bytes.buffer);
    throw new NablaError("E-VALUE", `${file}: block ${index} is not as it was written`, "spooling the source again");
  };
  const blockAt = (index: number): Promise<Uint32Array> => {
    const found = blocks.get(index) ?? readBlock(index);
    if (!blocks.delete(index)) found.catch(() => blocks.delete(index));
    blocks.set(index, found);
    if (blocks.size > most) blocks.delete(blocks.keys().next().value as number);
    return found;
  };

  const gather = (places: Uint32Array, read: ReadonlyMap<number, Uint32Array>): E => {
    const tensors = fields.map(({ dtype, shape }, i) => {
      const length = sizeOf(shape);
      return gathered({ shape: [places.length, ...shape], dtype }, (to) => {
        const out = viewOf("uint32", to.buffer, to.byteOffset, to.length); // all elements are words
        places.forEach((place, k) => {
          const rows = read.get(Math.floor(place / block)) as Uint32Array;
          copyRow(rows, (place % block) * words + (starts[i] as number), length, out, k * length);
        });
      });
    });
    return unflatten(structure, tensors) as E;
  };

  const take = async (places: Uint32Array): Promise<E> => {
    checkPlaces(file, places, size);
    const needed = [...new Set(Array.from(places, (place) => Math.floor(place / block)))];
    const read = await Promise.all(needed.map(async (index) => [index, await blockAt(index)] as const));
    return gather(places.slice(), new Map(read));
  };
  return { file, size, block, take, close: () => handle.close() };
}
