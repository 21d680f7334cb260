/** GFLOP/s of the generated matrix products themselves, without a program around them: the best of several runs. */
import { ModuleBuilder } from "../../src/backend/wasm/encode.ts";
import { hasFused } from "../../src/backend/wasm/fused.ts";
import { type MatmulSpec, matmulKernel, matmulScratch } from "../../src/backend/wasm/matmul.ts";
import type { Line, ReportDefinition } from "../harness/report.ts";

const page = 65536;

interface Shape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aTransposed?: boolean;
  readonly bTransposed?: boolean;
}

const specOf = (dtype: "float32" | "float64", shape: Shape, fused: boolean): MatmulSpec => {
  const { m, n, k, aTransposed = false, bTransposed = false } = shape;
  return {
    dtype,
    fused,
    batch: 1,
    m,
    n,
    k,
    a: aTransposed ? { batch: 0, row: 1, column: m } : { batch: 0, row: k, column: 1 },
    b: bTransposed ? { batch: 0, row: 1, column: k } : { batch: 0, row: n, column: 1 },
  };
};

function gigaflops(spec: MatmulSpec): number {
  const { m, n, k } = spec;
  const size = spec.dtype === "float32" ? 4 : 8;
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
  const b = align(m * k * size);
  const out = b + align(k * n * size);
  const scratch = out + align(m * n * size);
  const pages = Math.ceil((scratch + matmulScratch(spec)) / page);
  const memory = new WebAssembly.Memory({ initial: pages });
  const module = new ModuleBuilder({ initialPages: pages });
  module.export("run", matmulKernel(module, spec));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const run = exports.run as (a: number, b: number, out: number, scratch: number) => void;
  const data = spec.dtype === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  for (let i = 0; i < out / size; i++) data[i] = Math.random() - 0.5;

  const flops = 2 * m * n * k;
  const repeats = Math.max(1, Math.round(4e6 / flops));
  const time = (): number => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) run(0, b, out, scratch);
    return (performance.now() - start) / repeats;
  };
  const until = performance.now() + 60;
  while (performance.now() < until) time();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 400;
  while (performance.now() < end) best = Math.min(best, time());
  return flops / best / 1e6;
}

const square = (n: number): [string, Shape] => [`${n}`, { m: n, n, k: n }];

const shapes = new Map<string, Shape>([
  ...[16, 32, 64, 128, 256, 510, 511, 512, 513, 1024].map(square),
  // The products of the MLP 784-128-10 at batch 64.
  ["64×784×128", { m: 64, k: 784, n: 128 }],
  ["784×64×128 (aᵀ)", { m: 784, k: 64, n: 128, aTransposed: true }],
  ["64×128×784 (bᵀ)", { m: 64, k: 128, n: 784, bTransposed: true }],
  ["64×128×10", { m: 64, k: 128, n: 10 }],
  ["128×64×10 (aᵀ)", { m: 128, k: 64, n: 10, aTransposed: true }],
  // Thin ones.
  ["1×1024×1024", { m: 1, k: 1024, n: 1024 }],
  ["1024×1024×1", { m: 1024, k: 1024, n: 1 }],
  ["4×1024×1024", { m: 4, k: 1024, n: 1024 }],
  ["1024×1024×4", { m: 1024, k: 1024, n: 4 }],
]);

function measure(line: string): Line {
  const shape = shapes.get(line) as Shape;
  const transposed = { ...shape, aTransposed: !shape.aTransposed, bTransposed: !shape.bTransposed };
  const figures = (fused: boolean): number[] =>
    (["float32", "float64"] as const).flatMap((dtype) =>
      [shape, transposed].map((s) => gigaflops(specOf(dtype, s, fused))),
    );
  const [plain, fused] = [figures(false), hasFused() ? figures(true) : []];
  return { cells: [...plain, ...fused].map((x) => x.toFixed(1)) };
}

export default {
  name: "kernels",
  title:
    "Kernels of matrix products m×k×n, GFLOP/s on one thread; ᵀᵀ: both operands the other way round; +: fused multiply–add, where the host has it",
  columns: ["m×k×n", "f32", "f32ᵀᵀ", "f64", "f64ᵀᵀ", "f32 +", "f32ᵀᵀ +", "f64 +", "f64ᵀᵀ +"],
  lines: () => [...shapes.keys()],
  measure,
} satisfies ReportDefinition;
