/** L-BFGS: the last pairs instead of a matrix, by the two loops (Nocedal & Wright 2006, algorithm 7.4). */
import { steepest } from "../model.ts";
import { addTo, dot, minus, norm, scaled, type Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

interface Pair {
  readonly s: Vector;
  readonly y: Vector;
  readonly sy: number;
}

function twoLoops(pairs: readonly Pair[], down: Vector): Vector {
  const weights: number[] = [];
  const q = down.slice();
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, sy } = pairs[i] as Pair;
    weights[i] = dot(s, q) / sy;
    addTo(q, -(weights[i] as number), y);
  }
  const { y, sy } = pairs.at(-1) as Pair;
  const r = scaled(sy / dot(y, y), q);
  pairs.forEach((pair, i) => {
    addTo(r, (weights[i] as number) - dot(pair.y, r) / pair.sy, pair.s);
  });
  return r;
}

export const lbfgs = (memory: number): Direction<readonly Pair[]> => ({
  start: [],
  propose: (pairs, model) =>
    pairs.length === 0 ? { step: steepest(model) } : { step: twoLoops(pairs, steepest(model)), length: 1 },
  learn: (pairs, before, after) => {
    const s = minus(after.x, before.x);
    const y = minus(after.gradient, before.gradient);
    const sy = dot(s, y);
    return sy > Number.EPSILON * norm(s) * norm(y) ? [...pairs, { s, y, sy }].slice(-memory) : pairs;
  },
});
