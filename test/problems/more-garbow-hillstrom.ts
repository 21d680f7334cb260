/**
 * The 35 problems of Moré, Garbow and Hillstrom (1981, ACM TOMS 7, p. 17–41, algorithm 566) as sums of squares: their
 * residuals, standard starts, and the values of their known minima.
 *
 * Compared with four transcriptions by others: MINPACK's test drivers in Fortran (fortran-lang/minpack: tables, starts,
 * minimisers), funconstrain in R (all 35 residual vectors, at 30 points each, to rounding), NLSProblems.jl and the
 * examples of Ceres (tables, starts). Where these differ among themselves, the paper's formula stands here: Brown and
 * Dennis start at x₄ = −1 (funconstrain: 1), Jennrich and Sampson at (0.3, 0.4) (Ceres: (1, 1)), Osborne 2 has
 * y₁₈ = 0.626 (NLSProblems.jl: 0.625), and Gulf's `y_i m i x_2` is y_i − x₂, a misprint in the paper.
 */
import {
  abs,
  add,
  arange,
  atan,
  concatenate,
  cos,
  div,
  exp,
  greater,
  log,
  matmul,
  minimum,
  mul,
  ones,
  pow,
  prod,
  sin,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  tril,
  triu,
  where,
} from "nabla";

export interface SumOfSquares {
  /** Its number in the paper. */
  readonly number: number;
  readonly name: string;
  readonly start: readonly number[];
  readonly residuals: (x: Tensor) => Tensor;
  /** The sums of squares at the known minima. */
  readonly minima: readonly number[];
}

export const cost =
  ({ residuals }: SumOfSquares) =>
  (x: Tensor): Tensor =>
    sum(square(residuals(x)));

const at = (x: Tensor, i: number): Tensor => x.at(i);
const vector = (...items: (Tensor | number)[]): Tensor =>
  stack(items.map((v) => (typeof v === "number" ? tensor(v) : v)));
const part = (x: Tensor, from: number, to: number): Tensor => slice(x, [[from, to]]);
/** 1, 2, …, n */
const counting = (n: number): Tensor => arange(1, n + 1).mul(1);
const fill = (n: number, value: number): number[] => new Array<number>(n).fill(value);
const unpack = (x: Tensor): Tensor[] => Array.from({ length: x.size }, (_, i) => at(x, i));

function shifted(x: Tensor, by: -1 | 1): Tensor {
  const n = x.size;
  return by === -1 ? concatenate([tensor([0]), part(x, 0, n - 1)]) : concatenate([part(x, 1, n), tensor([0])]);
}

const bardY = tensor([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39]);
const gaussY = tensor([
  0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989, 0.3521, 0.242, 0.1295, 0.054, 0.0175, 0.0044, 0.0009,
]);
const meyerY = tensor([
  34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872,
]);
const kowalikY = tensor([0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]);
const kowalikU = tensor([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]);
const osborne1Y = tensor([
  0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.58,
  0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.42, 0.414, 0.411, 0.406,
]);
const osborne2Y = tensor([
  1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602,
  0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.5, 0.423, 0.395, 0.375,
  0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591,
  0.559, 0.597, 0.625, 0.739, 0.71, 0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
]);

function rosenbrock(x: Tensor): Tensor {
  const pairs = x.reshape([-1, 2]);
  const [a, b] = [pairs.slice([[], [0, 1]]), pairs.slice([[], [1, 2]])];
  return concatenate([sub(b, square(a)).mul(10).reshape([-1]), sub(1, a).reshape([-1])]);
}

