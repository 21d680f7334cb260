/** Overlapping pieces added up: out[Σ iₖ·targetₖ] += x[Σ iₖ·strideₖ], over every index of x. */
import { byteSize } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import type { KernelRequest, Type } from "../../../graph/operation.ts";
import { type Code, type FunctionBuilder, f32x4, f64x2, type ModuleBuilder, memory, v128 } from "../encode.ts";
import { type Kernel, type KernelMaker, runsOf } from "../kernel.ts";
import { addTo, type Int, int, plus, times } from "./memory.ts";

/** Strides in bytes. */
interface Axis {
  readonly n: number;
  readonly from: number;
  readonly to: number;
}

export const fold: KernelMaker = (module, parameters, [x], [result], threads = 1) => {
  const { shape, dtype } = x as Type;
  const { target, axes, strides } = parameters;
  const whole = folding(module, parameters, x as Type, result as Type);
  // The first axis may be split if no window moves along it.
  const n = shape[0] as number;
  const step = (target as readonly number[])[0] as number;
  if (threads === 1 || (axes as readonly number[]).includes(0) || sizeOf(shape) < leastWork || n < threads)
    return whole;
  return {
    ...whole,
    parts: runsOf(n, threads, 1).map(({ start, size }) => ({
      run: folding(
        module,
        parameters,
        { shape: shape.with(0, size), dtype },
        { shape: (result as Type).shape.with(0, size), dtype },
      ).run,
      offsets: [start * ((strides as readonly number[])[0] as number), start * step].map((e) => e * byteSize[dtype]),
    })),
  };
};

/** Fewer elements are not worth a second thread. */
const leastWork = 1e4;

function folding(
  module: ModuleBuilder,
  { target, axes: windowed, strides }: KernelRequest["parameters"],
  { shape, dtype }: Type,
  result: Type,
): Kernel {
  const bytes = byteSize[dtype];
  const axes = shape.map(
    (n, i): Axis => ({
      n,
      from: ((strides as readonly number[])[i] as number) * bytes,
      to: ((target as readonly number[])[i] as number) * bytes,
    }),
  );
  const total = sizeOf(result.shape) * bytes;
  const order = inOrder(axes, (windowed as readonly number[]).length, bytes);
  const run = module.once(`fold:${JSON.stringify([order, total, dtype])}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, input, output) => {
      const nest = ([axis, ...rest]: readonly Axis[], from: Int, to: Int): Code => {
        if (axis === undefined) return addTo(dtype, to, from);
        if (rest.length === 0 && axis.from === bytes && axis.to === bytes) return addRun(f, axis.n, bytes, from, to);
        return f.for(int(0), int(axis.n), 1, (i) =>
          nest(rest, plus(from, times(i, axis.from)), plus(to, times(i, axis.to))),
        );
      };
      return [
        memory.fill(output.get, int(0), int(total)),
        sizeOf(shape) === 0 ? [] : nest(order, input.get, output.get),
      ];
    }),
  );
  return { run, scratch: 0 };
}

/** Arrays outside, then the taps, then the places: what is added to stays in the cache. A common run comes last. */
function inOrder(axes: readonly Axis[], taps: number, bytes: number): Axis[] {
  const places = axes.slice(0, axes.length - taps);
  const outside = places.slice(0, -taps);
  const order = [...outside, ...axes.slice(axes.length - taps), ...places.slice(-taps)].filter((a) => a.n !== 1);
  const run = order.findIndex((a) => a.from === bytes && a.to === bytes);
  return run < 0 ? order : [...order.filter((_, i) => i !== run), order[run] as Axis];
}

/** to[0…n] += from[0…n]. */
function addRun(f: FunctionBuilder, n: number, bytes: number, from: Int, to: Int): Code {
  const width = 16 / bytes;
  const whole = n - (n % width);
  const [setFrom, source] = f.let(from);
  const [setTo, place] = f.let(to);
  const add = bytes === 8 ? f64x2.add : f32x4.add;
  const vector = (i: Int): Code => {
    const there = plus(place.get, times(i, bytes));
    return v128.store(there, add(v128.load(there), v128.load(plus(source.get, times(i, bytes)))));
  };
  const single = (i: Int): Code =>
    addTo(bytes === 8 ? "float64" : "float32", plus(place.get, times(i, bytes)), plus(source.get, times(i, bytes)));
  return [setFrom, setTo, f.for(int(0), int(whole), width, vector), f.for(int(whole), int(n), 1, single)];
}
