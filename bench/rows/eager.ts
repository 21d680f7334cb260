import { uniform32 } from "../harness/numbers.ts";
import { row } from "../harness/row.ts";

interface Size {
  readonly n: number;
}

export default row<Size>({
  name: "eager",
  title: "One uncompiled operation on 10 elements: x + y, float32",
  cases: [{ name: "n = 10", size: { n: 10 }, target: "≤ 0.5 µs" }],
  threads: false,

  nabla({ add, tensor }, { n }) {
    const [x, y] = [tensor(uniform32(1, n)), tensor(uniform32(2, n))];
    return { run: () => add(x, y), check: () => add(x, y).data };
  },

  hand({ n }) {
    const [x, y] = [uniform32(1, n), uniform32(2, n)];
    const run = () => {
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = (x[i] as number) + (y[i] as number);
      return out;
    };
    return { run, check: run };
  },

  tensorflow(tf, { n }) {
    const [x, y] = [tf.tensor1d(uniform32(1, n)), tf.tensor1d(uniform32(2, n))];
    return { run: () => tf.add(x, y).dispose(), check: () => tf.add(x, y).dataSync() };
  },

  jax({ numpy: np }, { n }) {
    const [x, y] = [np.array(uniform32(1, n)), np.array(uniform32(2, n))];
    // Lazy: nothing is computed before somebody reads it.
    const run = () => np.add(x.ref, y.ref).dataSync();
    return { run, check: run };
  },

  torch: `
def contestant(size):
    x, y = tensor(1, size["n"]), tensor(2, size["n"])
    return lambda: x + y, lambda: (x + y).tolist()
`,

  numpy: `
def contestant(size):
    x, y = (uniform(seed, size["n"], dtype=np.float32) for seed in (1, 2))
    return lambda: x + y, lambda: x + y
`,
});
