/** Mini-batches of an epoch. */
import { check, checkDataset, checkEach, counted, flag, seeding } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import { type Epoch, type Order, shuffledAsAsked, shuffledByBlocks } from "./order.ts";

/** Which batches, and from where. */
export interface BatchOptions extends Partial<Epoch> {
  readonly batchSize: number;
  /** Default true; then seed and epoch give the order. */
  readonly shuffle?: boolean;
  /** The batch to begin with, from 0: the epoch goes on as if those before had been taken. */
  readonly from?: number;
  /** Whether a last batch of fewer examples is left out; default false. */
  readonly dropLast?: boolean;
  /** Where examples are read in blocks: how many are mixed at a time, see `shuffledByBlocks`; default 32 blocks. */
  readonly buffer?: number;
  /** How many batches are read ahead of the one that is worked on; default 1, where examples are read in blocks 8. */
  readonly ahead?: number;
}

const mixedBlocks = 32;
const kinds = {
  ...{ batchSize: counted(1), shuffle: flag, from: counted(0), dropLast: flag, buffer: counted(1), ahead: counted(0) },
  ...{ seed: seeding, epoch: counted(0) },
};

/**
 * How many batches an epoch has.
 *
 * @example
 * batchCount(10, { batchSize: 4 }) // 3
 */
export function batchCount(size: number, options: BatchOptions): number {
  check("batchCount", "size", size, counted(0));
  checkEach("batchCount", options, kinds, ["batchSize"]);
  const { batchSize, dropLast = false } = options;
  return dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);
}

function orderOf({ size, block }: Dataset<unknown>, options: BatchOptions): Order {
  const { seed = 0, epoch = 0, shuffle = true, buffer = mixedBlocks * block } = options;
  if (!shuffle)
    return (from, to) => Uint32Array.from({ length: Math.max(0, Math.min(to, size) - from) }, (_, i) => from + i);
  if (block > 1) return shuffledByBlocks(size, block, buffer, { seed, epoch });
  return shuffledAsAsked(size, { seed, epoch });
}

/**
 * The batches of one epoch, in order. The next ones are read while this one is worked on; which examples are in which
 * batch depends on the options alone, never on timing.
 *
 * @example
 * const sizes = [];
 * for await (const { x } of batches(arrays({ x: [1, 2, 3] }), { batchSize: 2, shuffle: false })) sizes.push(x.size);
 * sizes // [2, 1]
 */
export async function* batches<E>(data: Dataset<E>, options: BatchOptions): AsyncGenerator<E, void, undefined> {
  checkDataset("batches", data);
  checkEach("batches", options, kinds, ["batchSize"]);
  const { batchSize, from = 0, ahead = data.block > 1 ? 8 : 1 } = options;
  const order = orderOf(data, options);
  const count = batchCount(data.size, options);
  const begun: (E | Promise<E>)[] = [];
  for (let k = from, next = from; k < count; k++) {
    for (; next < count && next <= k + ahead; next++) {
      const batch = data.take(order(next * batchSize, (next + 1) * batchSize));
      if (batch instanceof Promise) batch.catch(() => {}); // thrown where the batch is awaited, not before
      begun.push(batch);
    }
    yield await (begun.shift() as E | Promise<E>);
  }
}
