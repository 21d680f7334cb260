/** Examples in files of rows, and the order in which an epoch meets them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { NablaError, type Tensor, tensor } from "nabla";
import { arrays, batches, type Dataset, openSpool, shuffledByBlocks, spool } from "nabla/data";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "nabla-spool-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = {
  size: fc.integer({ min: 0, max: 200 }),
  block: fc.integer({ min: 1, max: 30 }),
  buffer: fc.integer({ min: 1, max: 90 }),
};
const seed = fc.integer({ min: 0, max: 1000 });

describe("order by blocks", () => {
  test("each place once; any stretch is the same, whatever was asked before", () => {
    fc.assert(
      fc.property(
        sizes.size,
        sizes.block,
        sizes.buffer,
        seed,
        fc.nat(200),
        fc.nat(200),
        (size, block, buffer, seed, a, b) => {
          const epoch = { seed, epoch: 3 };
          const whole = shuffledByBlocks(size, block, buffer, epoch)(0, size);
          expect([...whole].sort((p, q) => p - q)).toEqual(Array.from({ length: size }, (_, i) => i));
          const [from, to] = [Math.min(a, b, size), Math.max(a, b)];
          expect(shuffledByBlocks(size, block, buffer, epoch)(from, to)).toEqual(whole.slice(from, to));
        },
      ),
    );
  });

  test("examples of a block lie less than a buffer apart", () => {
    fc.assert(
      fc.property(sizes.size, sizes.block, sizes.buffer, seed, (size, block, buffer, seed) => {
        const order = shuffledByBlocks(size, block, buffer, { seed, epoch: 0 })(0, size);
        const seen = new Map<number, number>();
        order.forEach((place, at) => {
          const one = Math.floor(place / block);
          if (!seen.has(one)) seen.set(one, at);
          expect(at - (seen.get(one) as number)).toBeLessThan(Math.max(block, buffer));
        });
      }),
    );
  });

  test("counts that are none are refused", () => {
    for (const [block, buffer] of [
      [0, 4],
      [2, Number.NaN],
      [1.5, 4],
      [2, -1],
    ] as const)
      expect(() => shuffledByBlocks(10, block, buffer, { seed: 0, epoch: 0 })).toThrow("E-OPTION shuffledByBlocks");
  });

  // 40 examples in 5 blocks of 8 (the last of them short), groups of 2.
  test("each example is at each position as often as at any other", () => {
    const [size, runs] = [39, 4000];
    const counts = new Float64Array(size * size);
    for (let seed = 0; seed < runs; seed++)
      shuffledByBlocks(size, 8, 16, { seed, epoch: 0 })(0, size).forEach((place, at) => {
        counts[place * size + at] = (counts[place * size + at] as number) + 1;
      });
    // χ² with (39 − 1)² degrees of freedom; block neighbours are counted together, so its spread is greater: 8-fold.
    const expected = runs / size;
    const chi2 = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    const freedom = (size - 1) ** 2;
    expect(Math.abs(chi2 - freedom)).toBeLessThan(6 * 8 * Math.sqrt(2 * freedom));
  });

  test("on a sorted file the mean of a batch varies as documented", () => {
    const [n, block, g, batch] = [64, 16, 8, 32]; // values are numbers of blocks
    const size = n * block;
    const means: number[] = [];
    for (let seed = 0; seed < 3000; seed++) {
      const places = shuffledByBlocks(size, block, g * block, { seed, epoch: 0 })(0, batch);
      means.push(places.reduce((sum, place) => sum + Math.floor(place / block), 0) / batch);
    }
    const mean = means.reduce((a, b) => a + b) / means.length;
    const variance = means.reduce((sum, m) => sum + (m - mean) ** 2, 0) / means.length;
    const V = (n * n - 1) / 12;
    const uniform = (V / batch) * (1 - batch / size);
    expect(mean).toBeCloseTo((n - 1) / 2, 0);
    // Of a batch of b from a group: the group's mean, and the batch within the group.
    const added = (V / g) * (1 - g / n);
    expect(variance / (uniform + added)).toBeGreaterThan(0.85);
    expect(variance / (uniform + added)).toBeLessThan(1.15);
  });
});

const example = (i: number) => ({ x: [Math.fround(Math.sin(i)), i, -i], label: i % 7 });
type Examples = { x: Tensor; more: { label: Tensor }[] };
/** n examples in batches of uneven size. */
function* stacked(n: number): Generator<Examples> {
  for (let from = 0, size = 1; from < n; from += size, size = (size * 5) % 97) {
    const rows = Array.from({ length: Math.min(size, n - from) }, (_, i) => example(from + i));
    const x = tensor(Float32Array.from(rows.flatMap((row) => row.x)), { shape: [rows.length, 3] });
    yield { x, more: [{ label: tensor(Int32Array.from(rows, (row) => row.label)) }] };
  }
}
const n = 20_000; // four blocks
const file = join(folder, "whole.spool");

