/** Which buffers a step reads and writes, what runs inside it included. */
import { type Buffer, type Step, writesOf } from "../backend/target.ts";

/** The buffer whose memory it is: a slice may be a slice of a slice. */
export const owner = (buffer: Buffer): Buffer => (buffer.slice === undefined ? buffer : owner(buffer.slice.of));

export function reads(step: Step, buffer: Buffer): boolean {
  const is = (b: Buffer): boolean => owner(b) === owner(buffer);
  switch (step.kind) {
    case "loop":
      return step.reads.some((r) => is(r.buffer));
    case "routine":
      return step.inputs.some((r) => is(r.buffer));
    case "copy":
      return is(step.from);
    case "repeat":
      return step.body.some((s) => reads(s, buffer));
    case "while":
      return is(step.going) || [...step.condition, ...step.body].some((s) => reads(s, buffer));
    case "branch":
      return is(step.predicate) || [...step.yes, ...step.no].some((s) => reads(s, buffer));
  }
}

export function writes(step: Step, buffer: Buffer): boolean {
  switch (step.kind) {
    case "loop":
    case "routine":
      return writesOf(step).some((b) => owner(b) === owner(buffer));
    case "copy":
      return owner(step.to) === owner(buffer);
    case "repeat":
      return step.body.some((s) => writes(s, buffer));
    case "while":
      return [...step.condition, ...step.body].some((s) => writes(s, buffer));
    case "branch":
      return [...step.yes, ...step.no].some((s) => writes(s, buffer));
  }
}

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
