/** The size of the Hessian, ‖H‖₂: judged on cells, for branch and bound, and seen at points. */
import { type Bounds, down, mignitude, productUp, sumUp } from "../base/interval.ts";
import type { Judgement, Quantity } from "./branch-and-bound.ts";
import { asCell, hessianBounds, smoothBeside } from "./hessian-bounds.ts";
import { curvatureAlong, eigen, spectrumOf } from "./interval-matrix.ts";
import { type Cell, middleOf, type Region } from "./region.ts";
import type { Trouble } from "./regularity.ts";

export function curvatures(region: Region): Quantity<Trouble> {
  const n = region.names.length;
  const bounds = hessianBounds(region);
  const smooth = smoothBeside(region);
  const at = (x: Float64Array): { lower: number; size: number } => {
    const { h } = bounds(asCell(x));
    if (h === undefined || !smooth(x)) return { lower: 0, size: 0 };
    const { value, vector } = largest(h, n);
    // |vᵀHv| / vᵀv ≤ ‖H‖₂
    const length = vector.reduce((s, c) => sumUp(s, productUp(c, c)), 0);
    return { lower: down(mignitude(curvatureAlong(h, vector)) / length), size: Math.abs(value) };
  };
  const judge = (cell: Cell): Judgement<Trouble> => {
    const { h, trouble, influence } = bounds(cell);
    const place = outermost(cell, region.cell);
    if (h === undefined) return { cell, upper: Infinity, lower: 0, at: place, influence, reason: trouble };
    const { least, greatest } = spectrumOf(h, n);
    return { cell, upper: Math.max(-least, greatest), lower: at(place).lower, at: place, influence };
  };
  return { judge, at };
}

/** The eigenvalue that is greatest by size of a matrix between the bounds. */
function largest(h: Bounds, n: number): { readonly value: number; readonly vector: Float64Array } {
  const { values, vectors } = eigen(
    h.low.map((a, k) => a / 2 + (h.high[k] as number) / 2),
    n,
  );
  const which = Math.abs(values[0] as number) > Math.abs(values[n - 1] as number) ? 0 : n - 1;
  return {
    value: values[which] as number,
    vector: Float64Array.from({ length: n }, (_, i) => vectors[i * n + which] as number),
  };
}

/** The middle, but on those sides that the cell shares with the box: there extremes are more likely. */
const outermost = (cell: Cell, whole: Cell): Float64Array =>
  middleOf(cell).map((c, i) => {
    const [low, high] = [cell.low[i] === whole.low[i], cell.high[i] === whole.high[i]];
    return low === high ? c : low ? (cell.low[i] as number) : (cell.high[i] as number);
  });
