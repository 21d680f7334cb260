/** Points without a derivative: the slopes to both sides, by values. */

import { along } from "../optimize/vector.ts";
import { evaluator, type Point } from "./point.ts";
import { listed, show } from "./words.ts";

export interface SlopesBeside {
  readonly name: string;
  /** (f(x) − f(x − h))/h and (f(x + h) − f(x))/h for a small h; infinite at a jump. */
  readonly left: number;
  readonly right: number;
}

/** The slopes to both sides of each parameter. */
export function slopesBeside(point: Point, value: number): SlopesBeside[] {
  const f = evaluator(point);
  return point.names.map((name, i) => {
    const h = 2 ** -20 * Math.max(1, Math.abs(point.x[i] as number));
    const unit = point.x.map((_, j) => (i === j ? 1 : 0));
    const change = (t: number): number => f(along(point.x, t, unit)) - value;
    const slope = (t: number): number => {
      const [far, near] = [change(t), change(t / 16)];
      return (Math.abs(near) > Math.abs(far) / 2 ? far * Number.POSITIVE_INFINITY : far / h) * Math.sign(t);
    };
    return { name, left: slope(-h), right: slope(h) };
  });
}

/** A slope to both sides that is the same and not 0: whatever kinks there are, f falls that way. */
export function steepestSmooth(slopes: readonly SlopesBeside[]): SlopesBeside | undefined {
  const sizes = slopes.flatMap(({ left, right }) => [Math.abs(left), Math.abs(right)]).filter(Number.isFinite);
  const largest = Math.max(0, ...sizes);
  return slopes
    .filter(({ left, right }) => Number.isFinite(left) && Math.abs(left - right) <= 1e-4 * Math.abs(left))
    .filter(({ left }) => Math.abs(left) > 1e-6 * largest)
    .sort((a, b) => Math.abs(b.left) - Math.abs(a.left))[0];
}

/** What the slopes to both sides say, in a sentence. */
export function slopesInWords(slopes: readonly SlopesBeside[]): string {
  const sides = listed(
    slopes.map(({ name, left, right }) => `${show(left, 3)} and ${show(right, 3)} along ${name}`),
    3,
  );
  const each = (test: (s: SlopesBeside) => boolean): boolean => slopes.every(test);
  const verdict = each(({ left, right }) => left < 0 && right > 0)
    ? ": f rises to both sides of each parameter, like at a minimum"
    : each(({ left, right }) => left > 0 && right < 0)
      ? ": f falls to both sides of each parameter, like at a maximum"
      : "";
  return `the slopes to the left and to the right are ${sides}${verdict}`;
}
