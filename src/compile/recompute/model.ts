/**
 * A program as values and what makes them: the view of it in which one decides what to keep and what to make again.
 * A value is a buffer that lives from one step to another, or a result of the program.
 */
import type { Buffer, Step } from "../../backend/target.ts";
import { alignedSize, lives, peak } from "../lives.ts";
import type { Steps } from "../lower.ts";
import { buffersRead, buffersWritten, owner } from "../touch.ts";
import { recipesOf } from "./recipe.ts";
import { workOf } from "./work.ts";

/** Steps that run together. Values are given by their place in the model's list. */
export interface Unit {
  readonly steps: readonly Step[];
  readonly reads: readonly number[];
  readonly makes: readonly number[];
  /** Bytes that it needs while it runs, beside what it reads and makes. */
  readonly extra: number;
  readonly work: number;
}

export interface Model {
  readonly values: readonly Buffer[];
  readonly sizes: readonly number[];
  /** The program's steps. */
  readonly units: readonly Unit[];
  /** The last unit that writes a value; the units that read it, for a result of the program also the very end. */
  readonly finished: readonly number[];
  readonly uses: readonly (readonly number[])[];
  /** How to make a value again, where its memory may be given away in between. */
  readonly recipes: readonly (Unit | undefined)[];
  /** Bytes of inputs and constants, which are there all the time. */
  readonly fixed: number;
}

/** Which step reads and writes what. Buffers stand for their slices. */
export interface Timeline {
  readonly steps: readonly Step[];
  readonly touches: readonly Touched[];
  /** The times at which a buffer is written. */
  writersOf(b: Buffer): readonly number[];
  readonly values: readonly Buffer[];
  readonly place: ReadonlyMap<Buffer, number>;
  /** Inputs and constants. */
  readonly always: ReadonlySet<Buffer>;
  readonly results: ReadonlySet<Buffer>;
}

export interface Touched {
  readonly reads: ReadonlySet<Buffer>;
  readonly writes: ReadonlySet<Buffer>;
}

export const touched = (steps: readonly Step[]): Touched => ({
  reads: new Set([...buffersRead(steps)].map(owner)),
  writes: new Set([...buffersWritten(steps)].map(owner)),
});

export function modelOf(given: Steps): Model {
  const line = timelineOf(given);
  const { steps, touches, values, always, results, writersOf, place } = line;
  const units = steps.map((step, i) => {
    const { reads, writes } = touches[i] as Touched;
    // What it overwrites must be there; what it makes itself need not.
    const given = [...reads, ...writes].filter((b) => (writersOf(b)[0] ?? -1) < i);
    return unitOf(line, [step], given, writes, (b) => !always.has(b) && !place.has(b));
  });
  const uses = values.map((): number[] => []);
  units.forEach(({ reads }, i) => {
    for (const v of reads) (uses[v] as number[]).push(i);
  });
  values.forEach((b, v) => {
    if (results.has(b)) (uses[v] as number[]).push(steps.length);
  });
  const finished = values.map((b) => writersOf(b).at(-1) ?? -1);
  const fixed = [...always].reduce((sum, b) => sum + alignedSize(b), 0);
  const recipes = recipesOf(line, finished, uses);
  return { values, sizes: values.map(alignedSize), units, finished, uses, recipes, fixed };
}

function timelineOf({ inputs, outputs, steps, buffers }: Steps): Timeline {
  const always = new Set([...inputs, ...buffers.filter((b) => b.constant !== undefined)]);
  const results = new Set(outputs.filter((b) => !always.has(b)));
  const touches = steps.map((step) => touched([step]));
  const writers = new Map<Buffer, number[]>();
  const times = new Map<Buffer, number>();
  touches.forEach(({ reads, writes }, i) => {
    for (const b of writes) {
      const known = writers.get(b);
      if (known === undefined) writers.set(b, [i]);
      else known.push(i);
    }
    for (const b of new Set([...reads, ...writes])) times.set(b, (times.get(b) ?? 0) + 1);
  });
  const values = [...times].flatMap(([b, n]) => (!always.has(b) && (n > 1 || results.has(b)) ? [b] : []));
  const place = new Map(values.map((b, v) => [b, v]));
  return { steps, touches, writersOf: (b) => writers.get(b) ?? [], values, place, always, results };
}

/** `isExtra`: buffers that the steps touch, but that are no values of the unit. */
export function unitOf(
  { values, place }: Timeline,
  steps: readonly Step[],
  reads: Iterable<Buffer>,
  makes: Iterable<Buffer>,
  isExtra: (b: Buffer) => boolean,
): Unit {
  const placesOf = (list: Iterable<Buffer>): number[] =>
    [...new Set(list)].flatMap((b) => {
      const v = place.get(b);
      return v === undefined ? [] : [v];
    });
  const made = placesOf(makes);
  const makesIt = new Set(made.map((v) => values[v]));
  const extra = roomInside(steps, (b) => !makesIt.has(b) && isExtra(b));
  return { steps, reads: placesOf(reads), makes: made, extra, work: workOf(steps) };
}

/** The most bytes of such buffers that live at one time while the steps run. */
function roomInside(steps: readonly Step[], counts: (b: Buffer) => boolean): number {
  const { life, end } = lives({ inputs: [], outputs: [], steps, buffers: [] });
  return peak(new Map([...life].filter(([b]) => counts(b))), end);
}
