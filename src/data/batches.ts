/** Mini-batches of an epoch. */
import { NablaError } from "../base/error.ts";
import type { Dataset } from "./dataset.ts";
import { type Epoch, shuffled } from "./order.ts";

/** Which batches, and from where. */
export interface BatchOptions extends Partial<Epoch> {
  readonly batchSize: number;
  /** Default true; then seed and epoch give the order. */
  readonly shuffle?: boolean;
  /** The batch to begin with, from 0: the epoch goes on as if those before had been taken. */
  readonly from?: number;
  /** Whether a last batch of fewer examples is left out; default false. */
  readonly dropLast?: boolean;
}

/** How many batches an epoch has. */
export const batchCount = (size: number, { batchSize, dropLast = false }: BatchOptions): number =>
  dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);

/**
 * The batches of one epoch, in order. The next one is read while this one is worked on.
 *
 * @example
 * for await (const { x } of batches(arrays({ x: [1, 2, 3] }), { batchSize: 2, shuffle: false })) x.shape; // [2], then [1]
 */
export async function* batches<E>(data: Dataset<E>, options: BatchOptions): AsyncGenerator<E, void, undefined> {
  const { batchSize, seed = 0, epoch = 0, shuffle = true, from = 0 } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new NablaError("E-OPTION", `batches: batchSize is ${batchSize}`, "a whole number from 1");
  const order = shuffle ? shuffled(data.size, { seed, epoch }) : Uint32Array.from({ length: data.size }, (_, i) => i);
  const count = batchCount(data.size, options);
  const read = (k: number) => data.take(order.subarray(k * batchSize, (k + 1) * batchSize));
  let next = from < count ? read(from) : undefined;
  for (let k = from; k < count; k++) {
    const batch = await (next as E | Promise<E>);
    next = k + 1 < count ? read(k + 1) : undefined;
    yield batch;
  }
}
