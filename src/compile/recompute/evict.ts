/**
 * A schedule within a budget, by the greedy rule of dynamic tensor rematerialization (Kirisame et al. 2021), which runs
 * here ahead of time: the steps in their order; where memory runs out, the value goes whose loss costs least for the
 * memory and the time that it frees; where a value is missing, its recipe runs, and the recipes of what that misses.
 * Since the program is known, time is not how long ago a value was used but how long until it is used next.
 */
import type { Model, Unit } from "./model.ts";

/** A unit at its place in the schedule. Each making of a value is a copy of its own. */
export interface Entry {
  readonly unit: Unit;
  readonly again: boolean;
  /** Copies, in the order of the unit's reads and makes. */
  readonly reads: readonly number[];
  readonly makes: readonly number[];
}

export interface Schedule {
  readonly entries: readonly Entry[];
  /** Of each copy its value. */
  readonly copies: readonly number[];
}

/** Beyond so many recipes the cost of a loss is not summed further. */
const farthest = 256;
const never = Number.POSITIVE_INFINITY;

interface Loss {
  readonly work: number;
  readonly next: number;
}

interface Task {
  readonly recipe: Unit | undefined;
  readonly reads: readonly number[];
  readonly pinned: boolean[];
  next: number;
}

/** `budgetAt`: bytes at each unit, exceeded where it alone needs more; undefined: more than `most` recipes would run. */
export function evict(model: Model, budgetAt: (unit: number) => number, most: number): Schedule | undefined {
  const { values, sizes, units, recipes, finished, uses } = model;
  const derived = derivedOf(model);
  const entries: Entry[] = [];
  const copies: number[] = [];
  /** The copy that is in memory; −1: none. */
  const present = new Int32Array(values.length).fill(-1);
  const pins = new Int32Array(values.length);
  const nextUse = new Int32Array(values.length);
  const resident = new Set<number>();
  const losses: (Loss | undefined)[] = values.map(() => undefined);
  /** How much is still to come that needs the value: its own uses, and values that may be made from it again. */
  const needs = Int32Array.from(derived, (list) => 1 + list.length);
  const ends = units.map((): number[] => []);
  for (const [v, list] of uses.entries()) ends[list.at(-1) ?? (finished[v] as number)]?.push(v);
  /** Marks of the question that `lossOf` asks. */
  let question = 0;
  const counted = new Int32Array(values.length);
  const asked = new Int32Array(values.length);
  const wanted = new Uint8Array(values.length);
  let used = model.fixed;
  let again = 0;
  let now = 0;

  const usedNext = (v: number): number => {
    const list = uses[v] as readonly number[];
    let k = nextUse[v] as number;
    while (k < list.length && (list[k] as number) < now) k++;
    nextUse[v] = k;
    return list[k] ?? never;
  };
  const isLost = (v: number): boolean => present[v] === -1 && (finished[v] as number) < now && (needs[v] as number) > 0;

  /** What would run again because of the loss, and when next; computed anew where something near has changed. */
  const lossOf = (v: number): Loss => {
    const known = losses[v];
    if (known !== undefined && known.next >= now) return known;
    question++;
    let [runs, visits] = [0, 0];
    let work = 0;
    let next = usedNext(v);
    /** With the recipe of a value those of what it misses. */
    const run = (u: number): void => {
      const recipe = recipes[u] as Unit;
      if (counted[recipe.makes[0] as number] === question || runs >= farthest) return;
      counted[recipe.makes[0] as number] = question;
      runs++;
      work += recipe.work;
      for (const read of recipe.reads) if (isLost(read)) run(read);
    };
    /** Whether a value that is lost and needed later is made from this one. */
    const isMissed = (u: number): boolean => {
      let missed = false;
      for (const made of derived[u] as readonly number[]) {
        if (!isLost(made)) continue;
        if (asked[made] !== question) {
          asked[made] = question;
          wanted[made] = 0;
          const use = usedNext(made);
          next = Math.min(next, use);
          if ((++visits < farthest && isMissed(made)) || use < never) wanted[made] = 1;
        }
        if (wanted[made] === 0) continue;
        run(made);
        missed = true;
      }
      return missed;
    };
    isMissed(v);
    const own = recipes[v] as Unit;
    // Its recipe runs anyway where another of its values is lost.
    if (own.makes.some((made) => made !== v && isLost(made) && usedNext(made) < never)) work = 0;
    else run(v);
    const loss = { work, next };
    losses[v] = loss;
    return loss;
  };

  /** The losses around a value change with it: those of the values from which, through lost ones, it is made or used. */
  const forget = (v: number): void => {
    const seen = new Set([v]);
    for (const u of seen) {
      losses[u] = undefined;
      if (seen.size > farthest || (u !== v && !isLost(u))) continue;
      for (const read of recipes[u]?.reads ?? []) seen.add(read);
      for (const made of derived[u] as readonly number[]) seen.add(made);
    }
    for (const made of recipes[v]?.makes ?? []) losses[made] = undefined;
  };

  const freeFor = (bytes: number): void => {
    while (used + bytes > budgetAt(now)) {
      let least = never;
      let chosen = -1;
      for (const v of resident) {
        if ((pins[v] as number) > 0 || recipes[v] === undefined || (finished[v] as number) >= now) continue;
        const { work, next } = lossOf(v);
        const loss = work / ((sizes[v] as number) * (next - now + 1));
        if (loss >= least) continue;
        least = loss;
        chosen = v;
      }
      if (chosen < 0) return;
      drop(chosen);
    }
  };
  const drop = (v: number): void => {
    resident.delete(v);
    present[v] = -1;
    used -= sizes[v] as number;
    forget(v);
  };

  const run = (unit: Unit, isAgain: boolean): void => {
    // A value that is there already is overwritten by the program's own step, made beside it by a recipe.
    const fresh = unit.makes.filter((v) => isAgain || present[v] === -1);
    freeFor(fresh.reduce((sum, v) => sum + (sizes[v] as number), unit.extra));
    const reads = unit.reads.map((v) => present[v] as number);
    const makes = unit.makes.map((v) => {
      if (!isAgain && present[v] !== -1) return present[v] as number;
      copies.push(v);
      return copies.length - 1;
    });
    entries.push({ unit, again: isAgain, reads, makes });
    unit.makes.forEach((v, k) => {
      if (present[v] !== -1) return;
      present[v] = makes[k] as number;
      resident.add(v);
      used += sizes[v] as number;
      forget(v);
    });
  };

  const settle = (ended: readonly number[]): void => {
    const stack = [...ended];
    for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
      needs[v] = (needs[v] as number) - 1;
      if (needs[v] !== 0) continue;
      if (present[v] !== -1) drop(v);
      stack.push(...(recipes[v]?.reads ?? []));
    }
  };

  const taskOf = (reads: readonly number[], recipe?: Unit): Task => {
    const pinned = reads.map((v) => present[v] !== -1);
    reads.forEach((v, k) => {
      if (pinned[k]) pins[v] = (pins[v] as number) + 1;
    });
    return { recipe, reads, pinned, next: 0 };
  };
  const release = ({ reads, pinned }: Task): void => {
    reads.forEach((v, k) => {
      if (pinned[k]) pins[v] = (pins[v] as number) - 1;
    });
  };

  /** Runs the unit once all that it reads is there. */
  const perform = (unit: Unit): boolean => {
    const tasks: Task[] = [taskOf(unit.reads)];
    for (let task = tasks.at(-1); task !== undefined; task = tasks.at(-1)) {
      const v = task.reads[task.next];
      if (v === undefined) {
        if (task.recipe !== undefined && again++ >= most) return false;
        run(task.recipe ?? unit, task.recipe !== undefined);
        release(task);
        tasks.pop();
      } else if (present[v] === -1) {
        const recipe = recipes[v] as Unit;
        tasks.push(taskOf(recipe.reads, recipe));
      } else {
        if (!task.pinned[task.next]) {
          task.pinned[task.next] = true;
          pins[v] = (pins[v] as number) + 1;
        }
        task.next++;
      }
    }
    return true;
  };

  for (const unit of units) {
    if (!perform(unit)) return undefined;
    settle(ends[now] as number[]);
    now++;
  }
  return { entries, copies };
}

/** The values that are made again from each. */
function derivedOf({ values, recipes }: Model): readonly (readonly number[])[] {
  const derived = values.map((): number[] => []);
  recipes.forEach((recipe, v) => {
    for (const read of recipe?.reads ?? []) (derived[read] as number[]).push(v);
  });
  return derived;
}
