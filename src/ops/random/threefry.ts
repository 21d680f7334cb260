/** Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). */
import type { Data } from "../../base/dtype.ts";
import { type Shape, sizeOf } from "../../base/shape.ts";
import type { Operation, Type } from "../../graph/operation.ts";
import { apply, type Tensor } from "../../graph/tensor.ts";
import { everywhere } from "../enclosure.ts";
import { operation } from "../record.ts";

export const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** The constant of Threefish's key schedule, truncated to 32 bits. */
export const parity = 0x1bd11bda;

/** One block: two words out of a key of two words and a counter of two words. */
export function threefry(k0: number, k1: number, c0: number, c1: number): readonly [number, number] {
  const out = new Uint32Array(2);
  block(k0, k1, c0, c1, out, 0);
  return [out[0] as number, out[1] as number];
}

/** The same into two places of an array. */
function block(k0: number, k1: number, c0: number, c1: number, out: Uint32Array, at: number): void {
  // The key schedule goes round k0, k1, k2: after four rounds each moves up.
  let first = k0 | 0;
  let second = k1 | 0;
  let third = k0 ^ k1 ^ parity;
  let x = (c0 + first) | 0;
  let y = (c1 + second) | 0;
  for (let i = 1; i <= 5; i++) {
    for (let r = i % 2 === 1 ? 0 : 4, end = r + 4; r < end; r++) {
      const rotation = rotations[r] as number;
      x = (x + y) | 0;
      y = ((y << rotation) | (y >>> (32 - rotation))) ^ x;
    }
    const held = first;
    first = second;
    second = third;
    third = held;
    x = (x + first) | 0;
    y = (y + second + i) | 0;
  }
  out[at] = x;
  out[at + 1] = y;
}

/** What words are drawn for: the first word of the counter. Streams of one key are independent of each other. */
export const streams = { draw: 0, split: 1, fold: 2 } as const;

type BitsAttributes = {
  readonly shape: Shape;
  readonly stream: number;
};

/** Keys [B…, 2] → words [B…, shape…]: word i of a key is word i mod 2 of the block with the counter (stream, ⌊i/2⌋). */
export const randomBitsOperation: Operation = operation<BitsAttributes>({
  name: "randomBits",
  kind: "routine",
  infer: ([key], { shape }) => ({ shape: [...(key as Type).shape.slice(0, -1), ...shape], dtype: "uint32" }),
  evaluate: ([data], _inputs, { shape, stream }, result) => {
    const keys = data as Data;
    const size = sizeOf(shape);
    const out = new Uint32Array(sizeOf(result.shape));
    const last = new Uint32Array(2);
    for (let k = 0; k < keys.length / 2; k++) {
      const [k0, k1] = [keys[2 * k] as number, keys[2 * k + 1] as number];
      for (let i = 0; i + 1 < size; i += 2) block(k0, k1, stream, i / 2, out, k * size + i);
      if (size % 2 === 0) continue;
      block(k0, k1, stream, (size - 1) / 2, last, 0);
      out[k * size + size - 1] = last[0] as number;
    }
    return out;
  },
  batch: ([key], _batched, _size, attributes) => apply(randomBitsOperation, [key as Tensor], attributes),
  interval: (_inputs, _types, _attributes, result) => everywhere(result),
  kernel: (_inputs, { shape, stream }) => ({ name: "randomBits", parameters: { size: sizeOf(shape), stream } }),
  work: (_inputs, _attributes, { shape }) => 100 * sizeOf(shape),
  laws: {
    dtype: "uint32",
    cases: [
      { label: "[2] to [5]", shapes: [[2]], apply: (key) => draw(key as Tensor, [5]), differentiable: false },
      { label: "[3,2] to [2,2]", shapes: [[3, 2]], apply: (key) => draw(key as Tensor, [2, 2]), differentiable: false },
    ],
  },
});

export const draw = (key: Tensor, shape: Shape, stream: number = streams.draw): Tensor =>
  apply(randomBitsOperation, [key], { shape, stream });
