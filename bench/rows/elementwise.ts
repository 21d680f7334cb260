import type { Tensor } from "nabla";
import { probe, uniform32 } from "../harness/numbers.ts";
import { type JaxArray, row, type TensorFlowTensor } from "../harness/row.ts";

interface Size {
  readonly n: number;
  readonly gradient: boolean;
}

const [a, b, c] = [1.5, 0.25, 0.75];

export default row<Size>({
  name: "elementwise",
  title: "tanh(x·a + b)·c + x², 10⁶ float32",
  cases: [
    { name: "forward", size: { n: 1e6, gradient: false }, target: "≤ 1.9 ms on one thread" },
    { name: "value and gradient", size: { n: 1e6, gradient: true }, target: "≤ 2.5 ms on one thread" },
  ],

  nabla({ compile, square, tanh, tensor, valueAndGrad }, { n, gradient }, options) {
    const x = tensor(uniform32(1, n));
    const f = (x: Tensor): Tensor => tanh(x.mul(a).add(b)).mul(c).add(square(x));
    if (!gradient) {
      const forward = compile(f, options);
      return { run: () => forward(x), check: () => probe(forward(x).data), inspect: () => forward.inspect(x) };
    }
    const total = (x: Tensor): Tensor => f(x).sum();
    const both = compile(valueAndGrad(total), options);
    const value = compile(total, options);
    return {
      run: () => both(x),
      value: () => value(x),
      check: () => {
        const [value, slope] = both(x);
        return [value.item() / n, ...probe(slope.data)];
      },
      inspect: () => both.inspect(x),
    };
  },

  hand({ n, gradient }) {
    const x = uniform32(1, n);
    if (!gradient) {
      const forward = () => {
        const out = new Float32Array(n);
        for (let i = 0; i < n; i++) {
          const xi = x[i] as number;
          out[i] = Math.tanh(xi * a + b) * c + xi * xi;
        }
        return out;
      };
      return { run: forward, check: () => probe(forward()) };
    }
    const both = (): [number, Float32Array] => {
      const slope = new Float32Array(n);
      let value = 0;
      for (let i = 0; i < n; i++) {
        const xi = x[i] as number;
        const t = Math.tanh(xi * a + b);
        value += t * c + xi * xi;
        slope[i] = (1 - t * t) * a * c + 2 * xi;
      }
      return [value, slope];
    };
    return {
      run: both,
      check: () => {
        const [value, slope] = both();
        return [value / n, ...probe(slope)];
      },
    };
  },

  tensorflow(tf, { n, gradient }) {
    const x = tf.tensor1d(uniform32(1, n));
    const f = (x: TensorFlowTensor) => tf.tanh(x.mul(a).add(b)).mul(c).add(tf.square(x));
    if (!gradient) {
      const forward = () => tf.tidy(() => f(x).dataSync());
      return { run: forward, check: () => probe(forward()) };
    }
    const both = tf.valueAndGrad((x) => f(x).sum());
    const run = () =>
      tf.tidy(() => {
        const { value, grad } = both(x);
        return [value.dataSync(), grad.dataSync()] as const;
      });
    return {
      run,
      check: () => {
        const [value, slope] = run();
        return [(value[0] as number) / n, ...probe(slope)];
      },
    };
  },

  jax({ jit, numpy: np, valueAndGrad }, { n, gradient }) {
    const x = np.array(uniform32(1, n));
    const f = (x: JaxArray): JaxArray => np.tanh(x.ref.mul(a).add(b)).mul(c).add(np.square(x));
    if (!gradient) {
      const forward = jit(f);
      const run = () => forward(x.ref).dataSync();
      return { run, check: () => probe(run()) };
    }
    const both = jit(valueAndGrad((x: JaxArray) => f(x).sum()));
    const run = () => {
      const [value, slope] = both(x.ref);
      return [value.dataSync(), slope.dataSync()] as const;
    };
    return {
      run,
      check: () => {
        const [value, slope] = run();
        return [(value[0] as number) / n, ...probe(slope)];
      },
    };
  },

  torch: `
def contestant(size):
    n = size["n"]
    x = tensor(1, n)
    f = lambda x: torch.tanh(x * ${a} + ${b}) * ${c} + x * x
    if not size["gradient"]:
        return lambda: f(x), lambda: probe(f(x))
    x.requires_grad_()

    def run():
        x.grad = None
        value = f(x).sum()
        value.backward()
        return value.item()

    return run, lambda: [run() / n, *probe(x.grad)]
`,

  numpy: `
def contestant(size):
    n = size["n"]
    x = uniform(1, n, dtype=np.float32)
    a, b, c = np.float32(${a}), np.float32(${b}), np.float32(${c})
    if not size["gradient"]:
        f = lambda: np.tanh(x * a + b) * c + x * x
        return f, lambda: probe(f())

    def run():
        t = np.tanh(x * a + b)
        return np.sum(t * c + x * x), (1 - t * t) * (a * c) + 2 * x

    def check():
        value, slope = run()
        return [value / n, *probe(slope)]

    return run, check
`,
});
