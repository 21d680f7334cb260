/** Kernels of routines = the meaning of their operations, bit for bit, and no byte outside their buffers. */
import { describe, expect, test } from "vitest";
import { ModuleBuilder } from "../src/backend/wasm/encode.ts";
import { copyKernel } from "../src/backend/wasm/kernels/copy.ts";
import { allocate, byteSize, type DType, dtypes, viewOf } from "../src/base/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../src/base/shape.ts";
import type { Attributes, Operation, Type } from "../src/graph/operation.ts";
import { matmulOperation } from "../src/ops/contract.ts";
import { scatterAddOperation, takeOperation, updateOperation } from "../src/ops/gather.ts";
import { concatenateOperation, spreadOperation } from "../src/ops/movement.ts";
import { forEachOffset } from "../src/ops/record.ts";
import { argmaxOperation, argminOperation, cumsumOperation } from "../src/ops/reduce.ts";
import { argsortOperation } from "../src/ops/sort.ts";
import { elements, exact, mulberry32, pick, type Random } from "./wasm-kernels/draw.ts";
import { type KernelCase, runCases } from "./wasm-kernels/run.ts";

const seed = Number(process.env.NABLA_SEED ?? 20261123);
console.log(`wasm kernels: seed ${seed} (NABLA_SEED)`);

