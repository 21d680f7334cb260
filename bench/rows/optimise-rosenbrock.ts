import type { Tensor } from "nabla";
import { type Asked, row } from "../harness/row.ts";
import { fminSolver, nablaSolver } from "../harness/solve.ts";

type Size = Asked<{ readonly n: number }>;

const startOf = (n: number): number[] => (n === 2 ? [-1.2, 1] : new Array<number>(n).fill(0));

/** Chained: Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)². For n ≥ 4 there is another minimum, with f near 4; from 0 descent leads to 1. */
export default row<Size>({
  name: "optimise-rosenbrock",
  title: "Minimum of Rosenbrock's function",
  cases: [2, 100].map((n) => ({
    name: `n = ${n}`,
    size: { n, method: "" },
    minimum: 0,
    solution: new Array<number>(n).fill(1),
  })),
  solvers: [
    "nabla trust-region",
    "nabla bfgs",
    "nabla l-bfgs",
    "SciPy trust-exact",
    "SciPy BFGS",
    "SciPy L-BFGS-B",
    "fmin conjugateGradient",
  ],

  nabla({ slice, square, sum }, { n, method }, _, entry) {
    const f = (x: Tensor): Tensor => {
      const [here, next] = [slice(x, [[0, -1]]), slice(x, [[1]])];
      return sum(
        square(next.sub(square(here)))
          .mul(100)
          .add(square(here.neg().add(1))),
      );
    };
    return nablaSolver(entry, method, startOf(n), f);
  },

  fmin: ({ n }) =>
    fminSolver(startOf(n), (x, slope) => {
      let value = 0;
      slope.fill(0);
      for (let i = 0; i + 1 < n; i++) {
        const here = x[i] as number;
        const gap = (x[i + 1] as number) - here * here;
        value += 100 * gap * gap + (1 - here) * (1 - here);
        slope[i] = (slope[i] as number) - 400 * gap * here - 2 * (1 - here);
        slope[i + 1] = 200 * gap;
      }
      return value;
    }),

  scipy: `
def problem(size):
    n = size["n"]

    def value_and_gradient(x):
        here = x[:-1]
        gap = x[1:] - here * here
        slope = np.zeros_like(x)
        slope[:-1] = -400 * gap * here - 2 * (1 - here)
        slope[1:] += 200 * gap
        return np.sum(100 * gap * gap + (1 - here) ** 2), slope

    def hessian(x):
        here = x[:-1]
        diagonal = np.zeros_like(x)
        diagonal[:-1] = 1200 * here * here - 400 * x[1:] + 2
        diagonal[1:] += 200
        beside = -400 * here
        return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

    start = np.array([-1.2, 1.0]) if n == 2 else np.zeros(n)
    return {"start": start, "value_and_gradient": value_and_gradient, "hessian": hessian}
`,
});
