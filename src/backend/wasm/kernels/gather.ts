/** take, scatterAdd and update: rows at places that are known when the program runs. */
import { byteSize } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { i32, memory, when } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { addTo, at, copyBytes, int, move, placeAt, plus, times } from "./memory.ts";

const three = ["i32", "i32", "i32", "i32"] as const;

export const take: KernelMaker = (module, { batch }, [x, index]) => {
  const { shape, dtype } = x as Type;
  const b = batch as number;
  const n = shape[b] as number;
  const row = sizeOf(shape.slice(b + 1));
  const bytes = row * byteSize[dtype];
  const count = sizeOf((index as Type).shape.slice(b));
  const blocks = sizeOf(shape.slice(0, b));
  const run = module.once(`take:${[n, row, dtype, count, blocks]}`, () =>
    module.function(three, undefined, (f, x, index, out) =>
      // An empty axis has no place: every index is an error, and nothing can be read.
      f.for(int(0), int(blocks), 1, (block) =>
        f.for(int(0), int(count), 1, (i) => {
          const k = plus(times(block, count), i);
          const { check, place } = placeAt(f, at(index.get, k, "int32"), n);
          const from = plus(x.get, times(plus(times(block, n), place.get), bytes));
          const to = plus(out.get, times(k, bytes));
          return [check, n === 0 ? [] : row === 1 ? move(dtype, to, from) : copyBytes(to, from, bytes)];
        }),
      ),
    ),
  );
  return { run, scratch: 0 };
};

export const scatterAdd: KernelMaker = (module, { batch, size }, [index, updates]) => {
  const { shape, dtype } = updates as Type;
  const b = batch as number;
  const n = size as number;
  const row = sizeOf(shape.slice((index as Type).shape.length));
  const count = sizeOf((index as Type).shape.slice(b));
  const blocks = sizeOf(shape.slice(0, b));
  const bytes = byteSize[dtype];
  const run = module.once(`scatterAdd:${[n, row, dtype, count, blocks]}`, () =>
    module.function(three, undefined, (f, index, updates, out) => [
      memory.fill(out.get, int(0), int(blocks * n * row * bytes)),
      f.for(int(0), int(blocks), 1, (block) =>
        f.for(int(0), int(count), 1, (i) => {
          const k = plus(times(block, count), i);
          const { check, place } = placeAt(f, at(index.get, k, "int32"), n);
          const to = plus(out.get, times(plus(times(block, n), place.get), row * bytes));
          const from = plus(updates.get, times(k, row * bytes));
          const end = int(n === 0 ? 0 : row * bytes);
          return [check, f.for(int(0), end, bytes, (r) => addTo(dtype, plus(to, r), plus(from, r)))];
        }),
      ),
    ]),
  );
  return { run, scratch: 0 };
};

/** Also in place: then only the row is written. */
export const update: KernelMaker = (module, { batch }, [x]) => {
  const { shape, dtype } = x as Type;
  const b = batch as number;
  const n = shape[b] as number;
  const blocks = sizeOf(shape.slice(0, b));
  const bytes = sizeOf(shape.slice(b + 1)) * byteSize[dtype];
  const run = module.once(`update:${[n, bytes, blocks]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, x, index, value, out) => [
      when(i32.ne(x.get, out.get), copyBytes(out.get, x.get, blocks * n * bytes)),
      f.for(int(0), int(blocks), 1, (block) => {
        const { check, place } = placeAt(f, at(index.get, block, "int32"), n);
        const to = plus(out.get, times(plus(times(block, n), place.get), bytes));
        return [check, n === 0 ? [] : copyBytes(to, plus(value.get, times(block, bytes)), bytes)];
      }),
    ]),
  );
  return { run, scratch: 0 };
};
