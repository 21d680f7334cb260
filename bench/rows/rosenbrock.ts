import type { Tensor } from "nabla";
import { probe, uniform } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly n: number;
}

/** Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² (Rosenbrock 1960). */
export default row<Size>({
  name: "rosenbrock",
  title: "Rosenbrock, value and gradient, float64",
  cases: [
    { name: "n = 2", size: { n: 2 }, target: "≤ 0.3 µs" },
    { name: "n = 100", size: { n: 100 }, target: "≤ 0.7 µs" },
    { name: "n = 1000", size: { n: 1000 }, target: "≤ 4 µs" },
  ],

  nabla({ compile, slice, square, sum, tensor, valueAndGrad }, { n }, options) {
    const x = tensor(uniform(1, n));
    const f = (x: Tensor): Tensor => {
      const [here, next] = [slice(x, [[0, -1]]), slice(x, [[1]])];
      return sum(
        square(next.sub(square(here)))
          .mul(100)
          .add(square(here.neg().add(1))),
      );
    };
    const both = compile(valueAndGrad(f), options);
    const value = compile(f, options);
    return {
      run: () => both(x),
      value: () => value(x),
      check: () => {
        const [value, slope] = both(x);
        return [value.item(), ...probe(slope.data)];
      },
      inspect: () => both.inspect(x),
    };
  },

  hand({ n }) {
    const x = uniform(1, n);
    const both = (): [number, Float64Array] => {
      const slope = new Float64Array(n);
      let value = 0;
      for (let i = 0; i + 1 < n; i++) {
        const here = x[i] as number;
        const gap = (x[i + 1] as number) - here * here;
        value += 100 * gap * gap + (1 - here) * (1 - here);
        slope[i] = (slope[i] as number) - 400 * gap * here - 2 * (1 - here);
        slope[i + 1] = 200 * gap;
      }
      return [value, slope];
    };
    return {
      run: both,
      check: () => {
        const [value, slope] = both();
        return [value, ...probe(slope)];
      },
    };
  },

  tensorflow(tf, { n }) {
    const x = tf.tensor1d(Float32Array.from(uniform(1, n)));
    const both = tf.valueAndGrad((x) => {
      const [here, next] = [x.slice([0], [n - 1]), x.slice([1], [n - 1])];
      return next.sub(here.square()).square().mul(100).add(here.neg().add(1).square()).sum();
    });
    const run = () =>
      tf.tidy(() => {
        const { value, grad } = both(x);
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

  jax({ jit, numpy: np, valueAndGrad }, { n }) {
    const x = np.array(uniform(1, n), { dtype: np.float64 });
    const f = (x: JaxArray): JaxArray => {
      const [here, next] = [x.ref.slice([0, n - 1]), x.slice([1, n])];
      return np
        .square(next.sub(np.square(here.ref)))
        .mul(100)
        .add(np.square(here.neg().add(1)))
        .sum();
    };
    const both = jit(valueAndGrad(f));
    const run = () => {
      const [value, slope] = both(x.ref);
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
    x = tensor(1, size["n"], dtype=np.float64).requires_grad_()

    def run():
        x.grad = None
        value = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        value.backward()
        return value.item()

    return run, lambda: [run(), *probe(x.grad)]
`,

  numpy: `
def contestant(size):
    x = uniform(1, size["n"])

    def run():
        here = x[:-1]
        gap = x[1:] - here * here
        value = np.sum(100 * gap * gap + (1 - here) ** 2)
        slope = np.zeros_like(x)
        slope[:-1] = -400 * gap * here - 2 * (1 - here)
        slope[1:] += 200 * gap
        return value, slope

    def check():
        value, slope = run()
        return [value, *probe(slope)]

    return run, check
`,
});
