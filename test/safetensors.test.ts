/** safetensors: the bytes that the format prescribes, and that damaged and hostile files are refused. */
import { NablaError, random, type Tensor, tensor } from "nabla";
import { decodeSafetensors, encodeSafetensors } from "nabla/interop";
import { describe, expect, test } from "vitest";
import { decodeTree } from "../src/interop/tree-file.ts";

const seed = Number(process.env.NABLA_SEED ?? 20261124);
console.log(`safetensors: seed ${seed} (NABLA_SEED)`);

const tensors: Readonly<Record<string, Tensor>> = {
  "layers.0.weights": tensor(Float32Array.of(1.5, -2, Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e-45), {
    shape: [2, 3],
  }),
  bias: tensor(Float64Array.of(Math.PI)),
  labels: tensor(Int32Array.of(-1, 2 ** 31 - 1), { shape: [1, 2] }),
  key: tensor(Uint32Array.of(4294967295, 0)),
  mask: tensor([true, false, true]),
  scalar: tensor(3),
  empty: tensor(new Float32Array(0), { shape: [0, 4] }),
  'ключ "x"': tensor([1, 2]),
};

const bits = ({ data }: Tensor): number[] => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];

test("what goes in comes out, to the bit", () => {
  const metadata = { note: "été", format: "nabla" };
  const read = decodeSafetensors(encodeSafetensors({ tensors, metadata }));
  expect(read.metadata).toEqual(metadata);
  expect(Object.keys(read.tensors)).toEqual(Object.keys(tensors));
  for (const [name, t] of Object.entries(tensors)) {
    const again = read.tensors[name] as Tensor;
    expect([again.dtype, again.shape, bits(again)]).toEqual([t.dtype, t.shape, bits(t)]);
  }
});

/** A file by hand: header, then bytes. */
const file = (header: unknown, data: readonly number[] = [], length?: number): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
};

test("a Buffer, whose slices share memory, is read as the bytes it holds", () => {
  const bytes = Buffer.concat([Buffer.from("before"), encodeSafetensors({ tensors })]).subarray(6);
  expect(bits(decodeSafetensors(bytes).tensors["layers.0.weights"] as Tensor)).toEqual(
    bits(tensors["layers.0.weights"] as Tensor),
  );
});