beforeAll(async () => (await spool(stacked(n), { file })).close());

test("what was written is taken", async () => {
  const data = await openSpool<Examples>(file);
  expect([data.size, data.block]).toEqual([n, 4096]);
  const again = await openSpool<Examples>(file, { cache: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(n - 1), { minLength: 1, maxLength: 20 }), async (places) => {
      for (const from of [data, again]) {
        const { x, more } = await from.take(Uint32Array.from(places));
        expect(x.toArray()).toEqual(places.map((i) => example(i).x));
        expect(more[0]?.label.toArray()).toEqual(places.map((i) => example(i).label));
        expect([x.dtype, more[0]?.label.dtype]).toEqual(["float32", "int32"]);
      }
    }),
    { numRuns: 30 },
  );
  await expect(data.take(Uint32Array.of(n))).rejects.toThrow("E-INDEX");
  await data.close();
  await again.close();
  expect(readdirSync(folder)).toEqual(["whole.spool"]);
  const closed = await openSpool<Examples>(file);
  await closed.close();
  await expect(closed.take(Uint32Array.of(0))).rejects.toThrow(`${file}: the file is closed`);
  await expect(openSpool(folder)).rejects.toThrow(`${folder}: this is a folder`);
});

test("single examples; a file without a name", async () => {
  const before = readdirSync(tmpdir()).filter((name) => /^nabla-\w{6}$/.test(name)).length;
  const data = await spool([{ x: tensor(new Float32Array([1, 2])) }, { x: tensor(new Float32Array([3, 4])) }], {
    each: "example",
  });
  expect((await data.take(Uint32Array.of(1, 0))).x.toArray()).toEqual([
    [3, 4],
    [1, 2],
  ]);
  expect(readdirSync(tmpdir()).filter((name) => /^nabla-\w{6}$/.test(name)).length).toBe(before);
  await data.close();
});

test.each<[string, unknown[], string]>([
  ["nothing", [], "the source gives no examples"],
  ["float64", [{ x: tensor([1, 2]) }], "E-DTYPE spool: examples.x is float64"],
  [
    "other shapes",
    [{ x: new Float32Array(2) }, { x: tensor(new Float32Array(4), { shape: [2, 2] }) }],
    "E-SHAPE spool: examples.x",
  ],
  ["other names", [{ x: new Float32Array(2) }, { z: new Float32Array(2) }], "E-SHAPE spool: examples.z"],
  ["texts", [{ x: "a" }], "E-TREE spool"],
])("refused: %s", async (_, source, part) => {
  await expect(spool(source, { file: join(folder, "refused.spool") })).rejects.toThrow(part);
  expect(readdirSync(folder)).toEqual(["whole.spool"]);
});

