/**
 * Copies that need not happen: where a value is made only to be copied into its place (a carry, a slice of the
 * results, the program's state), it is made there. The place must not be read after that, except by the very
 * loop that overwrites it element by element.
 */

import { type Buffer, type LoopStep, type Read, type RoutineStep, type Step, writesOf } from "../backend/target.ts";
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts";
import { buffersRead, owner, Touches } from "./touch.ts";

export function coalesce(steps: readonly Step[], fixed: ReadonlySet<Buffer>): Step[] {
  const result: (Step | undefined)[] = steps.map((step) => inner(step, fixed));
  const touches = new Touches();
  result.forEach((step, i) => {
    if (step !== undefined) touches.add(step, i);
  });
  const put = (i: number, step: Step | undefined): void => {
    touches.remove(result[i] as Step, i);
    if (step !== undefined) touches.add(step, i);
    result[i] = step;
  };
  const { readers, writers } = touches;
  for (let i = result.length - 1; i >= 0; i--) {
    const step = result[i];
    if (step?.kind !== "copy" || !movable(step.from, fixed)) continue;
    const { from, to } = step;
    const [made, ...others] = writers.of(from);
    if (made === undefined || made > i || others.length > 0) continue;
    const maker = result[made];
    if ((maker?.kind !== "loop" && maker?.kind !== "routine") || !overwrites(maker, from, to)) continue;
    if (readers.between(to, made, i) || writers.between(to, made, i)) continue;
    // A scan that reads it slice by slice reads it where it was.
    const readings = readers.of(from).map((k) => result[k] as Step);
    if ([...buffersRead(readings)].some((b) => b !== from && owner(b) === from)) continue;
    // A copy, not a move: whoever still reads the source must not see what the place becomes later.
    if (readers.between(from, i, result.length) && writers.between(to, i, result.length)) continue;
    put(i, undefined);
    for (const k of [made, ...readers.of(from)])
      put(
        k,
        renamed(result[k] as Step, (b) => (b === from ? to : b)),
      );
  }
  return result.filter((step) => step !== undefined);
}

function inner(step: Step, fixed: ReadonlySet<Buffer>): Step {
  if (step.kind === "repeat") return { ...step, body: coalesce(step.body, fixed) };
  if (step.kind === "while") return { ...step, body: coalesce(step.body, fixed) };
  if (step.kind === "branch") return { ...step, yes: coalesce(step.yes, fixed), no: coalesce(step.no, fixed) };
  return step;
}

const movable = (buffer: Buffer, fixed: ReadonlySet<Buffer>): boolean =>
  buffer.constant === undefined && buffer.slice === undefined && !fixed.has(buffer);

/** Whether the maker may write to `to` while it reads it. */
function overwrites(maker: LoopStep | RoutineStep, from: Buffer, to: Buffer): boolean {
  const seen: readonly Read[] = (maker.kind === "loop" ? maker.reads : maker.inputs).filter(
    (r) => owner(r.buffer) === owner(to),
  );
  if (writesOf(maker).includes(to)) return false;
  if (seen.length === 0) return true;
  if (to.slice !== undefined || seen.some((r) => r.buffer !== to)) return false;
  if (maker.kind === "routine") {
    const { inputs, request, epilogue } = maker;
    return seen.every((read) => {
      const place = inputs.indexOf(read);
      if (epilogue !== undefined && place >= epilogue.own) return isInOrder(read, epilogue.type.shape);
      return place === request.inPlace && seen.length === 1;
    });
  }
  return (
    maker.writes.some((w) => w.buffer === from) &&
    sizeOf(to.type.shape) === sizeOf(maker.shape) &&
    seen.every((read) => isInOrder(read, maker.shape))
  );
}

const isInOrder = ({ view }: Read, shape: Shape): boolean => {
  const own = stridesOf(shape);
  return view.offset === 0 && view.strides.every((s, k) => s === own[k] || shape[k] === 1);
};

/** The step on other buffers. */
export function renamed(step: Step, f: (b: Buffer) => Buffer): Step {
  const read = (r: Read): Read => ({ ...r, buffer: f(r.buffer) });
  const all = (steps: readonly Step[]): Step[] => steps.map((s) => renamed(s, f));
  switch (step.kind) {
    case "loop":
      return {
        ...step,
        reads: step.reads.map(read),
        writes: step.writes.map((w) => ({ ...w, buffer: f(w.buffer) })),
        reductions: step.reductions.map((r) => ({ ...r, buffer: f(r.buffer) })),
      };
    case "routine":
      return { ...step, inputs: step.inputs.map(read), outputs: step.outputs.map(f) };
    case "copy":
      return { ...step, from: f(step.from), to: f(step.to) };
    case "repeat":
      return { ...step, body: all(step.body) };
    case "while":
      return { ...step, condition: all(step.condition), going: f(step.going), body: all(step.body) };
    case "branch":
      return { ...step, predicate: f(step.predicate), yes: all(step.yes), no: all(step.no) };
  }
}
