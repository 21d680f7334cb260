import type { Tensor } from "nabla";
import { probe, uniform } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly n: number;
}

export default row<Size>({
  name: "hessian",
  title: "Rosenbrock, Hessian, n = 100, float64",
  cases: [{ name: "dense", size: { n: 100 }, target: "≤ 40 µs dense, less sparse" }],

  nabla({ compile, hessian, slice, square, sum, tensor }, { n }, options) {
    const x = tensor(uniform(1, n));
    const f = (x: Tensor): Tensor => {
      const [here, next] = [slice(x, [[0, -1]]), slice(x, [[1]])];
      return sum(
        square(next.sub(square(here)))
          .mul(100)
          .add(square(here.neg().add(1))),
      );
    };
    const curvature = compile((x: Tensor): Tensor => hessian(f)(x), options);
    return {
      run: () => curvature(x),
      check: () => probe(curvature(x).data),
      inspect: () => curvature.inspect(x),
    };
  },

  hand({ n }) {
    const x = uniform(1, n);
    const run = () => {
      const h = new Float64Array(n * n);
      for (let i = 0; i + 1 < n; i++) {
        const here = x[i] as number;
        const at = i * n + i;
        h[at] = (h[at] as number) + 1200 * here * here - 400 * (x[i + 1] as number) + 2;
        h[at + 1] = h[at + n] = -400 * here;
        h[at + n + 1] = 200;
      }
      return h;
    };
    return { run, check: () => probe(run()) };
  },

  tensorflow(tf, { n }) {
    const x = tf.tensor1d(Float32Array.from(uniform(1, n)));
    const slope = tf.grad((x) => {
      const [here, next] = [x.slice([0], [n - 1]), x.slice([1], [n - 1])];
      return next.sub(here.square()).square().mul(100).add(here.neg().add(1).square()).sum();
    });
    const unit = Array.from({ length: n }, (_, i) =>
      tf
        .oneHot(tf.tensor1d([i], "int32"), n)
        .reshape([n])
        .toFloat(),
    );
    // It has no forward mode and no vmap: a gradient a row.
    const run = () => tf.tidy(() => tf.stack(unit.map((e) => tf.grad((x) => slope(x).mul(e).sum())(x))).dataSync());
    return { run, check: () => probe(run()) };
  },

  jax({ hessian, jit, numpy: np }, { n }) {
    const x = np.array(uniform(1, n), { dtype: np.float64 });
    const f = (x: JaxArray): JaxArray => {
      const [here, next] = [x.ref.slice([0, n - 1]), x.slice([1, n])];
      return np
        .square(next.sub(np.square(here.ref)))
        .mul(100)
        .add(np.square(here.neg().add(1)))
        .sum();
    };
    const curvature = jit(hessian(f));
    const run = () => curvature(x.ref).dataSync();
    return { run, check: () => probe(run()) };
  },

  torch: `
def contestant(size):
    x = tensor(1, size["n"], dtype=np.float64)
    f = lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    run = lambda: torch.autograd.functional.hessian(f, x, vectorize=True)
    return run, lambda: probe(run())
`,

  numpy: `
def contestant(size):
    n = size["n"]
    x = uniform(1, n)

    def run():
        diagonal = np.zeros(n)
        diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
        diagonal[1:] += 200
        beside = -400 * x[:-1]
        return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

    return run, lambda: probe(run())
`,
});
