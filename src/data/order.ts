/** In which order an epoch meets its examples: a function of seed and epoch, so that it can be met again. */
import { random } from "../ops/random.ts";
import { check, checkEach, counted, type Kind, seeding } from "./check.ts";

/** Which epoch of which run. */
export interface Epoch {
  readonly seed: number;
  readonly epoch: number;
}

/** The places of an epoch from position `from` to before `to`: any stretch, whether or not those before were asked for. */
export type Order = (from: number, to: number) => Uint32Array;

/** Places are 32 bits. */
const sized: Kind = [(value) => counted(0)[0](value) && (value as number) < 2 ** 32, "a whole number below 2³²"];

function keyOf(what: string, given: Epoch) {
  checkEach(what, given, { seed: seeding, epoch: counted(0) }, ["seed", "epoch"]);
  return random.foldIn(random.key(given.seed), given.epoch);
}

/**
 * All places from 0 to size − 1, each once, every order as likely as another.
 *
 * @example
 * [...shuffled(3, { seed: 1, epoch: 0 })].sort() // [0, 1, 2]
 */
export const shuffled = (size: number, epoch: Epoch): Uint32Array => shuffledAsAsked(size, epoch)(0, size);

/** The same, worked out as it is asked for: no epoch waits for the mixing of all. */
export function shuffledAsAsked(size: number, epoch: Epoch): Order {
  check("shuffled", "size", size, sized);
  const mixedTo = mixing(keyOf("shuffled", epoch), consecutive(size));
  return (from, to) => {
    const end = Math.min(to, size);
    return mixedTo(end).subarray(Math.min(from, end), end);
  };
}

const consecutive = (size: number): Uint32Array => Uint32Array.from({ length: size }, (_, i) => i);

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
 * It is worked out as it is asked for: a permutation of the blocks, one group after the other, and of a group no more
 * than its beginning, so that no batch waits for the mixing of all.
 *
 * @example
 * const order = shuffledByBlocks(10, 2, 4, { seed: 0, epoch: 0 });
 * [...order(0, 10)].sort() // [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
 */
export function shuffledByBlocks(size: number, block: number, buffer: number, epoch: Epoch): Order {
  check("shuffledByBlocks", "size", size, sized);
  checkEach("shuffledByBlocks", { block, buffer }, { block: counted(1), buffer: counted(1) }, ["block", "buffer"]);
  const count = Math.ceil(size / block);
  const group = groupOf(block, buffer);
  const key = keyOf("shuffledByBlocks", epoch);
  const blocks = mixing(random.foldIn(key, 0), consecutive(count))(count);
  // The last block may be short: groups after the one that holds it begin earlier.
  const short = count * block - size;
  const shortAt = blocks.indexOf(count - 1);
  const start = (g: number): number => Math.min(size, g * group * block - (shortAt < g * group ? short : 0));
  let kept = -1;
  let mixedTo = mixing(key, new Uint32Array(0));
  /** The places of a group, of which those before `to` are mixed. */
  const placesOf = (g: number, to: number): Uint32Array => {
    if (g === kept) return mixedTo(to);
    const places = new Uint32Array(start(g + 1) - start(g));
    let at = 0;
    for (const one of blocks.subarray(g * group, (g + 1) * group))
      for (let place = one * block; place < Math.min(size, (one + 1) * block); place++) places[at++] = place;
    kept = g;
    mixedTo = mixing(random.foldIn(key, g + 1), places);
    return mixedTo(to);
  };
  return (from, to) => {
    const out = new Uint32Array(Math.max(0, Math.min(to, size) - from));
    let g = Math.floor(from / (group * block));
    for (let at = 0; at < out.length; g++) {
      if (start(g + 1) <= from + at) continue;
      const to = Math.min(from + out.length, start(g + 1)) - start(g);
      const part = placesOf(g, to).subarray(from + at - start(g), to);
      out.set(part, at);
      at += part.length;
    }
    return out;
  };
}

/** How many blocks are mixed at a time. */
export const groupOf = (block: number, buffer: number): number => Math.max(1, Math.floor(buffer / block));

/** So many random numbers are drawn at a time. */
const drawn = 4096;

/**
 * Fisher and Yates 1938, in place, from the front: after i steps the first i places are those of the whole permutation.
 * What is given mixes on, up to before `to`. A place is off from uniform by less than size / 2³².
 */
function mixing(key: ReturnType<typeof keyOf>, places: Uint32Array): (to: number) => Uint32Array {
  let done = 0;
  let bits: ArrayLike<number> = [];
  return (to) => {
    for (; done < to; done++) {
      const left = places.length - done;
      if (done % drawn === 0) bits = random.bits(random.foldIn(key, done / drawn), [Math.min(drawn, left)]).data;
      const other = done + Math.floor(((bits[done % drawn] as number) / 2 ** 32) * left);
      const place = places[other] as number;
      places[other] = places[done] as number;
      places[done] = place;
    }
    return places;
  };
}
