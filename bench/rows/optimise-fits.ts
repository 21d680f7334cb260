import { readFileSync } from "node:fs";
import type { Tensor } from "nabla";
import { type Asked, row } from "../harness/row.ts";
import { optimizeOf } from "../harness/solve.ts";

interface Dataset {
  readonly name: string;
  readonly starts: readonly (readonly number[])[];
  readonly certified: readonly number[];
  readonly residualSumOfSquares: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

type Size = Asked<
  Omit<Dataset, "starts" | "certified" | "residualSumOfSquares"> & { readonly start: readonly number[] }
>;

const file = new URL("../../test/problems/nist/strd.json", import.meta.url);
const { problems } = JSON.parse(readFileSync(file, "utf8")) as { problems: readonly Dataset[] };

const { exp } = Math;
type Curve = (b: readonly number[]) => (x: number) => number[];

/** In plain JavaScript: the value, and then its derivatives by the parameters. */
const curves: Readonly<Record<string, Curve>> = {
  Misra1a:
    ([b1 = 0, b2 = 0]) =>
    (x) => {
      const e = exp(-b2 * x);
      return [b1 * (1 - e), 1 - e, b1 * x * e];
    },
  Thurber:
    ([b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0, b7 = 0]) =>
    (x) => {
      const below = 1 + x * (b5 + x * (b6 + x * b7));
      const value = (b1 + x * (b2 + x * (b3 + x * b4))) / below;
      const [u, v] = [1 / below, -value / below];
      return [value, u, x * u, x * x * u, x * x * x * u, x * v, x * x * v, x * x * x * v];
    },
  MGH17:
    ([b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0]) =>
    (x) => {
      const [e4, e5] = [exp(-x * b4), exp(-x * b5)];
      return [b1 + b2 * e4 + b3 * e5, 1, e4, e5, -x * b2 * e4, -x * b3 * e5];
    },
};

/** Fits of NIST's Statistical Reference Datasets, from the first (farther) start; the minimum is the certified one. */
export default row<Size>({
  name: "optimise-fits",
  title: "Fit",
  cases: ["Misra1a", "Thurber", "MGH17"].flatMap((wanted) =>
    problems
      .filter(({ name }) => name === wanted)
      .map(({ name, starts, certified, residualSumOfSquares, x, y }) => ({
        name: `${name} (NIST), ${certified.length} parameters, ${y.length} data`,
        size: { name, start: starts[0] as readonly number[], x, y, method: "" },
        minimum: residualSumOfSquares,
        solution: certified,
      })),
  ),
  solvers: ["nabla curveFit", "nabla leastSquares", "SciPy curve_fit", "SciPy least_squares", "ml-levenberg-marquardt"],

  async nabla({ exp, sub, tensor }, { name, start, x, y, method }, _, entry) {
    const { curveFit, leastSquares } = await optimizeOf(entry);
    const [given, observed] = [tensor(x), tensor(y)];
    const cubic = (c: readonly (Tensor | number)[], x: Tensor): Tensor =>
      c.slice(0, -1).reduceRight<Tensor>((sum, ci) => sum.mul(x).add(ci), x.mul(0).add(c.at(-1) as Tensor));
    const models: Readonly<Record<string, (b: readonly Tensor[], x: Tensor) => Tensor>> = {
      Misra1a: ([b1, b2], x) => (b1 as Tensor).mul(sub(1, exp((b2 as Tensor).mul(x).neg()))),
      Thurber: (b, x) => cubic(b.slice(0, 4), x).div(cubic([1, ...b.slice(4)], x)),
      MGH17: (b, x) => {
        const [b1, b2, b3, b4, b5] = b as [Tensor, Tensor, Tensor, Tensor, Tensor];
        return b1.add(b2.mul(exp(x.mul(b4).neg()))).add(b3.mul(exp(x.mul(b5).neg())));
      },
    };
    const of = models[name] as (b: readonly Tensor[], x: Tensor) => Tensor;
    const model = (b: Tensor, x: Tensor): Tensor =>
      of(
        start.map((_, i) => b.at(i)),
        x,
      );
    if (method === "curveFit") {
      const run = () => curveFit(model, given, observed, start);
      return {
        run,
        check: () => {
          const { parameters, residuals } = run();
          return [Array.from(residuals.data).reduce((sum, r) => sum + r * r, 0), ...parameters.data];
        },
      };
    }
    const residuals = (b: Tensor): Tensor => model(b, given).sub(observed);
    const run = () => leastSquares(residuals, start);
    return {
      run,
      check: () => {
        const { x, value } = run();
        return [2 * value, ...x.data];
      },
    };
  },

  async "ml-levenberg-marquardt"({ name, start, x, y }) {
    const { levenbergMarquardt } = await import("ml-levenberg-marquardt");
    const curve = curves[name] as Curve;
    const model = (b: number[]) => {
      const at = curve(b);
      return (x: number) => at(x)[0] as number;
    };
    const jacobianFunction = (b: number[]) => {
      const at = curve(b);
      return (x: number) => at(x).slice(1);
    };
    // It has no test of convergence but the error's size: it takes all of its iterations, 100 by default.
    const run = () =>
      levenbergMarquardt({ x, y }, model, { initialValues: start, jacobianFunction, errorTolerance: 0 });
    return {
      run,
      check: () => {
        const { parameterError, parameterValues } = run();
        return [parameterError, ...parameterValues];
      },
    };
  },

  scipy: `
def misra1a(x, b1, b2):
    return b1 * (1 - np.exp(-b2 * x))

def misra1a_jacobian(x, b1, b2):
    e = np.exp(-b2 * x)
    return np.stack([1 - e, b1 * x * e], axis=1)

def thurber(x, b1, b2, b3, b4, b5, b6, b7):
    return (b1 + x * (b2 + x * (b3 + x * b4))) / (1 + x * (b5 + x * (b6 + x * b7)))

def thurber_jacobian(x, b1, b2, b3, b4, b5, b6, b7):
    below = 1 + x * (b5 + x * (b6 + x * b7))
    v = -(b1 + x * (b2 + x * (b3 + x * b4))) / below
    x2, x3 = x * x, x * x * x
    return (np.stack([np.ones_like(x), x, x2, x3, x * v, x2 * v, x3 * v]) / below).T

def mgh17(x, b1, b2, b3, b4, b5):
    return b1 + b2 * np.exp(-x * b4) + b3 * np.exp(-x * b5)

def mgh17_jacobian(x, b1, b2, b3, b4, b5):
    e4, e5 = np.exp(-x * b4), np.exp(-x * b5)
    return np.stack([np.ones_like(x), e4, e5, -x * b2 * e4, -x * b3 * e5], axis=1)

def problem(size):
    models = {
        "Misra1a": (misra1a, misra1a_jacobian),
        "Thurber": (thurber, thurber_jacobian),
        "MGH17": (mgh17, mgh17_jacobian),
    }
    model, jacobian = models[size["name"]]
    x, y = np.array(size["x"]), np.array(size["y"])
    return {"start": size["start"], "x": x, "y": y, "model": model, "model_jacobian": jacobian}
`,
});
