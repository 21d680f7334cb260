/** spread and concatenate: whole arrays put at known places of a larger one. */
import { byteSize } from "../../../base/dtype.ts";
import { sizeOf, stridesOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { type Code, memory } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { copyBytes, type Int, int, move, plus, times } from "./memory.ts";

export const spread: KernelMaker = (module, { low, gap }, [x], [result]) => {
  const { shape, dtype } = x as Type;
  const bytes = byteSize[dtype];
  const before = low as readonly number[];
  const between = gap as readonly number[];
  const from = stridesOf(shape).map((s) => s * bytes);
  const to = stridesOf((result as Type).shape).map((s) => s * bytes);
  const start = before.reduce((sum, n, i) => sum + n * (to[i] as number), 0);
  const run = module.once(`spread:${[shape, "|", (result as Type).shape, "|", before, "|", between, dtype]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, x, out) => {
      const nest = (axis: number, source: Int, target: Int): Code => {
        if (axis === shape.length) return move(dtype, target, source);
        const n = shape[axis] as number;
        const step = (to[axis] as number) * ((between[axis] as number) + 1);
        if (axis === shape.length - 1 && between[axis] === 0) return copyBytes(target, source, n * bytes);
        return f.for(int(0), int(n), 1, (i) =>
          nest(axis + 1, plus(source, times(i, from[axis] as number)), plus(target, times(i, step))),
        );
      };
      const total = sizeOf((result as Type).shape) * bytes;
      return [
        memory.fill(out.get, int(0), int(total)),
        sizeOf(shape) === 0 ? [] : nest(0, x.get, plus(out.get, int(start))),
      ];
    }),
  );
  return { run, scratch: 0 };
};

export const concatenate: KernelMaker = (module, { axis }, inputs, [result]) => {
  const { shape, dtype } = result as Type;
  const a = axis as number;
  const outer = sizeOf(shape.slice(0, a));
  const row = sizeOf(shape.slice(a)) * byteSize[dtype];
  const widths = inputs.map((t) => sizeOf(t.shape.slice(a)) * byteSize[dtype]);
  const parameters = new Array<"i32">(inputs.length + 2).fill("i32");
  const run = module.once(`concatenate:${[outer, row, "|", widths]}`, () =>
    module.function(parameters, undefined, (f, ...addresses) => {
      const out = addresses[inputs.length]?.get as Int;
      let offset = 0;
      return widths.map((width, k) => {
        const from = addresses[k]?.get as Int;
        const to = plus(out, int(offset));
        offset += width;
        return f.for(int(0), int(outer), 1, (o) =>
          copyBytes(plus(to, times(o, row)), plus(from, times(o, width)), width),
        );
      });
    }),
  );
  return { run, scratch: 0 };
};
