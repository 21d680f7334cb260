/**
 * Memory against time on the classic chain (Griewank and Walther 2008, chapter 12; Chen et al. 2016): the gradient of n
 * layers tanh(x·W). Back-propagation needs the values of all layers, the last one first. Keep them all: memory grows
 * with n. Keep one in √n and compute a stretch again when its turn comes (`checkpoint`): √n, for one more run forwards.
 * Keep none: constant, but time grows with n². Or say how much memory there is, and leave the choice to `compile`.
 *
 * Run: npx tsx examples/recompute.ts
 */
import { pathToFileURL } from "node:url";
import { checkpoint, compile, grad, random, type Tensor, tanh } from "nabla";

export interface Row {
  readonly name: string;
  /** Bytes of the program, and of its arena the least that the lives of the values allow. */
  readonly bytes: number;
  readonly lowerBound: number;
  /** Operations that run again because of a limit; those inside a checkpoint are part of the function itself. */
  readonly recomputed: number;
  readonly milliseconds: number;
  readonly gradient: Tensor;
}

type Chain = (x: Tensor, w: Tensor) => Tensor;

const layers =
  (n: number): Chain =>
  (x, w) => {
    let h = x;
    for (let i = 0; i < n; i++) h = tanh(h.matmul(w));
    return h;
  };

/** The same layers, of which only every `stretch`-th value is kept. */
const checkpointed = (n: number, stretch: number): Chain => {
  const stretches = Array.from({ length: Math.ceil(n / stretch) }, (_, i) =>
    checkpoint(layers(Math.min(stretch, n - i * stretch))),
  );
  return (x, w) => stretches.reduce((h, f) => f(h, w), x);
};

export function chainTable({ n = 100, rows = 64, width = 32, runs = 20 } = {}): Row[] {
  const [a, b] = random.split(random.key(1)) as [Tensor, Tensor];
  const x = random.normal(a, [rows, width], { dtype: "float32" });
  const w = random.normal(b, [width, width], { dtype: "float32" }).mul(1 / Math.sqrt(width));

  const measure = (name: string, chain: Chain, memoryLimit = Number.POSITIVE_INFINITY): Row => {
    const slope = compile(
      grad((y: Tensor, v: Tensor) => chain(y, v).square().sum()),
      { memoryLimit, threads: 1 },
    );
    const { plan, memoryBytes } = slope.inspect(x, w).program;
    let milliseconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < runs; i++) {
      const began = performance.now();
      slope(x, w);
      milliseconds = Math.min(milliseconds, performance.now() - began);
    }
    const { lowerBound, recomputed } = plan;
    return { name, bytes: memoryBytes, lowerBound, recomputed, milliseconds, gradient: slope(x, w) };
  };
  /** The least that was reached stands in the error of a limit that cannot be met. */
  const least = (): number => {
    try {
      measure("", layers(n), 1);
    } catch (error) {
      return Number(/by recomputing, is (\d+)/.exec((error as Error).message)?.[1]);
    }
    return 0;
  };

  const all = measure("keep all", layers(n));
  const root = measure("one in √n, by checkpoint", checkpointed(n, Math.round(Math.sqrt(n))));
  const limited = [
    measure("memoryLimit 50 %", layers(n), all.bytes / 2),
    measure("memoryLimit 25 %", layers(n), all.bytes / 4),
    measure("memoryLimit as √n", layers(n), root.bytes),
  ];
  return [all, ...limited, root, measure("memoryLimit, the least", layers(n), least())];
}

function print(table: readonly Row[]): void {
  const [all] = table as [Row];
  console.log("                            memory   bound   recomputed     time");
  for (const { name, bytes, lowerBound, recomputed, milliseconds } of table) {
    const kilobytes = (n: number): string => `${Math.round(n / 1024)} K`.padStart(8);
    const time = `${(milliseconds / all.milliseconds).toFixed(2)} ×`.padStart(9);
    console.log(
      `${name.padEnd(26)}${kilobytes(bytes)}${kilobytes(lowerBound)}${String(recomputed).padStart(13)}${time}`,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) print(chainTable());
