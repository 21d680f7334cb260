/** matmul through any strides: the last two axes are the matrices, the axes before them the batch. */
import { byteSize } from "../../../base/dtype.ts";
import { broadcastStrides, cutLast, sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { type Code, call } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { type MatmulSpec, matmulKernel, matmulScratch, splitMatmul } from "../matmul.ts";
import { type Int, int, plus, times } from "./memory.ts";

export const matmul: KernelMaker = (module, { strides }, [a, b], [result], threads = 1) => {
  const [x, y, z] = [a as Type, b as Type, result as Type];
  const all = strides as readonly number[];
  const [batch, [m, n]] = cutLast(z.shape, 2) as [number[], [number, number]];
  const k = x.shape.at(-1) as number;
  const side = (t: Type, own: readonly number[]) => {
    const [lead, [row, column]] = cutLast(own, 2) as [number[], [number, number]];
    return { lead: broadcastStrides(t.shape.slice(0, -2), batch, lead), row, column };
  };
  const left = side(x, all.slice(0, x.shape.length));
  const right = side(y, all.slice(x.shape.length));
  const last = batch.length - 1;
  const spec: MatmulSpec = {
    dtype: z.dtype as MatmulSpec["dtype"],
    batch: batch[last] ?? 1,
    m,
    n,
    k,
    a: { batch: left.lead[last] ?? 0, row: left.row, column: left.column },
    b: { batch: right.lead[last] ?? 0, row: right.row, column: right.column },
    fused: module.fused,
  };
  const inner = matmulKernel(module, spec);
  const scratch = matmulScratch(spec);
  if (sizeOf(batch.slice(0, -1)) === 1) {
    const bytes = byteSize[z.dtype];
    const parts = threads === 1 ? [] : splitMatmul(spec, threads);
    if (parts.length === 0) return { run: inner, scratch };
    return {
      run: inner,
      scratch: Math.max(scratch, ...parts.map((part) => matmulScratch(part.spec))),
      parts: parts.map((part) => ({
        run: matmulKernel(module, part.spec),
        offsets: part.offsets.map((elements) => elements * bytes),
      })),
    };
  }
  // The last batch axis is the product's own; those before it are loops around it.
  const bytes = byteSize[z.dtype];
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
