/**
 * Steps and plans as text. Buffers are numbered as they appear; `b2[k0]` is the slice of b2 that the counter k0 of a
 * loop chooses; `b1(offset + strides)` is b1 seen through other strides than its own. The same plan prints the same.
 */
import type { Buffer, Instruction, LoopStep, Plan, Read, RoutineStep, Step } from "../backend/target.ts";
import { byteSize } from "../base/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts";
import { showAttributes, showType } from "../graph/text.ts";
import type { Steps } from "./lower.ts";

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** The steps, and for a plan the addresses. */
export function showPlan(plan: Steps | Plan): string {
  const names = new Map<Buffer, string>();
  const name = (buffer: Buffer): string => {
    if (buffer.slice !== undefined) return `${name(buffer.slice.of)}[k${buffer.slice.loop}]`;
    const known = names.get(buffer) ?? `b${names.size}`;
    names.set(buffer, known);
    return known;
  };
  const inputs = plan.inputs.map(name);
  const steps = showSteps(plan.steps, name);
  const outputs = plan.outputs.map(name);
  const role = (buffer: Buffer): string => {
    const roles = [
      ...(plan.inputs.includes(buffer) ? ["input"] : []),
      ...(buffer.constant ? ["constant"] : []),
      ...(plan.outputs.includes(buffer) ? ["output"] : []),
    ];
    return roles.length > 0 ? `  ${roles.join(", ")}` : "";
  };
  const bytes = ({ type }: Buffer): number => sizeOf(type.shape) * byteSize[type.dtype];
  const place = (buffer: Buffer): string => {
    if (!("address" in plan)) return "";
    const at = plan.address.get(buffer) as number;
    return `  ${at} … ${at + bytes(buffer)}`;
  };
  const buffers = [...names].map(([b, text]) => `${text}: ${showType(b.type)}${place(b)}${role(b)}`);
  const arena = "address" in plan ? [showArena(plan)] : [];
  return [
    ...arena,
    ...buffers,
    `run(${inputs.join(", ")}):`,
    ...indent(steps),
    `  return ${outputs.join(", ")}`.trimEnd(),
  ].join("\n");
}

function showArena({ address, bytes, lowerBound, recomputed }: Plan): string {
  const start = [...address.values()].reduce((least, at) => Math.min(least, at), bytes);
  const again = recomputed > 0 ? `; ${recomputed} operations run again` : "";
  return `arena: ${start} … ${bytes}; at most ${lowerBound} bytes alive at one time${again}`;
}

function showSteps(steps: readonly Step[], name: (buffer: Buffer) => string): string[] {
  const block = (list: readonly Step[]): string[] => indent(showSteps(list, name));
  const show = (step: Step): string[] => {
    switch (step.kind) {
      case "loop":
        return showLoop(step, name);
      case "routine":
        return showRoutine(step, name);
      case "copy":
        return [`${name(step.to)} = copy ${name(step.from)}`];
      case "repeat":
        return [`for k${step.loop} < ${step.length}${step.reverse ? ", backwards" : ""}:`, ...block(step.body)];
      case "while":
        return ["while:", ...block(step.condition), `  is ${name(step.going)}, do:`, ...block(step.body)];
      case "branch":
        return [`if ${name(step.predicate)}:`, ...block(step.yes), "else:", ...block(step.no)];
    }
  };
  return steps.flatMap(show);
}

function showRoutine(step: RoutineStep, name: (buffer: Buffer) => string): string[] {
  const { request, inputs, inputTypes, outputs, epilogue } = step;
  const parameters = showAttributes({ attributes: request.parameters });
  const read = (i: number): string => showRead(inputs[i] as Read, inputTypes[i]?.shape ?? [], name);
  const own = inputs.slice(0, epilogue?.own).map((_, i) => read(i));
  const words = [request.name, parameters && `{${parameters}}`, own.join(", ")].filter((word) => word !== "");
  if (epilogue === undefined) return [`${outputs.map(name).join(", ")} = ${words.join(" ")}`];
  const { instructions, values } = epilogue;
  const value = valueNames(instructions);
  return [
    `${words.join(" ")}, of each element %:`,
    ...indent([
      ...showInstructions(instructions, (i) => (i === 0 ? "%" : read(epilogue.own + i - 1))),
      ...outputs.map((buffer, i) => `${name(buffer)} = ${value(values[i] as number)}`),
    ]),
  ];
}

const valueNames =
  (instructions: readonly Instruction[]) =>
  (i: number): string => {
    const instruction = instructions[i] as Instruction;
    if (instruction.kind !== "constant") return `%${i}`;
    return Object.is(instruction.value, -0) ? "-0" : String(instruction.value);
  };

function showInstructions(instructions: readonly Instruction[], read: (i: number) => string): string[] {
  const value = valueNames(instructions);
  return instructions.flatMap((instruction, i): string[] => {
    if (instruction.kind === "constant") return [];
    const type = `%${i}: ${instruction.dtype} =`;
    if (instruction.kind === "read") return [`${type} ${read(instruction.read)}`];
    const attributes = showAttributes(instruction);
    const args = instruction.args.map(value).join(", ");
    return [`${type} ${instruction.operation.name}${attributes ? ` {${attributes}}` : ""} ${args}`];
  });
}

function showLoop(step: LoopStep, name: (buffer: Buffer) => string): string[] {
  const value = valueNames(step.instructions);
  return [
    `loop [${step.shape.join(", ")}]:`,
    ...indent([
      ...showInstructions(step.instructions, (i) => showRead(step.reads[i] as Read, step.shape, name)),
      ...step.writes.map((w) => `${name(w.buffer)} = ${value(w.value)}`),
      ...step.reductions.map((r) => `${name(r.buffer)} = ${r.how} {axes: [${step.axes.join(", ")}]} ${value(r.value)}`),
    ]),
  ];
}

function showRead({ buffer, view }: Read, shape: Shape, name: (buffer: Buffer) => string): string {
  const own = stridesOf(shape);
  const plain = view.offset === 0 && view.strides.every((s, i) => s === own[i] || shape[i] === 1);
  return plain ? name(buffer) : `${name(buffer)}(${view.offset} + [${view.strides.join(", ")}])`;
}
