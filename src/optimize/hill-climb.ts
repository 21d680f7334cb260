/**
 * Local search among discrete states (Russell and Norvig 2021, §4.1): to the best neighbor or to the first better one,
 * over plateaus, with restarts, or past optima with a list of what is tabu (Glover 1989, ORSA J. Computing 1).
 */
import { NablaError } from "../base/error.ts";
import type { TensorLike } from "../graph/tensor.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { type BestState, type DiscreteOptions, Search } from "./discrete.ts";

/** How `hillClimb` searches. */
export interface HillClimbOptions<S> extends DiscreteOptions<S> {
  /** The states beside a state; generators are asked no further than needed. */
  readonly neighbors: (state: S, chance: Chance) => Iterable<S>;
  /** Moves to the best of all neighbors (`steepest`, the default) or to the first that is better (`first`). */
  readonly strategy?: "steepest" | "first";
  /** How many moves in a row may be to neighbors of the same value. Default 0. */
  readonly sideways?: number;
  /** A new start, and how often to start again. */
  readonly restart?: (chance: Chance) => S;
  /** Default 0, or 10 if `restart` is given. */
  readonly restarts?: number;
  /**
   * Goes on from an optimum to the best neighbor that is not among the last `tabu` states, and ends after `patience`
   * moves without a new best. Default 0: the search ends at an optimum.
   */
  readonly tabu?: number;
  /** Default 100. */
  readonly patience?: number;
  /** When two states are the same, for `tabu`: by default when they are as JSON. */
  readonly key?: (state: S) => string;
  /** Default 100 000 moves. */
  readonly maxIterations?: number;
}

/**
 * Searches for the state of least cost (of the largest value with `maximize: true`) by moves from neighbor to neighbor.
 *
 * `converged` means that every neighbor of the best state was looked at and none is better: a local optimum, proved.
 *
 * @param f the cost of a state: a number, or a scalar tensor
 * @throws E-OPTION if an option is impossible; what f or `neighbors` throw
 * @example
 * const steps = (x: number) => [x - 1, x + 1];
 * hillClimb((x) => (x - 7) ** 2, 0, { neighbors: steps }).x // 7
 */
export function hillClimb<S>(f: (state: S) => TensorLike, x0: S, options: HillClimbOptions<S>): BestState<S> {
  if (typeof options?.neighbors !== "function")
    throw new NablaError(
      "E-OPTION",
      "hillClimb: there is no function neighbors",
      "{ neighbors: (state) => [states beside it] }",
    );
  const { strategy = "steepest", restart, restarts = restart ? 10 : 0, maxIterations = 1e5 } = options;
  if (strategy !== "steepest" && strategy !== "first")
    throw new NablaError("E-OPTION", `hillClimb: there is no strategy "${strategy}"`, '"steepest" or "first"');
  if (restarts > 0 && restart === undefined)
    throw new NablaError(
      "E-OPTION",
      "hillClimb: restarts without a function restart",
      "restart: (chance) => a new start",
    );
  const search = new Search("hillClimb", f, x0, options);
  search.limit("maxIterations", maxIterations);
  const chance = chanceOf(options.seed ?? 0);
  for (let k = 0; k <= restarts && !search.exhausted(); k++) {
    const start = k === 0 ? x0 : (restart as (chance: Chance) => S)(chance);
    climb(search, start, k === 0 ? search.bestCost : search.cost(start), options, chance, maxIterations);
  }
  const again = restarts > 0 ? `the best of ${restarts + 1} starts: ` : "";
  return search.report(
    search.best.proved
      ? { status: "converged", message: `${again}a local ${search.goal}, none of its neighbors is better` }
      : {
          status: "iteration-limit",
          message: "the search ended before all neighbors of the best state were looked at",
        },
  );
}

/** From a start to an optimum, or, with a tabu list, from optimum to optimum. */
export function climb<S>(
  search: Search<S>,
  start: S,
  startCost: number,
  options: HillClimbOptions<S>,
  chance: Chance,
  maxIterations: number,
): void {
  const { strategy = "steepest", sideways = 0, tabu = 0, patience = 100, key = JSON.stringify } = options;
  let state = start;
  let cost = startCost;
  let level = 0;
  let fruitless = 0;
  let least = cost;
  const recent: string[] = [];
  if (search.visit(state, cost)) return;
  for (;;) {
    if (tabu > 0) {
      recent.push(key(state));
      if (recent.length > tabu) recent.shift();
    }
    const forbidden = new Set(recent);
    const { next, open, all } = look(search, state, cost, strategy, options, chance, (s) => forbidden.has(key(s)));
    if (search.end !== undefined) return;
    const better = next !== undefined && next.cost < cost;
    if (all && !better && search.best.x === state) search.best.proved = true;
    const flat = !better && level < sideways && open !== undefined && open.cost === cost;
    const move = better ? next : tabu > 0 || flat ? open : undefined;
    if (move === undefined || fruitless >= patience) return;
    if (search.iteration >= maxIterations) {
      search.end = { status: "iteration-limit", message: `the limit of ${maxIterations} moves is reached` };
      return;
    }
    level = move.cost === cost ? level + 1 : 0;
    ({ state, cost } = move);
    fruitless = tabu === 0 || cost < least ? 0 : fruitless + 1;
    least = Math.min(least, cost);
    search.iteration++;
    if (search.visit(state, cost)) return;
  }
}

interface Neighbor<S> {
  readonly state: S;
  readonly cost: number;
}

/**
 * The neighbor to move to, if one is better; the best one that is open (not tabu), ties broken by lot; and whether all
 * were looked at.
 */
function look<S>(
  search: Search<S>,
  state: S,
  cost: number,
  strategy: "steepest" | "first",
  { neighbors }: HillClimbOptions<S>,
  chance: Chance,
  closed: (state: S) => boolean,
): { readonly next: Neighbor<S> | undefined; readonly open: Neighbor<S> | undefined; readonly all: boolean } {
  let best: Neighbor<S> | undefined;
  let open: Neighbor<S> | undefined;
  let ties = 1;
  for (const beside of neighbors(state, chance)) {
    if (search.exhausted()) return { next: best, open, all: false };
    const one = { state: beside, cost: search.cost(beside) };
    if (one.cost < cost && strategy === "first") return { next: one, open: one, all: false };
    if (best === undefined || one.cost < best.cost || Number.isNaN(best.cost)) best = one;
    if (closed(beside)) continue;
    if (open === undefined || one.cost < open.cost || Number.isNaN(open.cost)) {
      open = one;
      ties = 1;
    } else if (one.cost === open.cost && chance.uniform() < 1 / ++ties) open = one;
  }
  return { next: best, open, all: true };
}