const numeric = dtypes.filter((d) => d !== "bool");
const whole = (random: Random, low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const sizes = (random: Random, rank: number): number[] =>
  Array.from({ length: rank }, () => pick(random, [0, 1, 2, 3, 4, 5, 7, 8, 17]));

function places(random: Random, count: number, n: number, wrong: boolean): Int32Array {
  const index = Int32Array.from({ length: count }, () => whole(random, -n, n - 1));
  if (wrong && count > 0) index[whole(random, 0, count - 1)] = pick(random, [n, -n - 1, 2 ** 31 - 1, -(2 ** 31)]);
  return index;
}

function make(
  operation: Operation,
  attributes: Attributes,
  inputs: readonly Type[],
  more: Partial<KernelCase>,
): KernelCase {
  const show = inputs.map((t) => `${t.dtype}[${t.shape}]`).join(" ");
  const name = `${operation.name} ${show} ${JSON.stringify(attributes)}${more.inPlace ? " in place" : ""}`;
  return { name, operation, attributes, inputs, values: [], ...more };
}

const plain = (random: Random, operation: Operation, attributes: Attributes, inputs: readonly Type[]): KernelCase =>
  make(operation, attributes, inputs, { values: inputs.map((t) => elements(random, t.dtype, sizeOf(t.shape))) });

/** x: [B…, n, R…], index: [B…, I…]; an empty axis has no place, so every index is wrong. */
function gathering(random: Random, dtype: DType, how: "take" | "scatterAdd" | "update"): KernelCase {
  const [lead, rest] = [sizes(random, whole(random, 0, 2)), sizes(random, whole(random, 0, 2))];
  const [n, batch] = [pick(random, [0, 1, 2, 5, 9, 33]), lead.length];
  const shape = [...lead, ...(how === "update" ? [] : sizes(random, whole(random, 0, 2)))];
  const index: Type = { shape, dtype: "int32" };
  const at = places(random, sizeOf(shape), n, random() < 0.1);
  const x: Type = { shape: [...lead, n, ...rest], dtype };
  const rows: Type = { shape: [...shape, ...rest], dtype };
  const [values, updates] = [x, rows].map((t) => elements(random, dtype, sizeOf(t.shape))) as [
    Float64Array,
    Float64Array,
  ];
  if (how === "take") return make(takeOperation, { batch }, [x, index], { values: [values, at] });
  if (how === "scatterAdd")
    return make(scatterAddOperation, { batch, size: n }, [index, rows], { values: [at, updates] });
  return make(updateOperation, { batch }, [x, index, rows], {
    values: [values, at, updates],
    inPlace: random() < 0.5,
  });
}

function spreading(random: Random, dtype: DType): KernelCase {
  const shape = sizes(random, whole(random, 0, 3));
  const some = (): number[] => shape.map(() => pick(random, [0, 0, 1, 3]));
  return inRows(random, plain(random, spreadOperation, { low: some(), high: some(), gap: some() }, [{ shape, dtype }]));
}

function joining(random: Random, dtype: DType): KernelCase {
  const shape = sizes(random, whole(random, 1, 3));
  const axis = whole(random, 0, shape.length - 1);
  const inputs = Array.from({ length: whole(random, 1, 4) }, () => ({
    shape: shape.with(axis, pick(random, [0, 1, 3, 20])),
    dtype,
  }));
  return inRows(random, plain(random, concatenateOperation, { axis }, inputs));
}

/** The inputs lie as parts of larger arrays: somewhere in them, in rows that are whole. */
function inRows(random: Random, c: KernelCase): KernelCase {
  const stored = c.inputs.map(({ shape, dtype }, k) => {
    const around = shape.map((n) => n + whole(random, 0, 2));
    const strides = stridesOf(around);
    const offset = whole(random, 0, 3);
    const data = elements(random, dtype, offset + sizeOf(around));
    forEachOffset(shape, [strides], ([to], i) => {
      data[offset + (to as number)] = c.values[k]?.[i] as number;
    });
    return { data, offset, strides };
  });
  return { ...c, stored };
}

function ordering(random: Random, dtype: DType, operation: Operation): KernelCase {
  const shape = sizes(random, whole(random, 1, 3));
  const axis = whole(random, 0, shape.length - 1);
  if (operation === argsortOperation) {
    return plain(random, operation, {}, [{ shape: shape.with(-1, pick(random, [0, 1, 2, 3, 31, 64, 200])), dtype }]);
  }
  if (operation === cumsumOperation)
    return plain(random, operation, { axis, reverse: random() < 0.5 }, [{ shape, dtype }]);
  return plain(random, operation, { axis }, [
    { shape: shape.with(axis, pick(random, [1, 2, 3, 7, 9, 40, 67])), dtype },
  ]);
}

/** The matrices of an operand lie row by row, transposed, or with gaps between the elements; batch axes broadcast. */
function product(random: Random, dtype: DType): KernelCase {
  const [m, n, k] = [0, 0, 0].map(() => pick(random, [0, 1, 2, 3, 8, 13])) as [number, number, number];
  const batch = Array.from({ length: whole(random, 0, 3) }, () => pick(random, [1, 2, 3]));
  const operand = (rows: number, columns: number) => {
    const lead = batch.slice(whole(random, 0, batch.length)).map((size) => (random() < 0.4 ? 1 : size));
    const shape = [...lead, rows, columns];
    const gap = pick(random, [1, 1, 2]);
    const order = random() < 0.5 ? [...lead, columns, rows] : undefined;
    const own = stridesOf(order ?? shape).map((s) => s * gap);
    const strides = order === undefined ? own : [...own.slice(0, -2), own.at(-1) as number, own.at(-2) as number];
    const offset = whole(random, 0, 3);
    const data = exact(random, dtype, offset + sizeOf(shape) * gap);
    const values = exact(random, dtype, sizeOf(shape));
    forEachOffset(shape, [strides], ([from], i) => {
      values[i] = data[offset + (from as number)] as number;
    });
    return { type: { shape, dtype }, values, stored: { data, offset, strides } };
  };
  const sides = [operand(m, k), operand(k, n)];
  const inputs = sides.map((s) => s.type);
  return make(matmulOperation, {}, inputs, { values: sides.map((s) => s.values), stored: sides.map((s) => s.stored) });
}

const families: Record<string, readonly [readonly DType[], (random: Random, dtype: DType) => KernelCase]> = {
  take: [dtypes, (r, d) => gathering(r, d, "take")],
  scatterAdd: [numeric, (r, d) => gathering(r, d, "scatterAdd")],
  update: [dtypes, (r, d) => gathering(r, d, "update")],
  spread: [dtypes, spreading],
  concatenate: [dtypes, joining],
  argsort: [dtypes, (r, d) => ordering(r, d, argsortOperation)],
  argmax: [dtypes, (r, d) => ordering(r, d, argmaxOperation)],
  argmin: [dtypes, (r, d) => ordering(r, d, argminOperation)],
  cumsum: [numeric, (r, d) => ordering(r, d, cumsumOperation)],
  matmul: [numeric, product],
};

describe.each(Object.entries(families))("%s", (_name, [types, draw]) => {
  test.each(types)("%s", (dtype) => {
    const random = mulberry32(seed);
    expect(runCases(Array.from({ length: 80 }, () => draw(random, dtype)))).toEqual([]);
  });
});

interface CopyCase {
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** Permuted, flipped, sliced and stretched axes of one array. */
function copyCase(random: Random): CopyCase {
  const shape = Array.from({ length: whole(random, 0, 4) }, () => pick(random, [0, 1, 2, 3, 5, 8, 19]));
  if (random() < 0.3) shape.splice(0, shape.length, pick(random, [33, 67, 70]), pick(random, [34, 65]));
  const order = shape.map((_, i) => [random(), i] as const).sort(([a], [b]) => a - b);
  const gap = pick(random, [1, 1, 2]);
  const strides = shape.map(() => 0);
  let stride = gap;
  for (const [, axis] of order) {
    const kind = random();
    strides[axis] = kind < 0.1 ? 0 : kind < 0.2 ? -stride : stride;
    stride *= Math.max(1, shape[axis] as number) + (random() < 0.2 ? 1 : 0);
  }
  return { shape, strides };
}

test.each(dtypes)("copies of strided views of %s", (dtype) => {
  const random = mulberry32(seed);
  const module = new ModuleBuilder();
  const cases = Array.from({ length: 150 }, (_, i) => {
    const { shape, strides } = copyCase(random);
    const spans = strides.map((s, axis) => s * Math.max(0, (shape[axis] as number) - 1));
    const offset = 1 - spans.reduce((sum, s) => sum + Math.min(0, s), 0);
    const length = offset + 1 + spans.reduce((sum, s) => sum + Math.max(0, s), 0);
    module.export(`k${i}`, copyKernel(module, dtype, shape, { offset, strides }));
    return { shape, strides, offset, length };
  });
  const memory = new WebAssembly.Memory({ initial: 64 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  const wrong = cases.flatMap(({ shape, strides, offset, length }, i) => {
    const count = sizeOf(shape);
    const outBytes = count * byteSize[dtype];
    all.fill(0xa5);
    // The input ends where the memory ends: a read beyond it traps.
    const input = all.length - length * byteSize[dtype];
    const data = viewOf(dtype, memory.buffer, input, length);
    data.set(elements(random, dtype, length));
    const expected = allocate(dtype, count);
    forEachOffset(shape, [strides], ([from], k) => {
      expected[k] = data[offset + (from as number)] as number;
    });
    const kept = data.slice();
    (exports[`k${i}`] as (input: number, output: number) => void)(input, 64);
    const same = viewOf(dtype, memory.buffer, 64, count).every((v, k) => Object.is(v, expected[k]));
    const clean =
      all.subarray(0, 64).every((b) => b === 0xa5) &&
      all.subarray(64 + outBytes, 128 + outBytes).every((b) => b === 0xa5);
    const untouched = data.every((v, k) => Object.is(v, kept[k]));
    return same && clean && untouched ? [] : [JSON.stringify({ shape, strides, offset, same, clean, untouched })];
  });
  expect(wrong).toEqual([]);
});
