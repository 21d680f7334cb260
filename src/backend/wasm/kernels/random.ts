/**
 * Threefry-2x32 in code: the rounds of `ops/random/threefry.ts`, for sixteen blocks side by side, four in a vector. The
 * rounds of a block wait for each other: 524,288 words took 2.0 ms one by one, 1.2 with one vector or two, 0.8 with four.
 */
import { sizeOf } from "../../../base/shape.ts";
import type { Type } from "../../../graph/operation.ts";
import { parity, rotations } from "../../../ops/random/threefry.ts";
import { type Code, type Expr, type FunctionBuilder, i32, i32x4, type Local, v128, when } from "../encode.ts";
import { type KernelMaker, type Part, runsOf } from "../kernel.ts";
import { at, int, plus, times } from "./memory.ts";

/** Fewer words are drawn before a second thread has woken. */
const leastWords = 1 << 15;
/** Fewer words are drawn before the code of vectors, four times as long, is made. */
const leastVectors = 1 << 12;
/** How many words of a key are drawn together: two a block. */
const stride = 32;

/** What the rounds are made of, for numbers or for vectors of them. */
interface Lanes<T extends "i32" | "v128"> {
  readonly add: (a: Expr<T>, b: Expr<T>) => Expr<T>;
  readonly xor: (a: Expr<T>, b: Expr<T>) => Expr<T>;
  readonly rotl: (a: Local<T>, by: number) => Expr<T>;
  readonly splat: (value: Expr<"i32">) => Expr<T>;
}

const single: Lanes<"i32"> = {
  add: i32.add,
  xor: i32.xor,
  rotl: (a, by) => i32.rotl(a.get, int(by)),
  splat: (value) => value,
};

const four: Lanes<"v128"> = {
  add: i32x4.add,
  xor: v128.xor,
  rotl: (a, by) => v128.or(i32x4.shl(a.get, int(by)), i32x4.shrU(a.get, int(32 - by))),
  splat: i32x4.splat,
};

/** Blocks side by side: their words, set to the counters, become what is drawn. */
type Words<T extends "i32" | "v128"> = readonly (readonly [x: Local<T>, y: Local<T>])[];

function rounds<T extends "i32" | "v128">(lanes: Lanes<T>, blocks: Words<T>, schedule: readonly Local<T>[]): Code {
  const key = (i: number): Expr<T> => (schedule[i % 3] as Local<T>).get;
  const inject = (i: number): Code =>
    blocks.map(([x, y]) => [
      x.set(lanes.add(x.get, key(i))),
      y.set(lanes.add(y.get, i === 0 ? key(1) : lanes.add(key(i + 1), lanes.splat(int(i))))),
    ]);
  return [
    inject(0),
    Array.from(
      { length: 20 },
      (_, round): Code => [
        blocks.map(([x, y]) => x.set(lanes.add(x.get, y.get))),
        blocks.map(([x, y]) => y.set(lanes.xor(lanes.rotl(y, rotations[round % 8] as number), x.get))),
        round % 4 === 3 ? inject((round + 1) / 4) : [],
      ],
    ),
  ];
}

const locals = <T extends "i32" | "v128">(f: FunctionBuilder, type: T): readonly [Local<T>, Local<T>] => [
  f.local(type),
  f.local(type),
];
/** Words 0 and 1, or 2 and 3, of two vectors by turns. */
const turns = [
  [0, 16, 4, 20],
  [8, 24, 12, 28],
].map((words) => words.flatMap((w) => [w, w + 1, w + 2, w + 3]));

const randomBits: KernelMaker = (module, { size, stream }, [key], _results, threads = 1) => {
  const count = sizeOf((key as Type).shape) / 2;
  const words = size as number;
  /** So many words of so many keys, from a word of each on, which is even. */
  const draws = (keys: number, first: number, drawn: number): Part["run"] =>
    module.once(`randomBits:${[keys, words, stream, first, drawn]}`, () =>
      module.function(["i32", "i32", "i32"], undefined, (f, key, out) => {
        const k = [f.local("i32"), f.local("i32"), f.local("i32")] as const;
        const wide = [f.local("v128"), f.local("v128"), f.local("v128")] as const;
        const block = locals(f, "i32");
        const blocks = Array.from({ length: stride / 8 }, () => locals(f, "v128"));
        const to = f.local("i32");
        const end = drawn < leastVectors ? 0 : drawn - (drawn % stride);
        const counter = (i: Expr<"i32">): Expr<"i32"> => plus(i32.shrU(i, int(1)), int(first / 2));
        return f.for(int(0), int(keys), 1, (place) => {
          const address = (i: Expr<"i32">): Code => to.set(at(out.get, plus(times(place, words), i), "uint32"));
          const together = f.for(int(0), int(end), stride, (i) => [
            blocks.map(([x, y], b) => [
              x.set(i32x4.splat(int(stream as number))),
              y.set(i32x4.add(i32x4.splat(counter(i)), i32x4.const(4 * b, 4 * b + 1, 4 * b + 2, 4 * b + 3))),
            ]),
            rounds(four, blocks, wide),
            address(i),
            blocks.map(([x, y], b) =>
              turns.map((bytes, half) => v128.store(to.get, v128.shuffle(x.get, y.get, bytes), 32 * b + 16 * half)),
            ),
          ]);
          const left = f.for(int(end), int(drawn), 2, (i) => [
            block[0].set(int(stream as number)),
            block[1].set(counter(i)),
            rounds(single, [block], k),
            address(i),
            i32.store(to.get, block[0].get),
            drawn % 2 === 0
              ? i32.store(to.get, block[1].get, 4)
              : when(i32.ltS(plus(i, int(1)), int(drawn)), i32.store(to.get, block[1].get, 4)),
          ]);
          return [
            k[0].set(i32.load(at(key.get, times(place, 2), "uint32"))),
            k[1].set(i32.load(at(key.get, times(place, 2), "uint32"), 4)),
            k[2].set(i32.xor(i32.xor(k[0].get, k[1].get), int(parity))),
            end === 0 ? [] : [wide.map((w, i) => w.set(i32x4.splat((k[i] as Local<"i32">).get))), together],
            end === drawn ? [] : left,
          ];
        });
      }),
    );
  const run = draws(count, 0, words);
  if (threads === 1 || count * words < leastWords) return { run, scratch: 0 };
  const parts =
    count === 1
      ? runsOf(words, threads, stride).map(({ start, size: n }) => ({
          run: draws(1, start, n),
          offsets: [0, 4 * start],
        }))
      : runsOf(count, threads, 1).map(({ start, size: n }) => ({
          run: draws(n, 0, words),
          offsets: [8 * start, 4 * start * words],
        }));
  return { run, scratch: 0, parts };
};

export const randomKernels: Readonly<Record<string, KernelMaker>> = { randomBits };
