/** When each buffer is needed: from the first step that touches it to the last. */
import type { Buffer, Step } from "../backend/target.ts";
import { byteSize } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import type { Steps } from "./lower.ts";
import { owner } from "./touch.ts";

const alignment = 16;
/** Bytes, rounded up to whole vectors. */
export const alignedSize = ({ type }: Buffer): number =>
  Math.ceil((sizeOf(type.shape) * byteSize[type.dtype]) / alignment) * alignment;

export interface Life {
  first: number;
  last: number;
}

/** Stacks of which the steps inside these loops write a slice. */
function stacksOf(steps: readonly Step[]): Buffer[] {
  return steps.flatMap((step): Buffer[] => {
    if (step.kind === "repeat") return stacksOf(step.body);
    if (step.kind === "while") return stacksOf([...step.condition, ...step.body]);
    if (step.kind === "branch") return stacksOf([...step.yes, ...step.no]);
    const written =
      step.kind === "copy"
        ? [step.to]
        : step.kind === "routine"
          ? step.outputs
          : [...step.writes, ...step.reductions].map((w) => w.buffer);
    return written.flatMap((buffer) => (buffer.slice === undefined ? [] : [owner(buffer)]));
  });
}

/** First and last step that touches each buffer; what a loop body reads from outside lives through the whole loop. */
export function lives(lowered: Steps): { readonly life: Map<Buffer, Life>; readonly end: number } {
  const life = new Map<Buffer, Life>();
  let time = 0;
  // The lives of what is touched, in that order.
  const touched: Life[] = [];
  const touch = (buffer: Buffer): void => {
    const b = owner(buffer);
    let span = life.get(b);
    if (span === undefined) {
      span = { first: time, last: time };
      life.set(b, span);
    } else span.last = Math.max(span.last, time);
    touched.push(span);
  };
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      time++;
      switch (step.kind) {
        case "loop":
          for (const read of step.reads) touch(read.buffer);
          for (const { buffer } of [...step.writes, ...step.reductions]) touch(buffer);
          break;
        case "routine":
          for (const read of step.inputs) touch(read.buffer);
          step.outputs.forEach(touch);
          break;
        case "copy":
          touch(step.from);
          touch(step.to);
          break;
        case "branch":
          touch(step.predicate);
          visit(step.yes);
          visit(step.no);
          break;
        case "repeat":
          around([step], () => visit(step.body));
          break;
        case "while":
          around([step], () => {
            visit(step.condition);
            touch(step.going);
            visit(step.body);
          });
          break;
      }
    }
  };
  // What a body reads from outside lives through the whole loop; and so does a stack that it fills slice by slice.
  const around = (steps: readonly Step[], body: () => void): void => {
    const start = time;
    const before = touched.length;
    stacksOf(steps).forEach(touch);
    body();
    for (let i = before; i < touched.length; i++) {
      const span = touched[i] as Life;
      if (span.first <= start) span.last = time;
    }
  };
  // Inputs and constants are there from the start; the outputs stay to the end.
  lowered.inputs.forEach(touch);
  for (const buffer of lowered.buffers) if (buffer.constant !== undefined) touch(buffer);
  visit(lowered.steps);
  time++;
  for (const buffer of [
    ...lowered.inputs,
    ...lowered.outputs,
    ...lowered.buffers.filter((b) => b.constant !== undefined),
  ])
    touch(buffer);
  return { life, end: time };
}

/** The most bytes alive at one time. */
export function peak(life: ReadonlyMap<Buffer, Life>, end: number): number {
  const change = new Array<number>(end + 2).fill(0);
  for (const [buffer, { first, last }] of life) {
    change[first] = (change[first] as number) + alignedSize(buffer);
    change[last + 1] = (change[last + 1] as number) - alignedSize(buffer);
  }
  let now = 0;
  let most = 0;
  for (const c of change) {
    now += c;
    most = Math.max(most, now);
  }
  return most;
}
