/** In which order an epoch meets its examples: a function of seed and epoch, so that it can be met again. */
import { random } from "../ops/random.ts";

/** Which epoch of which run. */
export interface Epoch {
  readonly seed: number;
  readonly epoch: number;
}

/** The places of an epoch from position `from` to before `to`: any stretch, whether or not those before were asked for. */
export type Order = (from: number, to: number) => Uint32Array;

const keyOf = ({ seed, epoch }: Epoch) => random.foldIn(random.key(seed), epoch);

/**
 * All places from 0 to size − 1, each once, every order as likely as another.
 *
 * @example
 * [...shuffled(3, { seed: 1, epoch: 0 })].sort() // [0, 1, 2]
 */
export function shuffled(size: number, epoch: Epoch): Uint32Array {
  return Uint32Array.from(random.permutation(keyOf(epoch), size).data);
}

/**
 * All places, each once, so that a stretch of `buffer` examples needs few reads of neighbours: blocks come in random
 * order, the examples of `groupOf(block, buffer)` consecutive ones of them are mixed.
 *
 * Quality. Each example is at each position as likely as at any other. What is not as by `shuffled`: examples of one
 * block lie less than `buffer` apart. So the mean of a batch is unbiased, and where the block means of what is averaged
 * have the variance V around the whole mean, its variance is greater by about V/g · (1 − g/n) for groups of g of n blocks
 * (sampling of clusters: Cochran 1977, ch. 9). A file sorted by what matters wants small blocks or a great buffer, or to
 * be written in random order.
 *
 * It is worked out as it is asked for: a permutation of the blocks, and one group after the other.
 *
 * @example
 * const order = shuffledByBlocks(10, 2, 4, { seed: 0, epoch: 0 });
 * [...order(0, 10)].sort() // [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
 */
export function shuffledByBlocks(size: number, block: number, buffer: number, epoch: Epoch): Order {
  const count = Math.ceil(size / block);
  const group = groupOf(block, buffer);
  const key = keyOf(epoch);
  const blocks = mixed(
    random.foldIn(key, 0),
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  // The last block may be short: groups after the one that holds it begin earlier.
  const short = count * block - size;
  const shortAt = blocks.indexOf(count - 1);
  const start = (g: number): number => Math.min(size, g * group * block - (shortAt < g * group ? short : 0));
  let kept = -1;
  let keptPlaces: Uint32Array = new Uint32Array(0);
  const placesOf = (g: number): Uint32Array => {
    if (g === kept) return keptPlaces;
    const places = new Uint32Array(start(g + 1) - start(g));
    let at = 0;
    for (const one of blocks.subarray(g * group, (g + 1) * group))
      for (let place = one * block; place < Math.min(size, (one + 1) * block); place++) places[at++] = place;
    kept = g;
    keptPlaces = mixed(random.foldIn(key, g + 1), places);
    return keptPlaces;
  };
  return (from, to) => {
    const out = new Uint32Array(Math.max(0, Math.min(to, size) - from));
    let g = Math.floor(from / (group * block));
    for (let at = 0; at < out.length; g++) {
      if (start(g + 1) <= from + at) continue;
      const part = placesOf(g).subarray(from + at - start(g), from + out.length - start(g));
      out.set(part, at);
      at += part.length;
    }
    return out;
  };
}

/** How many blocks are mixed at a time. */
export const groupOf = (block: number, buffer: number): number => Math.max(1, Math.floor(buffer / block));

/** Fisher and Yates 1938, in place. A place is off from uniform by less than size / 2³². */
function mixed(key: ReturnType<typeof keyOf>, places: Uint32Array): Uint32Array {
  const bits = random.bits(key, [places.length]).data;
  for (let i = places.length - 1; i > 0; i--) {
    const j = Math.floor(((bits[i] as number) / 2 ** 32) * (i + 1));
    const other = places[j] as number;
    places[j] = places[i] as number;
    places[i] = other;
  }
  return places;
}
