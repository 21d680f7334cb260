/**
 * Cotangents of pieces of one value, laid side by side. Padding each to the whole and adding them up would make the
 * gradient of n terms in x₁ … xₙ take n² steps; laid side by side they take n.
 */
import { sizeOf, stridesOf } from "../base/shape.ts";
import type { Type } from "../graph/operation.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import { add } from "../ops/arithmetic.ts";
import { concatenate, reshape, spread } from "../ops/movement.ts";

/** The cotangent of the block that begins at `start`. */
export interface Piece {
  readonly ct: Tensor;
  readonly start: readonly number[];
}

/** A piece along one axis of an array; it is whole along the others. */
interface Run {
  readonly ct: Tensor;
  readonly from: number;
  readonly to: number;
}

/** The cotangent of the whole. */
export function together(pieces: readonly Piece[], whole: Type): Tensor {
  if (pieces.length === 1) return padded(pieces[0] as Piece, whole);
  const terms: Tensor[] = [];
  const runs = new Map<number, Run[]>();
  const inARow: Run[] = [];
  for (const piece of pieces) {
    const { ct, start } = piece;
    const partial = whole.shape.flatMap((n, i) => (ct.shape[i] === n ? [] : [i]));
    const [axis, ...others] = partial;
    const offset = flatStart(piece, whole);
    if (axis === undefined) terms.push(ct);
    else if (others.length === 0) {
      const from = start[axis] as number;
      const run = { ct, from, to: from + (ct.shape[axis] as number) };
      const list = runs.get(axis);
      if (list === undefined) runs.set(axis, [run]);
      else list.push(run);
    } else if (offset !== undefined) inARow.push({ ct: reshape(ct, [-1]), from: offset, to: offset + ct.size });
    else terms.push(padded(piece, whole));
  }
  for (const [axis, list] of runs) terms.push(...layers(list).map((layer) => joined(layer, axis, whole)));
  const flat: Type = { shape: [sizeOf(whole.shape)], dtype: whole.dtype };
  terms.push(...layers(inARow).map((layer) => reshape(joined(layer, 0, flat), whole.shape)));
  return terms.reduce((sum, term) => add(sum, term));
}

function padded({ ct, start }: Piece, { shape }: Type): Tensor {
  const high = shape.map((n, i) => n - (start[i] as number) - (ct.shape[i] as number));
  return spread(
    ct,
    start,
    high,
    shape.map(() => 0),
  );
}

/** Where the block begins in row-major order, if its elements follow each other there. */
function flatStart({ ct, start }: Piece, { shape }: Type): number | undefined {
  const first = ct.shape.findIndex((n) => n !== 1);
  const isRow = first < 0 || ct.shape.every((n, i) => i <= first || n === shape[i]);
  return isRow ? stridesOf(shape).reduce((sum, s, i) => sum + s * (start[i] as number), 0) : undefined;
}

/** Runs that do not overlap share a layer: as many layers as runs lie over one place. */
function layers(runs: readonly Run[]): Run[][] {
  const result: Run[][] = [];
  for (const run of merged(runs.toSorted((a, b) => a.from - b.from || a.to - b.to))) {
    const free = result.find((layer) => (layer.at(-1) as Run).to <= run.from);
    if (free === undefined) result.push([run]);
    else free.push(run);
  }
  return result;
}

/** Runs over the same places become their sum. */
function merged(sorted: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const run of sorted) {
    const last = result.at(-1);
    if (last !== undefined && last.from === run.from && last.to === run.to)
      result[result.length - 1] = { ...run, ct: add(last.ct, run.ct) };
    else result.push(run);
  }
  return result;
}

function joined(layer: readonly Run[], axis: number, { shape, dtype }: Type): Tensor {
  const list: Tensor[] = [];
  let at = 0;
  const zeros = (to: number): void => {
    if (to > at) list.push(filled(0, shape.with(axis, to - at), dtype));
  };
  for (const { ct, from, to } of layer) {
    zeros(from);
    list.push(ct);
    at = to;
  }
  zeros(shape[axis] as number);
  return concatenate(list, axis);
}
