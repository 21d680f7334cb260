import type { Tensor } from "nabla";
import { probe, uniform, uniform32 } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly n: number;
  readonly dtype: "float32" | "float64";
}

const sized = (n: number, dtype: Size["dtype"], target: string) => ({
  name: `${dtype} ${n}²`,
  size: { n, dtype },
  flops: 2 * n ** 3,
  target,
});

const data = (seed: number, { n, dtype }: Size) => (dtype === "float32" ? uniform32 : uniform)(seed, n * n);

export default row<Size>({
  name: "matmul",
  title: "Matrix product",
  cases: [
    sized(512, "float32", "≥ 26 / 48 GFLOP/s, relaxed ≥ 34 / 62"),
    sized(510, "float32", "≥ 26 / 48 GFLOP/s, relaxed ≥ 34 / 62"),
    sized(512, "float64", "≥ 12.5 / 24 GFLOP/s, relaxed ≥ 16.5 / 31"),
    sized(510, "float64", "≥ 12.5 / 24 GFLOP/s, relaxed ≥ 16.5 / 31"),
  ],

  nabla({ compile, matmul, tensor }, size, options) {
    const shape = [size.n, size.n];
    const a = tensor(data(1, size), { shape });
    const b = tensor(data(2, size), { shape });
    const product = compile((a: Tensor, b: Tensor) => matmul(a, b), options);
    return {
      run: () => product(a, b),
      check: () => probe(product(a, b).data),
      inspect: () => product.inspect(a, b),
    };
  },

  hand(size) {
    const { n } = size;
    const [a, b, c] = [data(1, size), data(2, size), data(3, size)];
    const run = (): void => {
      c.fill(0);
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < n; k++) {
          const factor = a[i * n + k] as number;
          for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] as number) + factor * (b[k * n + j] as number);
        }
      }
    };
    return { run, check: () => probe(c) };
  },

  tensorflow(tf, size) {
    const a = tf.tensor2d(Float32Array.from(data(1, size)), [size.n, size.n]);
    const b = tf.tensor2d(Float32Array.from(data(2, size)), [size.n, size.n]);
    const run = () => {
      const c = tf.matMul(a, b);
      const result = c.dataSync();
      c.dispose();
      return result;
    };
    return { run, check: () => probe(run()) };
  },

  jax({ jit, numpy: np }, size) {
    const matrix = (seed: number) => np.array(data(seed, size), { dtype: np[size.dtype] }).reshape([size.n, size.n]);
    const [a, b] = [matrix(1), matrix(2)];
    const product = jit((a: JaxArray, b: JaxArray) => np.matmul(a, b));
    const run = () => product(a.ref, b.ref).dataSync();
    return { run, check: () => probe(run()) };
  },

  torch: `
def contestant(size):
    n = size["n"]
    dtype = getattr(np, size["dtype"])
    a, b = tensor(1, (n, n), dtype=dtype), tensor(2, (n, n), dtype=dtype)
    return lambda: a @ b, lambda: probe(a @ b)
`,

  numpy: `
def contestant(size):
    n = size["n"]
    dtype = getattr(np, size["dtype"])
    a, b = uniform(1, (n, n), dtype=dtype), uniform(2, (n, n), dtype=dtype)
    return lambda: a @ b, lambda: probe(a @ b)
`,
});
