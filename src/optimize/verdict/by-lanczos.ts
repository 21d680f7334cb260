/** What a point of many variables is, by the ends of the Hessian's spectrum, from products with it alone. */
import type { Box } from "../bounds.ts";
import { modelAt } from "../model.ts";
import type { Objective, Point } from "../objective.ts";
import { show } from "../result.ts";
import { pseudoSolve, type RitzPair, ritzPairs } from "../ritz.ts";
import { dot, negative } from "../vector.ts";
import type { Curved } from "./flat.ts";
import { follow, normalised } from "./leave.ts";
import {
  bent,
  byHigherOrders,
  judgeRunaway,
  noiseAt,
  plateau,
  regularWords,
  type Scale,
  undecided,
  type Verdict,
  wayDown,
} from "./verdict.ts";

/** The most products with the Hessian that the sign of its smallest eigenvalue is worth. */
const mostProducts = 320;

/** What Lanczos's process says of many variables: the extreme curvatures alone. */
export function byLanczos(objective: Objective, point: Point, box: Box | undefined, scale: Scale): Verdict {
  const model = modelAt(objective, point, box, false);
  const { marks } = model;
  if (marks?.every((mark) => mark)) return { kind: "minimum", point, why: regularWords(objective, model) };
  // Any start with a part of every eigenvector; the golden ratio's multiples are equidistributed.
  const start = model.x.map((_, i) => (marks?.[i] ? 0 : (((i + 1) * 0.6180339887498949) % 1) - 0.5 + 1e-3));
  const pairs = ritzPairs(
    model.product,
    start,
    mostProducts,
    ([first]) => !(first && first.residual >= Math.abs(first.value)),
    80,
  );
  const first = pairs[0] as RitzPair;
  const smallest = first.value;
  const largest = (pairs.at(-1) as RitzPair).value;
  if (Number.isNaN(smallest)) return { kind: "unclear", point, why: "its second derivatives are not finite" };
  const noise = noiseAt(objective, point);
  const size = Math.max(Math.abs(smallest), Math.abs(largest));
  // A Ritz value is dᵀHd of a unit vector: below what rounding makes of products, its sign proves the curvature's.
  const threshold = 64 * objective.epsilon * size;
  const direction = first.vector();
  const d = normalised(dot(direction, model.gradient) > 0 ? negative(direction) : direction, point.x);
  if (smallest < -threshold) {
    const lower = wayDown(objective, point, noise, box, d, smallest * dot(d, d));
    if (lower !== undefined) return { kind: "escape", point: lower, why: bent(objective, smallest, d) };
    return undecided(objective, point, smallest, d);
  }
  if (size === 0) return plateau(point);
  const away = follow(
    objective,
    point,
    negative(model.slope).map((v) => v / size),
    box,
  );
  const verdict = judgeRunaway(objective, away, point, scale);
  if (verdict !== undefined) return verdict;
  const { words, sign } = objective;
  const extremal = `as far as the extreme curvatures by Lanczos's process say, ${show(sign * smallest)} ± ${show(first.residual, 2)} and ${show(sign * largest)}`;
  if (smallest > threshold) return { kind: "minimum", point, why: `a ${words.minimum} ${extremal}` };
  const curved: Curved = {
    basis: [direction],
    solve: (w) =>
      pseudoSolve(
        ritzPairs(model.product, w, 80, () => false, 80),
        w,
        threshold,
      ),
  };
  const change = Math.max(Math.abs(point.value), Math.abs(scale.value - point.value));
  const flat = byHigherOrders(objective, point, curved, Math.max(noise, 1e-14 * change), box);
  return flat.kind === "minimum" ? { ...flat, why: `${flat.why}, ${extremal}` } : flat;
}
