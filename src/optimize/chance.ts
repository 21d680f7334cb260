/** Random numbers one by one, for searches that choose as they go: a stream that its seed determines on every machine. */
import { random } from "../index.ts";

/** Random numbers of a search, as its `seed` determines them. */
export interface Chance {
  /** A number from [0, 1). */
  uniform(): number;
  /** One of 0, …, n − 1. */
  integer(n: number): number;
  /** One of a list's elements. */
  pick<T>(list: readonly T[]): T;
  /** The list in random order. */
  shuffle<T>(list: readonly T[]): T[];
}

const block = 1024;

export function chanceOf(seed: number): Chance {
  let key = random.key(seed);
  let drawn: ArrayLike<number> = [];
  let next = 0;
  const uniform = (): number => {
    if (next === drawn.length) {
      const keys = random.split(key);
      key = keys[0] as typeof key;
      drawn = random.uniform(keys[1] as typeof key, [block]).data;
      next = 0;
    }
    return drawn[next++] as number;
  };
  const integer = (n: number): number => Math.floor(uniform() * n);
  return {
    uniform,
    integer,
    pick: (list) => list[integer(list.length)] as (typeof list)[number],
    shuffle: (list) => {
      // Fisher and Yates
      const all = [...list];
      for (let i = all.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [all[i], all[j]] = [all[j] as (typeof all)[number], all[i] as (typeof all)[number]];
      }
      return all;
    },
  };
}