test("batches: any beginning, any depth, the same bits", async () => {
  const data = await openSpool<Examples>(file);
  const slow: Dataset<Examples> = {
    ...data,
    take: async (places) => {
      await new Promise((done) => setTimeout(done, (places[0] as number) % 3));
      return data.take(places);
    },
  };
  const read = async (from: Dataset<Examples>, options: object): Promise<number[][]> => {
    const all: number[][] = [];
    for await (const { x } of batches(from, { batchSize: 128, seed: 5, epoch: 1, ...options }))
      all.push(Array.from(x.data));
    return all;
  };
  const whole = await read(data, {});
  expect(
    whole
      .flat()
      .filter((_, i) => i % 3 === 1)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: n }, (_, i) => i));
  expect(await read(data, { from: 100, ahead: 0 })).toEqual(whole.slice(100));
  expect(await read(slow, { from: 120, ahead: 20 })).toEqual(whole.slice(120));
  const memory = arrays({ x: new Float32Array(10) });
  await expect(batches(memory, { batchSize: 2, from: -1 }).next()).rejects.toThrow("batches: from is -1");
  await data.close();
});

/** The message of the NablaError, or "taken" where what is taken is right. */
async function taken(bytes: Uint8Array): Promise<string> {
  const broken = join(folder, "broken.spool");
  writeFileSync(broken, bytes);
  try {
    const data = await openSpool<Examples>(broken);
    try {
      const places = Uint32Array.from({ length: 20 }, (_, i) => i * 1000);
      const { x } = await data.take(places);
      expect(x.toArray()).toEqual(Array.from(places, (i) => example(i).x));
      return "taken";
    } finally {
      await data.close();
    }
  } catch (error) {
    if (error instanceof NablaError) return error.message;
    throw error;
  }
}

test("a spool that is cut or changed is an error or right", async () => {
  const bytes = readFileSync(file);
  expect(await taken(bytes)).toBe("taken");
  const runs = process.env.NABLA_FULL ? 10_000 : 200;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.nat(7),
      fc.constantFrom("flip", "cut", "head", "tail"),
      async (at, bit, how) => {
        if (how === "cut") {
          expect(await taken(bytes.subarray(0, at))).toContain("E-VALUE");
          return;
        }
        const place = how === "head" ? at % 32 : how === "tail" ? bytes.length - 1 - (at % 400) : at;
        const changed = Uint8Array.from(bytes);
        changed[place] = (changed[place] as number) ^ (1 << bit);
        // Four bytes of the head mean nothing.
        expect(await taken(changed)).toContain(place >= 28 && place < 32 ? "taken" : "E-VALUE");
      },
    ),
    { numRuns: runs },
  );
}, 600_000);

test("while one batch is worked on the next are being read", async () => {
  const begun: number[] = [];
  const data: Dataset<Examples> = {
    size: 12,
    block: 1,
    take: async (places) => {
      begun.push(places[0] as number);
      return { x: tensor(Float32Array.from(places)), more: [] };
    },
  };
  for (const [ahead, first] of [
    [0, [0]],
    [1, [0, 2]],
    [3, [0, 2, 4, 6]],
  ] as const) {
    begun.length = 0;
    const epoch = batches(data, { batchSize: 2, shuffle: false, ahead });
    await epoch.next();
    expect(begun).toEqual(first);
    await epoch.return();
  }
});

test.runIf(process.env.NABLA_FULL)(
  "a file of 1.2 GB is written and mixed in a fifth of that memory",
  async () => {
    const rows = 3_000_000; // of 400 bytes
    function* wide() {
      for (let from = 0; from < rows; from += 10_000)
        yield { x: tensor(new Float32Array(1_000_000).fill(from / 10_000), { shape: [10_000, 100] }) };
    }
    const before = process.memoryUsage.rss();
    let most = before;
    const data = await spool(wide(), { file: join(folder, "wide.spool") });
    let [count, sum] = [0, 0];
    for await (const { x } of batches(data, { batchSize: 1000, seed: 1 })) {
      sum += x.data[0] as number;
      count += 1;
      most = Math.max(most, process.memoryUsage.rss());
    }
    await data.close();
    expect([data.size, count]).toEqual([rows, 3000]);
    expect(sum / count / 149.5).toBeCloseTo(1, 0);
    expect((most - before) / 2 ** 20).toBeLessThan(250);
  },
  600_000,
);
