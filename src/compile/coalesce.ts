/**
 * Copies that need not happen: where a value is made only to be copied into its place (a carry, a slice of the
 * results, the program's state), it is made there. The place must not be read after that, except by the very
 * loop that overwrites it element by element.
 */

import { type Buffer, type LoopStep, type Read, type RoutineStep, type Step, writesOf } from "../backend/target.ts";
import { sizeOf, stridesOf } from "../base/shape.ts";
import { owner, reads, writes } from "./touch.ts";

export function coalesce(steps: readonly Step[], fixed: ReadonlySet<Buffer>): Step[] {
  let result = steps.map((step) => inner(step, fixed));
  for (let i = result.length - 1; i >= 0; i--) {
    const step = result[i] as Step;
    if (step.kind !== "copy" || !movable(step.from, fixed)) continue;
    const made = result.findIndex(
      (s) => (s.kind === "loop" || s.kind === "routine") && writesOf(s).includes(step.from),
    );
    const maker = result[made];
    if (made < 0 || made > i || maker === undefined || (maker.kind !== "loop" && maker.kind !== "routine")) continue;
    const between = result.slice(made + 1, i);
    const touched = between.some((s) => reads(s, step.to) || writes(s, step.to));
    if (
      touched ||
      result.some((s, k) => k !== made && k !== i && writes(s, step.from)) ||
      !overwrites(maker, step.from, step.to)
    )
      continue;
    // A copy, not a move: whoever still reads the source must not see what the place becomes later.
    const after = result.slice(i + 1);
    if (after.some((s) => reads(s, step.from)) && after.some((s) => writes(s, step.to))) continue;
    const rename = (b: Buffer): Buffer => (b === step.from ? step.to : b);
    result = result.filter((_, k) => k !== i).map((s) => renamed(s, rename));
  }
  return result;
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
    const place = maker.request.inPlace;
    return (
      place !== undefined &&
      maker.inputs.filter((r) => r.buffer === to).length === 1 &&
      maker.inputs[place]?.buffer === to
    );
  }
  const inOrder = stridesOf(maker.shape);
  return (
    maker.writes.some((w) => w.buffer === from) &&
    sizeOf(to.type.shape) === sizeOf(maker.shape) &&
    seen.every((r) => r.view.offset === 0 && r.view.strides.every((s, k) => s === inOrder[k] || maker.shape[k] === 1))
  );
}

function renamed(step: Step, f: (b: Buffer) => Buffer): Step {
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
