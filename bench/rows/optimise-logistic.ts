import type { Tensor } from "nabla";
import { uniform } from "../harness/numbers.ts";
import { type Asked, row } from "../harness/row.ts";
import { fminSolver, nablaSolver } from "../harness/solve.ts";

type Size = Asked<{ readonly examples: number; readonly features: number }>;

const data = ({ examples, features }: Size) => ({
  xs: uniform(1, examples * features),
  ys: uniform(2, examples).map((u) => (u < 0 ? 0 : 1)),
});

/** By Newton's steps with gradients in 80-bit numbers, in NumPy. */
const minimum = 0.6908142924285789;

/** Mean over the examples of log(1 + eᶻ) − y z, z = x·w; from w = 0. */
export default row<Size>({
  name: "optimise-logistic",
  title: "Logistic regression",
  cases: [{ name: "10,000 × 50", size: { examples: 10_000, features: 50, method: "" }, minimum }],
  solvers: ["nabla l-bfgs", "SciPy L-BFGS-B", "fmin conjugateGradient"],

  nabla({ mean, softplus, tensor }, size, _, entry) {
    const { xs, ys } = data(size);
    const x = tensor(xs, { shape: [size.examples, size.features] });
    const y = tensor(ys);
    const cost = (w: Tensor): Tensor => {
      const z = x.matmul(w);
      return mean(softplus(z).sub(y.mul(z)));
    };
    return nablaSolver(entry, size.method, new Float64Array(size.features), cost);
  },

  fmin(size) {
    const { examples, features } = size;
    const { xs, ys } = data(size);
    return fminSolver(new Float64Array(features), (w, slope) => {
      let value = 0;
      slope.fill(0);
      for (let i = 0; i < examples; i++) {
        let z = 0;
        for (let j = 0; j < features; j++) z += (xs[i * features + j] as number) * (w[j] as number);
        const e = Math.exp(-Math.abs(z));
        value += Math.max(z, 0) + Math.log1p(e) - (ys[i] as number) * z;
        const d = ((z >= 0 ? 1 / (1 + e) : e / (1 + e)) - (ys[i] as number)) / examples;
        for (let j = 0; j < features; j++) slope[j] = (slope[j] as number) + d * (xs[i * features + j] as number);
      }
      return value / examples;
    });
  },

  scipy: `
def problem(size):
    examples, features = size["examples"], size["features"]
    x = uniform(1, (examples, features))
    y = (uniform(2, examples) >= 0).astype(np.float64)

    def value_and_gradient(w):
        z = x @ w
        e = np.exp(-np.abs(z))
        value = np.mean(np.maximum(z, 0) + np.log1p(e) - y * z)
        p = np.where(z >= 0, 1, e) / (1 + e)
        return value, (p - y) @ x / examples

    return {"start": np.zeros(features), "value_and_gradient": value_and_gradient, "hessian": None}
`,
});
