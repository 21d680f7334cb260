/** GFLOP/s of the generated matrix products on one thread: the best of several runs. */
import { ModuleBuilder } from "../src/backend/wasm/encode.ts";
import { type MatmulSpec, matmulKernel, matmulScratch } from "../src/backend/wasm/matmul.ts";

const page = 65536;

interface Shape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aTransposed?: boolean;
  readonly bTransposed?: boolean;
}

const fused = process.argv.includes("--fused");
const specOf = (dtype: "float32" | "float64", shape: Shape): MatmulSpec => {
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

function report(name: string, shape: Shape): void {
  const figures = (["float32", "float64"] as const).flatMap((dtype) => [
    gigaflops(specOf(dtype, shape)),
    gigaflops(specOf(dtype, { ...shape, aTransposed: !shape.aTransposed, bTransposed: !shape.bTransposed })),
  ]);
  console.log(name.padEnd(20), ...figures.map((x) => x.toFixed(1).padStart(8)));
}

const only = process.argv.slice(2).filter((a) => a !== "--fused");
const wanted = (name: string): boolean => only.length === 0 || only.includes(name);

console.log("GFLOP/s".padEnd(20), ..."f32 f32ᵀᵀ f64 f64ᵀᵀ".split(" ").map((s) => s.padStart(8)));
for (const s of [16, 32, 64, 128, 256, 510, 511, 512, 513, 1024])
  if (wanted(String(s))) report(String(s), { m: s, n: s, k: s });
if (wanted("mlp")) {
  report("64×784×128", { m: 64, k: 784, n: 128 });
  report("784×64×128 (aᵀ)", { m: 784, k: 64, n: 128, aTransposed: true });
  report("64×128×784 (bᵀ)", { m: 64, k: 128, n: 784, bTransposed: true });
  report("64×10×128", { m: 64, n: 10, k: 128 });
  report("128×64×10 (aᵀ)", { m: 128, k: 64, n: 10, aTransposed: true });
}
if (wanted("thin")) {
  report("1×1024×1024", { m: 1, n: 1024, k: 1024 });
  report("1024×1×1024", { m: 1024, n: 1, k: 1024 });
  report("4×1024×1024", { m: 4, n: 1024, k: 1024 });
  report("1024×4×1024", { m: 1024, n: 4, k: 1024 });
}
