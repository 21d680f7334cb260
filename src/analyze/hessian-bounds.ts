/** Bounds of the Hessian over cells, where the gradient is continuous. */
import { added, type Bounds, type Interval, isKnown, magnitude, multiplied, subtracted } from "../base/interval.ts";
import type { Tensor } from "../graph/tensor.ts";
import { elementOf, exactly, intervalsOf, withoutRule } from "./interval.ts";
import { symmetric } from "./interval-matrix.ts";
import { beside, type Cell, middleOf, type Region } from "./region.ts";
import { regularityOf, type Trouble, unbounded } from "./regularity.ts";

export const unknownElements = (b: Bounds): boolean => b.low.some((v, i) => !((b.high[i] as number) >= v));
export const asCell = (x: Float64Array): Cell => exactly(x);
export const widths = ({ low, high }: Cell): Float64Array => low.map((a, i) => (high[i] as number) - a);

/** What is known on a cell: the Hessian, or what stands in its way. */
export interface Curved {
  readonly h: Bounds | undefined;
  /** Why there is none. */
  readonly trouble: Trouble | undefined;
  /** How much each side of the cell contributes to the widths of its elements. */
  readonly influence: Float64Array;
}

/** Whether f has a Hessian at a point: the value and the gradient are smooth beside it too, and no comparison turns. */
export function smoothBeside(region: Region): (x: Float64Array) => boolean {
  const all = [regularityOf(region.value), regularityOf(region.gradient())];
  return (x) => {
    const cell = beside(x, region.cell);
    return all.every((regular) => {
      const { trouble, kink } = regular(cell);
      return trouble === undefined && kink === undefined;
    });
  };
}

/** Up to so many variables the third derivatives are worth their n³ elements. */
const mostForThird = 6;

export function hessianBounds(region: Region): (cell: Cell) => Curved {
  const n = region.names.length;
  const hessian = region.hessian();
  const output = hessian.outputs[0] as Tensor;
  const run = intervalsOf(hessian);
  const regular = regularityOf(region.value);
  const first = regularityOf(region.gradient());
  const third = n <= mostForThird && withoutRule(region.third()) === undefined ? region.third() : undefined;
  const runThird = third && intervalsOf(third);
  const second = third && regularityOf(hessian);
  return (cell) => {
    const influence = widths(cell);
    // The gradient must be continuous: a kink of the value is a jump of its slope.
    const { trouble, kink } = regular(cell);
    const obstacle = trouble ?? kink ?? first(cell).trouble;
    if (obstacle !== undefined) return { h: undefined, trouble: obstacle, influence };
    const all = run([cell]);
    const natural = all(output);
    if (unknownElements(natural)) return { h: undefined, trouble: unbounded(hessian, all), influence };
    const known = symmetric(natural, n);
    if (runThird === undefined || influence.every((w) => w === 0)) return { h: known, trouble: undefined, influence };
    const rough = second?.(cell);
    if (rough?.trouble !== undefined || rough?.kink !== undefined) return { h: known, trouble: undefined, influence };
    const t = runThird([cell])(third?.outputs[0] as Tensor);
    if (unknownElements(t)) return { h: known, trouble: undefined, influence };
    const middle = middleOf(cell);
    const h = symmetric(meanValue(known, run([asCell(middle)])(output), t, cell, middle), n);
    const shares = influence.map((w, j) => {
      let total = 0;
      for (let i = 0; i < n * n; i++) total += magnitude(elementOf(t, i * n + j));
      return w * total;
    });
    return { h, trouble: undefined, influence: shares };
  };
}

/**
 * For each element f(c) + ∇f(X)·(X − c), which is narrower than f(X) on small cells; both hold (Moore 1966, the mean
 * value form). `slopes` has the derivatives of each element side by side.
 */
export function meanValue(f: Bounds, centre: Bounds, slopes: Bounds, cell: Cell, middle: Float64Array): Bounds {
  const n = middle.length;
  const [low, high] = [f.low.slice(), f.high.slice()];
  for (let i = 0; i < low.length; i++) {
    let value = elementOf(centre, i);
    for (let j = 0; j < n; j++) {
      const c: Interval = [middle[j] as number, middle[j] as number];
      value = added(value, multiplied(elementOf(slopes, i * n + j), subtracted(elementOf(cell, j), c)));
    }
    if (!isKnown(value)) continue;
    low[i] = Math.max(low[i] as number, value[0]);
    high[i] = Math.min(high[i] as number, value[1]);
  }
  return { low, high };
}
