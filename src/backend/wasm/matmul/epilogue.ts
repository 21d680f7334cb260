/** What is made of a product's elements while they are in registers: bias, activation, an update, a sum with another. */
import { byteSize, type DType } from "../../../base/dtype.ts";
import type { Instruction } from "../../target.ts";
import { loadVector, storeVector } from "../element.ts";
import type { Code, Expr, FunctionBuilder, Local, ModuleBuilder } from "../encode.ts";
import { keyOfInstructions, valuesOf } from "../instructions.ts";
import { type Lanes, plus } from "./lanes.ts";

export interface MatrixStrides {
  readonly batch: number;
  readonly row: number;
  readonly column: number;
}

/** An array of the product's shape, through strides in elements. */
export interface Operand extends MatrixStrides {
  readonly dtype: DType;
}

/** Instructions on each element: read 0 is the product's, read i + 1 that of `reads[i]`. */
export interface Epilogue {
  readonly instructions: readonly Instruction[];
  readonly reads: readonly Operand[];
  readonly writes: readonly { readonly value: number; readonly to: Operand }[];
}

export const operandsOf = ({ reads, writes }: Epilogue): readonly Operand[] => [...reads, ...writes.map((w) => w.to)];

export const bytesAlong = (operand: Operand, axis: keyof MatrixStrides): number =>
  operand[axis] * byteSize[operand.dtype];

export const keyOfEpilogue = (epilogue: Epilogue): string =>
  `${keyOfInstructions(epilogue.instructions)}>${epilogue.writes.map((w) => w.value)};${JSON.stringify(operandsOf(epilogue))}`;

/** A vector of the product: where it lies in its block, and how many of its lanes count. */
export interface BlockVector {
  readonly sum: Local<"v128">;
  readonly row: number;
  readonly column: number;
  readonly valid: number;
}

/** `at`: the address of the block's first element in each operand. */
export function finish(
  module: ModuleBuilder,
  f: FunctionBuilder,
  lanes: Lanes,
  { instructions, reads, writes }: Epilogue,
  at: readonly Local<"i32">[],
  { sum, row, column, valid }: BlockVector,
): Code {
  const width = lanes.count;
  const address = (k: number, operand: Operand): Expr<"i32"> =>
    plus((at[k] as Local<"i32">).get, row * bytesAlong(operand, "row") + column * bytesAlong(operand, "column"));
  const { statements, value } = valuesOf(module, f, width, instructions, (i) => {
    if (i === 0) return sum.get;
    const operand = reads[i - 1] as Operand;
    return loadVector(operand.dtype, address(i - 1, operand), operand.column, width, 0, valid);
  });
  return [
    statements,
    writes.map(({ value: i, to }, k) => {
      const result = f.local("v128");
      return [
        result.set(value(i)),
        storeVector(to.dtype, address(reads.length + k, to), result.get, width, 0, to.column, valid),
      ];
    }),
  ];
}
