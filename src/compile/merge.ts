/**
 * A loop that reads what an earlier loop over the same indices wrote takes that loop in, if no step between them stands
 * in the way: the value stays in a register, and is not written at all if no other step reads it.
 */
import { type Buffer, type Instruction, type LoopStep, type Read, type Step, writesOf } from "../backend/target.ts";
import { sameShape, sizeOf, stridesOf } from "../base/shape.ts";
import { withBodies } from "./bodies.ts";
import { mostInstructions } from "./fuse.ts";
import { buffersRead, owner, Touches } from "./touch.ts";

/** Loops further apart stay so: what one of them reads or writes would wait in memory all the while. */
const reach = 64;

/** `kept`: buffers that must be written whoever reads them. */
export function merge(steps: readonly Step[], kept: ReadonlySet<Buffer>): Step[] {
  const join = joiner(steps, kept);
  const block = (list: readonly Step[]): Step[] => {
    const result: (Step | undefined)[] = [];
    const touches = new Touches();
    for (const step of list) {
      let here = result.length;
      const own = withBodies(step, block);
      result.push(own);
      touches.add(own, here);
      for (let found = partner(result, touches, here); found !== undefined; found = partner(result, touches, here)) {
        const [first, second] = [result[found.at] as LoopStep, result[here] as LoopStep];
        const next = join(first, second);
        touches.remove(first, found.at);
        touches.remove(second, here);
        result[found.at] = undefined;
        result[here] = undefined;
        here = found.up ? found.at : here;
        result[here] = next;
        touches.add(next, here);
      }
    }
    return result.filter((step) => step !== undefined);
  };
  return block(steps);
}

/** The same for loops that follow each other, where no sum changes its order and nothing is overwritten too early. */
export function mergeNeighbours(steps: readonly Step[], kept: ReadonlySet<Buffer>): Step[] {
  const join = joiner(steps, kept);
  const result: Step[] = [];
  for (const step of steps) {
    let last = step;
    for (let before = result.at(-1); before?.kind === "loop" && last.kind === "loop"; before = result.at(-1)) {
      const [first, second]: [LoopStep, LoopStep] = [before, last];
      const made = new Set(writesOf(second).map(owner));
      const overwrites = first.reads.some((r) => made.has(owner(r.buffer)));
      if (overwrites || first.reductions.length + second.reductions.length > 0 || !fits(first, second)) break;
      last = join(first, second);
      result.pop();
    }
    result.push(last);
  }
  return result;
}

/** Joins two loops; what nobody else reads is not written any more. */
function joiner(steps: readonly Step[], kept: ReadonlySet<Buffer>): (first: LoopStep, second: LoopStep) => LoopStep {
  const uses = new Map<Buffer, number>();
  // Who reads a slice reads the whole: a scan, its slices.
  const count = (read: Buffer, by: number): void => {
    uses.set(owner(read), (uses.get(owner(read)) ?? 0) + by);
  };
  for (const buffer of buffersRead(steps)) count(buffer, 1);
  const needed = (buffer: Buffer): boolean =>
    kept.has(buffer) || buffer.slice !== undefined || (uses.get(buffer) ?? 0) > 0;
  return (first, second) => {
    const both = joined(first, second);
    for (const { buffer } of [...first.reads, ...second.reads]) count(buffer, -1);
    for (const { buffer } of both.reads) count(buffer, 1);
    return { ...both, writes: both.writes.filter((w) => needed(w.buffer)) };
  };
}

/** The nearest earlier loop that this one can take in; `up`: only at the place of the earlier one. */
function partner(
  steps: readonly (Step | undefined)[],
  { readers, writers }: Touches,
  here: number,
): { readonly at: number; readonly up: boolean } | undefined {
  const second = steps[here];
  if (second?.kind !== "loop") return undefined;
  const makers = second.reads.flatMap((read) => writers.within(read.buffer, here - reach, here));
  for (const at of [...new Set(makers)].sort((a, b) => b - a)) {
    const first = steps[at];
    if (first?.kind !== "loop" || !fits(first, second)) continue;
    /** Whether nothing between them stands in the way of a loop that comes there. */
    const passes = (moved: LoopStep): boolean =>
      !writesOf(moved).some((b) => readers.between(b, at, here) || writers.between(b, at, here)) &&
      !moved.reads.some((read) => writers.between(read.buffer, at, here));
    if (passes(first)) return { at, up: false };
    if (passes(second)) return { at, up: true };
  }
  return undefined;
}

const isWide = ({ instructions }: LoopStep): boolean => instructions.some((i) => i.dtype === "float64");

function fits(first: LoopStep, second: LoopStep): boolean {
  if (!sameShape(first.shape, second.shape)) return false;
  if (first.instructions.length + second.instructions.length > mostInstructions) return false;
  // Vectors of float64 hold half as many elements: float32 would be computed half as fast.
  if (isWide(first) !== isWide(second)) return false;
  if (first.reductions.length > 0 && second.reductions.length > 0 && !sameShape(first.axes, second.axes)) return false;
  const made = writesOf(first);
  const written = new Set(first.writes.map((w) => w.buffer));
  const common = second.reads.filter((r) => made.some((b) => owner(b) === owner(r.buffer)));
  if (writesOf(second).some((b) => made.some((m) => owner(m) === owner(b)))) return false;
  return common.length > 0 && common.every((r) => written.has(r.buffer) && isSame(r, second.shape));
}

/** Whether a read sees the elements in the order of the loop's own indices. */
function isSame({ buffer, view }: Read, shape: readonly number[]): boolean {
  const strides = stridesOf(shape);
  return (
    view.offset === 0 &&
    sizeOf(buffer.type.shape) === sizeOf(shape) &&
    view.strides.every((s, i) => s === strides[i] || shape[i] === 1)
  );
}

const keyOf = ({ buffer, view }: Read): string => `${buffer.id}@${view.offset},${view.strides}`;

function joined(first: LoopStep, second: LoopStep): LoopStep {
  const all = [...first.reads];
  const instructions: Instruction[] = [...first.instructions];
  const values = new Map(first.writes.map(({ buffer, value }) => [buffer, value]));
  const known = new Map<string, number>();
  first.instructions.forEach((instruction, i) => {
    if (instruction.kind === "read") known.set(keyOf(first.reads[instruction.read] as Read), i);
  });
  const places: number[] = [];
  const at = (i: number): number => places[i] as number;
  for (const instruction of second.instructions) {
    if (instruction.kind === "read") {
      const read = second.reads[instruction.read] as Read;
      const value = values.get(read.buffer) ?? known.get(keyOf(read));
      if (value !== undefined) {
        places.push(value);
        continue;
      }
      instructions.push({ ...instruction, read: all.length });
      all.push(read);
    } else if (instruction.kind === "constant") instructions.push(instruction);
    else instructions.push({ ...instruction, args: instruction.args.map(at) });
    places.push(instructions.length - 1);
  }
  return {
    kind: "loop",
    shape: second.shape,
    reads: all,
    instructions,
    writes: [...first.writes, ...second.writes.map((w) => ({ ...w, value: at(w.value) }))],
    axes: first.reductions.length > 0 ? first.axes : second.axes,
    reductions: [...first.reductions, ...second.reductions.map((r) => ({ ...r, value: at(r.value) }))],
  };
}
