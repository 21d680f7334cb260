/** A step of training, the same in Node and in a browser: value and gradient of a network's loss, as a digest of bits. */
import type { Tensor } from "nabla";

type Nabla = typeof import("nabla");

export interface Step {
  /** How many threads the program was made for. */
  readonly threads: number;
  readonly run: () => Promise<string>;
}

export function networkStep(nabla: Nabla, threads: number): Step {
  const { compile, logSoftmax, matmul, mean, random, sum, tanh, valueAndGrad } = nabla;
  const key = random.key(1);
  const normal = (n: number, shape: number[]): Tensor =>
    random.normal(random.foldIn(key, n), shape, { dtype: "float32" });
  const weights = { a: normal(0, [784, 128]).mul(0.05), b: normal(1, [128, 10]).mul(0.1) };
  const images = normal(2, [64, 784]);
  const labels = nabla.softmax(normal(3, [64, 10]).mul(5));
  const loss = ({ a, b }: typeof weights, x: Tensor, y: Tensor): Tensor =>
    mean(sum(logSoftmax(matmul(tanh(matmul(x, a)), b)).mul(y), { axis: 1 })).neg();
  const f = compile(valueAndGrad(loss), { threads, reproducible: true });
  return {
    threads: f.inspect(weights, images, labels).program.threads,
    run: async () => {
      const [value, { a, b }] = f(weights, images, labels);
      const bytes = new Blob([value, a, b].map((t) => new Uint8Array(t.data.slice().buffer as ArrayBuffer)));
      const digest = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}