test("the layout is that of the format", () => {
  const made = encodeSafetensors({ tensors: { a: tensor(Float32Array.of(1, 2)) } });
  const length = Number(new DataView(made.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(made.subarray(8, 8 + length)))).toEqual({
    a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
  });
  expect([...made.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
});

describe("dtypes of others", () => {
  test.each<[dtype: string, bytes: number[], value: number, as: string]>([
    ["F16", [0x00, 0x3c], 1, "float32"],
    ["F16", [0x01, 0x00], 2 ** -24, "float32"],
    ["F16", [0xff, 0xfb], -65504, "float32"],
    ["F16", [0x00, 0x7c], Number.POSITIVE_INFINITY, "float32"],
    ["BF16", [0x80, 0xbf], -1, "float32"],
    ["I64", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2, "int32"],
    ["I16", [0x00, 0x80], -32768, "int32"],
    ["I8", [0x80], -128, "int32"],
    ["U8", [0xff], 255, "int32"],
    ["U16", [0xff, 0xff], 65535, "int32"],
    ["U64", [7, 0, 0, 0, 0, 0, 0, 0], 7, "int32"],
    ["BOOL", [0x02], 1, "bool"],
  ])("%s %j is %d", (dtype, bytes, value, as) => {
    const { x } = decodeSafetensors(file({ x: { dtype, shape: [1], data_offsets: [0, bytes.length] } }, bytes)).tensors;
    expect([x?.dtype, x?.item()]).toEqual([as, value]);
  });
});

describe("hostile headers", () => {
  const eight = [0, 0, 0, 0, 0, 0, 0, 0];
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
    ["nothing", new Uint8Array(0), /0 bytes/],
    ["a length beyond the file", file("{}", [], 2 ** 40), /said to have 1099511627776 bytes/],
    ["no JSON", file("{"), /no JSON/],
    ["no UTF-8", file({}, []).map((b, i) => (i === 8 ? 0xff : b)), /no JSON/],
    ["a list", file([]), /no object of names/],
    ["an entry that is none", file({ a: 3 }), /"a" is no object/],
    ["an unknown dtype", file({ a: { ...entry, dtype: "F8" } }, eight), /dtype "F8"/],
    ["a dtype of Object", file({ a: { ...entry, dtype: "constructor" } }, eight), /dtype "constructor"/],
    ["a negative size", file({ a: { ...entry, shape: [-2] } }, eight), /no shape/],
    ["a huge shape", file({ a: { ...entry, shape: [2 ** 30, 2 ** 30] } }, eight), /no shape/],
    ["a shape that does not fit", file({ a: { ...entry, shape: [3] } }, eight), /needs 12 bytes/],
    ["elements beyond the file", file({ a: { ...entry, data_offsets: [8, 16] } }, eight), /there are 8/],
    ["an overlap", file({ a: entry, b: { ...entry, data_offsets: [4, 12] } }, [...eight, 0, 0, 0, 0]), /overlap/],
    ["a dtype of lists in lists", file(`{"a":{"dtype":${"[".repeat(1e5)}${"]".repeat(1e5)}}}`), /dtype object/],
    ["a gap", file({ a: { ...entry, data_offsets: [4, 12] } }, [...eight, 0, 0, 0, 0]), /overlap or leave a gap/],
    ["bytes of nobody", file({ a: entry }, [...eight, 1]), /1 bytes belong to no tensor/],
    ["metadata of numbers", file({ __metadata__: { a: 1 } }), /more than texts/],
    [
      "an integer beyond 32 bits",
      file({ a: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, [0, 0, 0, 0, 1, 0, 0, 0]),
      /no int32/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(NablaError);
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  test("entries over one another are refused before anything is read", () => {
    // 10,000 entries of 1 MB each, all of the same bytes, would be 10 GB.
    const large = { dtype: "U8", shape: [2 ** 20], data_offsets: [0, 2 ** 20] };
    const header = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`t${i}`, large]));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeSafetensors(file(header, new Array<number>(2 ** 20).fill(0)))).toThrow(/overlap/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 2 ** 20);
  });

  test("what could not be read again is not written", () => {
    const t = tensor([1]);
    const proto = Object.defineProperty({}, "__proto__", { value: t, enumerable: true });
    expect(Object.keys(decodeSafetensors(encodeSafetensors({ tensors: proto })).tensors)).toEqual(["__proto__"]);
    expect(() => encodeSafetensors({ tensors: { __metadata__: t } })).toThrow(/E-OPTION.*__metadata__/);
    expect(() => encodeSafetensors({ tensors: { w: [1] as unknown as Tensor } })).toThrow(/E-VALUE.*w is no tensor/);
    const number = { a: 3 as unknown as string };
    expect(() => encodeSafetensors({ tensors: {}, metadata: number })).toThrow(/E-VALUE.*a is no text/);
  });

  test("a tree too deep for the stack is refused", async () => {
    const tree = "[".repeat(1e5) + "]".repeat(1e5);
    const bytes = encodeSafetensors({ tensors: {}, metadata: { tree } });
    await expect(decodeTree("test", bytes)).rejects.toThrow(/E-VALUE test: the tree in the metadata is more than/);
  });

  test("a name of Object's prototype is a name", () => {
    const read = decodeSafetensors(
      file('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 128, 63]),
    );
    expect(Object.keys(read.tensors)).toEqual(["__proto__"]);
  });
});

const count = process.env.NABLA_FULL ? 20_000 : 1000;
test(`${count} damaged files are refused or read`, () => {
  const whole = encodeSafetensors({ tensors, metadata: { note: "x" } });
  const draws = random.integers(random.key(seed), [count, 4], 0, 2 ** 30).data;
  let read = 0;
  for (let i = 0; i < count; i++) {
    const [where = 0, bit = 0, how = 0, twice = 0] = draws.subarray(4 * i, 4 * i + 4);
    const bytes = whole.slice(0, how % 4 === 0 ? where % whole.length : whole.length);
    for (const at of how % 3 === 0 ? [where, twice] : [where])
      if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << (bit % 8));
    try {
      const { tensors: found } = decodeSafetensors(bytes);
      const held = Object.values(found).reduce((n, t) => n + t.data.byteLength, 0);
      expect(held).toBeLessThanOrEqual(4 * bytes.length); // 8-bit integers become 32
      read++;
    } catch (error) {
      if (!(error instanceof NablaError)) throw error;
    }
  }
  expect(read).toBeGreaterThan(0);
});
