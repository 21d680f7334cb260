/**
 * What the greedy rule makes again although there was room to keep it: the dearest recipes first, each is left out if
 * its values can stay in memory since they were last used.
 */
import type { Entry, Schedule } from "./evict.ts";
import type { Model } from "./model.ts";

/** Copies as they live in a schedule. */
interface Copy {
  readonly size: number;
  readonly born: number;
  /** Entries that read it, in their order; the end of the program is one more. */
  uses: readonly number[];
}

const lastOf = ({ born, uses }: Copy): number => uses.at(-1) ?? born;

function copiesOf({ sizes, uses, units }: Model, { entries, copies }: Schedule): Copy[] {
  const born = copies.map(() => -1);
  const read = copies.map((): number[] => []);
  entries.forEach(({ reads, makes }, e) => {
    for (const c of makes) {
      if (born[c] === -1) born[c] = e;
      else read[c]?.push(e);
    }
    for (const c of reads) if (read[c]?.at(-1) !== e) read[c]?.push(e);
  });
  const latest = new Map<number, number>();
  copies.forEach((v, c) => {
    if (uses[v]?.at(-1) === units.length) latest.set(v, c);
  });
  for (const c of latest.values()) read[c]?.push(entries.length);
  return copies.map((v, c) => ({ size: sizes[v] as number, born: born[c] as number, uses: read[c] as number[] }));
}

/** Bytes in memory at each entry. */
function profileOf({ fixed }: Model, { entries }: Schedule, copies: readonly Copy[]): Float64Array {
  const change = new Float64Array(entries.length + 2);
  for (const copy of copies) {
    if (copy.born < 0) continue;
    change[copy.born] = (change[copy.born] as number) + copy.size;
    change[lastOf(copy) + 1] = (change[lastOf(copy) + 1] as number) - copy.size;
  }
  let now = fixed;
  return Float64Array.from(entries, ({ unit }, e) => {
    now += change[e] as number;
    return now + unit.extra;
  });
}

/** The entry at which most is in memory. */
export function summitOf(model: Model, schedule: Schedule): number {
  const bytes = profileOf(model, schedule, copiesOf(model, schedule));
  return bytes.indexOf(bytes.reduce((a, b) => Math.max(a, b), 0));
}

/** The same schedule with fewer recipes, within `budget` wherever it was. */
export function keep(model: Model, schedule: Schedule, budget: number): Schedule {
  const { entries } = schedule;
  const copies = copiesOf(model, schedule);
  const bytes = profileOf(model, schedule, copies);
  const values = [...schedule.copies];
  /** For each copy the one that stands for it. */
  const stands = values.map((_, c) => c);
  const left = new Set<number>();
  const add = (from: number, to: number, by: number): void => {
    for (let e = from; e <= to; e++) bytes[e] = (bytes[e] as number) + by;
  };
  const made = new Map<number, number[]>();
  for (const [c, v] of values.entries()) made.set(v, [...(made.get(v) ?? []), c]);
  /** The last copy of the value made before this one that is still made. */
  const before = (c: number): number | undefined =>
    made.get(values[c] as number)?.findLast((other) => other < c && stands[other] === other);
  const resolve = (c: number): number => {
    let at = c;
    while (stands[at] !== at) at = stands[at] as number;
    return at;
  };
  const setUses = (copy: Copy, uses: readonly number[]): void => {
    const from = lastOf(copy);
    copy.uses = uses;
    const to = lastOf(copy);
    if (to > from) add(from + 1, to, copy.size);
    else add(to + 1, from, -copy.size);
  };

  /** Leaves the entry out if its values can stay; false: they cannot. */
  const leaveOut = (e: number): boolean => {
    const { unit, reads, makes } = entries[e] as Entry;
    const kept = makes.filter((c) => (copies[c] as Copy).uses.length > 0).map((c) => ({ c, p: before(c) }));
    if (kept.some(({ p }) => p === undefined)) return false;
    const sources = [...new Set(reads.map(resolve))].map((c) => copies[c] as Copy);
    const undo = sources.map((copy) => ({ copy, uses: copy.uses }));
    for (const copy of sources)
      setUses(
        copy,
        copy.uses.filter((use) => use !== e),
      );
    const joined = kept.map(({ c, p }) => {
      const [next, past] = [copies[c] as Copy, copies[p as number] as Copy];
      return { next, past, uses: past.uses, end: lastOf(past) };
    });
    for (const { next, past } of joined) {
      add(e, lastOf(next), -next.size);
      setUses(
        past,
        [...past.uses, ...next.uses].sort((a, b) => a - b),
      );
    }
    const from = Math.min(...joined.map(({ end }) => end + 1));
    let fits = true;
    for (let i = from; i < e; i++) fits &&= (bytes[i] as number) <= budget;
    if (!fits) {
      for (const { next, past, uses } of joined) {
        setUses(past, uses);
        add(e, lastOf(next), next.size);
      }
      for (const { copy, uses } of undo) setUses(copy, uses);
      return false;
    }
    kept.forEach(({ c, p }) => {
      stands[c] = p as number;
    });
    for (const c of makes) {
      if (kept.some((k) => k.c === c)) continue;
      stands[c] = -1;
      add(e, e, -(copies[c] as Copy).size);
    }
    add(e, e, -unit.extra);
    left.add(e);
    return true;
  };
  const isUnused = ({ again, makes }: Entry): boolean => again && makes.every((c) => copies[c]?.uses.length === 0);

  const repeated = entries.flatMap(({ again }, e) => (again ? [e] : []));
  const order = repeated.toSorted((a, b) => (entries[b] as Entry).unit.work - (entries[a] as Entry).unit.work || b - a);
  for (let changed = true; changed; ) {
    changed = false;
    for (const e of order) if (!left.has(e) && leaveOut(e)) changed = true;
    for (const e of repeated.toReversed())
      if (!left.has(e) && isUnused(entries[e] as Entry)) changed = leaveOut(e) || changed;
  }
  return {
    copies: values,
    entries: entries.flatMap((entry, e) =>
      left.has(e) ? [] : [{ ...entry, reads: entry.reads.map(resolve), makes: entry.makes.map(resolve) }],
    ),
  };
}
