/** spread and concatenate: whole arrays put at known places of a larger one. */
import { byteSize, type DType } from "../../../base/dtype.ts";
import { sizeOf, stridesOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { type Code, type FunctionBuilder, memory } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { copyBytes, type Int, int, move, plus, times } from "./memory.ts";

/** An axis of what is copied, with its strides in bytes. */
interface Axis {
  readonly n: number;
  readonly from: number;
  readonly to: number;
}

/** Axes along which source and target both go on where the next one ends are one. */
function joined(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes.filter(({ n }) => n !== 1)) {
    const last = result.at(-1);
    if (last !== undefined && last.from === axis.n * axis.from && last.to === axis.n * axis.to)
      result[result.length - 1] = { ...axis, n: last.n * axis.n };
    else result.push(axis);
  }
  return result;
}

function copyAll(f: FunctionBuilder, dtype: DType, axes: readonly Axis[], source: Int, target: Int): Code {
  const [axis, ...rest] = axes;
  if (axis === undefined) return move(dtype, target, source);
  const bytes = byteSize[dtype];
  if (rest.length === 0 && axis.from === bytes && axis.to === bytes) return copyBytes(target, source, axis.n * bytes);
  return f.for(int(0), int(axis.n), 1, (i) =>
    copyAll(f, dtype, rest, plus(source, times(i, axis.from)), plus(target, times(i, axis.to))),
  );
}

/** Zeros from the start to the first of these ends, from the second to the third. */
const zeros = (out: Int, [first = 0, next = 0, end = 0]: readonly number[]): Code => [
  first === 0 ? [] : memory.fill(out, int(0), int(first)),
  end <= next ? [] : memory.fill(plus(out, int(next)), int(0), int(end - next)),
];

export const spread: KernelMaker = (module, { low, gap, strides }, [x], [result]) => {
  const { shape, dtype } = x as Type;
  const bytes = byteSize[dtype];
  const own = strides as readonly number[];
  const places = stridesOf((result as Type).shape).map((s) => s * bytes);
  const start = (low as readonly number[]).reduce((sum, n, i) => sum + n * (places[i] as number), 0);
  const axes = joined(
    shape.map((n, i) => ({
      n,
      from: (own[i] as number) * bytes,
      to: (places[i] as number) * (((gap as readonly number[])[i] as number) + 1),
    })),
  );
  const total = sizeOf((result as Type).shape) * bytes;
  const copied = sizeOf(shape) * bytes;
  const inOneRun = copied > 0 && axes.every(({ from, to }) => from === bytes && to === bytes);
  const run = module.once(`spread:${JSON.stringify([axes, start, total, sizeOf(shape), dtype])}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, x, out) => [
      zeros(out.get, inOneRun ? [start, start + copied, total] : [total]),
      sizeOf(shape) === 0 ? [] : copyAll(f, dtype, axes, x.get, plus(out.get, int(start))),
    ]),
  );
  return { run, scratch: 0 };
};

export const concatenate: KernelMaker = (module, { axis, strides }, inputs, [result]) => {
  const { shape, dtype } = result as Type;
  const bytes = byteSize[dtype];
  const places = stridesOf(shape).map((s) => s * bytes);
  const rank = shape.length;
  const parts = inputs.map((input, k) => {
    const own = (strides as readonly number[]).slice(k * rank, (k + 1) * rank);
    const axes = joined(input.shape.map((n, i) => ({ n, from: (own[i] as number) * bytes, to: places[i] as number })));
    const width = (input.shape[axis as number] as number) * (places[axis as number] as number);
    return { axes, width, isEmpty: sizeOf(input.shape) === 0 };
  });
  const parameters = new Array<"i32">(inputs.length + 2).fill("i32");
  const run = module.once(`concatenate:${JSON.stringify([parts, dtype])}`, () =>
    module.function(parameters, undefined, (f, ...addresses) => {
      const out = addresses[inputs.length]?.get as Int;
      let offset = 0;
      return parts.map(({ axes, width, isEmpty }, k) => {
        const to = plus(out, int(offset));
        offset += width;
        return isEmpty ? [] : copyAll(f, dtype, axes, addresses[k]?.get as Int, to);
      });
    }),
  );
  return { run, scratch: 0 };
};
