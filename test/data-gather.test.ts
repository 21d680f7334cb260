/** Batches are gathered where they are needed: the same elements, whoever reads them, whatever is done to the places. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arrays, batches, openSpool, shuffled, spool } from "../src/data/index.ts";
import { compile, random, type Tensor, tensor } from "../src/index.ts";

type Example = { readonly x: Tensor; readonly y: Tensor };
const size = 41;
/** Rows below and above the length from which they are copied as a whole. */
const widths = [1, 5, 32, 77];

const elements = (width: number) => ({
  x: Float32Array.from({ length: size * width }, (_, i) => Math.fround(Math.sin(i + 1))),
  y: Int32Array.from({ length: size }, (_, i) => 1000 - i),
});
const examples = (width: number): Example => {
  const { x, y } = elements(width);
  return { x: tensor(x, { shape: [size, width] }), y: tensor(y) };
};
const wanted = (width: number, places: readonly number[]) => {
  const { x, y } = elements(width);
  return { x: places.map((p) => [...x.subarray(p * width, (p + 1) * width)]), y: places.map((p) => y[p]) };
};
const listed = ({ x, y }: Example) => ({ x: x.toArray(), y: y.toArray() });

test.each(widths)("rows of %i elements: read, passed to a program, both, in either order", async (width) => {
  const folder = mkdtempSync(join(tmpdir(), "nabla-gather-"));
  const file = await spool([examples(width)], { file: join(folder, "a.spool") });
  const opened = await openSpool<Example>(file.file);
  const same = compile((batch: Example): Example => ({ x: batch.x.mul(1), y: batch.y.mul(1) }));
  const places = [40, 0, 7, 7, 13, 39];
  for (const data of [arrays(examples(width)), opened]) {
    const given = Uint32Array.from(places);
    const [a, b] = [await data.take(given), await data.take(given)] as [Example, Example];
    given.fill(3);
    expect(listed(same(a))).toEqual(wanted(width, places));
    expect(listed(a)).toEqual(wanted(width, places));
    expect(listed(b)).toEqual(wanted(width, places));
    expect(listed(same(b))).toEqual(wanted(width, places));
    expect(listed(same(a))).toEqual(wanted(width, places));
  }
  await opened.close();
  rmSync(folder, { recursive: true });
});

test("batches that are kept stay as they are while the program goes on", async () => {
  const program = compile((batch: Example): Tensor => batch.x.sum());
  const kept: Example[] = [];
  for await (const batch of batches(arrays(examples(77)), { batchSize: 8, seed: 5 })) {
    program(batch);
    kept.push(batch);
  }
  const order = [...shuffled(size, { seed: 5, epoch: 0 })];
  expect(kept.map(listed)).toEqual(kept.map((_, k) => wanted(77, order.slice(k * 8, (k + 1) * 8))));
});

test("an order that is worked out as it is asked for is a permutation, each place as likely anywhere", () => {
  const [n, epochs] = [5, 4000];
  const counts = new Float64Array(n * n);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(n, { seed: 11, epoch });
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
    order.forEach((place, at) => {
      counts[place * n + at] = (counts[place * n + at] as number) + 1;
    });
  }
  // χ² of (n − 1)² = 16 degrees of freedom: above 45 once in 7000 times.
  const expected = epochs / n;
  expect(counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)).toBeLessThan(45);
});

test("a state that was passed on cannot be written into another program either", () => {
  const next = compile((s: Tensor): [Tensor, Tensor] => [s.add(1), s.sum()], { state: true });
  const other = compile((s: Tensor): Tensor => s.mul(2));
  const [first] = next(random.uniform(random.key(1), [3]));
  const [second] = next(first);
  expect(() => other(first)).toThrow("E-CONSUMED");
  const values = other(second).toArray() as number[]; // while it lies in the program's memory
  expect(values).toEqual((second.toArray() as number[]).map((v) => 2 * v));
});
