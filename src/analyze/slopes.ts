/** The norm of the gradient: judged on cells, for branch and bound, and seen at points. */
import {
  added,
  type Bounds,
  type Interval,
  magnitude,
  mignitude,
  multiplied,
  productDown,
  productUp,
  quotientDown,
  quotientUp,
  rootDown,
  rootUp,
  sumDown,
  sumUp,
} from "../base/interval.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Judgement, Quantity } from "./branch-and-bound.ts";
import { asCell, meanValue, unknownElements, widths } from "./hessian-bounds.ts";
import { elementOf, intervalsOf, withoutRule } from "./interval.ts";
import { beside, type Cell, middleOf, type Region } from "./region.ts";
import { regularityOf, type Trouble, unbounded } from "./regularity.ts";

/** Above this many variables the Hessian costs more than it saves. */
const mostForHessian = 40;

export function slopes(region: Region, norm: number): Quantity<Trouble> {
  const n = region.names.length;
  const gradient = region.gradient();
  const output = gradient.outputs[0] as Tensor;
  const run = intervalsOf(gradient);
  const regular = regularityOf(region.value);
  const smooth = n <= mostForHessian ? regularityOf(gradient) : undefined;
  const second = smooth && withoutRule(region.hessian()) === undefined ? region.hessian() : undefined;
  const runSecond = second && intervalsOf(second);
  const at = (x: Float64Array): { lower: number; size: number } => {
    // At the point alone a comparison is decided, though f may jump there.
    const { trouble, kink } = regular(beside(x, region.cell));
    if (trouble !== undefined || kink !== undefined) return { lower: 0, size: 0 };
    const g = run([asCell(x)])(output);
    if (unknownElements(g)) return { lower: 0, size: 0 };
    return { lower: normDown(g, norm), size: normUp(g, norm) };
  };
  const judge = (cell: Cell): Judgement<Trouble> => {
    const { trouble } = regular(cell);
    const middle = middleOf(cell);
    if (trouble !== undefined)
      return { cell, upper: Infinity, lower: 0, at: middle, influence: widths(cell), reason: trouble };
    const all = run([cell]);
    let g = all(output);
    if (unknownElements(g)) {
      const reason = unbounded(gradient, all);
      return { cell, upper: Infinity, lower: 0, at: middle, influence: widths(cell), reason };
    }
    let influence = widths(cell);
    let best = cell;
    const { trouble: rough, kink } = smooth?.(cell) ?? { trouble: undefined, kink: undefined };
    if (runSecond !== undefined && second !== undefined && rough === undefined && kink === undefined) {
      const h = runSecond([cell])(second.outputs[0] as Tensor);
      if (!unknownElements(h)) {
        g = meanValue(g, run([asCell(middle)])(output), h, cell, middle);
        const rates = ratesOf(g, h, norm);
        best = towardsGreatest(cell, rates);
        influence = widths(best).map((w, i) => w * magnitude(rates[i] as Interval));
        if (best !== cell && widths(best).every((w) => w === 0)) g = run([best])(output);
      }
    }
    const place = middleOf(best);
    return { cell: best, upper: normUp(g, norm), lower: at(place).lower, at: place, influence };
  };
  return { judge, at };
}

/** Bounds of the derivative of the norm (of half its square for the 2-norm) by each variable. */
function ratesOf(g: Bounds, h: Bounds, norm: number): Interval[] {
  const n = g.low.length;
  const sign = (j: number): Interval => {
    const [a, b] = elementOf(g, j);
    return [a > 0 ? 1 : a === 0 ? 0 : -1, b < 0 ? -1 : b === 0 ? 0 : 1];
  };
  let weights = Array.from({ length: n }, (_, j) => (norm === 2 ? elementOf(g, j) : sign(j)));
  if (norm === Infinity) {
    const least = Math.max(...weights.map((_, j) => mignitude(elementOf(g, j))));
    // Only components that may be the greatest count; several of them may share the derivative.
    weights = weights.map((w, j) => (magnitude(elementOf(g, j)) >= least ? w : [0, 0]));
    if (weights.filter((w) => w[0] !== 0 || w[1] !== 0).length > 1)
      return weights.map(() => [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  }
  return Array.from({ length: n }, (_, i) =>
    weights.reduce<Interval>((sum, w, j) => added(sum, multiplied(w, elementOf(h, j * n + i))), [0, 0]),
  );
}

/** Where the norm grows, or falls, with a variable all over the cell, it is greatest on that side. */
function towardsGreatest(cell: Cell, rates: readonly Interval[]): Cell {
  let [low, high] = [cell.low, cell.high];
  rates.forEach(([a, b], i) => {
    if (low[i] === high[i]) return;
    if (a >= 0) low = low.with(i, high[i] as number);
    else if (b <= 0) high = high.with(i, low[i] as number);
  });
  return low === cell.low && high === cell.high ? cell : { low, high };
}

/** Rounds away from 0, or towards it. */
interface Rounding {
  size(x: Interval): number;
  sum(x: number, y: number): number;
  product(x: number, y: number): number;
  quotient(x: number, y: number): number;
  root(x: number): number;
}
const outward: Rounding = { size: magnitude, sum: sumUp, product: productUp, quotient: quotientUp, root: rootUp };
const inward: Rounding = {
  size: mignitude,
  sum: sumDown,
  product: productDown,
  quotient: quotientDown,
  root: rootDown,
};

const normUp = (g: Bounds, norm: number): number => combine(g, norm, outward);
const normDown = (g: Bounds, norm: number): number => combine(g, norm, inward);

function combine(g: Bounds, norm: number, { size, sum, product, quotient, root }: Rounding): number {
  const sizes = Array.from(g.low, (_, i) => size(elementOf(g, i)));
  if (norm === Infinity) return sizes.reduce((a, b) => Math.max(a, b), 0);
  if (norm === 1 || sizes.length === 1) return sizes.reduce(sum, 0);
  // Scaled by a power of two, so that squares neither overflow nor vanish.
  const top = Math.max(...sizes);
  if (!(top > 0 && top < Infinity)) return top;
  const unit = 2 ** Math.min(1023, Math.floor(Math.log2(top)));
  const squares = sizes.map((s) => quotient(s, unit)).map((s) => product(s, s));
  return product(unit, root(squares.reduce(sum, 0)));
}
