/**
 * Backtracking until the decrease is sufficient (Armijo 1966; Nocedal & Wright 2006, algorithm 3.1), with lengths from
 * interpolation. Where the decrease is below rounding the slope decides (Hager & Zhang 2005, (4.1)).
 */
import { isFiniteTrial, type Line, type Trial } from "../line.ts";
import type { Search } from "./search.ts";

const c1 = 1e-4;

export const sufficient = (line: Line, { point, slope, predicted }: Trial): boolean =>
  point.value <= line.at.value + c1 * Math.min(predicted, 0) &&
  (point.value < line.at.value || Math.abs(slope) < 0.9 * Math.abs(line.slope));

const flatButBetter = (line: Line, { point, slope }: Trial): boolean =>
  point.value <= line.at.value + line.noise && Math.abs(slope) <= 0.8 * Math.abs(line.slope);

/**
 * Lengths that suffice at once are doubled as long as that helps: with `grow` always, otherwise where the slope has
 * hardly changed, so that the model that proposed the length knows nothing of where f goes.
 */
export const backtracking =
  ({ grow = false } = {}): Search =>
  (line, first) => {
    let t = first;
    for (let k = 0; k < 60; k++) {
      const trial = line.probe(t);
      if (isFiniteTrial(trial) && (sufficient(line, trial) || flatButBetter(line, trial)))
        return k === 0 && (grow || trial.slope < 0.9 * line.slope) ? grown(line, trial) : trial;
      t *= shrink(line, trial);
    }
    return undefined;
  };

/** The minimum of the parabola through φ(0), φ′(0), φ(t), between a tenth and a half of t. */
function shrink(line: Line, { t, point }: Trial): number {
  if (!Number.isFinite(point.value)) return 0.1;
  const bend = point.value - line.at.value - t * line.slope;
  return Math.min(0.5, Math.max(0.1, (-line.slope * t) / (2 * bend)));
}

function grown(line: Line, start: Trial): Trial {
  let best = start;
  for (let k = 0; k < 60 && best.slope < 0; k++) {
    const next = line.probe(2 * best.t);
    if (!(isFiniteTrial(next) && next.point.value < best.point.value)) return best;
    best = next;
  }
  return best;
}