function powellSingular(x: Tensor): Tensor {
  const rows = x.reshape([-1, 4]);
  const [a, b, c, d] = [0, 1, 2, 3].map((j) => rows.slice([[], [j, j + 1]]).reshape([-1])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return concatenate([
    add(a, b.mul(10)),
    sub(c, d).mul(Math.sqrt(5)),
    square(sub(b, c.mul(2))),
    square(sub(a, d)).mul(Math.sqrt(10)),
  ]);
}

/** Σ (j − 1) x_j t^(j − 2) − (Σ x_j t^(j − 1))² − 1, and x₁, x₂ − x₁² − 1. */
function watson(x: Tensor): Tensor {
  const n = x.size;
  const powers = Array.from({ length: 29 }, (_, i) => Array.from({ length: n }, (_, j) => ((i + 1) / 29) ** j));
  const slopes = powers.map((row) => row.map((_, j) => (j === 0 ? 0 : j * (row[j - 1] as number))));
  const inner = sub(sub(matmul(tensor(slopes), x), square(matmul(tensor(powers), x))), 1);
  return concatenate([inner, vector(at(x, 0), sub(sub(at(x, 1), square(at(x, 0))), 1))]);
}

function penalty2(x: Tensor): Tensor {
  const n = x.size;
  const a = Math.sqrt(1e-5);
  const e = exp(x.div(10));
  const y = Array.from({ length: n - 1 }, (_, k) => Math.exp((k + 2) / 10) + Math.exp((k + 1) / 10));
  return concatenate([
    sub(part(x, 0, 1), 0.2),
    sub(add(part(e, 1, n), part(e, 0, n - 1)), tensor(y)).mul(a),
    sub(part(e, 1, n), Math.exp(-0.1)).mul(a),
    sub(sum(mul(arange(n, 0, -1), square(x))), 1).reshape([1]),
  ]);
}

function integralEquation(x: Tensor): Tensor {
  const n = x.size;
  const h = 1 / (n + 1);
  const t = counting(n).mul(h);
  const cubes = pow(add(add(x, t), 1), 3);
  const lower = matmul(tril(ones([n, n])), mul(t, cubes));
  const upper = matmul(triu(ones([n, n]), 1), mul(sub(1, t), cubes));
  return add(x, add(mul(sub(1, t), lower), mul(t, upper)).mul(h / 2));
}

function broydenBanded(x: Tensor): Tensor {
  const n = x.size;
  const band = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (j !== i && j >= i - 5 && j <= i + 1 ? 1 : 0)),
  );
  return sub(add(mul(x, add(square(x).mul(5), 2)), 1), matmul(tensor(band), mul(x, add(x, 1))));
}

function chebyquad(x: Tensor): Tensor {
  const n = x.size;
  const y = x.mul(2).sub(1);
  let [before, now] = [ones([n]), y] as [Tensor, Tensor];
  const rows: Tensor[] = [];
  for (let i = 1; i <= n; i++) {
    rows.push(sub(now.sum().div(n), i % 2 === 0 ? -1 / (i * i - 1) : 0));
    [before, now] = [now, sub(mul(y, now).mul(2), before)];
  }
  return stack(rows);
}

const linearSum = (x: Tensor, from: number, to: number): Tensor =>
  sum(mul(arange(from + 1, to + 1), part(x, from, to)));

