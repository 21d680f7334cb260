/** Which buffers steps read and write, what runs inside them included; and where in a list of steps. */
import { type Buffer, type Step, writesOf } from "../backend/target.ts";

/** The buffer whose memory it is: a slice may be a slice of a slice. */
export const owner = (buffer: Buffer): Buffer => (buffer.slice === undefined ? buffer : owner(buffer.slice.of));

/** Every buffer that is read, as often as a step reads it. */
export function* buffersRead(steps: readonly Step[]): Generator<Buffer> {
  for (const step of steps) {
    switch (step.kind) {
      case "loop":
        for (const read of step.reads) yield read.buffer;
        break;
      case "routine":
        for (const read of step.inputs) yield read.buffer;
        break;
      case "copy":
        yield step.from;
        break;
      case "repeat":
        yield* buffersRead(step.body);
        break;
      case "while":
        yield step.going;
        yield* buffersRead(step.condition);
        yield* buffersRead(step.body);
        break;
      case "branch":
        yield step.predicate;
        yield* buffersRead(step.yes);
        yield* buffersRead(step.no);
        break;
    }
  }
}

/** Every buffer that is written, as often as a step writes it. */
export function* buffersWritten(steps: readonly Step[]): Generator<Buffer> {
  for (const step of steps) {
    switch (step.kind) {
      case "loop":
      case "routine":
        yield* writesOf(step);
        break;
      case "copy":
        yield step.to;
        break;
      case "repeat":
        yield* buffersWritten(step.body);
        break;
      case "while":
        yield* buffersWritten(step.condition);
        yield* buffersWritten(step.body);
        break;
      case "branch":
        yield* buffersWritten(step.yes);
        yield* buffersWritten(step.no);
        break;
    }
  }
}

/** Where buffers are touched: for each the places in a list of steps, ascending. A slice counts as its whole. */
class Places {
  readonly #places = new Map<Buffer, number[]>();

  of(buffer: Buffer): readonly number[] {
    return this.#places.get(owner(buffer)) ?? [];
  }

  /** Whether there is one strictly between two places. */
  between(buffer: Buffer, start: number, end: number): boolean {
    const places = this.of(buffer);
    const next = places[lowerBound(places, start + 1)];
    return next !== undefined && next < end;
  }

  /** Those from `start` on, below `end`. */
  within(buffer: Buffer, start: number, end: number): readonly number[] {
    const places = this.of(buffer);
    return places.slice(lowerBound(places, start), lowerBound(places, end));
  }

  add(buffer: Buffer, place: number): void {
    const places = this.#places.get(owner(buffer));
    if (places === undefined) {
      this.#places.set(owner(buffer), [place]);
      return;
    }
    const last = places.at(-1) ?? -1;
    const i = last < place ? places.length : lowerBound(places, place);
    if (places[i] !== place) places.splice(i, 0, place);
  }

  remove(buffer: Buffer, place: number): void {
    const places = this.#places.get(owner(buffer)) ?? [];
    const i = lowerBound(places, place);
    if (places[i] === place) places.splice(i, 1);
  }
}

/** The first index of an ascending list at which it is not below `value`. */
function lowerBound(list: readonly number[], value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The places of all buffers, kept up to date while steps come and go. */
export class Touches {
  readonly readers = new Places();
  readonly writers = new Places();

  add(step: Step, place: number): void {
    for (const buffer of buffersRead([step])) this.readers.add(buffer, place);
    for (const buffer of buffersWritten([step])) this.writers.add(buffer, place);
  }

  remove(step: Step, place: number): void {
    for (const buffer of buffersRead([step])) this.readers.remove(buffer, place);
    for (const buffer of buffersWritten([step])) this.writers.remove(buffer, place);
  }
}
