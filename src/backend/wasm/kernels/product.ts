/** matmul through any strides: the last two axes are the matrices, the axes before them the batch. */
import { byteSize } from "../../../base/dtype.ts";
import { broadcastStrides, cutLast, sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { type Code, call } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { bytesAlong, type Operand, operandsOf } from "../matmul/epilogue.ts";
import { type MatmulSpec, matmulKernel, matmulScratch, type PartOfProduct, splitMatmul } from "../matmul.ts";
import { type Int, int, plus, times } from "./memory.ts";

export const matmul: KernelMaker = (module, { strides }, inputs, results, threads = 1, after = undefined) => {
  const [x, y, z] = [...inputs.slice(0, 2), after?.type ?? results[0]] as [Type, Type, Type];
  const all = strides as readonly number[];
  const [batch, [m, n]] = cutLast(z.shape, 2) as [number[], [number, number]];
  const k = x.shape.at(-1) as number;
  const side = (t: Type, own: readonly number[]) => {
    const [lead, [row, column]] = cutLast(own, 2) as [number[], [number, number]];
    return { lead: broadcastStrides(t.shape.slice(0, -2), batch, lead), row, column };
  };
  const left = side(x, all.slice(0, x.shape.length));
  const right = side(y, all.slice(x.shape.length, x.shape.length + y.shape.length));
  const last = batch.length - 1;
  const rank = z.shape.length;
  const epilogue = after && {
    instructions: after.instructions,
    reads: inputs.slice(2).map(({ dtype }, i) => {
      const start = x.shape.length + y.shape.length + i * rank;
      const { lead, row, column } = side(z, all.slice(start, start + rank));
      return { dtype, batch: lead[last] ?? 0, row, column };
    }),
    writes: after.values.map((value, i) => ({
      value,
      to: { dtype: (results[i] as Type).dtype, batch: m * n, row: n, column: 1 },
    })),
  };
  const spec: MatmulSpec = {
    dtype: z.dtype as MatmulSpec["dtype"],
    batch: batch[last] ?? 1,
    m,
    n,
    k,
    a: { batch: left.lead[last] ?? 0, row: left.row, column: left.column },
    b: { batch: right.lead[last] ?? 0, row: right.row, column: right.column },
    fused: module.fused(),
    ...(epilogue && { epilogue }),
  };
  const inner = matmulKernel(module, spec);
  const scratch = matmulScratch(spec);
  const bytes = byteSize[z.dtype];
  if (sizeOf(batch.slice(0, -1)) === 1) {
    const parts = threads === 1 ? [] : splitMatmul(spec, threads);
    if (parts.length === 0) return { run: inner, scratch };
    return {
      run: inner,
      scratch: Math.max(scratch, ...parts.map((part) => matmulScratch(part.spec))),
      parts: parts.map((part) => ({ run: matmulKernel(module, part.spec), offsets: offsetsOf(part) })),
    };
  }
  // The last batch axis is the product's own; those before it are loops around it.
  const key = `matmul:${JSON.stringify([spec, batch, left.lead, right.lead])}`;
  const run = module.once(key, () =>
    module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, b, out, scratch) => {
      const nest = (axis: number, x: Int, y: Int, to: Int): Code => {
        if (axis === last) return call(inner, x, y, to, scratch.get);
        const size = sizeOf(batch.slice(axis + 1)) * m * n * bytes;
        return f.for(int(0), int(batch[axis] as number), 1, (i) =>
          nest(
            axis + 1,
            plus(x, times(i, (left.lead[axis] as number) * bytes)),
            plus(y, times(i, (right.lead[axis] as number) * bytes)),
            plus(to, times(i, size)),
          ),
        );
      };
      return nest(0, a.get, b.get, out.get);
    }),
  );
  return { run, scratch };
};

/** What is added to the address of every operand. */
function offsetsOf({ spec, start }: PartOfProduct): number[] {
  const { dtype, m, n, a, b, outRow = n, epilogue } = spec;
  // A row of the result is one of a, a column one of b.
  const factors: Operand[] = [
    { dtype, batch: a.batch, row: a.row, column: 0 },
    { dtype, batch: b.batch, row: 0, column: b.column },
  ];
  const result: Operand = { dtype, batch: m * n, row: outRow, column: 1 };
  const operands = [...factors, ...(epilogue === undefined ? [result] : operandsOf(epilogue))];
  return operands.map(
    (o) =>
      start.batch * bytesAlong(o, "batch") + start.row * bytesAlong(o, "row") + start.column * bytesAlong(o, "column"),
  );
}
