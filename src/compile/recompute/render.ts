/** A schedule as steps again: each copy of a value has a buffer of its own, and so has all else that a recipe writes. */
import type { Buffer, Instruction, Step } from "../../backend/target.ts";
import { renamed } from "../coalesce.ts";
import type { Steps } from "../lower.ts";
import { mergeNeighbours } from "../merge.ts";
import { buffersWritten, owner } from "../touch.ts";
import type { Entry, Schedule } from "./evict.ts";
import type { Model } from "./model.ts";

export function render(given: Steps, { values }: Model, { entries, copies }: Schedule): Steps {
  const buffers = [...given.buffers];
  const fresh = ({ type }: Buffer, slice?: Buffer["slice"]): Buffer => {
    const buffer: Buffer = { id: buffers.length, type, ...(slice && { slice }) };
    buffers.push(buffer);
    return buffer;
  };
  /** Of each copy its buffer: the first copy of a value keeps that of the program. */
  const held = new Map<number, Buffer>();
  const met = new Set<Buffer>();
  const bufferOf = (copy: number): Buffer => {
    const value = values[copies[copy] as number] as Buffer;
    const buffer = held.get(copy) ?? (met.has(value) ? fresh(value) : value);
    met.add(value);
    held.set(copy, buffer);
    return buffer;
  };
  const rewritten = ({ unit, again, reads, makes }: Entry): Step[] => {
    const names = new Map<Buffer, Buffer>();
    for (const [k, v] of unit.reads.entries()) names.set(values[v] as Buffer, bufferOf(reads[k] as number));
    for (const [k, v] of unit.makes.entries()) names.set(values[v] as Buffer, bufferOf(makes[k] as number));
    const written = again ? new Set([...buffersWritten(unit.steps)].map(owner)) : [];
    for (const b of written) if (!names.has(b)) names.set(b, fresh(b));
    const slices = new Map<Buffer, Buffer>();
    const name = (b: Buffer): Buffer => {
      if (b.slice === undefined) return names.get(b) ?? b;
      const of = name(b.slice.of);
      if (of === b.slice.of) return b;
      const known = slices.get(b) ?? fresh(b, { of, loop: b.slice.loop });
      slices.set(b, known);
      return known;
    };
    return unit.steps.map((step) => renamed(step, name));
  };
  // A loop that runs again for the loop after it hands its values over in registers.
  const steps = mergeNeighbours(entries.flatMap(rewritten), new Set([...given.inputs, ...given.outputs]));
  const recomputed = entries.reduce((sum, { again, unit }) => sum + (again ? operationsIn(unit.steps) : 0), 0);
  return { ...given, steps, buffers, recomputed };
}

/** Operations of the graph that the steps stand for; those of a loop's body count once. */
const operationsIn = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + operationsOf(step), 0);

const operationsAmong = (instructions: readonly Instruction[]): number =>
  instructions.filter((i) => i.kind === "operation").length;

function operationsOf(step: Step): number {
  switch (step.kind) {
    case "loop":
      // A loop without any lays its elements out anew.
      return Math.max(1, operationsAmong(step.instructions) + step.reductions.length);
    case "routine":
      return 1 + operationsAmong(step.epilogue?.instructions ?? []);
    case "copy":
      return 1;
    case "repeat":
      return operationsIn(step.body);
    case "while":
      return operationsIn([...step.condition, ...step.body]);
    case "branch":
      return operationsIn([...step.yes, ...step.no]);
  }
}
