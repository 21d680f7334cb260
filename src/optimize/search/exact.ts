/**
 * Exact search: the first length at which φ′ vanishes, bracketed by doubling and found by the Illinois rule, a
 * secant that halves the weight of an end that stays (Dowell & Jarratt 1971), with bisections between.
 */
import { isFiniteTrial, type Line, type Trial } from "../line.ts";
import { backtracking } from "./backtracking.ts";
import type { Search } from "./search.ts";

const precision = 1e-10;

export const exact: Search = (line, first, iteration) => {
  const start: Trial = { t: 0, point: line.at, slope: line.slope, predicted: 0 };
  let low = start;
  let high: Trial | undefined;
  for (let k = 0, t = first; k < 80 && high === undefined; k++, t *= 2) {
    const trial = line.probe(t);
    if (!isFiniteTrial(trial) || trial.slope >= 0 || trial.point.value > start.point.value + line.noise) high = trial;
    else low = trial;
  }
  const found = high === undefined ? low : within(line, low, high);
  return found.t > 0 && found.point.value <= line.at.value + line.noise
    ? found
    : backtracking()(line, first, iteration);
};

function within(line: Line, from: Trial, to: Trial): Trial {
  let low = from;
  let high = to;
  let weightLow = 1;
  let weightHigh = 1;
  for (let k = 0; k < 100 && high.t - low.t > 1e-15 * high.t; k++) {
    const a = low.slope * weightLow;
    const b = high.slope * weightHigh;
    const secant = (low.t * b - high.t * a) / (b - a);
    const useful = k % 3 < 2 && isFiniteTrial(high) && high.slope > 0 && secant > low.t && secant < high.t;
    const trial = line.probe(useful ? secant : (low.t + high.t) / 2);
    if (Math.abs(trial.slope) <= precision * Math.abs(line.slope)) return trial;
    if (isFiniteTrial(trial) && trial.slope < 0 && trial.point.value <= line.at.value + line.noise) {
      low = trial;
      weightLow = 1;
      weightHigh /= 2;
    } else {
      high = trial;
      weightHigh = 1;
      weightLow /= 2;
    }
  }
  return low.t > 0 || !isFiniteTrial(high) ? low : high;
}
