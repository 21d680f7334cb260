/**
 * A plan within a limit of memory. The greedy rule (`evict`) does not see that what it makes again needs room too, so it
 * is tried with several budgets, one until the summit of the program's memory and one after it; what it then makes
 * again without need is kept (`keep`), and the least work wins. An arena has gaps that no schedule knows of: where it
 * ends above the limit, the schedules aim lower.
 */
import type { Plan } from "../../backend/target.ts";
import type { Steps } from "../lower.ts";
import { plan } from "../memory.ts";
import { evict, type Schedule } from "./evict.ts";
import { keep, summitOf } from "./keep.ts";
import { type Model, modelOf } from "./model.ts";
import { render } from "./render.ts";

/** Parts of the room above the least that schedules aim at. */
const aims = [1, 0.97, 0.92, 0.85, 0.7, 0.5];
/** Parts of that for the greedy rule, until the summit and after it; fewer where a schedule takes long. */
const budgets = [1, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0].flatMap((until) => [1, 0.6].map((after) => ({ until, after })));
const fewBudgets = [1, 0.4, 0.1].map((until) => ({ until, after: 1 }));
const fewFrom = 1000;
/** Multiples of the least memory, tried in the end: the smallest arena does not belong to the smallest budget. */
const smallest = [1, 1.02, 1.05, 1.1, 1.2, 1.35, 1.6, 2, 3];

const never = Number.POSITIVE_INFINITY;

const workOf = ({ entries }: Schedule): number => entries.reduce((sum, e) => sum + (e.again ? e.unit.work : 0), 0);

/** No step runs in less: what it touches, inputs, constants and the results so far are there. */
function leastOf({ fixed, sizes, uses, units }: Model): number {
  const bytes = (list: Iterable<number>): number => [...list].reduce((sum, v) => sum + (sizes[v] as number), 0);
  const results = new Set<number>();
  let most = fixed;
  for (const { reads, makes, extra } of units) {
    for (const v of makes) if (uses[v]?.at(-1) === units.length) results.add(v);
    most = Math.max(most, fixed + extra + bytes(new Set([...reads, ...makes, ...results])));
  }
  return most;
}

/**
 * The plan with the least work done again whose arena, from `start`, ends at `limit` or before; if there is none, the
 * smallest. `free` is the plan of the steps as they are.
 */
export function recompute(given: Steps, free: Plan, start: number, limit: number): Plan {
  const model = modelOf(given);
  const mostAgain = 10_000 + 8 * model.units.length;
  const least = leastOf(model);
  const room = limit - start - least;
  const planned = (schedule: Schedule): Plan => plan(render(given, model, schedule), start);
  const all = evict(model, () => never, mostAgain);
  const summit = all === undefined ? 0 : summitOf(model, all);
  for (const aim of room > 0 ? aims : []) {
    const tried = model.units.length < fewFrom ? budgets : fewBudgets;
    const drawn = tried.flatMap(({ until, after }): Schedule[] => {
      const budgetAt = (unit: number): number => least + (unit <= summit ? until : after) * aim * room;
      const schedule = evict(model, budgetAt, mostAgain);
      return schedule === undefined ? [] : [keep(model, schedule, least + aim * room)];
    });
    for (const schedule of drawn.toSorted((a, b) => workOf(a) - workOf(b))) {
      const found = planned(schedule);
      if (found.bytes <= limit) return found;
    }
  }
  let best = free;
  for (const multiple of smallest) {
    const schedule = evict(model, () => multiple * least, mostAgain);
    const found = schedule && planned(schedule);
    if (found !== undefined && found.bytes < best.bytes) best = found;
  }
  return best;
}
