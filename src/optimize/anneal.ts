/**
 * Simulated annealing: moves to a random neighbor, always if it is better, with the probability e^(−Δ/T) if it is worse
 * by Δ, while T falls (Metropolis et al. 1953; Kirkpatrick, Gelatt and Vecchi 1983, Science 220).
 */
import { NablaError } from "../base/error.ts";
import type { TensorLike } from "../graph/tensor.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { type BestState, type DiscreteOptions, Search } from "./discrete.ts";
import { climb, type HillClimbOptions } from "./hill-climb.ts";
import { show } from "./result.ts";

/** How the temperature falls. */
export type Cooling =
  /** From the first to the last temperature by equal factors (the default), or by equal steps. */
  | "geometric"
  | "linear"
  /** T₀·log 2/log(2 + k): so slow that the best state is reached with certainty, in the limit (Hajek 1988). */
  | "logarithmic"
  /** Of the fraction of the search that is over, from 0 to 1. */
  | ((progress: number) => number);

/** How `anneal` searches. */
export interface AnnealOptions<S> extends DiscreteOptions<S> {
  /** A random state beside a state … */
  readonly neighbor?: (state: S, chance: Chance) => S;
  /** … or all of them. If they are given, the search ends with a descent that proves a local optimum. */
  readonly neighbors?: HillClimbOptions<S>["neighbors"];
  readonly cooling?: Cooling;
  /** The first temperature; by default at which 80 % of the worse neighbors are taken, from a sample of them. */
  readonly temperature?: number;
  /** Default a thousandth of the first. */
  readonly finalTemperature?: number;
  /** How many neighbors are tried. Default 20 000. */
  readonly iterations?: number;
}

/**
 * The best state that simulated annealing meets: of least cost, or of the largest value with `maximize: true`.
 *
 * @param f the cost of a state: a number, or a scalar tensor
 * @throws E-OPTION if an option is impossible; what f or `neighbors` throw
 * @example
 * // The deepest of many valleys: hill climbing from 90 ends at 88.
 * const cost = (x: number) => (x - 7) ** 2 / 100 + 10 * (x % 4);
 * const neighbors = (x: number) => [x - 1, x + 1].filter((y) => y >= 0 && y < 100);
 * hillClimb(cost, 90, { neighbors }).x // 88
 * anneal(cost, 90, { neighbors, seed: 1 }).x // 8
 */
export function anneal<S>(f: (state: S) => TensorLike, x0: S, options: AnnealOptions<S>): BestState<S> {
  const { neighbors, iterations = 20_000 } = options;
  const search = new Search("anneal", f, x0, options);
  search.limit("iterations", iterations);
  const chance = chanceOf(options.seed ?? 0);
  const neighbor = options.neighbor ?? oneOf(neighbors);
  let state = x0;
  let cost = search.bestCost;
  const first = options.temperature ?? startingTemperature(search, x0, neighbor, chance);
  const last = options.finalTemperature ?? first / 1000;
  if (!(first > 0) || !(last > 0) || !Number.isFinite(first))
    throw new NablaError("E-OPTION", `anneal: the temperatures are ${first} and ${last}`, "positive numbers");
  const temperatureAt = schedule(options.cooling ?? "geometric", first, last, iterations);
  let over = search.visit(state, cost, first);
  for (let k = 0; k < iterations && !over; k++) {
    const temperature = temperatureAt(k);
    const beside = neighbor(state, chance);
    const other = search.cost(beside);
    if (other <= cost || chance.uniform() < Math.exp((cost - other) / temperature)) {
      [state, cost] = [beside, other];
      search.iteration++;
      over = search.visit(state, cost, temperature);
    } else over = search.exhausted();
  }
  if (neighbors !== undefined && !over)
    climb(search, search.best.x, search.bestCost, { ...options, neighbors }, chance, Number.POSITIVE_INFINITY);
  const cooled = `cooled from ${show(first)} to ${show(temperatureAt(iterations - 1))}`;
  return search.report(
    search.best.proved
      ? { status: "converged", message: `${cooled}: a local ${search.goal}, none of its neighbors is better` }
      : { status: "iteration-limit", message: `${cooled} in ${iterations} steps` },
  );
}

function oneOf<S>(neighbors: AnnealOptions<S>["neighbors"]): (state: S, chance: Chance) => S {
  if (neighbors === undefined) {
    throw new NablaError(
      "E-OPTION",
      "anneal: there is neither neighbor nor neighbors",
      "{ neighbor: (state, chance) => a random state beside it }",
    );
  }
  return (state, chance) => {
    const all = [...neighbors(state, chance)];
    return all.length === 0 ? state : chance.pick(all);
  };
}

/** −(mean of Δ > 0)/log 0.8 over a random walk (Johnson et al. 1989, Operations Research 37). */
function startingTemperature<S>(
  search: Search<S>,
  start: S,
  neighbor: (state: S, chance: Chance) => S,
  chance: Chance,
): number {
  let state = start;
  let cost = search.bestCost;
  const worse: number[] = [];
  for (let k = 0; k < 100 && !search.exhausted(); k++) {
    const beside = neighbor(state, chance);
    const other = search.cost(beside);
    if (other > cost && Number.isFinite(other - cost)) worse.push(other - cost);
    if (!Number.isNaN(other)) [state, cost] = [beside, other];
  }
  return worse.length === 0 ? 1 : -worse.reduce((a, b) => a + b, 0) / worse.length / Math.log(0.8);
}

function schedule(cooling: Cooling, first: number, last: number, iterations: number): (k: number) => number {
  const progress = (k: number): number => k / Math.max(1, iterations - 1);
  if (typeof cooling === "function") return (k) => cooling(progress(k));
  const laws: Record<Exclude<Cooling, (progress: number) => number>, (k: number) => number> = {
    geometric: (k) => first * (last / first) ** progress(k),
    linear: (k) => first + (last - first) * progress(k),
    logarithmic: (k) => (first * Math.LN2) / Math.log(2 + k),
  };
  const law = laws[cooling];
  if (law === undefined)
    throw new NablaError(
      "E-OPTION",
      `anneal: there is no cooling "${cooling}"`,
      `${Object.keys(laws).join(", ")}, or a function`,
    );
  return law;
}
