/**
 * Lengths that satisfy the Wolfe conditions, or the approximate ones where the decrease of f drowns in rounding:
 * Hager & Zhang (2005, SIAM J. Optim. 16, p. 182–185; 2006, TOMS 32, algorithm 851): bracket (B0–B3), update (U0–U3),
 * double secant (S1–S4). |φ′(t)| ≤ σ|φ′(0)| is asked for, the strong form.
 */
import { isFiniteTrial, type Line, type Trial } from "../line.ts";
import type { Search } from "./search.ts";

/** How much of the linear decrease is sufficient. */
const delta = 1e-4;
/** How far the slope must fall. */
const sigma = 0.9;
const theta = 0.5;
const gamma = 0.66;
const growth = 5;

interface Bracket {
  /** φ′ < 0 and φ not above φ(0). */
  readonly a: Trial;
  /** φ′ ≥ 0, or too high. */
  readonly b: Trial;
}

export const strongWolfe: Search = (line, first) => {
  const start: Trial = { t: 0, point: line.at, slope: line.slope, predicted: 0 };
  const ceiling = line.at.value + line.noise;
  let found: Trial | undefined;
  let best: Trial | undefined;
  /** Evaluates, and remembers what satisfies the conditions. */
  const probe = (t: number): Trial => {
    const trial = line.probe(t);
    if (!isFiniteTrial(trial)) return trial;
    if (accepts(line, trial, ceiling)) found ??= trial;
    if (trial.point.value < (best?.point.value ?? line.at.value)) best = trial;
    return trial;
  };
  const low = (trial: Trial): boolean => isFiniteTrial(trial) && trial.point.value <= ceiling;

  /** U3: between a and a point that is too high there is one with a rising slope. */
  const bisect = (from: Trial, to: Trial): Bracket => {
    let a = from;
    let b = to;
    for (let k = 0; k < 80 && found === undefined; k++) {
      const d = probe((1 - theta) * a.t + theta * b.t);
      if (low(d) && d.slope >= 0) return { a, b: d };
      if (low(d)) a = d;
      else b = d;
    }
    return { a, b };
  };
  const update = ({ a, b }: Bracket, t: number): Bracket => {
    if (!(t > a.t && t < b.t)) return { a, b };
    const c = probe(t);
    if (low(c) && c.slope >= 0) return { a, b: c };
    return low(c) ? { a: c, b } : bisect(a, c);
  };

  let bracket: Bracket | undefined;
  let last = start;
  for (let k = 0, t = first; k < 40 && bracket === undefined && found === undefined; k++, t *= growth) {
    const trial = probe(t);
    if (low(trial) && trial.slope >= 0) bracket = { a: last, b: trial };
    else if (!low(trial)) bracket = bisect(last, trial);
    else last = trial;
  }
  for (let k = 0; k < 50 && bracket !== undefined && found === undefined; k++) {
    const before: number = bracket.b.t - bracket.a.t;
    if (!(before > 1e-16 * bracket.b.t)) break;
    bracket = doubleSecant(bracket, update);
    if (found === undefined && bracket.b.t - bracket.a.t > gamma * before)
      bracket = update(bracket, (bracket.a.t + bracket.b.t) / 2);
  }
  return found ?? best;
};

function accepts(line: Line, { point, slope, predicted }: Trial, ceiling: number): boolean {
  if (!(Math.abs(slope) <= -sigma * line.slope)) return false;
  if (point.value <= line.at.value + delta * predicted && point.value < line.at.value) return true;
  return point.value <= ceiling && (2 * delta - 1) * line.slope >= slope;
}

const secant = (a: Trial, b: Trial): number => (a.t * b.slope - b.t * a.slope) / (b.slope - a.slope);

function doubleSecant(bracket: Bracket, update: (bracket: Bracket, t: number) => Bracket): Bracket {
  const { a, b } = bracket;
  const c = secant(a, b);
  const once = update(bracket, c);
  if (once.b.t === c) return update(once, secant(b, once.b));
  if (once.a.t === c) return update(once, secant(a, once.a));
  return once;
}
