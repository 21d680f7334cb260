import { describe, expect, it } from "vitest";
import { ModuleBuilder } from "../src/backend/wasm/encode.ts";
import { hasFused } from "../src/backend/wasm/fused.ts";
import { type MatmulSpec, matmulKernel, matmulScratch } from "../src/backend/wasm/matmul.ts";

const seed = Number(process.env.MATMUL_SEED ?? 20250611);
const page = 65536;
const guard = 64;
const canary = 0xa5;

function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Dtype = MatmulSpec["dtype"];
type Strides = MatmulSpec["a"];
const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint32: Uint32Array };

const layouts = {
  rowMajor: (r, c) => ({ batch: r * c, row: c, column: 1 }),
  transposed: (r, c) => ({ batch: r * c, row: 1, column: r }),
  sharedBatch: (_r, c) => ({ batch: 0, row: c, column: 1 }),
  sharedTransposed: (r) => ({ batch: 0, row: 1, column: r }),
  paddedRows: (r, c) => ({ batch: r * (c + 3) + 5, row: c + 3, column: 1 }),
  paddedColumns: (r, c) => ({ batch: (r + 1) * c, row: 1, column: r + 1 }),
  everyOther: (r, c) => ({ batch: 6 * r * c, row: 6 * c, column: 2 }),
  flippedRows: (r, c) => ({ batch: r * c, row: -c, column: 1 }),
  flippedColumns: (r, c) => ({ batch: -r * c, row: c, column: -1 }),
  flippedTransposed: (r, c) => ({ batch: r * c, row: -1, column: -(r + 2) }),
  repeatedRow: (_r, c) => ({ batch: c, row: 0, column: 1 }),
  repeatedColumn: (r) => ({ batch: r, row: 1, column: 0 }),
  oneValue: () => ({ batch: 0, row: 0, column: 0 }),
  batchLast: (_r, c) => ({ batch: 1, row: 3 * c, column: 3 }),
} satisfies Record<string, (rows: number, columns: number) => Strides>;
type Layout = keyof typeof layouts;
const layoutNames = Object.keys(layouts) as Layout[];

interface Case {
  readonly spec: MatmulSpec;
  readonly name: string;
}

function makeCase(dtype: Dtype, [batch, m, n, k]: number[], aLayout: Layout, bLayout: Layout): Case {
  const shape = { batch: batch ?? 1, m: m ?? 1, n: n ?? 1, k: k ?? 1 };
  const a = layouts[aLayout](shape.m, shape.k);
  const b = layouts[bLayout](shape.k, shape.n);
  return {
    spec: { dtype, ...shape, a, b },
    name: `${dtype} ${Object.values(shape).join("×")} ${aLayout} ${bLayout}`,
  };
}

/** First and last element offsets that the strides reach. */
function reach(strides: Strides, batch: number, rows: number, columns: number): [number, number] {
  const spans = [strides.batch * (batch - 1), strides.row * (rows - 1), strides.column * (columns - 1)];
  const low = spans.reduce((sum, s) => sum + Math.min(0, s), 0);
  const high = spans.reduce((sum, s) => sum + Math.max(0, s), 0);
  return batch * rows * columns === 0 ? [0, -1] : [low, high];
}

/** The same with fused multiply–add, where the host has it. */
const fused = ({ spec, name }: Case): Case[] =>
  hasFused() && spec.dtype.startsWith("float") ? [{ spec: { ...spec, fused: true }, name: `${name} fused` }] : [];

/** Runs the cases in one module; says what is wrong with each. */
function run(given: readonly Case[], random: () => number): string[] {
  const cases = [...given, ...given.flatMap(fused)];
  const module = new ModuleBuilder({ initialPages: 1 });
  for (const [i, { spec }] of cases.entries()) module.export(`k${i}`, matmulKernel(module, spec));
  const compiled = new WebAssembly.Module(module.toBytes());
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const failures: string[] = [];
  cases.forEach(({ spec, name }, i) => {
    const kernel = exports[`k${i}`] as (a: number, b: number, out: number, scratch: number) => void;
    const problem = check(spec, kernel, memory, random);
    if (problem !== undefined) failures.push(`${name}: ${problem}`);
  });
  return failures;
}

