import type { Tensor } from "nabla";
import { probe, uniform } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly examples: number;
  readonly features: number;
}

const data = ({ examples, features }: Size) => ({
  xs: uniform(1, examples * features),
  ys: uniform(2, examples).map((u) => (u < 0 ? 0 : 1)),
  w: uniform(3, features, 0.5),
});

/** Mean over the examples of log(1 + eᶻ) − y z, z = x·w. */
export default row<Size>({
  name: "logistic",
  title: "Logistic regression 10,000 × 50, value and gradient, float64",
  cases: [{ name: "float64", size: { examples: 10_000, features: 50 }, target: "≤ 1.1 / 0.7 ms" }],

  nabla({ compile, mean, softplus, tensor, valueAndGrad }, size, options) {
    const { xs, ys, w } = data(size);
    const x = tensor(xs, { shape: [size.examples, size.features] });
    const y = tensor(ys);
    const cost = (w: Tensor): Tensor => {
      const z = x.matmul(w);
      return mean(softplus(z).sub(y.mul(z)));
    };
    const weights = tensor(w);
    const both = compile(valueAndGrad(cost), options);
    const value = compile(cost, options);
    return {
      run: () => both(weights),
      value: () => value(weights),
      check: () => {
        const [value, slope] = both(weights);
        return [value.item(), ...probe(slope.data)];
      },
      inspect: () => both.inspect(weights),
    };
  },

  hand(size) {
    const { examples, features } = size;
    const { xs, ys, w } = data(size);
    const both = (): [number, Float64Array] => {
      const slope = new Float64Array(features);
      let value = 0;
      for (let i = 0; i < examples; i++) {
        let z = 0;
        for (let j = 0; j < features; j++) z += (xs[i * features + j] as number) * (w[j] as number);
        const e = Math.exp(-Math.abs(z));
        value += Math.max(z, 0) + Math.log1p(e) - (ys[i] as number) * z;
        const d = ((z >= 0 ? 1 / (1 + e) : e / (1 + e)) - (ys[i] as number)) / examples;
        for (let j = 0; j < features; j++) slope[j] = (slope[j] as number) + d * (xs[i * features + j] as number);
      }
      return [value / examples, slope];
    };
    return {
      run: both,
      check: () => {
        const [value, slope] = both();
        return [value, ...probe(slope)];
      },
    };
  },

  tensorflow(tf, size) {
    const { xs, ys, w } = data(size);
    const x = tf.tensor2d(Float32Array.from(xs), [size.examples, size.features]);
    const y = tf.tensor1d(Float32Array.from(ys));
    const weights = tf.tensor1d(Float32Array.from(w));
    const both = tf.valueAndGrad((w) => {
      const z = x.matMul(w.reshape([-1, 1])).reshape([-1]);
      return tf.mean(tf.softplus(z).sub(y.mul(z)));
    });
    const run = () =>
      tf.tidy(() => {
        const { value, grad } = both(weights);
        return [value.dataSync(), grad.dataSync()] as const;
      });
    return {
      run,
      check: () => {
        const [value, slope] = run();
        return [...value, ...probe(slope)];
      },
    };
  },

  jax({ jit, nn, numpy: np, valueAndGrad }, size) {
    const { xs, ys, w } = data(size);
    const dtype = np.float64;
    const x = np.array(xs, { dtype }).reshape([size.examples, size.features]);
    const y = np.array(ys, { dtype });
    const weights = np.array(w, { dtype });
    const cost = (w: JaxArray, x: JaxArray, y: JaxArray): JaxArray => {
      const z = np.matmul(x, w);
      return np.mean(nn.softplus(z.ref).sub(y.mul(z)));
    };
    const both = jit(valueAndGrad(cost));
    const run = () => {
      const [value, slope] = both(weights.ref, x.ref, y.ref);
      return [value.dataSync(), slope.dataSync()] as const;
    };
    return {
      run,
      check: () => {
        const [value, slope] = run();
        return [value[0] as number, ...probe(slope)];
      },
    };
  },

  torch: `
def contestant(size):
    examples, features = size["examples"], size["features"]
    x = tensor(1, (examples, features), dtype=np.float64)
    y = (tensor(2, examples, dtype=np.float64) >= 0).double()
    w = tensor(3, features, 0.5, np.float64).requires_grad_()

    def run():
        w.grad = None
        value = torch.nn.functional.binary_cross_entropy_with_logits(x @ w, y)
        value.backward()
        return value.item()

    return run, lambda: [run(), *probe(w.grad)]
`,

  numpy: `
def contestant(size):
    examples, features = size["examples"], size["features"]
    x = uniform(1, (examples, features))
    y = (uniform(2, examples) >= 0).astype(np.float64)
    w = uniform(3, features, 0.5)

    def run():
        z = x @ w
        e = np.exp(-np.abs(z))
        value = np.mean(np.maximum(z, 0) + np.log1p(e) - y * z)
        p = np.where(z >= 0, 1, e) / (1 + e)
        return value, (p - y) @ x / examples

    def check():
        value, slope = run()
        return [value, *probe(slope)]

    return run, check
`,
});
