/** Problems among discrete states, with their neighbors. */
import type { Chance } from "nabla/optimize";

export interface DiscreteProblem {
  readonly name: string;
  readonly cost: (state: readonly number[]) => number;
  readonly start: readonly number[];
  readonly neighbors: (state: readonly number[]) => Iterable<readonly number[]>;
  readonly random: (chance: Chance) => readonly number[];
  /** The least cost there is. */
  readonly least: number;
}

const places = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Pairs of queens on one diagonal; the queen of row i stands in column state[i]. */
const attacks = (queens: readonly number[]): number =>
  queens.reduce((sum, a, i) => sum + queens.slice(i + 1).filter((b, j) => Math.abs(a - b) === j + 1).length, 0);

function* swaps(state: readonly number[]): Generator<readonly number[]> {
  for (let i = 0; i < state.length; i++)
    for (let j = i + 1; j < state.length; j++) yield state.with(i, state[j] as number).with(j, state[i] as number);
}

const weights = [23, 31, 29, 44, 53, 38, 63, 85, 89, 82];
const worths = [92, 57, 49, 68, 60, 43, 67, 84, 87, 72];
const capacity = 165;
const total = (values: readonly number[], chosen: readonly number[]): number =>
  chosen.reduce((sum, c, i) => sum + c * (values[i] as number), 0);

/** 12 cities on a circle in mixed order: the shortest tour is the polygon. */
const cities = places(12).map((i) => ((i * 5) % 12) * (Math.PI / 6));
const distance = (a: number, b: number): number =>
  2 * Math.abs(Math.sin(((cities[a] as number) - (cities[b] as number)) / 2));

/** A stretch of the tour, turned round. */
function* turned(tour: readonly number[]): Generator<readonly number[]> {
  for (let i = 1; i < tour.length; i++)
    for (let j = i + 1; j < tour.length; j++)
      yield [...tour.slice(0, i), ...tour.slice(i, j + 1).reverse(), ...tour.slice(j + 1)];
}

export const discreteProblems: readonly DiscreteProblem[] = [
  {
    name: "eight queens",
    cost: attacks,
    start: places(8),
    neighbors: swaps,
    random: (chance) => chance.shuffle(places(8)),
    least: 0,
  },
  {
    // P01 of Burkardt's collection KNAPSACK_01: the best worth is 309.
    name: "a knapsack",
    cost: (chosen) => (total(weights, chosen) <= capacity ? -total(worths, chosen) : total(weights, chosen)),
    start: weights.map(() => 0),
    *neighbors(chosen) {
      for (const i of chosen.keys()) yield chosen.with(i, 1 - (chosen[i] as number));
      for (const [i, a] of chosen.entries())
        for (const [j, b] of chosen.entries()) if (a > b) yield chosen.with(i, 0).with(j, 1);
    },
    random: (chance) => weights.map(() => chance.integer(2)),
    least: -309,
  },
  {
    name: "a tour of twelve cities",
    cost: (tour) => tour.reduce((sum, city, i) => sum + distance(city, tour.at(i - 1) as number), 0),
    start: places(12),
    neighbors: turned,
    random: (chance) => chance.shuffle(places(12)),
    least: 24 * Math.sin(Math.PI / 12),
  },
];
