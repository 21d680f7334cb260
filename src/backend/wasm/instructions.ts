/** The instructions of a loop, or of an epilogue, as code for one vector. */
import type { Instruction } from "../target.ts";
import { type Code, type Expr, FunctionBuilder, type ModuleBuilder } from "./encode.ts";
import { type VectorLane, VectorLanes, type Width } from "./vector.ts";

/** A list of statements, and the values that they leave. `read(i)` loads what the i-th read sees. */
export function valuesOf(
  module: ModuleBuilder,
  f: FunctionBuilder,
  width: Width,
  instructions: readonly Instruction[],
  read: (i: number) => Expr<"v128">,
): { readonly statements: Code[]; value(i: number): Expr<"v128"> } {
  const lanes = new VectorLanes(module, f, width);
  const values: VectorLane[] = [];
  for (const instruction of instructions) {
    if (instruction.kind === "constant") values.push(lanes.constant(instruction.value, instruction.dtype));
    else if (instruction.kind === "read") {
      values.push(lanes.hold({ dtype: instruction.dtype, code: read(instruction.read) } as VectorLane));
    } else {
      const { operation, attributes, args, dtype } = instruction;
      const inputs = args.map((i) => values[i] as VectorLane);
      const result = operation.lower?.(lanes, inputs, attributes, { shape: [], dtype }) as VectorLane;
      values.push(lanes.hold(result));
    }
  }
  return { statements: lanes.statements, value: (i) => (values[i] as VectorLane).code };
}

/** How many statements the values of one vector take. */
export function statementsOf(module: ModuleBuilder, width: Width, instructions: readonly Instruction[]): number {
  const scratch = new FunctionBuilder(0);
  return valuesOf(module, scratch, width, instructions, () => scratch.local("v128").get).statements.length;
}

/** Equal keys, equal code. */
export const keyOfInstructions = (instructions: readonly Instruction[]): string =>
  instructions
    .map((i) =>
      i.kind === "operation"
        ? `${i.operation.name}${JSON.stringify(i.attributes)}(${i.args})${i.dtype}`
        : i.kind === "constant"
          ? `${Object.is(i.value, -0) ? "-0" : i.value}${i.dtype}`
          : `read${i.read}${i.dtype}`,
    )
    .join(" ");