export const moreGarbowHillstrom: readonly SumOfSquares[] = [
  { number: 1, name: "Rosenbrock", start: [-1.2, 1], residuals: rosenbrock, minima: [0] },
  {
    number: 2,
    name: "Freudenstein and Roth",
    start: [0.5, -2],
    residuals: (x) => {
      const [a, b] = unpack(x) as [Tensor, Tensor];
      return vector(
        a.sub(13).add(mul(sub(mul(sub(5, b), b), 2), b)),
        a.sub(29).add(mul(sub(mul(add(b, 1), b), 14), b)),
      );
    },
    minima: [0, 48.98425],
  },
  {
    number: 3,
    name: "Powell badly scaled",
    start: [0, 1],
    residuals: (x) => {
      const [a, b] = unpack(x) as [Tensor, Tensor];
      return vector(mul(a, b).mul(1e4).sub(1), add(exp(a.neg()), exp(b.neg())).sub(1.0001));
    },
    minima: [0],
  },
  {
    number: 4,
    name: "Brown badly scaled",
    start: [1, 1],
    residuals: (x) => {
      const [a, b] = unpack(x) as [Tensor, Tensor];
      return vector(a.sub(1e6), b.sub(2e-6), mul(a, b).sub(2));
    },
    minima: [0],
  },
  {
    number: 5,
    name: "Beale",
    start: [1, 1],
    residuals: (x) => {
      const [a, b] = unpack(x) as [Tensor, Tensor];
      return vector(...[1.5, 2.25, 2.625].map((y, i) => sub(y, mul(a, sub(1, pow(b, i + 1))))));
    },
    minima: [0],
  },
  {
    number: 6,
    name: "Jennrich and Sampson",
    start: [0.3, 0.4],
    residuals: (x) => {
      const i = counting(10);
      return sub(i.mul(2).add(2), add(exp(mul(i, at(x, 0))), exp(mul(i, at(x, 1)))));
    },
    minima: [124.3621824],
  },
  {
    number: 7,
    name: "Helical valley",
    start: [-1, 0, 0],
    residuals: (x) => {
      const [a, b, c] = unpack(x) as [Tensor, Tensor, Tensor];
      const turn = add(atan(div(b, a)).div(2 * Math.PI), where(greater(a, 0), 0, 0.5));
      return vector(
        sub(c, turn.mul(10)).mul(10),
        sqrt(add(square(a), square(b)))
          .sub(1)
          .mul(10),
        c,
      );
    },
    minima: [0],
  },
  {
    number: 8,
    name: "Bard",
    start: [1, 1, 1],
    residuals: (x) => {
      const u = counting(15);
      const v = sub(16, u);
      return sub(bardY, add(at(x, 0), div(u, add(mul(v, at(x, 1)), mul(minimum(u, v), at(x, 2))))));
    },
    minima: [8.214877e-3],
  },
  {
    number: 9,
    name: "Gaussian",
    start: [0.4, 1, 0],
    residuals: (x) => {
      const t = sub(8, counting(15)).div(2);
      return sub(mul(at(x, 0), exp(mul(at(x, 1), square(sub(t, at(x, 2)))).div(-2))), gaussY);
    },
    minima: [1.127933e-8],
  },
  {
    number: 10,
    name: "Meyer",
    start: [0.02, 4000, 250],
    residuals: (x) => {
      const t = counting(16).mul(5).add(45);
      return sub(mul(at(x, 0), exp(div(at(x, 1), add(t, at(x, 2))))), meyerY);
    },
    minima: [87.945855],
  },
  {
    number: 11,
    name: "Gulf research and development",
    start: [5, 2.5, 0.15],
    residuals: (x) => {
      const t = counting(99).div(100);
      const y = add(25, pow(log(t).mul(-50), 2 / 3));
      return sub(exp(div(pow(abs(sub(y, at(x, 1))), at(x, 2)), at(x, 0)).neg()), t);
    },
    minima: [0],
  },
  {
    number: 12,
    name: "Box three-dimensional",
    start: [0, 10, 20],
    residuals: (x) => {
      const t = counting(10).div(10);
      const data = sub(exp(t.neg()), exp(t.mul(-10)));
      return sub(sub(exp(mul(t, at(x, 0)).neg()), exp(mul(t, at(x, 1)).neg())), mul(at(x, 2), data));
    },
    minima: [0],
  },
  { number: 13, name: "Powell singular", start: [3, -1, 0, 1], residuals: powellSingular, minima: [0] },
  {
    number: 14,
    name: "Wood",
    start: [-3, -1, -3, -1],
    residuals: (x) => {
      const [a, b, c, d] = unpack(x) as [Tensor, Tensor, Tensor, Tensor];
      return vector(
        sub(b, square(a)).mul(10),
        sub(1, a),
        sub(d, square(c)).mul(Math.sqrt(90)),
        sub(1, c),
        add(b, d).sub(2).mul(Math.sqrt(10)),
        sub(b, d).div(Math.sqrt(10)),
      );
    },
    minima: [0],
  },
  {
    number: 15,
    name: "Kowalik and Osborne",
    start: [0.25, 0.39, 0.415, 0.39],
    residuals: (x) => {
      const u = kowalikU;
      const above = mul(u, add(u, at(x, 1)));
      const below = add(mul(u, add(u, at(x, 2))), at(x, 3));
      return sub(kowalikY, mul(at(x, 0), div(above, below)));
    },
    minima: [3.0750561e-4],
  },
  {
    number: 16,
    name: "Brown and Dennis",
    start: [25, 5, -5, -1],
    residuals: (x) => {
      const t = counting(20).div(5);
      const first = sub(add(at(x, 0), mul(t, at(x, 1))), exp(t));
      return add(square(first), square(sub(add(at(x, 2), mul(at(x, 3), sin(t))), cos(t))));
    },
    minima: [85822.20163],
  },
  {
    number: 17,
    name: "Osborne 1",
    start: [0.5, 1.5, -1, 0.01, 0.02],
    residuals: (x) => {
      const t = arange(33).mul(-10);
      const model = add(mul(at(x, 1), exp(mul(t, at(x, 3)))), mul(at(x, 2), exp(mul(t, at(x, 4)))));
      return sub(osborne1Y, add(at(x, 0), model));
    },
    minima: [5.464894697e-5],
  },
  {
    number: 18,
    name: "Biggs EXP6",
    start: [1, 2, 1, 1, 1, 1],
    residuals: (x) => {
      const t = counting(13).div(10);
      const decay = (k: number): Tensor => exp(mul(t, at(x, k)).neg());
      const y = add(sub(exp(t.neg()), exp(t.mul(-10)).mul(5)), exp(t.mul(-4)).mul(3));
      const model = add(sub(mul(at(x, 2), decay(0)), mul(at(x, 3), decay(1))), mul(at(x, 5), decay(4)));
      return sub(model, y);
    },
    minima: [0, 5.655649925e-3],
  },
  {
    number: 19,
    name: "Osborne 2",
    start: [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
    residuals: (x) => {
      const t = arange(65).div(10);
      const peak = (a: number, width: number, centre: number): Tensor =>
        mul(at(x, a), exp(mul(square(sub(t, at(x, centre))), at(x, width)).neg()));
      const decay = mul(at(x, 0), exp(mul(t, at(x, 4)).neg()));
      return sub(
        osborne2Y,
        [peak(1, 5, 8), peak(2, 6, 9), peak(3, 7, 10)].reduce((a, b) => add(a, b), decay),
      );
    },
    minima: [4.013773629e-2],
  },
  { number: 20, name: "Watson", start: fill(6, 0), residuals: watson, minima: [2.287670053e-3] },
  {
    number: 21,
    name: "Extended Rosenbrock",
    start: Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? -1.2 : 1)),
    residuals: rosenbrock,
    minima: [0],
  },
  {
    number: 22,
    name: "Extended Powell singular",
    start: [3, -1, 0, 1, 3, -1, 0, 1, 3, -1, 0, 1],
    residuals: powellSingular,
    minima: [0],
  },
  {
    number: 23,
    name: "Penalty I",
    start: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    residuals: (x) => concatenate([x.sub(1).mul(Math.sqrt(1e-5)), sum(square(x)).sub(0.25).reshape([1])]),
    minima: [7.087651467e-5],
  },
  { number: 24, name: "Penalty II", start: fill(10, 0.5), residuals: penalty2, minima: [2.936605374e-4] },
  {
    number: 25,
    name: "Variably dimensioned",
    start: Array.from({ length: 10 }, (_, i) => 1 - (i + 1) / 10),
    residuals: (x) => {
      const s = linearSum(x.sub(1), 0, x.size);
      return concatenate([x.sub(1), vector(s, square(s))]);
    },
    minima: [0],
  },
  {
    number: 26,
    name: "Trigonometric",
    start: fill(10, 0.1),
    residuals: (x) => {
      const n = x.size;
      return sub(add(sub(n, sum(cos(x))), mul(counting(n), sub(1, cos(x)))), sin(x));
    },
    minima: [0, 2.795056e-5],
  },
  {
    number: 27,
    name: "Brown almost-linear",
    start: fill(10, 0.5),
    residuals: (x) => {
      const n = x.size;
      return concatenate([add(part(x, 0, n - 1), sum(x)).sub(n + 1), prod(x).sub(1).reshape([1])]);
    },
    minima: [0, 1],
  },
  {
    number: 28,
    name: "Discrete boundary value",
    start: Array.from({ length: 10 }, (_, i) => ((i + 1) / 11) * ((i + 1) / 11 - 1)),
    residuals: (x) => {
      const h = 1 / (x.size + 1);
      const cubes = pow(add(add(x, counting(x.size).mul(h)), 1), 3);
      return add(sub(sub(x.mul(2), shifted(x, -1)), shifted(x, 1)), cubes.mul(h * h * 0.5));
    },
    minima: [0],
  },
  {
    number: 29,
    name: "Discrete integral equation",
    start: Array.from({ length: 10 }, (_, i) => ((i + 1) / 11) * ((i + 1) / 11 - 1)),
    residuals: integralEquation,
    minima: [0],
  },
  {
    number: 30,
    name: "Broyden tridiagonal",
    start: fill(10, -1),
    residuals: (x) => add(sub(sub(mul(sub(3, x.mul(2)), x), shifted(x, -1)), shifted(x, 1).mul(2)), 1),
    minima: [0],
  },
  { number: 31, name: "Broyden banded", start: fill(10, -1), residuals: broydenBanded, minima: [0] },
  {
    number: 32,
    name: "Linear, full rank",
    start: fill(10, 1),
    residuals: (x) => {
      const rest = sum(x)
        .mul(2 / 20)
        .add(1);
      return concatenate([sub(x, rest), mul(ones([10]), rest.neg())]);
    },
    minima: [10],
  },
  {
    number: 33,
    name: "Linear, rank 1",
    start: fill(10, 1),
    residuals: (x) => mul(counting(20), linearSum(x, 0, x.size)).sub(1),
    minima: [190 / 41],
  },
  {
    number: 34,
    name: "Linear, rank 1 with zero columns and rows",
    start: fill(10, 1),
    residuals: (x) =>
      mul(tensor([0, ...Array.from({ length: 18 }, (_, i) => i + 1), 0]), linearSum(x, 1, x.size - 1)).sub(1),
    minima: [227 / 37],
  },
  {
    number: 35,
    name: "Chebyquad",
    start: Array.from({ length: 8 }, (_, i) => (i + 1) / 9),
    residuals: chebyquad,
    minima: [3.516873726e-3],
  },
];