function check(
  spec: MatmulSpec,
  kernel: (a: number, b: number, out: number, scratch: number) => void,
  memory: WebAssembly.Memory,
  random: () => number,
): string | undefined {
  const { dtype, batch, m, n, k, a, b } = spec;
  const Elements = arrays[dtype];
  const size = Elements.BYTES_PER_ELEMENT;
  const integer = dtype === "int32" || dtype === "uint32";
  const align = (value: number): number => Math.ceil(value / 16) * 16;

  const [aLow, aHigh] = reach(a, batch, m, k);
  const [bLow, bHigh] = reach(b, batch, k, n);
  const aBytes = (aHigh - aLow + 1) * size;
  const bBytes = (bHigh - bLow + 1) * size;
  const outAt = page + size * Math.floor(random() * 4);
  const outEnd = outAt + batch * m * n * size;
  const scratchAt = align(outEnd + guard);
  const scratchEnd = scratchAt + matmulScratch(spec);
  // The operands end where the memory ends, in turn: a read beyond them traps.
  const pages = Math.max(
    memory.buffer.byteLength / page,
    Math.ceil((scratchEnd + guard + aBytes + bBytes + 2 * guard) / page),
  );
  memory.grow(pages - memory.buffer.byteLength / page);
  const end = memory.buffer.byteLength;
  const aLast = random() < 0.5;
  const aStart = aLast ? end - aBytes : end - bBytes - aBytes;
  const bStart = aLast ? end - aBytes - bBytes : end - bBytes;
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(canary, page - guard, scratchEnd + guard);
  if (!integer && scratchEnd - scratchAt < 1e6)
    new Elements(memory.buffer, scratchAt, Math.floor((scratchEnd - scratchAt) / size)).fill(Number.NaN);
  const value = (): number => (integer ? Math.floor((random() - 0.5) * 2 ** 32) : random() * 2 - 1);
  const fill = (start: number, low: number, byteLength: number, strides: Strides, rows: number, columns: number) => {
    const view = new Elements(memory.buffer, start, byteLength / size);
    // What lies between the elements must not matter.
    if (!integer) view.fill(Number.NaN);
    for (let p = 0; p < batch; p++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          view[p * strides.batch + i * strides.row + j * strides.column - low] = value();
    return (p: number, i: number, j: number): number =>
      view[p * strides.batch + i * strides.row + j * strides.column - low] ?? Number.NaN;
  };
  const aAt = fill(aStart, aLow, aBytes, a, m, k);
  const bAt = fill(bStart, bLow, bBytes, b, k, n);
  const before = bytes.slice(Math.min(aStart, bStart));

  kernel(aStart - aLow * size, bStart - bLow * size, outAt, scratchAt);

  if (Buffer.compare(before, bytes.subarray(Math.min(aStart, bStart))) !== 0) return "an operand changed";
  for (const [from, to] of [
    [page - guard, outAt],
    [outEnd, scratchAt],
    [scratchEnd, scratchEnd + guard],
  ] as const)
    for (let i = from; i < to; i++) if (bytes[i] !== canary) return `wrote at ${i}, out ${outAt}..${outEnd}`;

  const out = new Elements(memory.buffer, outAt, batch * m * n);
  const epsilon = dtype === "float32" ? 2 ** -24 : 2 ** -53;
  const aRow = new Float64Array(k);
  const bColumns = new Float64Array(n * k);
  for (let p = 0; p < batch; p++) {
    for (let j = 0; j < n; j++) for (let q = 0; q < k; q++) bColumns[j * k + q] = bAt(p, q, j);
    for (let i = 0; i < m; i++) {
      for (let q = 0; q < k; q++) aRow[q] = aAt(p, i, q);
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let magnitude = 0;
        for (let q = 0; q < k; q++) {
          const x = aRow[q] ?? Number.NaN;
          const y = bColumns[j * k + q] ?? Number.NaN;
          sum = integer ? (sum + Math.imul(x, y)) | 0 : sum + x * y;
          magnitude += Math.abs(x * y);
        }
        const expected = dtype === "uint32" ? sum >>> 0 : sum;
        const actual = out[(p * m + i) * n + j] ?? Number.NaN;
        const tolerance = integer ? 0 : (k + 1) * epsilon * magnitude;
        if (!(Math.abs(actual - expected) <= tolerance)) return `[${p}, ${i}, ${j}] is ${actual}, not ${expected}`;
      }
    }
  }
  return undefined;
}

const runAll = (cases: readonly Case[]): string[] => {
  const random = mulberry32(seed);
  const failures: string[] = [];
  for (let i = 0; i < cases.length; i += 50) failures.push(...run(cases.slice(i, i + 50), random));
  return failures;
};

