/**
 * The arena, planned before the program runs: buffers whose lives do not overlap share addresses.
 *
 * The largest buffers are placed one after the other, greatest first, each into the tightest gap among those that live
 * at the same time (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"). That takes
 * quadratic time, so beyond some number the small ones are placed above them in the order of their birth, as an
 * allocator would do it (Poletto and Sarkar 1999, "Linear scan register allocation").
 */
import type { Buffer, Plan } from "../backend/target.ts";
import { alignedSize, type Life, lives, peak } from "./lives.ts";
import type { Steps } from "./lower.ts";

/** So many take some 20 ms. */
const placedBySize = 1000;

interface Placed {
  readonly from: number;
  readonly to: number;
  readonly span: Life;
}

/** `start`: the first free address. */
export function plan(lowered: Steps, start: number): Plan {
  const { life, end } = lives(lowered);
  const buffers = [...life.keys()].sort((a, b) => alignedSize(b) - alignedSize(a) || a.id - b.id);
  const placed = (large: number): { readonly address: Map<Buffer, number>; readonly bytes: number } => {
    const address = new Map<Buffer, number>();
    const top = placeBySize(buffers.slice(0, large), life, start, address);
    return { address, bytes: placeInOrder(buffers.slice(large), life, top, address) };
  };
  const bySize = placed(placedBySize);
  // Many buffers of few sizes fit better all in order.
  const inOrder = buffers.length > placedBySize ? placed(0) : bySize;
  const { address, bytes } = inOrder.bytes < bySize.bytes ? inOrder : bySize;
  const { inputs, outputs, steps, recomputed = 0 } = lowered;
  return { inputs, outputs, steps, buffers, address, bytes, lowerBound: peak(life, end), recomputed };
}

function placeBySize(
  buffers: readonly Buffer[],
  life: ReadonlyMap<Buffer, Life>,
  start: number,
  address: Map<Buffer, number>,
): number {
  // Sorted by address.
  const placed: Placed[] = [];
  let top = start;
  for (const buffer of buffers) {
    const span = life.get(buffer) as Life;
    const size = alignedSize(buffer);
    let at = start;
    let best: { at: number; waste: number } | undefined;
    for (const rival of placed) {
      if (rival.span.first > span.last || span.first > rival.span.last) continue;
      const gap = rival.from - at;
      if (gap >= size && (best === undefined || gap - size < best.waste)) best = { at, waste: gap - size };
      at = Math.max(at, rival.to);
    }
    const from = best?.at ?? at;
    address.set(buffer, from);
    if (size > 0) insert(placed, { from, to: from + size, span });
    top = Math.max(top, from + size);
  }
  return top;
}

interface Gap {
  from: number;
  to: number;
}

function placeInOrder(
  buffers: readonly Buffer[],
  life: ReadonlyMap<Buffer, Life>,
  start: number,
  address: Map<Buffer, number>,
): number {
  const spanOf = (b: Buffer): Life => life.get(b) as Life;
  const births = buffers.toSorted((a, b) => spanOf(a).first - spanOf(b).first);
  const deaths = buffers.toSorted((a, b) => spanOf(a).last - spanOf(b).last);
  const gaps: Gap[] = [];
  let top = start;
  let dead = 0;
  for (const buffer of births) {
    const { first } = spanOf(buffer);
    for (let gone = deaths[dead]; gone !== undefined && spanOf(gone).last < first; gone = deaths[++dead]) {
      const from = address.get(gone) as number;
      release(gaps, { from, to: from + alignedSize(gone) });
    }
    const size = alignedSize(buffer);
    let best: Gap | undefined;
    for (const gap of gaps) {
      const room = gap.to - gap.from;
      if (room >= size && (best === undefined || room < best.to - best.from)) best = gap;
      if (room === size) break;
    }
    address.set(buffer, best?.from ?? top);
    if (best === undefined) top += size;
    else best.from += size;
    if (best !== undefined && best.from === best.to) gaps.splice(placeOf(gaps, best.from), 1);
  }
  return top;
}

/** The place in a list sorted by address. */
function placeOf(list: readonly { readonly from: number }[], from: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as { from: number }).from < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert<T extends { readonly from: number }>(list: T[], item: T): void {
  list.splice(placeOf(list, item.from), 0, item);
}

/** Gaps that touch become one; empty ones go. */
function release(gaps: Gap[], gap: Gap): void {
  if (gap.from === gap.to) return;
  const i = placeOf(gaps, gap.from);
  const [before, after] = [gaps[i - 1], gaps[i]];
  const joinsAfter = after !== undefined && after.from === gap.to;
  if (before !== undefined && before.to === gap.from) {
    before.to = joinsAfter ? after.to : gap.to;
    if (joinsAfter) gaps.splice(i, 1);
  } else if (joinsAfter) after.from = gap.from;
  else gaps.splice(i, 0, gap);
}
