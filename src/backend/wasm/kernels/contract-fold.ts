/** A product and the fold of its result, image by image: what lies between them is one image in scratch memory. */
import { byteSize } from "../../../base/dtype.ts";
import type { Type } from "../../../graph/operation.ts";
import { call, type FunctionReference } from "../encode.ts";
import { type Kernel, type KernelMaker, runsOf } from "../kernel.ts";
import { leastWork } from "../matmul/plan.ts";
import { contract, multiplyAdds } from "./contract.ts";
import { fold } from "./fold.ts";
import { int, plus, times } from "./memory.ts";

interface Request {
  readonly batch: number;
  readonly inner: number;
  readonly strides: readonly number[];
  /** The fold's: strides of its result, the axes of its windows, shape and strides in which it sees the product. */
  readonly target: readonly number[];
  readonly axes: readonly number[];
  readonly folded: readonly number[];
  readonly seen: readonly number[];
}

export const contractAndFold: KernelMaker = (module, parameters, [a, b], [result], threads = 1) => {
  const request = parameters as unknown as Request;
  const { batch, inner, strides, target, axes, folded, seen } = request;
  const { shape, dtype } = result as Type;
  const [x, y] = [a as Type, b as Type];
  const bytes = byteSize[dtype];
  const one = (t: Type): Type => ({ shape: t.shape.with(0, 1), dtype });
  const product: Type = { shape: productShape(one(x), one(y), request), dtype };
  const contracted = contract(module, { batch, inner, strides }, [one(x), one(y)], [product]);
  const image: Type = { shape: folded.with(0, 1), dtype };
  const folding = fold(module, { target, axes, strides: seen }, [image], [{ shape: shape.with(0, 1), dtype }]);
  const images = shape[0] as number;
  const step = (t: Type, own: readonly number[]): number => (t.shape[0] === 1 ? 0 : (own[0] as number) * bytes);
  const [xStep, yStep] = [step(x, strides), step(y, strides.slice(x.shape.length))];
  const outStep = (target[0] as number) * bytes;
  const between = Math.ceil(((seen[0] as number) * bytes) / 16) * 16;
  const of = (count: number): FunctionReference<undefined> =>
    module.once(`contractAndFold:${JSON.stringify([request, x.shape, y.shape, dtype, count])}`, () =>
      module.function(["i32", "i32", "i32", "i32"], undefined, (f, p, q, out, scratch) =>
        f.for(int(0), int(count), 1, (i) => [
          call(
            contracted.run,
            plus(p.get, times(i, xStep)),
            plus(q.get, times(i, yStep)),
            scratch.get,
            plus(scratch.get, int(between)),
          ),
          call(folding.run, scratch.get, plus(out.get, times(i, outStep)), scratch.get),
        ]),
      ),
    );
  const whole: Kernel = { run: of(images), scratch: between + contracted.scratch };
  if (threads === 1 || images < threads || images * multiplyAdds(one(x), product, inner) < leastWork.blocks)
    return whole;
  return {
    ...whole,
    parts: runsOf(images, threads, 1).map(({ start, size }) => ({
      run: of(size),
      offsets: [xStep, yStep, outStep].map((each) => start * each),
    })),
  };
};

function productShape(a: Type, b: Type, { batch, inner }: Request): number[] {
  const common = a.shape.slice(0, batch).map((n, i) => (n === 1 ? (b.shape[i] as number) : n));
  return [...common, ...a.shape.slice(batch, a.shape.length - inner), ...b.shape.slice(batch + inner)];
}