describe(`wasm matmul (MATMUL_SEED=${seed})`, { timeout: 30_000 }, () => {
  const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129];
  const dtypes: Dtype[] = ["float32", "float64", "int32", "uint32"];

  it("multiplies random sizes in random layouts", () => {
    const random = mulberry32(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const cases = Array.from({ length: 400 }, () =>
      makeCase(
        pick(dtypes),
        [pick([1, 1, 2, 3]), pick(sizes), pick(sizes), pick(sizes)],
        pick(layoutNames),
        pick(layoutNames),
      ),
    );
    expect(runAll(cases)).toEqual([]);
  });

  it("multiplies every pair of layouts", () => {
    const cases = layoutNames.flatMap((a) =>
      layoutNames.flatMap((b) => [
        makeCase("float32", [2, 9, 13, 11], a, b),
        makeCase("float64", [2, 9, 13, 11], a, b),
        makeCase("int32", [3, 1, 13, 11], a, b),
        makeCase("float32", [2, 13, 1, 11], a, b),
        makeCase("float64", [2, 1, 14, 19], a, b),
      ]),
    );
    expect(runAll(cases)).toEqual([]);
  });

  it("handles every small size", () => {
    const cases: Case[] = [];
    for (let m = 0; m <= 9; m++)
      for (let n = 0; n <= 9; n++)
        for (const k of [0, 1, 8, 9])
          for (const dtype of ["float32", "float64"] as const)
            cases.push(
              makeCase(dtype, [1, m, n, k], m % 2 ? "rowMajor" : "transposed", n % 2 ? "rowMajor" : "transposed"),
            );
    expect(runAll(cases)).toEqual([]);
  });

  it("handles sizes beyond one cache block", () => {
    const cases = [
      makeCase("float32", [1, 261, 1043, 389], "rowMajor", "rowMajor"),
      makeCase("float64", [1, 133, 1029, 259], "transposed", "transposed"),
      makeCase("float64", [2, 150, 150, 150], "rowMajor", "flippedColumns"),
      makeCase("float32", [1, 259, 21, 650], "rowMajor", "rowMajor"),
      makeCase("float32", [1, 21, 1041, 330], "transposed", "transposed"),
      makeCase("float32", [1, 1030, 6, 400], "flippedRows", "rowMajor"),
      makeCase("float32", [1, 1030, 5, 100], "transposed", "transposed"),
      makeCase("float32", [1, 3, 520, 700], "rowMajor", "everyOther"),
      makeCase("float32", [1, 1, 1030, 1001], "rowMajor", "rowMajor"),
      makeCase("float32", [1, 1030, 1, 1001], "rowMajor", "transposed"),
      makeCase("float64", [1, 1, 1030, 1001], "rowMajor", "transposed"),
      makeCase("int32", [1, 150, 170, 400], "rowMajor", "rowMajor"),
    ];
    expect(runAll(cases)).toEqual([]);
  });

  it("multiplies batches of matrices", () => {
    const cases = layoutNames.flatMap((a) =>
      (["rowMajor", "transposed", "sharedBatch", "sharedTransposed", "batchLast"] as const).map((b) =>
        makeCase("float32", [3, 17, 33, 65], a, b),
      ),
    );
    expect(runAll(cases)).toEqual([]);
  });

  it("sums in an order that does not depend on the number of rows", () => {
    const random = mulberry32(seed);
    const [n, k] = [37, 700];
    const a = Float32Array.from({ length: 21 * k }, () => random() - 0.5);
    const b = Float32Array.from({ length: k * n }, () => random() - 0.5);
    const product = (m: number): Float32Array => {
      const { spec } = makeCase("float32", [1, m, n, k], "rowMajor", "rowMajor");
      const module = new ModuleBuilder({ initialPages: 16 });
      module.export("run", matmulKernel(module, spec));
      const memory = new WebAssembly.Memory({ initial: 16 });
      const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
      const [aAt, bAt, outAt, scratchAt] = [0, 4 * a.length, 4 * (a.length + b.length), page * 8] as const;
      new Float32Array(memory.buffer, aAt, a.length).set(a);
      new Float32Array(memory.buffer, bAt, b.length).set(b);
      (instance.exports.run as (...addresses: number[]) => void)(aAt, bAt, outAt, scratchAt);
      return new Float32Array(memory.buffer, outAt, m * n).slice();
    };
    const all = product(21);
    for (const m of [2, 4, 7, 20]) expect(product(m)).toEqual(all.slice(0, m * n));
  });
});
