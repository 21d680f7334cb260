/** IDX, PNG and JPEG: what was written is read, what is broken is an error, what claims to be huge stays small. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { encode as encodePNG } from "fast-png";
import jpeg from "jpeg-js";
import { NablaError } from "nabla";
import { readIDX, readImages } from "nabla/data";
import { afterAll, expect, test } from "vitest";
import { decodeImage } from "../src/data/image/decode.ts";

const full = process.env.NABLA_FULL !== undefined;
const folder = mkdtempSync(join(tmpdir(), "nabla-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

const idx = (type: number, shape: number[], body: Uint8Array): Uint8Array => {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint8(2, type);
  head.setUint8(3, shape.length);
  shape.forEach((n, i) => {
    head.setUint32(4 + 4 * i, n);
  });
  return Buffer.concat([new Uint8Array(head.buffer), body]);
};
const blob = (bytes: Uint8Array): Blob => new Blob([bytes as BlobPart]);
const images = idx(8, [3, 2, 2], Uint8Array.of(0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6));

test("IDX, gzipped or not", async () => {
  for (const bytes of [images, gzipSync(images)]) {
    const whole = await readIDX(blob(bytes));
    expect([whole.dtype, whole.shape]).toEqual(["int32", [3, 2, 2]]);
    expect(Array.from(whole.data)).toEqual([0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6]);
    const scaled = await readIDX(blob(bytes), { scale: 1 / 255 });
    expect(scaled.dtype).toBe("float32");
    expect(scaled.toArray()).toEqual(whole.mul(1).cast("float64").div(255).cast("float32").toArray());
  }
  const doubles = new DataView(new ArrayBuffer(16));
  doubles.setFloat64(0, Math.PI);
  doubles.setFloat64(8, -1e300);
  expect((await readIDX(blob(idx(14, [2], new Uint8Array(doubles.buffer))))).toArray()).toEqual([Math.PI, -1e300]);
  expect((await readIDX(blob(idx(11, [1], Uint8Array.of(0xff, 0xfe))))).toArray()).toEqual([-2]);
});

const isError = async (run: Promise<unknown>): Promise<string> => {
  const error = await run.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error !== undefined) expect(error).toBeInstanceOf(NablaError);
  return error === undefined ? "none" : (error as Error).message;
};

test.each<[string, Uint8Array, string]>([
  ["empty", new Uint8Array(0), "does not begin like one"],
  ["cut", images.subarray(0, 20), "it has 20 bytes, its head says 28"],
  ["longer", Buffer.concat([images, Uint8Array.of(0)]), "it has 29 bytes"],
  ["four thousand million squared", idx(8, [2 ** 32 - 1, 2 ** 32 - 1], new Uint8Array(9)), "its head says"],
  ["a bomb", gzipSync(Buffer.concat([images, new Uint8Array(5e7)])), "more comes than it says"],
  ["a cut zip", gzipSync(images).subarray(0, 30), "no whole IDX file"],
])("IDX: %s", async (_, bytes, part) => {
  expect(await isError(readIDX(blob(bytes)))).toContain(part);
});

const noise = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256);

test.each([
  [8, 1],
  [8, 2],
  [8, 3],
  [8, 4],
  [16, 3],
] as const)("PNG of %i bits and %i channels", async (depth, channels) => {
  const [width, height] = [5, 4];
  const data =
    depth === 8 ? noise(width * height * channels) : Uint16Array.from(noise(width * height * channels), (v) => v * 257);
  const {
    rows,
    columns,
    channels: given,
    samples,
  } = await decodeImage("a.png", encodePNG({ width, height, depth, channels, data }));
  const colours = channels >= 3 ? 3 : 1;
  expect([rows, columns, given]).toEqual([height, width, colours]);
  const most = 2 ** depth - 1;
  const expected = Array.from(data).filter((_, i) => i % channels < colours);
  expect(Array.from(samples)).toEqual(expected.map((v) => Math.fround(v / most)));
});

/** A PNG by the specification, of any head. */
function png(head: number[], raw: Uint8Array, ...others: [string, Uint8Array][]): Uint8Array {
  const chunk = (type: string, body: Uint8Array): Buffer => {
    const named = Buffer.concat([Buffer.from(type), body]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  };
  const [width = 0, height = 0, ...rest] = head;
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(width, 0);
  sizes.writeUInt32BE(height, 4);
  const chunks = [
    chunk("IHDR", Buffer.concat([sizes, Buffer.from(rest)])),
    ...others.map(([type, body]) => chunk(type, body)),
  ];
  const mark = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  return Buffer.concat([mark, ...chunks, chunk("IDAT", deflateSync(raw)), chunk("IEND", new Uint8Array(0))]);
}

test("PNG: bits, palettes, bombs", async () => {
  const bits = await decodeImage("a.png", png([3, 2, 1, 0, 0, 0, 0], Uint8Array.of(0, 0b10100000, 0, 0b01000000)));
  expect(Array.from(bits.samples)).toEqual([1, 0, 1, 0, 1, 0]);
  const palette = png([2, 1, 8, 3, 0, 0, 0], Uint8Array.of(0, 1, 0), ["PLTE", Uint8Array.of(255, 0, 0, 0, 51, 255)]);
  expect(Array.from((await decodeImage("a.png", palette)).samples)).toEqual([0, Math.fround(0.2), 1, 1, 0, 0]);
  expect(await isError(decodeImage("a.png", png([60000, 60000, 8, 0, 0, 0, 0], new Uint8Array(9))))).toContain(
    "E-LIMIT",
  );
  expect(await isError(decodeImage("a.png", png([2, 2, 8, 0, 0, 0, 0], new Uint8Array(1e8))))).toContain("more comes");
  expect(await isError(decodeImage("a.gif", new Uint8Array(20)))).toContain("neither PNG nor JPEG");
});

test("folders are classes", async () => {
  const grey = (value: number) => ({
    width: 4,
    height: 2,
    depth: 8 as const,
    channels: 1 as const,
    data: new Uint8Array(8).fill(value),
  });
  for (const name of ["cat", "dog"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "cat", "1.png"), encodePNG(grey(51)));
  const red = Buffer.from(Array.from({ length: 8 }, () => [255, 0, 0, 255]).flat());
  writeFileSync(join(folder, "dog", "1.jpg"), jpeg.encode({ width: 4, height: 2, data: red }, 95).data);
  writeFileSync(join(folder, "dog", "notes.txt"), "");
  const data = await readImages(folder);
  expect([data.size, data.classes]).toEqual([2, ["cat", "dog"]]);
  const { x, y } = await data.take(Uint32Array.of(1, 0));
  expect([x.shape, y.toArray()]).toEqual([
    [2, 3, 2, 4],
    [1, 0],
  ]);
  const means = x.mean({ axis: [2, 3] }).toArray() as number[][];
  [1, 0, 0].forEach((value, c) => {
    expect(means[0]?.[c]).toBeCloseTo(value, 1);
  });
  expect(means[1]).toEqual([Math.fround(0.2), Math.fround(0.2), Math.fround(0.2)]);
  const { x: luma } = await (await readImages(folder, { channels: 1 })).take(Uint32Array.of(0));
  expect(luma.toArray()).toEqual([[Array(2).fill(Array(4).fill(Math.fround(0.2)))]]);
  writeFileSync(join(folder, "dog", "2.png"), encodePNG({ ...grey(1), width: 2, height: 4 }));
  expect(await isError((await readImages(folder)).take(Uint32Array.of(2)) as Promise<unknown>)).toContain(
    "4 × 2 pixels",
  );
  expect(await isError(readImages(join(folder, "none")))).toContain("no such file or folder");
  expect(await isError(readImages(join(folder, "cat")))).toContain("no PNG or JPEG files");
});

const photo = jpeg.encode({ width: 16, height: 16, data: Buffer.from(noise(1024)) }, 80).data;
test.each<[string, Uint8Array, (bytes: Uint8Array) => Promise<unknown>]>([
  ["IDX", images, (bytes) => readIDX(blob(bytes))],
  ["gzipped IDX", gzipSync(images), (bytes) => readIDX(blob(bytes))],
  ["PNG", encodePNG({ width: 16, height: 16, channels: 1, data: noise(256) }), (bytes) => decodeImage("a.png", bytes)],
  ["JPEG", photo, (bytes) => decodeImage("a.jpg", bytes)],
])(
  "broken %s: an error or a picture, never more",
  async (_, bytes, read) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const changed = Uint8Array.from(cut ? bytes.subarray(0, at) : bytes);
        if (!cut) changed[at] = byte;
        await isError(read(changed));
      }),
      { numRuns: full ? 10_000 : 80 },
    );
  },
  600_000,
);
