import type { Tensor } from "nabla";
import { type Asked, type Nabla, row } from "../harness/row.ts";
import { nablaSolver } from "../harness/solve.ts";

interface Problem {
  readonly name: string;
  readonly start: readonly number[];
  readonly y: readonly number[];
  readonly minimum: number;
  readonly solution?: readonly number[];
  readonly residuals: (nabla: Nabla, y: Tensor) => (x: Tensor) => Tensor;
}

type Size = Asked<{ readonly index: number; readonly name: string; readonly start: unknown; readonly y: unknown }>;

const problems: readonly Problem[] = [
  {
    name: "Wood",
    start: [-3, -1, -3, -1],
    y: [],
    minimum: 0,
    solution: [1, 1, 1, 1],
    residuals:
      ({ square, stack, sub }) =>
      (x) => {
        const [a, b, c, d] = [0, 1, 2, 3].map((i) => x.at(i)) as [Tensor, Tensor, Tensor, Tensor];
        return stack([
          b.sub(square(a)).mul(10),
          sub(1, a),
          d.sub(square(c)).mul(Math.sqrt(90)),
          sub(1, c),
          b.add(d).sub(2).mul(Math.sqrt(10)),
          b.sub(d).div(Math.sqrt(10)),
        ]);
      },
  },
  {
    name: "Kowalik and Osborne",
    start: [0.25, 0.39, 0.415, 0.39],
    y: [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
    minimum: 3.0750560385e-4, // as NIST certifies it, whose MGH09 this is
    solution: [0.19280693458, 0.19128232873, 0.12305650693, 0.13606233068],
    residuals: ({ tensor }, y) => {
      const u = tensor([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]);
      return (x) => y.sub(x.at(0).mul(u.mul(u.add(x.at(1))).div(u.mul(u.add(x.at(2))).add(x.at(3)))));
    },
  },
  {
    name: "Brown and Dennis",
    start: [25, 5, -5, -1],
    y: [],
    minimum: 85822.20163,
    residuals: ({ arange, cos, exp, sin, square }) => {
      const t = arange(1, 21).div(5);
      const [e, s, c] = [exp(t), sin(t), cos(t)];
      return (x) =>
        square(
          x
            .at(0)
            .add(t.mul(x.at(1)))
            .sub(e),
        ).add(
          square(
            x
              .at(2)
              .add(s.mul(x.at(3)))
              .sub(c),
          ),
        );
    },
  },
  {
    name: "Osborne 2",
    start: [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
    y: [
      1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606,
      0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.5, 0.423,
      0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668,
      0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.71, 0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098,
      0.054,
    ],
    minimum: 4.013773629e-2,
    residuals: ({ arange, exp, square }, y) => {
      const t = arange(65).div(10);
      return (x) => {
        const peak = (k: number): Tensor =>
          x.at(k).mul(
            exp(
              square(t.sub(x.at(k + 7)))
                .mul(x.at(k + 4))
                .neg(),
            ),
          );
        const decay = x.at(0).mul(exp(t.mul(x.at(4)).neg()));
        return y.sub(decay.add(peak(1)).add(peak(2)).add(peak(3)));
      };
    },
  },
];

/** Four of the sums of squares of Moré, Garbow and Hillstrom (1981), from the standard starts; the minima are theirs. */
export default row<Size>({
  name: "optimise-squares",
  title: "Minimum of a sum of squares",
  cases: problems.map(({ name, start, y, minimum, solution }, index) => ({
    name: `${name}, ${start.length} unknowns`,
    size: { index, name, start, y, method: "" },
    minimum,
    ...(solution && { solution }),
  })),
  solvers: [
    "nabla trust-region",
    "nabla bfgs",
    "nabla leastSquares",
    "SciPy trust-exact",
    "SciPy BFGS",
    "SciPy least_squares",
  ],

  nabla(nabla, { index, method }, _, entry) {
    const { start, y, residuals } = problems[index] as Problem;
    const r = residuals(nabla, nabla.tensor(y));
    return nablaSolver(entry, method, start, (x) => nabla.sum(nabla.square(r(x))), r);
  },

  scipy: `
def wood(y):
    s90, s10 = np.sqrt(90), np.sqrt(10)

    def residuals(x):
        a, b, c, d = x
        return np.array([10 * (b - a * a), 1 - a, s90 * (d - c * c), 1 - c, s10 * (b + d - 2), (b - d) / s10])

    def jacobian(x):
        a, b, c, d = x
        return np.array([
            [-20 * a, 10, 0, 0], [-1, 0, 0, 0], [0, 0, -2 * s90 * c, s90], [0, 0, -1, 0],
            [0, s10, 0, s10], [0, 1 / s10, 0, -1 / s10],
        ])

    def second(x, w):
        return np.diag([-20 * w[0], 0, -2 * s90 * w[2], 0])

    return residuals, jacobian, second

def kowalik(y):
    u = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])

    def parts(x):
        return u * (u + x[1]), u * (u + x[2]) + x[3]

    def residuals(x):
        above, below = parts(x)
        return y - x[0] * above / below

    def jacobian(x):
        above, below = parts(x)
        q = x[0] * above / below**2
        return np.stack([-above / below, -x[0] * u / below, q * u, q], axis=1)

    def second(x, w):
        above, below = parts(x)
        p, q = above / below**2, x[0] * u / below**2
        c = -2 * x[0] * above / below**3
        zero = w @ (-u / below)
        h = np.array([
            [0, zero, w @ (p * u), w @ p],
            [0, 0, w @ (q * u), w @ q],
            [0, 0, w @ (c * u * u), w @ (c * u)],
            [0, 0, 0, w @ c],
        ])
        return h + np.triu(h, 1).T

    return residuals, jacobian, second

def brown_dennis(y):
    t = np.arange(1, 21) / 5
    first = np.stack([np.ones_like(t), t], axis=1)
    other = np.stack([np.ones_like(t), np.sin(t)], axis=1)
    e, c = np.exp(t), np.cos(t)

    def residuals(x):
        return (first @ x[:2] - e) ** 2 + (other @ x[2:] - c) ** 2

    def jacobian(x):
        f, g = first @ x[:2] - e, other @ x[2:] - c
        return 2 * np.concatenate([f[:, None] * first, g[:, None] * other], axis=1)

    def second(x, w):
        h = np.zeros((4, 4))
        h[:2, :2] = 2 * first.T * w @ first
        h[2:, 2:] = 2 * other.T * w @ other
        return h

    return residuals, jacobian, second

def osborne2(y):
    t = np.arange(65) / 10

    def residuals(x):
        model = x[0] * np.exp(-t * x[4])
        for k in (1, 2, 3):
            model = model + x[k] * np.exp(-((t - x[k + 7]) ** 2) * x[k + 4])
        return y - model

    def jacobian(x):
        j = np.empty((65, 11))
        e = np.exp(-t * x[4])
        j[:, 0], j[:, 4] = -e, x[0] * t * e
        for k in (1, 2, 3):
            d = t - x[k + 7]
            e = np.exp(-d * d * x[k + 4])
            j[:, k] = -e
            j[:, k + 4] = x[k] * d * d * e
            j[:, k + 7] = -2 * x[k] * x[k + 4] * d * e
        return j

    def second(x, w):
        h = np.zeros((11, 11))
        e = w * np.exp(-t * x[4])
        h[0, 4] = h[4, 0] = t @ e
        h[4, 4] = -x[0] * (t * t @ e)
        for k in (1, 2, 3):
            a, s = x[k], x[k + 4]
            d = t - x[k + 7]
            e = w * np.exp(-d * d * s)
            h[k, k + 4] = h[k + 4, k] = (d * d) @ e
            h[k, k + 7] = h[k + 7, k] = -2 * s * (d @ e)
            h[k + 4, k + 4] = -a * (d**4 @ e)
            h[k + 4, k + 7] = h[k + 7, k + 4] = a * ((2 * s * d**3 - 2 * d) @ e)
            h[k + 7, k + 7] = a * ((2 * s - 4 * s * s * d * d) @ e)
        return h

    return residuals, jacobian, second

def problem(size):
    problems = {"Wood": wood, "Kowalik and Osborne": kowalik, "Brown and Dennis": brown_dennis, "Osborne 2": osborne2}
    residuals, jacobian, second = problems[size["name"]](np.array(size["y"]))
    return {"start": size["start"], "residuals": residuals, "jacobian": jacobian, "second": second}
`,
});
