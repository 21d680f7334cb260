/**
 * How a value is made again: by a copy of the step that made it. Of a loop it takes only the instructions that it needs,
 * from other values of the same loop where these are stored; a loop with reductions it takes whole, since the order of
 * its sums depends on all of it; with control flow it takes what set up the carries. So the value is the same bits.
 */
import type { Buffer, Instruction, LoopStep, Read, Step } from "../../backend/target.ts";
import { stridesOf } from "../../base/shape.ts";
import { type Timeline, type Touched, touched, type Unit, unitOf } from "./model.ts";

interface Recipe {
  readonly unit: Unit;
  /** The last step before which it may run: then what it reads is overwritten, or gone and cannot be made again. */
  readonly until: number;
}

const never = Number.POSITIVE_INFINITY;

export function recipesOf(
  line: Timeline,
  finished: readonly number[],
  uses: readonly (readonly number[])[],
): readonly (Unit | undefined)[] {
  const { values, steps } = line;
  const lastUse = uses.map((list, v) => list.at(-1) ?? (finished[v] as number));
  /** Until when a value can be had: kept as long as it is used, or made again. */
  const until = [...lastUse];
  const recipes = values.map((): Unit | undefined => undefined);
  const whole = new Map<number, Recipe>();
  const depth = values.map((b, v) => storeOf(steps[finished[v] as number], b)?.value ?? 0);
  // In the order of making: what a recipe reads is settled before it.
  const order = values
    .map((_, v) => v)
    .sort((a, b) => (finished[a] as number) - (finished[b] as number) || (depth[a] as number) - (depth[b] as number));
  for (const v of order) {
    const found = recipeOf(line, until, whole, values[v] as Buffer);
    if (found === undefined || (lastUse[v] as number) > found.until) continue;
    recipes[v] = found.unit;
    until[v] = found.until;
  }
  // They serve values that lie idle between two steps, and what these are made from.
  const served = new Set<number>();
  const open = order.filter((v) => {
    const times = [finished[v] as number, ...(uses[v] as readonly number[])];
    return times.some((time, i) => i > 0 && time > (times[i - 1] as number) + 1);
  });
  for (let v = open.pop(); v !== undefined; v = open.pop()) {
    const recipe = recipes[v];
    if (recipe === undefined || served.has(v)) continue;
    served.add(v);
    open.push(...recipe.reads);
  }
  return recipes.map((recipe, v) => (served.has(v) ? recipe : undefined));
}

const storeOf = (step: Step | undefined, b: Buffer): LoopStep["writes"][number] | undefined =>
  step?.kind === "loop" ? step.writes.find((w) => w.buffer === b) : undefined;

/** `whole`: the recipes that make several values, by the time of their step. */
function recipeOf(
  line: Timeline,
  until: readonly number[],
  whole: Map<number, Recipe>,
  value: Buffer,
): Recipe | undefined {
  const { steps, touches, writersOf, place, results } = line;
  const time = writersOf(value).at(-1);
  if (time === undefined || results.has(value)) return undefined;
  const step = steps[time] as Step;
  const isAlone = (b: Buffer): boolean => writersOf(b).length === 1 && storeOf(step, b) !== undefined;
  if (isAlone(value)) {
    const stored = (b: Buffer): boolean => place.has(b) && writersOf(b).length === 1;
    return recipeFrom(line, until, [{ step: only(step, value, stored), time }], [value]);
  }
  const known = whole.get(time);
  if (known !== undefined) return known;
  const written = [...(touches[time] as Touched).writes];
  const setUp = written.flatMap((b) => {
    const before = writersOf(b).filter((w) => w < time);
    return before.map((w) => ({ step: only(steps[w] as Step, b), time: w }));
  });
  const makes = written.filter((b) => place.has(b) && !results.has(b) && !isAlone(b) && writersOf(b).at(-1) === time);
  const recipe = recipeFrom(line, until, [...setUp.toSorted((a, b) => a.time - b.time), { step, time }], makes);
  whole.set(time, recipe);
  return recipe;
}

function recipeFrom(
  line: Timeline,
  until: readonly number[],
  parts: readonly { readonly step: Step; readonly time: number }[],
  makes: readonly Buffer[],
): Recipe {
  const { touches, writersOf, place, always } = line;
  const internal = new Set<Buffer>();
  const outside = new Set<Buffer>();
  let valid = never;
  for (const { step, time } of parts) {
    const { reads, writes } = touched([step]);
    for (const b of reads) {
      const isOwn = writes.has(b) && !always.has(b) && writersOf(b)[0] === time;
      if (internal.has(b) || isOwn) continue;
      outside.add(b);
      // What the program's step has stored itself is read as the step left it.
      const from = touches[time]?.reads.has(b) ? time : time + 1;
      const overwritten = writersOf(b).find((w) => w >= from) ?? never;
      const v = place.get(b);
      valid = Math.min(valid, overwritten, v === undefined ? never : (until[v] as number));
    }
    for (const b of writes) internal.add(b);
  }
  const steps = parts.map((part) => part.step);
  return { unit: unitOf(line, steps, outside, makes, (b) => internal.has(b)), until: valid };
}

/** A loop reduced to one of its stores; it reads earlier values where they are stored. Other steps as they are. */
function only(step: Step, buffer: Buffer, stored: (b: Buffer) => boolean = () => false): Step {
  if (step.kind !== "loop") return step;
  const write = step.writes.find((w) => w.buffer === buffer);
  if (write === undefined) return step;
  const held = new Map(
    step.writes.filter((w) => w.value < write.value && stored(w.buffer)).map((w) => [w.value, w.buffer]),
  );
  const live = new Set([write.value]);
  for (let i = write.value; i >= 0; i--) {
    const instruction = step.instructions[i] as Instruction;
    if (live.has(i) && !held.has(i) && instruction.kind === "operation")
      for (const arg of instruction.args) live.add(arg);
  }
  const order = [...live].sort((a, b) => a - b);
  const at = new Map(order.map((old, i) => [old, i]));
  const reads: Read[] = [];
  const read = (r: Read, i: Instruction): Instruction => {
    reads.push(r);
    return { kind: "read", read: reads.length - 1, dtype: i.dtype };
  };
  const instructions = order.map((old): Instruction => {
    const instruction = step.instructions[old] as Instruction;
    const from = held.get(old);
    if (instruction.kind === "constant") return instruction;
    if (from !== undefined)
      return read({ buffer: from, view: { offset: 0, strides: stridesOf(step.shape) } }, instruction);
    if (instruction.kind === "read") return read(step.reads[instruction.read] as Read, instruction);
    return { ...instruction, args: instruction.args.map((arg) => at.get(arg) as number) };
  });
  const kept: LoopStep = {
    ...step,
    reads,
    instructions,
    writes: [{ value: at.get(write.value) as number, buffer }],
    axes: [],
    reductions: [],
  };
  return kept;
}
