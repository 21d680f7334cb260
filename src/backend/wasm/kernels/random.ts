/** Threefry-2x32 in code: the rounds of `ops/random/threefry.ts`. */
import { sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { parity, rotations } from "../../../ops/random/threefry.ts";
import { type Code, i32, when } from "../encode.ts";
import type { KernelMaker } from "../kernel.ts";
import { at, int, plus, times } from "./memory.ts";

const randomBits: KernelMaker = (module, { size, stream }, [key]) => {
  const count = sizeOf((key as Type).shape) / 2;
  const words = size as number;
  const run = module.once(`randomBits:${[words, stream, count]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, key, out) => {
      const k = [f.local("i32"), f.local("i32"), f.local("i32")] as const;
      const [x, y, to] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const schedule = (i: number) => (k[i % 3] as (typeof k)[0]).get;
      const rounds: Code = Array.from({ length: 20 }, (_, round): Code => {
        const i = (round + 1) / 4;
        return [
          x.set(plus(x.get, y.get)),
          y.set(i32.xor(i32.rotl(y.get, int(rotations[round % 8] as number)), x.get)),
          Number.isInteger(i)
            ? [x.set(plus(x.get, schedule(i))), y.set(plus(y.get, plus(schedule(i + 1), int(i))))]
            : [],
        ];
      });
      return f.for(int(0), int(count), 1, (place) => [
        k[0].set(i32.load(at(key.get, times(place, 2), "uint32"))),
        k[1].set(i32.load(at(key.get, times(place, 2), "uint32"), 4)),
        k[2].set(i32.xor(i32.xor(k[0].get, k[1].get), int(parity))),
        f.for(int(0), int(words), 2, (i) => [
          x.set(plus(int(stream as number), k[0].get)),
          y.set(plus(i32.shrU(i, int(1)), k[1].get)),
          rounds,
          to.set(at(out.get, plus(times(place, words), i), "uint32")),
          i32.store(to.get, x.get),
          words % 2 === 0
            ? i32.store(to.get, y.get, 4)
            : when(i32.ltS(plus(i, int(1)), int(words)), i32.store(to.get, y.get, 4)),
        ]),
      ]);
    }),
  );
  return { run, scratch: 0 };
};

export const randomKernels: Readonly<Record<string, KernelMaker>> = { randomBits };
